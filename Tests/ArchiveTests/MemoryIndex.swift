// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Dispatch
import Synchronization

@testable import Archive

/// What the archive asks of an index, once more: lists, looked through from one end to the other. It is slow and has no
/// corrections; where it answers otherwise than SQLite does, one of the two is wrong.
final class MemoryIndex: InstanceIndex {
  struct Entry {
    let number: Int64
    let record: InstanceRecord
    var canonicalDigest: [UInt8]?
  }

  private struct State {
    var entries: [Entry] = []
    var grants: [Int64: [GrantScope]] = [:]
    var last: Int64 = 0
  }

  private let state = Mutex(State())
  private let layout = IndexLayout.standard
  static let pageSize = 3

  func open(_ scope: GrantScope, to caller: Caller) {
    state.withLock { $0.grants[caller.principal, default: []].append(scope) }
  }

  func close(to caller: Caller) {
    state.withLock { $0.grants[caller.principal] = nil }
  }

  nonisolated(nonsending) func add(
    _ record: InstanceRecord, compared: [ObjectKey: [UInt8]]
  ) async throws(IndexError) -> Addition {
    addition(of: record, compared)
  }

  func add(
    _ record: InstanceRecord, once keeping: Keeping, then: @escaping @Sendable (Result<Addition, IndexError>) -> Void
  ) {
    // Not on the thread that keeps it.
    DispatchQueue.global().async {
      switch keeping.wait() {
      case .success: then(.success(self.addition(of: record, [:])))
      case .failure(let error): then(.failure(IndexError(.impossible, error.description)))
      }
    }
  }

  private func addition(of record: InstanceRecord, _ compared: [ObjectKey: [UInt8]]) -> Addition {
    state.withLock { state in
      let versions = state.entries.filter { $0.record.sopInstanceUID == record.sopInstanceUID }
      let issuer = record.arrival.defaultIssuer
      let mine = versions.filter { $0.record.arrival.defaultIssuer == issuer }
      if let same = mine.first(where: {
        $0.record.digest == record.digest && $0.record.transferSyntaxUID == record.transferSyntaxUID
      }) {
        let key = same.record.object
        guard compared[key]?.isEmpty == true else { return Self.here(same, compared) }
        let place = state.entries.firstIndex { $0.number == same.number } ?? 0
        state.entries[place] = Entry(number: same.number, record: record, canonicalDigest: same.canonicalDigest)
        return .replaced(key)
      }
      let unknown = versions.filter { $0.canonicalDigest == nil && compared[$0.record.object] == nil }
      if !versions.isEmpty, !unknown.isEmpty || record.canonicalDigest == nil {
        return .needsComparison(with: unknown.map(\.record.object))
      }
      if let same = mine.first(where: { ($0.canonicalDigest ?? compared[$0.record.object]) == record.canonicalDigest }),
        record.canonicalDigest != nil, compared[same.record.object]?.isEmpty != true
      {
        return Self.here(same, compared)
      }
      state.last += 1
      state.entries.append(Entry(number: state.last, record: record, canonicalDigest: record.canonicalDigest))
      return .done(versions.isEmpty ? .stored : .keptBesideAnother)
    }
  }

  private static func here(_ same: Entry, _ compared: [ObjectKey: [UInt8]]) -> Addition {
    compared[same.record.object] == nil
      ? .alreadyHere(same.record.object, digest: same.record.digest) : .done(.alreadyStored)
  }

  func matches(of query: FindQuery, as caller: Caller, after mark: PageMark?) async throws(IndexError) -> FindPage {
    let groups = Dictionary(grouping: visible(to: caller)) { Self.identity(of: $0, at: query.level) }
    // What lies below the level is not answered.
    let tags = Array(Set(query.returning)).sorted().filter { tag in
      groups.values.first.map { MemoryAnswer(of: $0, at: query.level, layout).values(of: tag) != nil } ?? true
    }
    let rows = groups.values.compactMap { group -> (Int64, [String])? in
      guard let first = group.min(by: { $0.number < $1.number }) else { return nil }
      let answer = MemoryAnswer(of: group, at: query.level, layout)
      guard query.keys.allSatisfy({ MemoryMatching.matches($0, answer.values(of: $0.tag) ?? []) }) else { return nil }
      let row = tags.map { answer.values(of: $0)?.joined(separator: "\\") ?? "" }
      return (first.number, row.isEmpty ? [""] : row)
    }
    let page = rows.sorted { $0.0 < $1.0 }.filter { $0.0 > mark?.value ?? 0 }.prefix(Self.pageSize)
    let isLast = page.count < Self.pageSize
    let columns = FindColumns(
      byTag: Dictionary(uniqueKeysWithValues: tags.enumerated().map { ($1, $0) }), bySequence: [:],
      width: max(tags.count, 1))
    var bytes: [UInt8] = []
    let ends = page.flatMap(\.1).map { text in
      bytes += Array(text.utf8)
      return bytes.count
    }
    return FindPage(
      values: FindValues(columns: columns, bytes: bytes, ends: ends),
      next: isLast ? nil : page.last.map { PageMark(value: $0.0) })
  }

