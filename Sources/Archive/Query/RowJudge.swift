// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// What SQL could not say of a row that it selected.
struct RowJudge {
  enum Kind {
    case value(Int, ValueMatcher)
    case items([Tag: Int], ItemJudge)
    case moment(MomentJudge)
    case dateTime(DateTimeJudge)
  }

  private let kind: Kind

  init(_ kind: Kind) {
    self.kind = kind
  }

  /// `text`: of the column at a place behind `QueryCompiler.Place.firstValue`.
  func matches(_ text: (Int) -> String) -> Bool {
    switch kind {
    case .value(let column, let matcher): return matcher.matches(text(column))
    case .moment(let judge): return judge.matches(text)
    case .dateTime(let judge): return judge.matches(text)
    case .items(let columns, let judge):
      let members = columns.mapValues { column -> [Substring] in
        text(column).split(separator: "\\", omittingEmptySubsequences: false)
      }
      return (0..<(members.values.map(\.count).max() ?? 0)).contains { index in
        judge.matches(members.compactMapValues { index < $0.count ? String($0[index]) : nil })
      }
    }
  }
}
