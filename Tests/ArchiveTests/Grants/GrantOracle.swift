// SPDX-License-Identifier: Apache-2.0

import Access

@testable import Archive

/// An object that is seen, and in which of the rows that bear its study's UID.
@dynamicMemberLookup
struct SeenObject {
  let object: TestObject
  let aside: Int64
  /// Whether what others sent of the study is seen, too: then both are one to the caller.
  var isJoined = false

  subscript<Value>(dynamicMember path: KeyPath<TestObject, Value>) -> Value { object[keyPath: path] }

  /// Empty IDs are of nobody: each study's own.
  var patientRow: String { "\(object.patientID) \(object.issuer) \(object.patientID.isEmpty ? object.study : "")" }
  var studyRow: String { "\(object.study)#\(isJoined ? 0 : aside)" }
  var seriesRow: String { "\(object.series)#\(isJoined ? 0 : aside)" }
  /// The rows in which it lies, which say of a study and a series what they say.
  var ownStudyRow: String { "\(object.study)#\(aside)" }
  var ownSeriesRow: String { "\(object.series)#\(aside)" }
}

/// The predicate once more, as plainly as it can be said: each object by itself, each grant by itself.
struct GrantOracle {
  let world: GrantWorld
  let caller: Caller
  let rights: GrantRights
  /// Of the caller's grants this one alone; nil for all.
  let grant: Int?
  private let now = GrantWorld.now

  init(_ world: GrantWorld, _ caller: Caller, _ rights: GrantRights, grant: Int? = nil) {
    self.world = world
    self.caller = caller
    self.rights = rights
    self.grant = grant
  }

  /// In the order in which they came.
  var visible: [SeenObject] {
    let seen = world.objects.indices.filter { sees(world.objects[$0], aside: world.aside[$0]) }
      .map { SeenObject(object: world.objects[$0], aside: world.aside[$0]) }
    let others = Set(seen.filter { $0.aside == 0 }.map { "\($0.patientRow) \($0.studyRow)" })
    return seen.map { one in
      SeenObject(
        object: one.object, aside: one.aside, isJoined: others.contains("\(one.patientRow) \(one.object.study)#0"))
    }
  }

  private func sees(_ object: TestObject, aside: Int64) -> Bool {
    guard aside == 0 || aside == caller.principal else { return false }
    guard world.principals.contains(where: { $0.number == caller.peer && $0.isPeer }) else { return false }
    guard !world.principals.contains(where: { $0.number == caller.principal && $0.isLocked }) else { return false }
    let limits = world.grants.filter {
      $0.terms.effect == .limits && $0.holder == caller.peer && $0.state != .revoked
    }
    if !limits.isEmpty, !limits.contains(where: { holds($0) && isAbout($0.terms.scope, $0.terms.narrowing, object) }) {
      return false
    }
    let opening = world.grants.filter { grant in
      grant.terms.effect == .opens && self.grant.map { $0 == grant.number } ?? true && holders.contains(grant.holder)
        && holds(grant)
        && isAbout(grant.terms.scope, grant.terms.narrowing, object)
    }
    let vetoes = world.vetoes.filter { veto in
      !veto.isWithdrawn && (veto.against.map(holders.contains) ?? true) && isNow(veto.from, veto.until)
        && isAbout(veto.scope, veto.narrowing, object)
    }
    return opening.contains { grant in
      switch grant.terms.relationship {
      case .`self`: true
      case .emergency: !vetoes.contains { $0.holdsInEmergency }
      default: vetoes.isEmpty
      }
    }
  }

  private var holders: [Int64] {
    [caller.principal]
      + world.memberships.filter { $0.member == caller.principal && isNow($0.since, $0.until) }.map(\.group)
  }

  private func isNow(_ from: Double?, _ until: Double?) -> Bool {
    if let from, from > now { return false }
    if let until, until <= now { return false }
    return true
  }

  private func holds(_ grant: GrantWorld.GivenGrant) -> Bool {
    grant.state == .active && isNow(grant.terms.from, grant.terms.until) && grant.terms.rights.isSuperset(of: rights)
      && grant.terms.leastAssurance <= caller.identity.assurance
  }

  private func isAbout(_ scope: GrantScope, _ narrowing: GrantNarrowing, _ object: TestObject) -> Bool {
    switch scope {
    case .everything: break
    case .patient(let id, let issuer):
      guard object.patientID == id, object.issuer == issuer ?? "", !id.isEmpty else { return false }
    case .study(let uid): guard object.study == uid else { return false }
    case .series(let uid): guard object.series == uid else { return false }
    }
    if !narrowing.modalities.isEmpty, !narrowing.modalities.contains(object.modality) { return false }
    if let earliest = narrowing.earliest, object.date.isEmpty || object.date < earliest { return false }
    if let latest = narrowing.latest, object.date.isEmpty || object.date > latest { return false }
    let kind =
      switch object.sopClass {
      case "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4": RecordTypes.images
      case "1.2.840.10008.5.1.4.1.1.88.11": RecordTypes.reports
      default: RecordTypes.documents
      }
    if let wanted = narrowing.recordTypes, !wanted.contains(kind) { return false }
    guard !narrowing.titles.isEmpty, kind != .images else { return true }
    guard let title = object.title else { return false }
    return narrowing.titles.contains { $0.value == title.value && $0.scheme == title.scheme }
  }
}
