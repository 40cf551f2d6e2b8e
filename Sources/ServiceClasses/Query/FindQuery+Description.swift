// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData

extension FindQuery {
  /// For a person who reads the audit: the model, the level, and each key that narrows the answer.
  var description: String {
    let said = keys.compactMap(\.text)
    return ([informationModel.words + " " + level.rawValue] + said + options.words).joined(separator: "; ")
  }
}

extension InformationModel {
  var words: String {
    switch self {
    case .patientRoot: "Patient Root"
    case .studyRoot: "Study Root"
    case .patientStudyOnly: "Patient/Study Only"
    case .compositeInstanceRoot: "Composite Instance Root"
    }
  }
}

extension MatchingOptions {
  fileprivate var words: [String] {
    var words: [String] = []
    if combinesDateAndTime { words.append("dates with their times") }
    if matchesNamesBySound { words.append("names by their sound") }
    if let timezone { words.append("times \(timezone) minutes east of UTC") }
    return words
  }
}

extension MatchingKey {
  /// Of keys in a sequence, each with the sequence's name.
  fileprivate var text: String? {
    guard case .sequence(let keys) = matching else { return matching.text.map { "\(name)=\($0)" } }
    let said = keys.compactMap(\.text)
    guard !said.isEmpty else { return nil }
    let named = name
    return said.map { "\(named).\($0)" }.joined(separator: "; ")
  }

  private var name: String { DataDictionary.entry(for: tag)?.keyword ?? "\(tag)" }
}

extension MatchingKey.Matching {
  fileprivate var text: String? {
    switch self {
    case .universal, .sequence: nil
    case .singleValue(let value), .wildcard(let value): value
    case .uidList(let values), .anyOf(let values), .allOf(let values): values.joined(separator: "\\")
    case .empty: "\"\""
    case .range(let from, let to): "\(from ?? "")-\(to ?? "")"
    }
  }
}
