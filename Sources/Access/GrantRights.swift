// SPDX-License-Identifier: Apache-2.0

/// What a grant lets its holder do with what it opens.
package struct GrantRights: OptionSet, Sendable, Hashable {
  package let rawValue: Int

  package init(rawValue: Int) {
    self.rawValue = rawValue
  }

  /// To be told of it: C-FIND. Over DIMSE whoever retrieves has a copy, so this alone never opens C-GET or C-MOVE.
  package static let query = GrantRights(rawValue: 1)
  /// To be sent it: C-GET, and C-MOVE to oneself.
  package static let retrieve = GrantRights(rawValue: 2)
  /// To have it sent to somebody else: C-MOVE to another peer.
  package static let send = GrantRights(rawValue: 4)
  /// To add objects to a study that others began.
  package static let add = GrantRights(rawValue: 8)
  /// To open it to others.
  package static let share = GrantRights(rawValue: 16)

  /// What a grant opens of which nobody says otherwise, and what those of earlier versions opened.
  package static let customary: GrantRights = [.query, .retrieve, .send]

  /// The bundles that people speak of.
  package static let bundles: [(name: String, rights: GrantRights)] = [
    ("view-only", .query), ("download", [.query, .retrieve]), ("annotate", [.query, .retrieve, .add]),
    ("report", [.query, .retrieve, .send, .add]), ("share", [.query, .retrieve, .send, .share]),
    ("full", [.query, .retrieve, .send, .add, .share]),
  ]

  private static let named: [(name: String, right: GrantRights)] = [
    ("query", .query), ("retrieve", .retrieve), ("send", .send), ("add", .add),
  ]

  /// Of rights and bundles; nil where a name is none.
  package init?(names: [String]) {
    self = []
    for name in names {
      let all = Self.named.map { ($0.name, $0.right) } + Self.bundles.map { ($0.name, $0.rights) }
      guard let rights = all.first(where: { $0.0 == name })?.1 else { return nil }
      formUnion(rights)
    }
  }

  /// "share" among them is the right to share.
  package var names: [String] {
    Self.named.filter { contains($0.right) }.map(\.name) + (contains(.share) ? ["share"] : [])
  }
}

extension GrantRights: CustomStringConvertible {
  /// The bundle where it is one.
  package var description: String {
    Self.bundles.first { $0.rights == self }?.name ?? names.joined(separator: ", ")
  }
}
