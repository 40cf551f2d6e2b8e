// SPDX-License-Identifier: Apache-2.0

/// What PS3.5 §6.2 and PS3.6 ask of the values of one element.
enum ValueRules {
  struct Fault {
    let kind: Deviation.Kind
    let detail: String

    init(_ kind: Deviation.Kind, _ detail: String) {
      self.kind = kind
      self.detail = detail
    }
  }

  static func faults(of element: Element, in dataSet: DataSet) -> [Fault] {
    let vr = element.vr
    guard vr != .sq, element.length > 0, !element.isOmitted, !element.hasUndefinedLength else { return [] }
    guard vr.isText else { return binaryFaults(of: element) }
    return padding(of: element) + characterSetFaults(of: element, in: dataSet) + textFaults(of: element, in: dataSet)
  }

  private static func binaryFaults(of element: Element) -> [Fault] {
    let size = element.vr.numberSize
    guard size > 0 else { return [] }
    guard element.length % size == 0 else {
      return [Fault(.wrongValueSize, "\(element.length) bytes of \(element.vr)")]
    }
    return element.vr.isBulk ? [] : multiplicity(of: element, count: element.length / size)
  }

  /// UI with a NUL, all others with a space.
  private static func padding(of element: Element) -> [Fault] {
    guard let last = element.value.last else { return [] }
    if element.vr == .ui { return last == 0x20 ? [Fault(.wrongPadding, "a space behind a UI")] : [] }
    return last == 0 ? [Fault(.wrongPadding, "a NUL behind a \(element.vr)")] : []
  }

  private static func characterSetFaults(of element: Element, in dataSet: DataSet) -> [Fault] {
    if element.tag == .specificCharacterSet {
      let set = dataSet.characterSet
      let written = element.strings(in: .default).joined(separator: "\\")
      let misspelt = set.isMisspelt ? [Fault(.misspeltCharacterSet, "'\(written)'")] : []
      return misspelt + set.unknownTerms.map { Fault(.unknownCharacterSet, "'\($0)'") }
    }
    let value = element.value
    guard value.contains(where: { $0 >= 0x80 }) else { return [] }
    guard element.vr.usesSpecificCharacterSet else {
      return [Fault(.invalidCharacters, "beyond ASCII in a \(element.vr)")]
    }
    if dataSet.characterSet.terms.allSatisfy(\.isEmpty) {
      return [Fault(.textNotInCharacterSet, "no Specific Character Set (0008,0005) is named")]
    }
    let isDecoded = !dataSet.characterSet.decode(value, vr: element.vr).unicodeScalars.contains("\u{FFFD}")
    return isDecoded ? [] : [Fault(.textNotInCharacterSet, dataSet.characterSet.terms.joined(separator: "\\"))]
  }

  private static func textFaults(of element: Element, in dataSet: DataSet) -> [Fault] {
    let values = element.strings(in: dataSet.characterSet)
    var faults = multiplicity(of: element, count: values.count)
    for value in values where !value.isEmpty {
      // One of each kind tells enough.
      for fault in TextRule.faults(of: value, vr: element.vr) where !faults.contains(where: { $0.kind == fault.kind }) {
        faults.append(fault)
      }
    }
    return faults
  }

  private static func multiplicity(of element: Element, count: Int) -> [Fault] {
    guard let entry = DataDictionary.entry(for: element.tag), let allowed = Multiplicity(entry.vm) else { return [] }
    return allowed.allows(count) ? [] : [Fault(.wrongMultiplicity, "\(count) values, not \(entry.vm)")]
  }
}

/// A VM of PS3.6: "1", "1-3", "1-n", "2-2n".
struct Multiplicity {
  private let least: Int
  private let most: Int
  private let step: Int

  /// nil for what PS3.6 leaves open.
  init?(_ text: String) {
    let bounds = text.split(separator: "-")
    guard let first = bounds.first, let least = Int(first) else { return nil }
    self.least = least
    let last = bounds.last ?? first
    if last.hasSuffix("n") {
      most = .max
      step = Int(last.dropLast()) ?? 1
    } else {
      most = Int(last) ?? least
      step = 1
    }
  }

  func allows(_ count: Int) -> Bool {
    count >= least && count <= most && (count - least) % step == 0
  }
}
