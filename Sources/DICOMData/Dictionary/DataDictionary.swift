// SPDX-License-Identifier: Apache-2.0

/// PS3.6 chapters 6 to 9: what a tag is called and how it is written.
package enum DataDictionary {
  package struct Entry: Sendable, Hashable {
    package let vr: VR
    /// All that the table allows, such as "US or SS".
    package let vrText: String
    package let vm: String
    package let keyword: String
    package let name: String
    package let isRetired: Bool
  }

  private static let rows = DictionaryRows(DataElementTable.rows)
  private static let entries = makeEntries()
  private static let tagsByKeyword = makeTagsByKeyword()

  package static func entry(for tag: Tag) -> Entry? {
    entries[tag] ?? repeatingEntry(for: tag)
  }

  package static func tag(keyword: String) -> Tag? {
    tagsByKeyword[keyword]
  }

  /// The VR of an implicit VR element; nil for what the table does not know.
  package static func vr(of tag: Tag) -> VR? {
    entries[tag]?.vr ?? repeatingEntry(for: tag)?.vr
  }

  private static func makeEntries() -> [Tag: Entry] {
    var entries: [Tag: Entry] = [:]
    entries.reserveCapacity(DataElementTable.rowCount)
    for index in rows.indices {
      let columns = rows.columns(at: index)
      guard let tag = Tag(hex: columns[0].filter { $0 != "," }) else { continue }
      entries[tag] = Entry(columns)
    }
    return entries
  }

  private static func makeTagsByKeyword() -> [String: Tag] {
    var tags: [String: Tag] = [:]
    for (tag, entry) in entries where !entry.keyword.isEmpty { tags[entry.keyword] = tag }
    return tags
  }

  /// Curves and overlays repeat in even groups (PS3.5 §7.6); (0020,31xx) and the code tables of group 1000 by element.
  private static func repeatingEntry(for tag: Tag) -> Entry? {
    let hex = tag.hex
    let patterns =
      switch tag.group {
      case 0x5000...0x50FF, 0x6000...0x60FF, 0x7F00...0x7FDF: ["\(hex.prefix(2))xx,\(hex.suffix(4))"]
      case 0x0020: ["0020,\(hex.dropFirst(4).prefix(2))xx"]
      case 0x1000: ["1000,xxx\(hex.suffix(1))"]
      case 0x1010: ["1010,xxxx"]
      default: [String]()
      }
    guard !tag.isPrivate else { return nil }
    return patterns.lazy.compactMap { rows.row(for: $0) }.first.map(Entry.init)
  }
}

extension DataDictionary.Entry {
  fileprivate init(_ columns: [Substring]) {
    vrText = String(columns[1])
    // "OB or OW" is OW in implicit VR, but for Curve Data (PS3.5 annex A.1, 2004); of the others the first stands until Pixel Representation speaks.
    let isCurveData = columns[0] == "50xx,3000"
    vr = vrText == "OB or OW" && !isCurveData ? .ow : VR(name: vrText.prefix(2)) ?? .un
    vm = String(columns[2])
    keyword = String(columns[3])
    name = String(columns[4])
    isRetired = columns[5] == "Y"
  }
}
