// SPDX-License-Identifier: Apache-2.0

import Access

/// What an archive asks of its index. Pages go in and out: no cursor stays open in between, and no row of a database is
/// seen. Each question names its caller, and is answered from what is open to that caller when the page is read.
protocol InstanceIndex: Sendable {
  /// Returns once the instance is in the index for good. `compared` has canonical digests of objects that were asked for.
  /// Goes on where the caller does.
  nonisolated(nonsending) func add(
    _ record: InstanceRecord, compared: [ObjectKey: [UInt8]]
  ) async throws(IndexError) -> Addition

  /// The same for whoever has nothing to wait in, such as the thread that keeps the object: `then` is called in a place of the
  /// index's own, and may not wait for anything but what the index waited for itself, `keeping`. Before the object's bytes are
  /// kept its row is nowhere to be seen, and where they are not it never is.
  func add(
    _ record: InstanceRecord, once keeping: Keeping,
    then: @escaping @Sendable (Result<Addition, IndexError>) -> Void)

  /// The matches behind a mark; nil for the first of them.
  func matches(of query: FindQuery, as caller: Caller, after mark: PageMark?) async throws(IndexError) -> FindPage

  /// The first matches: they are being read when this returns.
  func beginMatches(of query: FindQuery, as caller: Caller) -> BegunMatches

  /// The first matches, read where this is called; nil where that would take longer than a moment.
  func briefMatches(of query: FindQuery, as caller: Caller) -> FindPage?

  /// What the caller has the rights to of what a selection names: of several versions of an object the one that is served.
  func instances(
    in selection: InstanceSelection, as caller: Caller, for rights: GrantRights, after mark: PageMark?
  ) async throws(IndexError) -> InstancePage

  /// The issuers of the patients with this ID of whom the caller has the rights to something, sorted.
  func issuers(ofPatientID id: String, as caller: Caller, for rights: GrantRights) async throws(IndexError) -> [String]

  /// Which of these objects are kept in some version, whoever asks; an empty SOP Class UID stands for any.
  func kept(_ objects: [ReferencedObject]) async throws(IndexError) -> Set<ReferencedObject>
}

/// Where a page ended; only the index that made it understands it.
package struct PageMark: Sendable, Hashable {
  let value: Int64
  /// Where the rows come in the order of a key: the last one's.
  var key = ""
  /// Where they come in the order of their names: the last one's; nil where they come in that of their numbers.
  var names: [String]?
  /// Where a list is gone through a part at a time: how much of it is done.
  var list = 0
}

/// What an index cannot do.
struct IndexError: Error, Sendable, CustomStringConvertible {
  enum Kind: Sendable, Hashable {
    /// Nothing was written; another time it may go.
    case busy
    /// Nothing was written: there is no space.
    case exhausted
    /// Nothing was written: the index is not to be written to.
    case readOnly
    /// Whether it was written is not known, and what follows could not be trusted.
    case untrustworthy
    /// This one cannot be, whenever it is tried.
    case impossible
  }

  let kind: Kind
  let description: String

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}

/// The first matches of a question, which are being read.
struct BegunMatches: Sendable {
  let isThere: @Sendable () -> Bool
  let page: @Sendable () async throws(IndexError) -> FindPage
}

/// An object as Storage Commitment names it.
package struct ReferencedObject: Sendable, Hashable, Codable {
  package let sopClassUID: String
  package let sopInstanceUID: String

  package init(sopClassUID: String, sopInstanceUID: String) {
    self.sopClassUID = sopClassUID
    self.sopInstanceUID = sopInstanceUID
  }
}
