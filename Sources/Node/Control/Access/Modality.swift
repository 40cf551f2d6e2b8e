// SPDX-License-Identifier: Apache-2.0

/// A Modality (0008,0060) as a person writes it.
enum Modality {
  /// In capitals, as every object has it (CS, PS3.5 §6.2); throws, in words, what none can have.
  static func value(_ text: String, mayBePattern: Bool = false) throws(OperationError) -> String {
    let value = text.uppercased()
    let isCode = value.utf8.allSatisfy { byte in
      (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte) || [0x20, 0x5F].contains(byte)
        || mayBePattern && [0x2A, 0x3F].contains(byte)
    }
    guard (1...16).contains(value.utf8.count), isCode, value.utf8.contains(where: { $0 != 0x20 }) else {
      throw OperationError("'\(text)' is no modality (0008,0060) such as CT: letters, digits and _, 16 at most")
    }
    return value
  }
}
