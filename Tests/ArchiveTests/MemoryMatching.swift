// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Foundation

@testable import Archive

/// PS3.4 C.2.2.2, once more and as plainly as can be: shares nothing with what the archive matches by.
enum MemoryMatching {
  static func matches(_ key: MatchingKey, _ values: [String]) -> Bool {
    let isName = key.tag == .patientName
    let isDate = key.tag == .studyDate
    // A name has component groups, each of which may be asked for.
    let groups = isName ? values.flatMap { $0.split(separator: "=").map { plain(String($0)) } } : values
    switch key.matching {
    case .universal: return true
    case .empty: return values.allSatisfy(\.isEmpty)
    case .singleValue(let value) where isName:
      return value.split(separator: "=").allSatisfy { groups.contains(plain(String($0))) }
    case .singleValue(let value) where isDate: return values.contains { digits($0) == digits(value) }
    case .singleValue(let value): return values.contains(value)
    case .uidList(let uids), .anyOf(let uids): return values.contains(where: uids.contains)
    case .allOf(let wanted): return wanted.allSatisfy(values.contains)
    case .wildcard(let pattern):
      let patterns = isName ? pattern.split(separator: "=").map { plain(String($0)) } : [pattern]
      return patterns.filter { !$0.allSatisfy { $0 == "*" } }.allSatisfy { pattern in
        groups.contains { isLike(Array(pattern)[...], Array($0)[...]) }
      }
    case .range(let from, let to):
      return values.map(digits).contains { !$0.isEmpty && $0 >= from ?? "" && $0 <= to ?? "~" }
    case .sequence: return false
    }
  }

  private static func plain(_ name: String) -> String {
    var text = name.folding(options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil)
    while text.last == "^" || text.last == " " { text.removeLast() }
    return text
  }

  private static func digits(_ date: String) -> String { date.filter(\.isNumber) }

  private static func isLike(_ pattern: ArraySlice<Character>, _ value: ArraySlice<Character>) -> Bool {
    guard let first = pattern.first else { return value.isEmpty }
    if first == "*" { return (0...value.count).contains { isLike(pattern.dropFirst(), value.dropFirst($0)) } }
    return !value.isEmpty && (first == "?" || first == value.first) && isLike(pattern.dropFirst(), value.dropFirst())
  }
}
