// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// The matches of a query, under the keys that were asked for.
struct MatchOutput {
  let keys: [QueryKey]
  let matches: [DataSet]

  /// A table and how many there are, or all that was answered in the DICOM JSON model (PS3.18 annex F).
  func print(asJSON: Bool) {
    guard !asJSON else {
      let model = JSONModel()
      return Output.print(jsonText: "[" + matches.map(model.text(of:)).joined(separator: ",\n") + "]")
    }
    if !matches.isEmpty, !keys.isEmpty { Output.print(table) }
    Output.print("\(matches.count) \(matches.count == 1 ? "match" : "matches")")
  }

  private var table: String {
    var table = Table(keys.map(\.name))
    for match in matches { table.add(keys.map { Self.cell($0, of: match) }) }
    return table.text
  }

  /// A dash for what was not answered, or has no value; what the items of a sequence say is told by --json.
  private static func cell(_ key: QueryKey, of match: DataSet) -> String {
    guard let element = match[key.tag] else { return "-" }
    if element.vr == .sq {
      let count = match.items(of: element).count
      return count == 0 ? "-" : "\(count) \(count == 1 ? "item" : "items")"
    }
    let text = match.strings(key.tag).joined(separator: "\\")
    return text.isEmpty ? "-" : text
  }
}
