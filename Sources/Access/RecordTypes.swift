// SPDX-License-Identifier: Apache-2.0

/// Kinds of records, as people ask for them.
package struct RecordTypes: OptionSet, Sendable, Hashable {
  package let rawValue: Int

  package init(rawValue: Int) {
    self.rawValue = rawValue
  }

  package static let images = RecordTypes(rawValue: 1)
  package static let reports = RecordTypes(rawValue: 2)
  package static let documents = RecordTypes(rawValue: 4)
  package static let waveforms = RecordTypes(rawValue: 8)
  package static let radiotherapy = RecordTypes(rawValue: 16)
  package static let measurements = RecordTypes(rawValue: 32)

  /// Those whose objects have a coded title.
  package static let titled: RecordTypes = [.reports, .documents, .measurements]

  package static let named: [(name: String, type: RecordTypes)] = [
    ("images", .images), ("reports", .reports), ("documents", .documents), ("waveforms", .waveforms),
    ("radiotherapy", .radiotherapy), ("measurements", .measurements),
  ]

  /// nil where a name is none.
  package init?(names: [String]) {
    self = []
    for name in names {
      guard let type = Self.named.first(where: { $0.name == name })?.type else { return nil }
      insert(type)
    }
  }

  package var names: [String] { Self.named.filter { contains($0.type) }.map(\.name) }
}
