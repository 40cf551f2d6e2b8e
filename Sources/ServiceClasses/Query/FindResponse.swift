// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import UpperLayer

/// Matches as the identifiers of pending C-FIND-RSPs (PS3.4 C.4.1.1.3.2), written straight from the index's rows.
struct FindResponse: Sendable {
  /// Keys that were asked for and that this node does not know; of sequences, the attributes of their items.
  let unsupportedKeys: [Tag]
  /// Status FF00, or FF01.
  var supportsAllKeys: Bool { unsupportedKeys.isEmpty }

  private enum Source: Sendable {
    case fixed([UInt8])
    case column(Int)
    case sequence([IdentifierWriter.Head])
    /// The row's own zone; where nobody knows it, the element is left out: it "shall not be sent with a zero-length value".
    case zone(Int)
    /// Which of the row's character sets it is written in.
    case characterSet
  }

  private let entries: [(head: IdentifierWriter.Head, source: Source)]
  private let writer: IdentifierWriter
  /// In the order of preference; UTF-8 when none holds a row.
  private let characterSets: [SpecificCharacterSet]
  private let textColumns: [Int]
  private let holdsSequences: Bool

  /// `terms`: the character sets that are tried before UTF-8, each by its defined terms.
  init(
    to request: QueryIdentifier, columns: FindColumns, retrieveAETitle: String, characterSets terms: [[String]],
    transferSyntax: TransferSyntax
  ) {
    let writer = IdentifierWriter(transferSyntax)
    self.writer = writer
    characterSets = terms.filter { !$0.isEmpty }.map(SpecificCharacterSet.init)
    var entries: [Tag: (vr: VR, source: Source)] = [
      .specificCharacterSet: (.cs, .characterSet),
      .queryRetrieveLevel: (.cs, .fixed(Array(request.query.level.rawValue.utf8))),
      .retrieveAETitle: (.ae, .fixed(Array(retrieveAETitle.utf8))),
    ]
    if let column = columns.byTag[.instanceAvailability] { entries[.instanceAvailability] = (.cs, .column(column)) }
    var unsupported: [Tag] = []
    for (tag, vr) in request.requested {
      // An unsupported key is not returned at all, in a sequence or not: an empty value would say that the object has none.
      if let known = columns.bySequence[tag], vr == .sq {
        let members = request.requestedMembers[tag] ?? []
        unsupported += members.filter { known[$0.tag] == nil || $0.vr == .sq }.map(\.tag)
        let asked =
          members.isEmpty
          ? known.keys.map { (tag: $0, vr: DataDictionary.vr(of: $0) ?? .lo) }
          : members.filter { known[$0.tag] != nil && $0.vr != .sq }
        guard !asked.isEmpty else { continue }
        entries[tag] = (.sq, .sequence(asked.sorted { $0.tag < $1.tag }.map { writer.head($0.tag, $0.vr) }))
      } else if let column = columns.byTag[tag], vr != .sq {
        entries[tag] = (vr, .column(column))
      } else {
        unsupported.append(tag)
      }
    }
    if request.query.options.namesTimezone, entries.values.contains(where: \.vr.isOfTime) {
      entries[.timezoneOffsetFromUTC] = Self.zone(request.query.options, columns).map { (.sh, $0) }
    }
    if request.ignoresTimezone, columns.byTag[.timezoneOffsetFromUTC] != nil {
      unsupported.append(.timezoneOffsetFromUTC)
    }
    unsupportedKeys = unsupported
    self.entries = entries.sorted { $0.key < $1.key }.map { (writer.head($0.key, $0.value.vr), $0.value.source) }
    textColumns = self.entries.compactMap { entry in
      if case .column(let column) = entry.source, entry.head.vr.usesSpecificCharacterSet { column } else { nil }
    }
    holdsSequences = self.entries.contains { entry in if case .sequence = entry.source { true } else { false } }
  }

  /// PS3.4 C.4.1.1.3.2: Timezone Offset From UTC "shall be included if any Attributes of time in the Response Identifier are to
  /// be interpreted explicitly in the designated local time zone".
  private static func zone(_ options: MatchingOptions, _ columns: FindColumns) -> Source? {
    if let asked = options.timezone { return .fixed(Array(TimezoneOffset.text(asked).utf8)) }
    return columns.byTag[.timezoneOffsetFromUTC].map { .zone($0) }
  }

  /// One for each of the first rows of a page, all in one piece of memory.
  func identifiers(of page: FindPage, _ count: Int) -> DataSetSeries {
    var series = DataSetSeries()
    series.reserve(count, bytes: count * (entries.count * Self.usualHead + page.bytesPerRow))
    let plain = CharacterSet(characterSets.first ?? .utf8)
    for row in page.rows.prefix(count) { series.append { write(row, plain, to: &$0) } }
    return series
  }

  private static let usualHead = 14

  private struct CharacterSet {
    let set: SpecificCharacterSet
    let terms: [UInt8]

    init(_ set: SpecificCharacterSet) {
      self.set = set
      terms = Array(set.terms.joined(separator: "\\").utf8)
    }
  }

  /// Writes one identifier behind what there is. `plain`: what a row is written in that has nothing but ASCII.
  private func write(_ row: FindRow, _ plain: CharacterSet, to bytes: inout [UInt8]) {
    // ASCII is the same in all of them.
    let isASCII = row.withBytes { $0.isASCII }
    let characterSet = isASCII && !holdsSequences ? plain : CharacterSet(characterSet(for: row))
    for (head, source) in entries {
      switch source {
      case .characterSet: writer.write(head, characterSet.terms, to: &bytes)
      case .fixed(let value): writer.write(head, value, to: &bytes)
      case .zone(let column):
        let zone = row.text(of: column)
        if TimezoneOffset.minutes(zone) != nil { writer.write(head, zone.utf8, to: &bytes) }
      case .column(let column):
        // UTF-8 is what the index has.
        if head.vr.isText, isASCII || (head.vr.usesSpecificCharacterSet && characterSet.set == .utf8) {
          row.withBytes(of: column) { writer.write(head, $0, to: &bytes) }
        } else {
          let value = writer.bytes(of: row.text(of: column), vr: head.vr, in: characterSet.set)
          writer.write(head, value, to: &bytes)
        }
      case .sequence(let members):
        let items = row.items(of: head.tag) ?? []
        writer.writeSequence(head, items.count, to: &bytes) { index, item in
          for member in members {
            let value = writer.bytes(of: items[index][member.tag] ?? "", vr: member.vr, in: characterSet.set)
            writer.write(member, value, to: &item)
          }
        }
      }
    }
  }

  private func characterSet(for row: FindRow) -> SpecificCharacterSet {
    guard let first = characterSets.first else { return .utf8 }
    var texts = textColumns.filter { column in !row.withBytes(of: column) { $0.isASCII } }.map(row.text)
    for (head, source) in entries {
      guard case .sequence = source else { continue }
      texts += (row.items(of: head.tag) ?? []).flatMap(\.values)
    }
    if texts.isEmpty { return first }
    return characterSets.first { set in texts.allSatisfy { set.encode($0) != nil } } ?? .utf8
  }
}

extension VR {
  fileprivate var isOfTime: Bool { self == .da || self == .tm || self == .dt }
}

extension UnsafeBufferPointer<UInt8> {
  /// Without ESC, which begins another character set.
  fileprivate var isASCII: Bool {
    var isASCII = true
    // Without leaving early: so it is looked at many bytes at once.
    for byte in self { isASCII = isASCII && byte < 0x80 && byte != 0x1B }
    return isASCII
  }
}
