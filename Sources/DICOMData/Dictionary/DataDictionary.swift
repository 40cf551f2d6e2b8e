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
  static let index = TagIndex(rows)
  private static let tagsByKeyword = makeTagsByKeyword()

  package static func entry(for tag: Tag) -> Entry? {
    if let slot = index.slot(of: tag) { return Entry(rows.columns(at: slot.row)) }
    return repeatingEntry(for: tag)
  }

  package static func tag(keyword: String) -> Tag? {
    tagsByKeyword[keyword]
  }

  /// The VR of an implicit VR element; nil for what the table does not know.
  package static func vr(of tag: Tag) -> VR? {
    index.slot(of: tag)?.vr ?? repeatingEntry(for: tag)?.vr
  }

  private static func makeTagsByKeyword() -> [String: Tag] {
    var tags: [String: Tag] = [:]
    tags.reserveCapacity(DataElementTable.rowCount)
    for row in rows.indices {
      let columns = rows.columns(at: row)
      guard !columns[3].isEmpty, let tag = Tag(hex: columns[0].filter { $0 != "," }) else { continue }
      tags[String(columns[3])] = tag
    }
    return tags
  }

  /// Curves and overlays repeat in even groups (PS3.5 §7.6); (0020,31xx) and the code tables of group 1000 by element.
  private static func repeatingEntry(for tag: Tag) -> Entry? {
    guard !tag.isPrivate, let pattern = pattern(for: tag) else { return nil }
    return rows.row(for: pattern).map(Entry.init)
  }

  private static func pattern(for tag: Tag) -> String? {
    switch tag.group {
    case 0x5000...0x50FF, 0x6000...0x60FF, 0x7F00...0x7FDF: "\(tag.hex.prefix(2))xx,\(tag.hex.suffix(4))"
    case 0x0020: "0020,\(tag.hex.dropFirst(4).prefix(2))xx"
    case 0x1000: "1000,xxx\(tag.hex.suffix(1))"
    case 0x1010: "1010,xxxx"
    default: nil
    }
  }
}

extension DataDictionary.Entry {
  fileprivate init(_ columns: [Substring]) {
    vrText = String(columns[1])
    // Curve Data was OB while curves were written (PS3.5 annex A.1, 2004).
    vr = columns[0] == "50xx,3000" ? .ob : VR.implicit(columns[1].utf8)
    vm = String(columns[2])
    keyword = String(columns[3])
    name = String(columns[4])
    isRetired = columns[5] == "Y"
  }
}
