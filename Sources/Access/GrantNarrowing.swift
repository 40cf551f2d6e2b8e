// SPDX-License-Identifier: Apache-2.0

/// A coded document title (Concept Name Code Sequence (0040,A043)): Code Value and Coding Scheme Designator.
package struct DocumentTitle: Sendable, Hashable {
  package let value: String
  package let scheme: String

  /// nil where one of them is empty or holds a backslash, which separates values.
  package init?(value: String, scheme: String) {
    guard !value.isEmpty, !scheme.isEmpty, !(value + scheme).contains("\\"), !(value + scheme).contains("\0") else {
      return nil
    }
    self.value = value
    self.scheme = scheme
  }

  /// "18748-4^LN", as a person writes it.
  package init?(_ text: String) {
    let parts = text.split(separator: "^", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else { return nil }
    self.init(value: parts[0], scheme: parts[1])
  }
}

/// To what of its scope a grant is narrowed; all that is said has to hold.
package struct GrantNarrowing: Sendable, Hashable {
  /// Modality (0008,0060) of the series; empty for any.
  package var modalities: Set<String>
  /// nil for all, those of no type among them.
  package var recordTypes: RecordTypes?
  /// Of what has a title: reports, documents and measurements; empty for any. Images among the record types have none and
  /// are not narrowed by it.
  package var titles: Set<DocumentTitle>
  /// Study Date (0008,0020) as YYYYMMDD, both ends included; a study without a date is in no window.
  package var earliest: String?
  package var latest: String?

  package init(
    modalities: Set<String> = [], recordTypes: RecordTypes? = nil, titles: Set<DocumentTitle> = [],
    earliest: String? = nil, latest: String? = nil
  ) {
    self.modalities = modalities
    self.titles = titles
    // Whoever names titles speaks of what has them.
    self.recordTypes = recordTypes ?? (titles.isEmpty ? nil : .titled)
    self.earliest = earliest
    self.latest = latest
  }

  package var isNone: Bool { self == GrantNarrowing() }
  package var hasDates: Bool { earliest != nil || latest != nil }

  /// Whether whatever this leaves in is left in by the other too.
  package func isWithin(_ other: GrantNarrowing) -> Bool {
    guard other.modalities.isEmpty || (!modalities.isEmpty && modalities.isSubset(of: other.modalities)) else {
      return false
    }
    if let wider = other.recordTypes {
      guard let recordTypes, wider.isSuperset(of: recordTypes) else { return false }
    }
    guard other.titles.isEmpty || (!titles.isEmpty && titles.isSubset(of: other.titles)) else { return false }
    if let first = other.earliest {
      guard let earliest, earliest >= first else { return false }
    }
    if let last = other.latest {
      guard let latest, latest <= last else { return false }
    }
    return true
  }

  /// At which level it can be decided.
  package var granularity: Granularity {
    if recordTypes != nil { return .instance }
    return modalities.isEmpty ? .study : .series
  }
}

/// The level at which it is the same for all that is below.
package enum Granularity: Int, Sendable, Hashable, Comparable, CaseIterable {
  case study, series, instance

  package static func < (coarser: Self, finer: Self) -> Bool { coarser.rawValue < finer.rawValue }
}

extension GrantNarrowing: CustomStringConvertible {
  /// Empty where there is none.
  package var description: String {
    var parts: [String] = []
    if !modalities.isEmpty { parts.append(modalities.sorted().joined(separator: "/")) }
    if let recordTypes { parts.append(recordTypes.names.joined(separator: "/")) }
    if !titles.isEmpty {
      parts.append("titled " + titles.map { "\($0.value)^\($0.scheme)" }.sorted().joined(separator: "/"))
    }
    if hasDates { parts.append("of \(earliest ?? "…") to \(latest ?? "…")") }
    return parts.joined(separator: ", ")
  }
}
