// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// By which ways somebody can come in: a peer as itself, a user through each peer that lets them in.
struct CallerRoutes {
  /// The ways of one: whoever sees something sees it by one of them.
  struct Callers {
    /// With what of a grant can be used on the way.
    let calling: [(caller: Caller, usable: GrantRights)]
    /// As whom it is sent what others move or forward to it.
    let receiving: Caller?
  }

  private let doors: [Int64: PeerDoor]
  /// By how surely somebody is known. There may be thousands of peers, and of holders of grants.
  private let widest: [IdentityAssurance: [PeerDoor]]
  private let now: Double
  private let database: Database

  init(at now: Double, in database: Database) throws {
    let all = try PeerDoor.all(in: database)
    doors = Dictionary(all.map { ($0.principal, $0) }, uniquingKeysWith: { first, _ in first })
    widest = Dictionary(
      IdentityAssurance.allCases.map { ($0, Self.widest(of: all, for: $0)) }, uniquingKeysWith: { first, _ in first })
    self.now = now
    self.database = database
  }

  func callers(_ principal: Int64, _ name: String) throws -> Callers {
    if let door = doors[principal] {
      let own = door.caller(name, principal, known: door.ownProof)
      // What is sent to a peer goes to its address, whatever it would have to show as a caller.
      let receiving = door.isDestination ? door.caller(name, principal, known: .aeTitleWithAddress) : nil
      return Callers(calling: [(own, door.usable(by: door.ownProof))], receiving: receiving)
    }
    guard let known = try UserTable.strongestProof(of: principal, at: now, in: database) else {
      return Callers(calling: [], receiving: nil)
    }
    return Callers(
      calling: (widest[known] ?? []).map { door in
        (door.caller(name, principal, known: known), door.usable(by: known))
      }, receiving: nil)
  }

  /// One without a ceiling lets through whatever any other lets through that may do no more.
  private static func widest(of doors: [PeerDoor], for known: IdentityAssurance) -> [PeerDoor] {
    let useful: GrantRights = [.query, .retrieve]
    let open = doors.filter { !$0.usable(by: known).isDisjoint(with: useful) }
    var wide: [PeerDoor] = []
    for door in open where !door.hasCeiling {
      let rights = door.usable(by: known).intersection(useful)
      guard !wide.contains(where: { $0.usable(by: known).isSuperset(of: rights) }) else { continue }
      wide.append(door)
    }
    return wide
      + open.filter { door in
        door.hasCeiling
          && !wide.contains { $0.usable(by: known).isSuperset(of: door.usable(by: known).intersection(useful)) }
      }
  }
}

extension CallerRoutes.Callers {
  /// How many objects a grant alone opens by the widest of the ways; without what it does not open at all.
  func opened(by grant: Grant, _ objects: ObjectCount) throws -> [PatientAccess.Use: Int] {
    try opened(by: grant, objects, heeding: ObjectCount.Hindrance.allCases)
  }

  /// Whether it would open more without what is in the way.
  func isCut(
    _ opened: [PatientAccess.Use: Int], by hindrance: ObjectCount.Hindrance, _ grant: Grant, _ objects: ObjectCount
  ) throws -> Bool {
    try self.opened(by: grant, objects, heeding: ObjectCount.Hindrance.allCases.filter { $0 != hindrance }) != opened
  }

  private func opened(
    by grant: Grant, _ objects: ObjectCount, heeding: [ObjectCount.Hindrance]
  ) throws -> [PatientAccess.Use: Int] {
    let uses =
      calling.flatMap { caller, usable in
        [(PatientAccess.Use.query, GrantRights.query, caller, usable), (.retrieve, .retrieve, caller, usable)]
      } + (receiving.map { [(.receive, .retrieve, $0, .retrieve)] } ?? [])
    var opened: [PatientAccess.Use: Int] = [:]
    for (use, right, caller, usable) in uses
    where usable.contains(right) && grant.terms.rights.contains(right) {
      let count = try objects.seen(by: caller, right, grant: grant.number, heeding: heeding)
      if count > 0 { opened[use] = max(opened[use] ?? 0, count) }
    }
    return opened
  }
}
