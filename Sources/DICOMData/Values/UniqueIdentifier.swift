// SPDX-License-Identifier: Apache-2.0

/// A Unique Identifier (UI, PS3.5 §9.1).
package enum UniqueIdentifier {
  /// At most 64 bytes of components separated by `.`, each of digits and without leading zeros. Padding is not forgiven:
  /// what is found valid can be kept and compared as it stands.
  package static func isValidUID(_ text: some StringProtocol) -> Bool {
    guard (1...64).contains(text.utf8.count) else { return false }
    return text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { component in
      !component.isEmpty && component.allSatisfy(DigitReader.isDigit)
        && (component.count == 1 || component.first != UInt8(ascii: "0"))
    }
  }
}
