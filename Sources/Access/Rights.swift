// SPDX-License-Identifier: Apache-2.0

/// What a peer may do at all. What it sees of what is stored is another question: grants answer it.
package struct Rights: OptionSet, Sendable, Hashable {
  package let rawValue: Int

  package init(rawValue: Int) {
    self.rawValue = rawValue
  }

  /// C-STORE, and Storage Commitment once it exists.
  package static let store = Rights(rawValue: 1)
  /// C-FIND.
  package static let query = Rights(rawValue: 2)
  /// C-GET and C-MOVE.
  package static let retrieve = Rights(rawValue: 4)
  /// To add objects to any study. Without it a peer that stores adds to the studies that it began, and to those that a grant
  /// lets it add to; what it sends for others is kept aside, see `collimator aside`.
  package static let add = Rights(rawValue: 8)

  private static let named: [(name: String, right: Rights)] = [
    ("store", .store), ("query", .query), ("retrieve", .retrieve),
    ("add", .add),
  ]

  /// nil where a name is none of store, query, retrieve, add.
  package init?(names: [String]) {
    self = []
    for name in names {
      guard let right = Self.named.first(where: { $0.name == name })?.right else { return nil }
      insert(right)
    }
  }

  package var names: [String] {
    Self.named.filter { contains($0.right) }.map(\.name)
  }
}
