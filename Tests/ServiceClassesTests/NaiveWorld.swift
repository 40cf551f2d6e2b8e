// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Foundation

/// Attributes of each VR that can be matched.
struct NaiveAttribute {
  let keyword: String
  let tag: DICOMData.Tag
  let vr: String
  let isMultiValued: Bool

  /// Those that a node is told to index beside its own, at the level of images: one of each VR (PS3.6).
  static let further: [NaiveAttribute] = [
    ("SelectorATValue", 0x60, "AT", true), ("SelectorUCValue", 0x6F, "UC", true),
    ("SelectorUTValue", 0x70, "UT", false), ("SelectorURValue", 0x71, "UR", false),
    ("SelectorFDValue", 0x74, "FD", true), ("SelectorFLValue", 0x76, "FL", true),
    ("SelectorULValue", 0x78, "UL", true), ("SelectorSLValue", 0x7C, "SL", true),
    ("SelectorSSValue", 0x7E, "SS", true), ("SelectorSVValue", 0x82, "SV", true),
    ("SelectorUVValue", 0x83, "UV", true),
  ].map { NaiveAttribute(keyword: $0.0, tag: Tag(0x0072, $0.1), vr: $0.2, isMultiValued: $0.3) }

  static let numbers: Set = ["AT", "FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"]

  /// Whether an answer at that level may be asked for it.
  func isKey(at level: String) -> Bool {
    let place = Self.all.firstIndex { $0.keyword == keyword } ?? Self.all.endIndex
    let first = { (keyword: String) in Self.all.firstIndex { $0.keyword == keyword } ?? 0 }
    switch level {
    case "STUDY": return place < first("SeriesInstanceUID")
    case "SERIES": return place < first("SOPInstanceUID")
    default: return true
    }
  }

  static let all: [NaiveAttribute] =
    [
      ("PatientName", .patientName, "PN", false), ("PatientID", .patientID, "LO", false),
      ("PatientBirthDate", .patientBirthDate, "DA", false), ("PatientSex", .patientSex, "CS", false),
      ("PatientComments", .patientComments, "LT", false), ("OtherPatientIDs", .otherPatientIDs, "LO", true),
      ("OtherPatientNames", .otherPatientNames, "PN", true), ("ResponsiblePerson", .responsiblePerson, "PN", false),
      ("PatientSpeciesDescription", .patientSpeciesDescription, "LO", false),
      ("StudyInstanceUID", .studyInstanceUID, "UI", false), ("StudyDate", .studyDate, "DA", false),
      ("StudyTime", .studyTime, "TM", false), ("TimezoneOffsetFromUTC", .timezoneOffsetFromUTC, "SH", false),
      ("AccessionNumber", .accessionNumber, "SH", false),
      ("StudyDescription", .studyDescription, "LO", false), ("PatientAge", .patientAge, "AS", false),
      ("PatientWeight", .patientWeight, "DS", false), ("OtherStudyNumbers", Tag(0x0020, 0x1070), "IS", true),
      ("AdmittingDiagnosesDescription", .admittingDiagnosesDescription, "LO", true),
      ("SeriesInstanceUID", .seriesInstanceUID, "UI", false), ("Modality", .modality, "CS", false),
      ("SeriesNumber", .seriesNumber, "IS", false), ("BodyPartExamined", .bodyPartExamined, "CS", false),
      ("OperatorsName", .operatorsName, "PN", true), ("SOPInstanceUID", .sopInstanceUID, "UI", false),
      ("AcquisitionDateTime", .acquisitionDateTime, "DT", false), ("Rows", .rows, "US", false),
      ("ImageType", .imageType, "CS", true), ("ContentDate", .contentDate, "DA", false),
      ("DocumentTitle", .documentTitle, "ST", false), ("RetrieveAETitles", Tag(0x0040, 0x0241), "AE", false),
      ("CodeValue", Tag(0x0008, 0x0100), "SH", false),
      ("CodingSchemeDesignator", Tag(0x0008, 0x0102), "SH", false), ("CodeMeaning", .codeMeaning, "LO", false),
    ].map { NaiveAttribute(keyword: $0.0, tag: $0.1, vr: $0.2, isMultiValued: $0.3) } + further

  static let item = ["CodeValue", "CodingSchemeDesignator", "CodeMeaning"]

  static func named(_ keyword: String) -> NaiveAttribute {
    all.first { $0.keyword == keyword } ?? all[0]
  }
}

/// Random objects and random questions over few and awkward values, so that much matches and much does nearly.
struct NaiveWorld<Random: RandomNumberGenerator> {
  var random: Random

