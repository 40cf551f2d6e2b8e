// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import Foundation
import GRDB

/// An index of rows alone: four studies a patient, a series and an instance a study; 10,000 principals that hold 100,000 grants,
/// and the callers that are measured.
struct BenchmarkWorld: Sendable {
  let folder: String
  let studies: Int

  static func uid(_ number: Int) -> String { "1.2.840.99.\(number)" }

  static func date(_ number: Int) -> String {
    "20\(10 + number % 15)\(String(format: "%02d%02d", number % 12 + 1, number % 28 + 1))"
  }

  /// A study that is open to the caller.
  func open(to title: String, _ turn: Int) -> Int {
    switch title {
    // Every 40th study.
    case "MANY": turn * 37 % 20_000 * (studies / 20_000)
    // The vetoes are on the first 1,000 patients.
    case "VETOED": 4000 + turn * 7919 % (studies - 4000)
    // 500 patients, each 1,000th.
    case "PHYSICIAN": turn * 13 % 500 * (studies / 500)
    default: turn * 7919 % studies
    }
  }

  func caller(_ title: String, _ archive: Archive) async throws -> Caller {
    guard case .matched(let peer) = try await archive.peer(callingAETitle: title, address: "127.0.0.1"),
      case .success(let caller) = try await archive.verify([], over: .plain, peer: peer)
    else { throw Failure() }
    return caller
  }

  struct Failure: Error {}

  func make() async throws {
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let archive = try Archive.open(directory: folder)
    let administration = archive.administration(as: .current)
    for title in ["ALL", "MANY", "VETOED", "ONE", "PHYSICIAN", "GROUP"] {
      guard let aeTitle = AETitle(title), let network = Network("127.0.0.1") else { throw Failure() }
      try await administration.addPeer(
        Peer(
          name: title, aeTitle: aeTitle, addresses: [network], port: nil, rights: [.query, .retrieve],
          acceptsPrivateSOPClasses: false))
    }
    try await administration.setGroup("radiology", members: ["GROUP"])
    for grantee in ["ALL", "VETOED", "radiology"] {
      _ = try await administration.addGrant(to: grantee, scope: .everything, until: nil)
    }
    _ = try await administration.addGrant(to: "ONE", scope: .study(uid: Self.uid(4711)), until: nil)
    try await archive.close()
    let database = try DatabaseQueue(path: folder + "/index.sqlite")
    try await database.write { database in
      try addRows(in: database)
      try addGrants(in: database)
    }
    try database.close()
  }

  private static func numbers(_ count: Int) -> String {
    "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < \(count))"
  }

  private func addRows(in database: Database) throws {
    let date = "printf('20%d%02d%02d', 10 + i % 15, i % 12 + 1, i % 28 + 1)"
    try database.execute(
      sql: """
        \(Self.numbers(studies / 4)) INSERT INTO patient (id, patient_id, issuer, sole_study)
          SELECT i + 1, 'P' || i, 'HOSPITAL', '' FROM n;
        \(Self.numbers(studies)) INSERT INTO study (id, patient, received_patient, v_0020000d, v_00100010, k_00100010,
            v_00080020, k_00080020, v_00080050, v_00081030)
          SELECT i + 1, i / 4 + 1, i / 4 + 1, '1.2.840.99.' || i, 'Name' || (i / 4) || '^First',
            'name' || (i / 4) || '^first', \(date), \(date), 'A' || i, 'Thorax' FROM n;
        \(Self.numbers(studies)) INSERT INTO series (id, study, received_study, v_0020000e, v_00080060)
          SELECT i + 1, i + 1, i + 1, '1.2.840.99.' || i || '.1', 'CT' FROM n;
        \(Self.numbers(studies)) INSERT INTO instance (id, series, object, transfer_syntax, digest, size, v_00080018,
            v_00080016, record_type)
          SELECT i + 1, i + 1, 'o' || i, '1.2.840.10008.1.2.1', x'00', 1, '1.2.840.99.' || i || '.1.1',
            '1.2.840.10008.5.1.4.1.1.2', 1 FROM n;
        """)
  }

  private func addGrants(in database: Database) throws {
    let columns = """
      principal, grantee, effect, scope, patient_id, issuer, study_uid, shape, rights, state, least_assurance,
        granted_by, granted_at
      """
    let patient = GrantShape(.patient(id: "P", issuer: nil), GrantNarrowing()).number
    let study = GrantShape(.study(uid: "1"), GrantNarrowing()).number
    let rest = { (shape: Int) in "\(shape), 7, 'active', 0, 'benchmark', 0" }
    let id = { (name: String) in "(SELECT id FROM principal WHERE name = '\(name)')" }
    try database.execute(
      sql: """
        \(Self.numbers(10_000)) INSERT INTO principal (kind, name) SELECT 'user', 'user' || i FROM n;
        INSERT INTO user (principal, created_by, created_at)
          SELECT id, 'benchmark', 0 FROM principal WHERE name LIKE 'user%';
        \(Self.numbers(79_500)) INSERT INTO access_grant (\(columns))
          SELECT \(id("user0")) + i % 10000, 'user' || (i % 10000), 'opens', 'patient', 'P' || (i * 3), 'HOSPITAL', NULL,
            \(rest(patient)) FROM n;
        \(Self.numbers(20_000)) INSERT INTO access_grant (\(columns))
          SELECT \(id("MANY")), 'MANY', 'opens', 'study', NULL, NULL, '1.2.840.99.' || (i * \(studies / 20_000)),
            \(rest(study)) FROM n;
        \(Self.numbers(500)) INSERT INTO access_grant (\(columns))
          SELECT \(id("PHYSICIAN")), 'PHYSICIAN', 'opens', 'patient', 'P' || (i * \(studies / 2000)), 'HOSPITAL', NULL,
            \(rest(patient)) FROM n;
        \(Self.numbers(1000)) INSERT INTO consent (kind, against, scope, patient_id, issuer, shape, holds_in_emergency,
            recorded_by, recorded_at)
          SELECT 'veto', \(id("VETOED")), 'patient', 'P' || i, 'HOSPITAL', \(patient), 0, 'benchmark', 0 FROM n;
        """)
  }
}
