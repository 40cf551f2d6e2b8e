// SPDX-License-Identifier: Apache-2.0

import Access

/// The archive as one caller sees it. There is no other way to read it.
package struct ArchiveReader: Sendable {
  private let caller: Caller
  private let rights: GrantRights
  private let index: any InstanceIndex
  private let store: any ObjectStore
  /// Changes whenever anything did by which somebody sees more or less.
  private let generation: @Sendable () -> Int
  /// Hears of objects whose bytes are gone.
  private let isLost: @Sendable (ObjectKey) -> Void
  /// Hears of objects, with their digests, whose bytes are not what was received.
  private let isDamaged: @Sendable (ObjectKey, [UInt8]) -> Void
  private let proven: ProvenFiles

  init(
    caller: Caller, rights: GrantRights = .retrieve, index: any InstanceIndex, store: any ObjectStore,
    generation: @Sendable @escaping () -> Int = { 0 }, isLost: @Sendable @escaping (ObjectKey) -> Void = { _ in },
    isDamaged: @Sendable @escaping (ObjectKey, [UInt8]) -> Void = { _, _ in }, proven: ProvenFiles = ProvenFiles()
  ) {
    self.generation = generation
    self.isLost = isLost
    self.isDamaged = isDamaged
    self.proven = proven
    self.caller = caller
    self.rights = rights
    self.index = index
    self.store = store
  }

  /// The matches, page by page; each page asks the grants anew.
  package func find(_ query: FindQuery) -> Pages<FindPage> {
    Pages { mark in
      let page = try await page(of: query, after: mark)
      return (page, page.next)
    }
  }

  /// One page of them; the first without a mark.
  package func page(of query: FindQuery, after mark: PageMark?) async throws -> FindPage {
    let moment = (generation: generation(), time: ContinuousClock.now)
    return try await index.matches(of: query, as: caller, after: mark).read(moment)
  }

  /// The first of them, for whoever has something to do meanwhile: it is being read when this returns.
  package func beginning(of query: FindQuery) -> BegunPage {
    let moment = (generation: generation(), time: ContinuousClock.now)
    let matches = index.beginMatches(of: query, as: caller)
    return BegunPage(isThere: matches.isThere) { try await matches.page().read(moment) }
  }

  /// The first of them, read on the thread that this is called on; nil where that took longer than a moment, or others are
  /// being read: see `FindQuery.isBrief`.
  /// `wasBrief`: a cold disk, or a statement that had to be written anew, shows itself only afterwards.
  package func brief(_ query: FindQuery) -> (page: FindPage?, wasBrief: Bool) {
    let moment = (generation: generation(), time: ContinuousClock.now)
    let page = index.briefMatches(of: query, as: caller)?.read(moment)
    return (page, moment.time.duration(to: .now) < BriefReading.longest * 2)
  }

  /// How long a page is taken for what the caller may still be told: a grant may end by itself.
  private static let freshness = Duration.milliseconds(100)

  /// The page behind `mark` as it may be told now: the same, or read again where something changed since by which somebody
  /// sees more or less, or some time went by.
  package func current(_ page: FindPage, of query: FindQuery, after mark: PageMark?) async throws -> FindPage {
    guard generation() != page.generation || page.readAt.duration(to: .now) > Self.freshness else { return page }
    return try await self.page(of: query, after: mark)
  }

  /// What the caller has the rights to of what a selection names, page by page; each page asks the grants anew.
  package func instances(in selection: InstanceSelection) -> Pages<InstancePage> {
    Pages { mark in
      let page = try await index.instances(in: selection, as: caller, for: rights, after: mark)
      return (page, page.next)
    }
  }

  /// Whom a Patient ID names for this caller. `issuer`: what the request says; `defaultIssuer`: what holds for this peer
  /// where it says nothing. Without either, an ID of two visible patients names nobody.
  package func patient(
    withID id: String, issuer: String?, defaultIssuer: String?
  ) async throws -> PatientNaming {
    guard let asked = PatientIdentity(id: id, issuer: issuer) else { return .nobody }
    let visible = try await index.issuers(ofPatientID: asked.id, as: caller, for: rights)
    let wanted = issuer == nil ? defaultIssuer : asked.issuer
    if let wanted { return visible.contains(wanted) ? .one(.init(stored: asked.id, issuer: wanted)) : .nobody }
    guard let only = visible.first else { return .nobody }
    return visible.count == 1 ? .one(.init(stored: asked.id, issuer: only)) : .several(issuers: visible)
  }

  /// Bytes of the data set of an instance that the index gave, as received; fewer at its end. Offsets are the file's: see
  /// `ServedInstance.size`.
  package func bytes(_ range: Range<Int>, of instance: ServedInstance) async throws -> [UInt8] {
    do {
      return try await store.read(range, of: instance.object)
    } catch {
      if error.kind == .missing { isLost(instance.object) }
      throw error
    }
  }

  /// Bytes of several instances that the index gave, read one behind the other on a thread that may wait for the disk: `take`
  /// has each read to where it wants it. One result for each, in their order.
  package func read<Value: Sendable>(
    _ ranges: [(range: Range<Int>, instance: ServedInstance)],
    _ take: @escaping @Sendable (any ReadableBytes) throws(StoreError) -> Value
  ) async -> [Result<Value, StoreError>] {
    let results = await store.read(ranges.map { ($0.range, $0.instance.object) }, take)
    for (range, result) in zip(ranges, results) {
      if case .failure(let error) = result, error.kind == .missing { isLost(range.instance.object) }
    }
    return results
  }

  /// Whether all of a file was compared with what was received a while ago, and nobody touched it since.
  package func isProven(_ stamp: FileStamp?) -> Bool { stamp.map(proven.has) ?? false }

  package func noteProven(_ stamp: FileStamp?) { stamp.map(proven.note) }

  /// What was read of it is not what was received: it is looked at again and, if that is so, served no more.
  package func noteDamage(of instance: ServedInstance) { isDamaged(instance.object, instance.digest) }

  /// The pages of one question, read as they are asked for; nothing stays open in between.
  package struct Pages<Page: Sendable>: AsyncSequence, Sendable {
    package typealias Element = Page

    fileprivate let page: @Sendable (PageMark?) async throws -> (Page, next: PageMark?)

    package func makeAsyncIterator() -> Iterator {
      Iterator(pages: self)
    }

    package struct Iterator: AsyncIteratorProtocol {
      fileprivate let pages: Pages
      private var mark: PageMark?
      private var isOver = false

      fileprivate init(pages: Pages) {
        self.pages = pages
      }

      package mutating func next() async throws -> Page? {
        guard !isOver else { return nil }
        let (page, next) = try await pages.page(mark)
        mark = next
        isOver = next == nil
        return page
      }
    }
  }
}

/// A page that is being read, or was.
package struct BegunPage: Sendable {
  package let isThere: @Sendable () -> Bool
  /// For one task, and once.
  package let page: @Sendable () async throws -> FindPage

  init(isThere: @Sendable @escaping () -> Bool, page: @Sendable @escaping () async throws -> FindPage) {
    self.isThere = isThere
    self.page = page
  }

  /// One that is there.
  package init(_ page: FindPage) {
    self.init(isThere: { true }, page: { page })
  }
}

/// Whom a Patient ID names.
package enum PatientNaming: Sendable, Hashable {
  case nobody
  case one(PatientIdentity)
  /// Two persons, whose studies must not be mixed: C-MOVE and C-GET are refused with A900.
  case several(issuers: [String])
}

extension FindPage {
  fileprivate func read(_ moment: (generation: Int, time: ContinuousClock.Instant)) -> FindPage {
    var page = self
    (page.generation, page.readAt) = moment
    return page
  }
}

extension PatientIdentity {
  fileprivate init(stored id: String, issuer: String) {
    self.init(stored: id, issuer: issuer, soleStudy: "")
  }
}