  private static var names: [String] {
    [
      "Müller^Jürgen", "MULLER^JURGEN", "Mueller^J", "O'Brien^[x]%_", "Ångström^Åsa^^Dr.", "Yamada^Tarou=山田^太郎=やまだ^たろう",
      "Buc^Jérôme", "Wang^XiaoDong=王^小东", "Люкceмбypг", "Hong^Gildong=洪^吉洞=홍^길동", "Doe", "Doe^John", "",
      "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう", "ปัทมา^สมชาย", "Zhang^XiaoDong=张^小东",
    ]
  }
  private static var texts: [String] {
    [
      "Knie links", "knie links", "KNIE", "100%_\\d".replacingOccurrences(of: "\\", with: "/"), "a?b", "é'x\"", "",
      "頭部", "x", "ｱﾀﾏ", "ศีรษะ", "머리", "头部",
    ]
  }

  mutating func object(_ number: Int) -> NaiveObject {
    var values: [String: [String]] = [:]
    for attribute in NaiveAttribute.all where !NaiveAttribute.item.contains(attribute.keyword) {
      let count = attribute.isMultiValued ? Int.random(in: 0...3, using: &random) : 1
      let all = (0..<count).map { _ in value(attribute.vr) }
      values[attribute.keyword] = all.allSatisfy(\.isEmpty) ? [] : all.filter { !$0.isEmpty }
    }
    values["TimezoneOffsetFromUTC"] = pick([[], [], ["+0200"], ["-0530"], ["+0000"]])
    values["StudyInstanceUID"] = ["1.2.\(number)"]
    values["SeriesInstanceUID"] = ["1.2.\(number).1"]
    values["SOPInstanceUID"] = ["1.2.\(number).1.1"]
    let items = (0..<Int.random(in: 0...3, using: &random)).map { _ in
      [
        "CodeValue": "C\(Int.random(in: 1...3, using: &random))",
        "CodingSchemeDesignator": pick(["DCM", "LN", "99X"]), "CodeMeaning": pick(["Knee", "Head", "頭部"]),
      ]
    }
    return NaiveObject(number: number, values: values, items: items)
  }

  private mutating func value(_ vr: String) -> String {
    switch vr {
    case "PN": return pick(Self.names)
    case "DA": return pick(["20260101", "20260102", "20260131", "19991231", ""])
    case "TM": return pick(["10", "1030", "103015", "103015.5", "235959", "000000", ""])
    case "DT": return pick(["20260101", "202601011030", "20260102103015.123456", "1999", "20260101233000+0100", ""])
    case "CS": return pick(["CT", "MR", "M", "F", "ORIGINAL", ""])
    case "AS": return pick(["045Y", "003M", ""])
    case "DS": return pick(["1", "1.0", "-2.5", ""])
    case "IS": return pick(["1", "12", "-3", ""])
    case "US": return pick(["0", "512", "65535"])
    case "UL": return pick(["0", "512", "4294967295"])
    case "UV": return pick(["0", "512", "4294967296"])
    case "SS": return pick(["0", "-512", "32767"])
    case "SL": return pick(["0", "-512", "-2147483648"])
    case "SV": return pick(["0", "-512", "-2147483649"])
    case "FL", "FD": return pick(["0.5", "-2.25", "1024.125"])
    case "AT": return pick(["00100010", "00280028", "00180050"])
    case "UR": return pick(["http://pacs.example/a?b=1", "http://pacs.example/A", "urn:oid:1.2.3", ""])
    case "SH": return pick(["A1", "a1", "A_1", "A%", "A1 B", ""])
    case "AE": return pick(["STORE1", "STORE 2", ""])
    default: return pick(Self.texts)
    }
  }