  func instances(
    in selection: InstanceSelection, as caller: Caller, for rights: GrantRights, after mark: PageMark?
  ) async throws(IndexError) -> InstancePage {
    let wanted = visible(to: caller).filter { entry in
      guard let hierarchy = entry.record.hierarchy else { return false }
      let names = { (list: [String], uid: String) in list.isEmpty || list.contains(uid) }
      return selection.patient.map { $0 == hierarchy.patient } ?? true
        && names(selection.studyInstanceUIDs, hierarchy.studyInstanceUID)
        && names(selection.seriesInstanceUIDs, hierarchy.seriesInstanceUID)
        && names(selection.sopInstanceUIDs, entry.record.sopInstanceUID)
    }
    let served = Dictionary(grouping: wanted, by: \.record.sopInstanceUID).values.compactMap { versions in
      versions.min { $0.number < $1.number }
    }
    let page = served.sorted { $0.number < $1.number }.filter { $0.number > mark?.value ?? 0 }.prefix(Self.pageSize)
    let isLast = page.count < Self.pageSize
    return InstancePage(
      instances: page.compactMap(ServedInstance.init), next: isLast ? nil : page.last.map { PageMark(value: $0.number) }
    )
  }

  func issuers(ofPatientID id: String, as caller: Caller, for rights: GrantRights) async throws(IndexError) -> [String]
  {
    let patients = visible(to: caller).compactMap(\.record.hierarchy?.patient)
    return Set(patients.filter { $0.isSomebody && $0.id == id }.map(\.issuer)).sorted()
  }

  func kept(_ objects: [ReferencedObject]) async throws(IndexError) -> Set<ReferencedObject> {
    let all = state.withLock(\.entries)
    return Set(
      objects.filter { object in
        all.contains { entry in
          entry.record.sopInstanceUID == object.sopInstanceUID
            && (object.sopClassUID.isEmpty || entry.record.sopClassUID == object.sopClassUID)
        }
      })
  }

  private func visible(to caller: Caller) -> [Entry] {
    state.withLock { state in
      let grants = state.grants[caller.principal] ?? []
      return state.entries.filter { entry in
        guard let hierarchy = entry.record.hierarchy else { return false }
        return grants.contains { scope in
          switch scope {
          case .everything: true
          case .study(let uid): hierarchy.studyInstanceUID == uid
          case .series(let uid): hierarchy.seriesInstanceUID == uid
          case .patient(let id, let issuer):
            hierarchy.patient.isSomebody && hierarchy.patient.id == id && hierarchy.patient.issuer == issuer ?? ""
          }
        }
      }
    }
  }

  private static func identity(of entry: Entry, at level: QueryRetrieveLevel) -> [String] {
    guard let hierarchy = entry.record.hierarchy else { return [] }
    let patient = [hierarchy.patient.id, hierarchy.patient.issuer, hierarchy.patient.soleStudy]
    switch level {
    case .patient: return patient
    case .study: return patient + [hierarchy.studyInstanceUID]
    case .series: return patient + [hierarchy.studyInstanceUID, hierarchy.seriesInstanceUID]
    case .image:
      return patient + [hierarchy.studyInstanceUID, hierarchy.seriesInstanceUID, entry.record.sopInstanceUID]
    }
  }
}

extension ServedInstance {
  fileprivate init?(_ entry: MemoryIndex.Entry) {
    guard let hierarchy = entry.record.hierarchy else { return nil }
    self.init(
      Content(
        object: entry.record.object, sopClassUID: entry.record.values[1], sopInstanceUID: entry.record.sopInstanceUID,
        seriesInstanceUID: hierarchy.seriesInstanceUID, studyInstanceUID: hierarchy.studyInstanceUID,
        transferSyntaxUID: entry.record.transferSyntaxUID, size: entry.record.size,
        digest: entry.record.digest, fault: .none, patient: hierarchy.patient, coercion: nil))
  }
}

/// For those that stand in for the index.
extension InstanceIndex {
  func beginMatches(
    of query: FindQuery, as caller: Caller
  ) -> BegunMatches {
    let reading = Task { () async -> Result<FindPage, IndexError> in
      do throws(IndexError) {
        return .success(try await matches(of: query, as: caller, after: nil))
      } catch {
        return .failure(error)
      }
    }
    return BegunMatches(isThere: { false }) { () async throws(IndexError) in try await reading.value.get() }
  }

  func briefMatches(of query: FindQuery, as caller: Caller) -> FindPage? { nil }
}
