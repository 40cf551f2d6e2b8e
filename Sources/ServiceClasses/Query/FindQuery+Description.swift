// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData

extension FindQuery {
  /// For a person who reads the audit: the model, the level, and each key that narrows the answer.
  var description: String {
    let said = keys.compactMap { key -> String? in
      guard let value = key.matching.text else { return nil }
      let name = DataDictionary.entry(for: key.tag)?.keyword ?? "\(key.tag)"
      let sequence = key.sequence.map { (DataDictionary.entry(for: $0)?.keyword ?? "\($0)") + "." } ?? ""
      return "\(sequence)\(name)=\(value)"
    }
    return ([informationModel.words + " " + level.rawValue] + said).joined(separator: "; ")
  }
}

extension InformationModel {
  var words: String {
    switch self {
    case .patientRoot: "Patient Root"
    case .studyRoot: "Study Root"
    }
  }
}

extension MatchingKey.Matching {
  fileprivate var text: String? {
    switch self {
    case .universal: nil
    case .singleValue(let value), .wildcard(let value): value
    case .uidList(let uids): uids.joined(separator: "\\")
    case .range(let from, let to): "\(from ?? "")-\(to ?? "")"
    }
  }
}
