// SPDX-License-Identifier: Apache-2.0

/// The form of a UI (PS3.5 §9.1).
package enum UniqueIdentifier {
  /// What is wrong with a UID; nil for one that is of the form.
  package static func fault(of uid: some StringProtocol) -> String? {
    if uid.isEmpty { return "it is empty" }
    if uid.utf8.count > 64 { return "it has \(uid.utf8.count) characters, 64 are allowed" }
    guard uid.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }) else {
      return "it has characters other than digits and dots"
    }
    for component in uid.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
      if component.isEmpty { return "a component is empty" }
      if component.count > 1, component.first == 0x30 { return "a component begins with 0" }
    }
    return nil
  }
}
