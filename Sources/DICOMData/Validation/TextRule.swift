// SPDX-License-Identifier: Apache-2.0

/// What PS3.5 Table 6.2-1 asks of one value of a text VR.
enum TextRule {
  static func faults(of value: String, vr: VR) -> [ValueRules.Fault] {
    var faults: [ValueRules.Fault] = []
    if let limit = limit(of: vr) {
      // A name has its limit by component group.
      let length = vr == .pn ? longestGroup(of: value) : value.unicodeScalars.count
      if length > limit { faults.append(ValueRules.Fault(.valueTooLong, "\(length) characters, \(limit) are allowed")) }
    }
    if let character = value.unicodeScalars.first(where: { !isAllowed($0, in: vr) }) {
      let code = String(character.value, radix: 16, uppercase: true)
      faults.append(
        ValueRules.Fault(
          .invalidCharacters, "U+\(String(repeating: "0", count: max(4 - code.count, 0)))\(code) in a \(vr)"))
    } else if let fault = form(of: value, vr: vr) {
      faults.append(ValueRules.Fault(.malformedValue, fault))
    }
    return faults
  }

  /// In characters; nil for what has no limit of its own.
  private static func limit(of vr: VR) -> Int? {
    switch vr {
    case .ae, .cs, .ds, .sh: 16
    case .as: 4
    case .da: 8
    case .dt: 26
    case .is: 12
    case .lo, .pn, .ui: 64
    case .tm: 14
    case .st: 1024
    case .lt: 10240
    default: nil
    }
  }

  private static func longestGroup(of name: String) -> Int {
    name.unicodeScalars.split(separator: "=", omittingEmptySubsequences: false).map(\.count).max() ?? 0
  }

  private static func isAllowed(_ scalar: Unicode.Scalar, in vr: VR) -> Bool {
    switch vr {
    case .cs: scalar == " " || scalar == "_" || ("0"..."9").contains(scalar) || ("A"..."Z").contains(scalar)
    case .ui: scalar == "." || ("0"..."9").contains(scalar)
    case .da: ("0"..."9").contains(scalar)
    case .tm: scalar == "." || scalar == " " || ("0"..."9").contains(scalar)
    case .dt: scalar == "." || scalar == "+" || scalar == "-" || scalar == " " || ("0"..."9").contains(scalar)
    case .is: scalar == "+" || scalar == "-" || scalar == " " || ("0"..."9").contains(scalar)
    case .ds:
      scalar == "+" || scalar == "-" || scalar == "." || scalar == "e" || scalar == "E" || scalar == " "
        || ("0"..."9").contains(scalar)
    case .as: ("0"..."9").contains(scalar) || "DWMY".unicodeScalars.contains(scalar)
    case .lt, .st, .ut: !isControl(scalar) || [9, 10, 12, 13].contains(scalar.value)
    default: !isControl(scalar)
    }
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || scalar.value == 0x7F
  }

  private static func form(of value: String, vr: VR) -> String? {
    let isOfForm =
      switch vr {
      case .da: DICOMDate(value).map { $0.day != nil } ?? false
      case .tm: DICOMTime(value) != nil
      case .dt: DICOMDateTime(value) != nil
      case .as: AgeString(value) != nil
      case .is: IntegerString(value) != nil
      case .ds: DecimalString(value) != nil
      case .pn: value.unicodeScalars.split(separator: "=", omittingEmptySubsequences: false).count <= 3
      default: true
      }
    if vr == .ui { return UniqueIdentifier.fault(of: value).map { "'\(value)': \($0)" } }
    return isOfForm ? nil : "'\(value)' is no \(vr)"
  }
}
