// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import NIOCore

/// Matches as the identifiers of pending C-FIND-RSPs (PS3.4 C.4.1.1.3.2), written straight from the index's rows.
struct FindResponse: Sendable {
  /// Keys that were asked for and that this node does not know; of sequences, the attributes of their items.
  let unsupportedKeys: [Tag]
  /// Status FF00, or FF01.
  var supportsAllKeys: Bool { unsupportedKeys.isEmpty }

  private enum Source: Sendable {
    case fixed([UInt8])
    case column(Int)
    case sequence([(tag: Tag, vr: VR)])
    case nothing
    /// Which of the row's character sets it is written in.
    case characterSet
  }

  private let entries: [(tag: Tag, vr: VR, source: Source)]
  private let writer: IdentifierWriter
  /// In the order of preference; UTF-8 when none holds a row.
  private let characterSets: [SpecificCharacterSet]
  private let textColumns: [Int]

  /// `terms`: the character sets that are tried before UTF-8, each by its defined terms.
  init(
    to request: QueryIdentifier, columns: FindColumns, retrieveAETitle: String, characterSets terms: [[String]],
    transferSyntax: TransferSyntax
  ) {
    writer = IdentifierWriter(transferSyntax)
    characterSets = terms.filter { !$0.isEmpty }.map(SpecificCharacterSet.init)
    var entries: [Tag: (vr: VR, source: Source)] = [
      .specificCharacterSet: (.cs, .characterSet),
      .queryRetrieveLevel: (.cs, .fixed(Array(request.query.level.rawValue.utf8))),
      .retrieveAETitle: (.ae, .fixed(Array(retrieveAETitle.utf8))),
    ]
    if let column = columns.byTag[.instanceAvailability] { entries[.instanceAvailability] = (.cs, .column(column)) }
    var unsupported: [Tag] = []
    for (tag, vr) in request.requested + request.timezoneKey {
      if columns.bySequence[tag] != nil, vr == .sq {
        let members = request.requestedMembers[tag] ?? []
        let all = columns.bySequence[tag].map { $0.keys.sorted() } ?? []
        unsupported += members.map(\.tag).filter { !all.contains($0) }
        let asked = members.isEmpty ? all.map { (tag: $0, vr: DataDictionary.vr(of: $0) ?? .lo) } : members
        entries[tag] = (.sq, .sequence(asked.sorted { $0.tag < $1.tag }))
      } else if let column = columns.byTag[tag] {
        entries[tag] = (vr, vr == .sq ? .nothing : .column(column))
      } else if tag != .timezoneOffsetFromUTC {
        // An unsupported key is not returned at all: an empty value would say that the object has none.
        unsupported.append(tag)
      }
    }
    unsupportedKeys = unsupported
    self.entries = entries.sorted { $0.key < $1.key }.map { ($0.key, $0.value.vr, $0.value.source) }
    textColumns = self.entries.compactMap { entry in
      if case .column(let column) = entry.source, entry.vr.usesSpecificCharacterSet { column } else { nil }
    }
  }

  /// One for each row, all in one piece of memory.
  func identifiers(_ rows: some Collection<FindRow>) -> [ByteBuffer] {
    var buffer = ByteBuffer()
    let ends = rows.map { row in
      write(row, to: &buffer)
      return buffer.writerIndex
    }
    var start = 0
    return ends.compactMap { end in
      defer { start = end }
      return buffer.getSlice(at: start, length: end - start)
    }
  }

  /// Writes one identifier behind what the buffer has.
  func write(_ row: FindRow, to buffer: inout ByteBuffer) {
    let characterSet = characterSet(for: row)
    for (tag, vr, source) in entries {
      switch source {
      case .characterSet: writer.write(tag, vr, Array(characterSet.terms.joined(separator: "\\").utf8), to: &buffer)
      case .fixed(let bytes): writer.write(tag, vr, bytes, to: &buffer)
      case .nothing: writer.write(tag, vr, [], to: &buffer)
      case .column(let column): write(tag, vr, column, of: row, in: characterSet, to: &buffer)
      case .sequence(let members):
        let items = row.items(of: tag) ?? []
        writer.writeSequence(tag, items.count, to: &buffer) { index, item in
          for (tag, vr) in members {
            let text = items[index][tag] ?? ""
            writer.write(tag, vr, writer.bytes(of: text, vr: vr, in: characterSet), to: &item)
          }
        }
      }
    }
  }

  private func write(
    _ tag: Tag, _ vr: VR, _ column: Int, of row: FindRow, in characterSet: SpecificCharacterSet,
    to buffer: inout ByteBuffer
  ) {
    let isDone = row.withBytes(of: column) { bytes in
      // ASCII is the same in all of them, and UTF-8 is what the index has.
      guard vr.isText, bytes.isASCII || (vr.usesSpecificCharacterSet && characterSet == .utf8) else { return false }
      writer.write(tag, vr, bytes, to: &buffer)
      return true
    }
    if !isDone { writer.write(tag, vr, writer.bytes(of: row.text(of: column), vr: vr, in: characterSet), to: &buffer) }
  }

  private func characterSet(for row: FindRow) -> SpecificCharacterSet {
    guard let first = characterSets.first else { return .utf8 }
    var texts = textColumns.filter { column in !row.withBytes(of: column) { $0.isASCII } }.map(row.text)
    for (tag, _, source) in entries {
      guard case .sequence = source else { continue }
      texts += (row.items(of: tag) ?? []).flatMap(\.values)
    }
    if texts.isEmpty { return first }
    return characterSets.first { set in texts.allSatisfy { set.encode($0) != nil } } ?? .utf8
  }
}

extension QueryIdentifier {
  /// Each answer names the zone of its dates and times where that was agreed to.
  fileprivate var timezoneKey: [(tag: Tag, vr: VR)] { adjustsTimezones ? [(.timezoneOffsetFromUTC, .sh)] : [] }
}

extension UnsafeBufferPointer<UInt8> {
  fileprivate var isASCII: Bool { allSatisfy { $0 < 0x80 && $0 != 0x1B } }
}
