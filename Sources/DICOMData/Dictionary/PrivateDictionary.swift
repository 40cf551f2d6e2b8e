// SPDX-License-Identifier: Apache-2.0

/// Private elements that are known from the field, by the creator that reserved their block (PS3.5 §7.8).
package enum PrivateDictionary {
  package struct Entry: Sendable, Hashable {
    package let vr: VR
    package let vm: String
    package let name: String
  }

  private static let rows = DictionaryRows(PrivateElementTable.rows)

  package static func entry(for tag: Tag, creator: String) -> Entry? {
    let hex = tag.hex
    let inBlock = "\(creator)\t\(hex.prefix(4).uppercased()),xx\(hex.suffix(2))"
    let whole = "\(creator)\t\(hex.prefix(4)),\(hex.suffix(4))"
    guard let columns = rows.row(for: inBlock) ?? rows.row(for: whole), let vr = VR(name: columns[2]) else {
      return nil
    }
    return Entry(vr: vr, vm: String(columns[3]), name: String(columns[4]))
  }
}
