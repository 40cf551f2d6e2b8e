// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import GRDB
import Testing

@testable import Archive

/// What an archive of an earlier version has to answer when this one opens it: as far as that version knew of it.
struct EarlierAnswers {
  private let archive: Archive
  private let version: Int

  private static let images = [EarlierRows.objects[0].instance, EarlierRows.objects[1].instance]
  private static let all = EarlierRows.objects.map(\.instance)

  init(_ archive: Archive, version: Int) {
    self.archive = archive
    self.version = version
  }

  func expect() async throws {
    try await expectWhoSeesWhat()
    try await expectGrants()
    try await expectWhatIsKept()
    try await expectAudit()
    try await expectQueues()
    try await expectRules()
    try await expectReceiving()
    // The files and what stands beside the index say the same.
    _ = try await archive.operations(as: .current).reindex()
    try await expectWhoSeesWhat()
  }

  private func seen(by name: String, _ credentials: [Credential] = [], _ keys: [MatchingKey] = []) async throws
    -> [String]
  {
    let caller = try await archive.identify(credentials, as: name).get()
    return try await archive.values(of: .sopInstanceUID, at: .image, as: caller, keys).filter(Self.all.contains)
  }

  private func expectWhoSeesWhat() async throws {
    let name = MatchingKey(tag: .patientName, matching: .singleValue("MAIER^JURGEN"))
    #expect(try await Set(seen(by: "ALL", [], [name])) == Set(Self.all))
    // By what the ward's group was granted, until the patient forbade the reports.
    #expect(try await Set(seen(by: "WARD")) == Set(version >= 7 ? Self.images : Self.all))
    guard version >= 2 else { return }
    let ann = [Credential.password("ann", EarlierRows.password)]
    #expect(try await Set(seen(by: "WARD", ann)) == Set(version >= 7 ? Self.images : []))
    guard case .failure = try await archive.identify([.password("ann", "open says me")], as: "WARD") else {
      return #expect(Bool(false), "another password is taken")
    }
  }

  private func expectGrants() async throws {
    let grants = try await archive.administration(as: .current).grants()
    let first: [Grant.State] = [.active, .active, .revoked, .expired]
    #expect(grants.map(\.state) == first + (version >= 7 ? [.pending, .active, .suspended] : []))
    #expect(grants[0].terms.scope == .everything && grants[0].grantee == "ALL")
    #expect(grants[1].terms.scope == .patient(id: "4711", issuer: "CITYHOSPITAL") && grants[1].until == 2e9)
    #expect(grants[1].terms.rights == .customary)
    // The number by which they are found is the one that they would have now.
    for (table, kind) in [("access_grant", "effect = 'opens'"), ("consent", "1")] {
      let targets = try await archive.database.read { database in
        try Row.fetchAll(database, sql: "SELECT * FROM \(table) WHERE \(kind)").map { TargetColumns($0) }
      }
      for target in targets {
        let asNow = GrantShape(target.scope, target.narrowing)
        #expect(target.shape == asNow, "\(table) \(target.scope)")
      }
    }
    let groups = try await archive.administration(as: .current).groups()
    #expect(groups.map(\.name) == ["clinic"] && groups.first?.members == ["WARD"])
    #expect(try await archive.administration(as: .current).knocks().map(\.count) == [3])
    guard version >= 14 else { return }
    #expect(grants[6].terms.basis.share == GrantShare(grant: 6, sharer: 4))
  }

  /// Corrections, holds, deletions.
  private func expectWhatIsKept() async throws {
    let operations = archive.operations(as: .current)
    #expect(try await operations.check(CheckOrder()).faults.map { "\($0.kind) \($0.detail)" } == [])
    guard version >= 4 else { return }
    #expect(try await archive.corrections(as: .current).all().map(\.reason) == ["the same person"])
    guard version >= 5 else { return }
    #expect(try await operations.holds().map(\.reason) == ["a lawsuit"])
    #expect(try await operations.retentionRules().count == 1)
    #expect(try await operations.deletions().map(\.reason) == ["a wrong patient"])
    await #expect(throws: ArchiveError.self, "what is held is not deleted") {
      _ = try await operations.delete(.study(uid: EarlierRows.study), DeletionOrder(reason: "test"))
    }
  }

  private func expectAudit() async throws {
    let operations = archive.operations(as: .current)
    let verification = try await operations.verifyAudit([])
    #expect(verification.isWhole, "\(verification.faults)")
    guard version >= 8 else { return }
    #expect(verification.first == 1 && verification.records >= 3)
    let viewers = try await operations.viewers(ofPatient: "4712", issuer: nil)
    #expect(viewers.map(\.principal) == ["ALL"])
    #expect(try await archive.forwardedPosition(to: "syslog.example:6514") == 2)
  }

  /// What the node owes others is still owed.
  private func expectQueues() async throws {
    guard version >= 10 else { return }
    let ward = try await archive.identify([], as: "WARD").get()
    #expect(try await archive.queryProfile(of: ward).mostAnswers == 500)
    guard version >= 11 else { return }
    let (deliveries, count) = try await archive.administration(as: .current).queue(atMost: 10)
    #expect(count == 2 && deliveries.map(\.destination) == ["ALL", "ALL"])
    #expect(deliveries.map(\.what) == ["2.25.5", EarlierRows.objects[1].instance])
    let judged = try await archive.commitments.judged(1)
    #expect(judged?.results.map(\.failure) == [nil])
    #expect(try await archive.administration(as: .current).forwardingRules().count == 1)
    #expect(try await archive.forwarding.due(to: 1, atMost: 10).count == 1)
  }

  private func expectRules() async throws {
    guard version >= 13 else { return }
    let administration = archive.administration(as: .current)
    #expect(try await administration.rules().map(\.rule.name) == ["by name"])
    #expect(try await administration.codes().map(\.number) == [1])
    #expect(try await administration.emergencyOverridesVetoes())
    #expect(try await administration.details(of: "ann").links.map(\.relationship) == [.guardian])
  }

  /// The same again is known, other content goes beside it, and what was deleted stays away.
  private func expectReceiving() async throws {
    let first = EarlierRows.objects[0]
    let announcement = TestObject(instance: first.instance).announcement
    let reception = try await archive.receive(announcement, from: .operator(.current))
    try await reception.append(EarlierVersion.dataSet(of: first.file))
    #expect(try await reception.commit().outcome == .alreadyStored)
    var other = TestObject(
      instance: first.instance, series: EarlierRows.images, study: EarlierRows.study, patientID: "4711",
      issuer: "CITYHOSPITAL", comment: "x")
    #expect(try await archive.store(other) == .keptBesideAnother)
    // In the order in which they came: behind all that the earlier version had.
    let numbers = try await archive.conflicts(as: .current).versions(of: first.instance).map(\.number)
    #expect(numbers == [1, EarlierRows.objects.count + 1])
    let lacks = try await archive.database.read { try Int.fetchOne($0, sql: "SELECT lacks_values FROM node") }
    #expect(lacks == 1, "columns were added: the node says that old rows lack them")
    guard version >= 5 else { return }
    other.instance = EarlierRows.deletedUID
    let deleted = other
    await #expect(throws: ReceptionError.self) { _ = try await archive.store(deleted) }
  }
}