  mutating func identifier(
    _ objects: [NaiveObject], at level: String, in characterSet: SpecificCharacterSet
  ) -> NaiveIdentifier {
    var values: [String: String] = [:]
    let candidates = NaiveAttribute.all.filter {
      !NaiveAttribute.item.contains($0.keyword) && $0.isKey(at: level) && $0.keyword != "TimezoneOffsetFromUTC"
    }
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let attribute = pick(candidates)
      let key = key(attribute, objects)
      let vr = VR(name: attribute.vr) ?? .lo
      values[attribute.keyword] = characterSet.encode(key, vr: vr) == nil ? "" : key
    }
    var item: [String: String] = [:]
    if Int.random(in: 0..<4, using: &random) == 0 {
      for keyword in NaiveAttribute.item where Bool.random(using: &random) {
        let some = objects.flatMap(\.items).compactMap { $0[keyword] }
        let key = some.isEmpty ? "" : spoilt(pick(some))
        item[keyword] = characterSet.encode(key) == nil ? "*" : key
      }
    }
    return NaiveIdentifier(level: level, values: values, item: item)
  }

  private mutating func key(_ attribute: NaiveAttribute, _ objects: [NaiveObject]) -> String {
    let stored = objects.compactMap { $0.values[attribute.keyword]?.first }.filter { !$0.isEmpty }
    let some = stored.isEmpty ? "1" : pick(stored)
    let other = stored.isEmpty ? "2" : pick(stored)
    switch attribute.vr {
    case "DA", "TM", "DT": return pick([some, "\(some)-", "-\(some)", "\(min(some, other))-\(max(some, other))", ""])
    case "UI": return pick([some, "\(some)\\\(other)\\9.9", "9.9", ""])
    case "US", "DS", "IS", "AS", "FD", "FL", "SL", "SS", "SV", "UL", "UV", "AT": return pick([some, ""])
    case "LT", "ST", "UR", "UT": return pick([some, spoilt(some), ""])
    default: return pick([some, spoilt(some), spoilt(some), "\"\"", attribute.vr == "PN" ? some : "\(some)\\\(other)"])
    }
  }

  /// Some of it replaced by wildcards, and its case changed.
  private mutating func spoilt(_ text: String) -> String {
    var characters = Array(text)
    guard !characters.isEmpty else { return "*" }
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let index = Int.random(in: 0..<characters.count, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: characters[index] = "*"
      case 1: characters[index] = "?"
      case 2: characters.replaceSubrange(index..., with: "*")
      default: characters[index] = Character(characters[index].uppercased())
      }
    }
    return String(characters)
  }

  mutating func pick<Value>(_ values: [Value]) -> Value {
    values[Int.random(in: 0..<values.count, using: &random)]
  }
}

extension NaiveObject {
  /// As it is stored. What the character set lacks moves it to UTF-8.
  func encoded(in characterSet: SpecificCharacterSet, as syntax: TransferSyntax) -> [UInt8] {
    var builder = DataSetBuilder(characterSet: characterSet)
    builder.set(.specificCharacterSet, .cs, characterSet.terms)
    builder.set(.sopClassUID, .ui, "1.2.840.10008.5.1.4.1.1.2")
    for (keyword, values) in values {
      let attribute = NaiveAttribute.named(keyword)
      builder.set(attribute, values)
    }
    builder.setSequence(
      .procedureCodeSequence,
      items.map { item in
        var member = DataSetBuilder(characterSet: characterSet)
        for (keyword, value) in item { member.set(NaiveAttribute.named(keyword), [value]) }
        return member
      })
    return builder.encoded(as: syntax)
  }
}

extension NaiveIdentifier {
  func encoded(in characterSet: SpecificCharacterSet, as syntax: TransferSyntax) -> [UInt8] {
    var builder = DataSetBuilder(characterSet: characterSet)
    builder.set(.specificCharacterSet, .cs, characterSet.terms)
    builder.set(.queryRetrieveLevel, .cs, level)
    if let zone { builder.set(.timezoneOffsetFromUTC, .sh, zone) }
    for (keyword, value) in values { builder.set(NaiveAttribute.named(keyword), value.isEmpty ? [] : [value]) }
    // The answer has to say which object it is.
    let unique = level == "STUDY" ? "StudyInstanceUID" : level == "SERIES" ? "SeriesInstanceUID" : "SOPInstanceUID"
    if values[unique] == nil { builder.setEmpty(NaiveAttribute.named(unique).tag, .ui) }
    if !item.isEmpty {
      var member = DataSetBuilder(characterSet: characterSet)
      for (keyword, value) in item { member.set(NaiveAttribute.named(keyword), value.isEmpty ? [] : [value]) }
      builder.setSequence(.procedureCodeSequence, [member])
    }
    return builder.encoded(as: syntax)
  }
}

extension DataSetBuilder {
  fileprivate mutating func set(_ attribute: NaiveAttribute, _ values: [String]) {
    guard let vr = VR(name: attribute.vr) else { return }
    if values.isEmpty {
      setEmpty(attribute.tag, vr)
    } else if vr == .at {
      setIntegers(attribute.tag, vr, values.compactMap { Int($0, radix: 16) })
    } else if vr == .fl || vr == .fd {
      setDecimals(attribute.tag, vr, values.compactMap { Double($0) })
    } else if NaiveAttribute.numbers.contains(attribute.vr) {
      setIntegers(attribute.tag, vr, values.compactMap { Int($0) })
    } else {
      set(attribute.tag, vr, values)
    }
  }
}
