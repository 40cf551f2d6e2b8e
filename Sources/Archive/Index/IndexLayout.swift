// SPDX-License-Identifier: Apache-2.0

package import DICOMData

/// Which attributes an index holds: those of the Standard, and further ones that its administrator asked for.
struct IndexLayout: Sendable {
  let attributes: [IndexedAttribute]
  /// Those of a data set itself.
  let byTag: [Tag: IndexedAttribute]
  /// Those in the items of a sequence, by the sequence.
  let bySequence: [Tag: [IndexedAttribute]]
  /// All that is read of a header, here or to compare it with its announcement.
  let wantedElements: Set<Tag>
  /// The attributes whose values stand in each table, in the order of `columns(of:)`.
  private let attributesByTable: [String: [IndexedAttribute]]
  private let columnsOfTable: [String: [String]]
  /// The date that belongs to a time, by the time, and the other way round.
  let partners: [Tag: Tag]
  let voices: VoiceStatements
  /// The columns that every instance has, then those of its attributes; the others alike.
  let instanceInsertion: String
  let seriesInsertion: String
  let studyInsertion: String

  static let standard = IndexLayout()

  /// What is one of the Standard's already is not held twice.
  init(further: [FurtherKey] = []) {
    let known = Set(IndexedAttribute.standard.filter { $0.sequence == nil }.map(\.tag))
    attributes =
      IndexedAttribute.standard
      + further.filter { !known.contains($0.tag) }.map { key in
        IndexedAttribute(key.tag, key.vr, at: key.level.indexLevel, isMultiValued: true)
      }
    byTag = Dictionary(
      attributes.filter { $0.sequence == nil }.map { ($0.tag, $0) }, uniquingKeysWith: { first, _ in first })
    bySequence = Dictionary(
      grouping: attributes.filter { $0.sequence != nil }, by: { $0.sequence ?? $0.tag })
    wantedElements = Set(attributes.map { $0.sequence ?? $0.tag })
      .union(Referral.wantedElements)
      .union([.specificCharacterSet, .sopClassUID, .sopInstanceUID, .studyInstanceUID, .seriesInstanceUID])
    partners = Self.partners(among: byTag)
    // A patient's ID and issuer are columns of its own table.
    attributesByTable = Dictionary(grouping: attributes.filter { !$0.identifiesPatient }, by: \.table)
    columnsOfTable = attributesByTable.mapValues { $0.flatMap { $0.columns(of: []).map(\.name) } }
    voices = VoiceStatements(
      study: columnsOfTable["study"] ?? [], series: columnsOfTable["series"] ?? [],
      demographics: (attributesByTable["study"] ?? []).filter { $0.level == .patient }
        .flatMap { $0.columns(of: []).map(\.name) })
    instanceInsertion = Self.insertion(
      "instance",
      [
        "id", "series", "folded_from", "object", "transfer_syntax", "digest", "canonical_digest", "size", "preference",
        "record_type",
      ], columnsOfTable)
    seriesInsertion = Self.insertion("series", ["received_study", "study", "referral"], columnsOfTable)
    studyInsertion = Self.insertion("study", ["received_patient", "patient", "aside", "begun_by"], columnsOfTable)
  }

  private static func insertion(_ table: String, _ own: [String], _ columnsOfTable: [String: [String]]) -> String {
    DirectStatement.insertion(into: table, own + (columnsOfTable[table] ?? []))
  }

  /// Those whose keywords differ by the word alone (PS3.6): Study Date and Study Time.
  private static func partners(among attributes: [Tag: IndexedAttribute]) -> [Tag: Tag] {
    var partners: [Tag: Tag] = [:]
    for date in attributes.values where date.vr == .da {
      guard let keyword = DataDictionary.entry(for: date.tag)?.keyword,
        let tag = DataDictionary.tag(keyword: keyword.replacing("Date", with: "Time")),
        let time = attributes[tag], time.vr == .tm, time.table == date.table
      else { continue }
      (partners[date.tag], partners[tag]) = (tag, date.tag)
    }
    return partners
  }

  var columnsByTable: [String: [String]] { columnsOfTable }

  func columns(of table: String) -> [String] { columnsOfTable[table] ?? [] }

  func attributes(in table: String) -> [IndexedAttribute] { attributesByTable[table] ?? [] }

  /// What a header says, in the order of `columns(of:)`.
  func values(for table: String, of header: DataSet) -> [String] {
    let timezone = header.string(.timezoneOffsetFromUTC).flatMap { CivilMoment.offset($0) }
    var values: [String] = []
    values.reserveCapacity(columns(of: table).count)
    for attribute in attributes(in: table) {
      attribute.append(attribute.values(in: header), timezone: timezone, to: &values)
    }
    return values
  }

  /// What a study's row says of its patient, beside ID and issuer.
  var demographics: [IndexedAttribute] { attributes(in: "study").filter { $0.level == .patient } }
}

/// An attribute that an archive is to index beside the Standard's, at the level that its administrator says.
package struct FurtherKey: Sendable, Hashable {
  package let tag: Tag
  package let level: QueryRetrieveLevel
  let vr: VR

  /// nil for a private tag, a sequence or bulk data, which no key can match, and for what the dictionary does not know.
  package init?(_ tag: Tag, at level: QueryRetrieveLevel) {
    guard let vr = DataDictionary.vr(of: tag), vr != .sq, !vr.isBulk, tag.group > 0x0008 || tag.element > 0x0005 else {
      return nil
    }
    self.tag = tag
    self.level = level
    self.vr = vr
  }
}
