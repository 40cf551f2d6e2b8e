// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData

/// One matching row as the identifier of a pending C-FIND-RSP (PS3.4 C.4.1.1.3.2).
struct FindResponse {
  let identifier: [UInt8]
  /// Whether every key that was asked for is one that this node knows (status FF00) or not (FF01).
  let supportsAllKeys: Bool

  init(row: FindRow, to request: QueryIdentifier, retrieveAETitle: String, transferSyntax: TransferSyntax) {
    let answers = request.requested.map { key in (key: key, values: row[key.tag]) }
    let sequences = answers.compactMap { row.items(of: $0.key.tag) }
    supportsAllKeys = answers.allSatisfy { $0.values != nil || row.items(of: $0.key.tag) != nil }
    let texts = answers.flatMap { $0.values ?? [] } + sequences.flatMap { $0.flatMap(\.values) }
    let terms = Self.characterSetTerms(for: texts, asked: request.characterSetTerms)
    var builder = DataSetBuilder(characterSet: SpecificCharacterSet(terms))
    builder.set(.specificCharacterSet, .cs, terms)
    builder.set(.queryRetrieveLevel, .cs, request.query.level.rawValue)
    builder.set(.retrieveAETitle, .ae, retrieveAETitle)
    for (key, values) in answers {
      if let items = row.items(of: key.tag) {
        let members = request.requestedMembers[key.tag] ?? []
        builder.setSequence(key.tag, items.map { Self.item($0, asked: members, SpecificCharacterSet(terms)) })
        continue
      }
      // An unsupported key is not returned at all: an empty value would say that the object has none.
      guard let values else { continue }
      builder.set(key, values)
    }
    identifier = builder.encoded(as: transferSyntax)
  }

  /// The attributes that were asked for; where none was, all that the index has of the item.
  private static func item(
    _ values: [Tag: String], asked: [(tag: Tag, vr: VR)], _ characterSet: SpecificCharacterSet
  ) -> DataSetBuilder {
    let members = asked.isEmpty ? values.keys.map { ($0, DataDictionary.vr(of: $0) ?? .lo) } : asked
    var item = DataSetBuilder(characterSet: characterSet)
    for (tag, vr) in members.sorted(by: { $0.0 < $1.0 }) { item.set((tag, vr), values[tag].map { [$0] } ?? []) }
    return item
  }

  /// The peer's own character set where it can say everything, UTF-8 otherwise.
  private static func characterSetTerms(for values: [String], asked terms: [String]) -> [String] {
    let theirs = SpecificCharacterSet(terms)
    guard !terms.isEmpty, values.allSatisfy({ theirs.encode($0) != nil }) else { return ["ISO_IR 192"] }
    return terms
  }
}

extension DataSetBuilder {
  fileprivate mutating func set(_ key: (tag: Tag, vr: VR), _ values: [String]) {
    if key.vr == .sq {
      setSequence(key.tag, [])
    } else if values.allSatisfy(\.isEmpty) {
      setEmpty(key.tag, key.vr)
    } else if key.vr.isBinaryInteger {
      setIntegers(key.tag, key.vr, values.compactMap { Int($0) })
    } else {
      set(key.tag, key.vr, values)
    }
  }
}

extension VR {
  fileprivate var isBinaryInteger: Bool { [.us, .ss, .ul, .sl, .uv, .sv].contains(self) }
}
