// SPDX-License-Identifier: Apache-2.0

import Testing

/// What is mistyped, past or about nobody is refused by the commands about who may see what: with a status, and in words that say
/// what to do.
@Suite struct RefusedAccessCommandTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func collimator(_ arguments: [String]) async throws -> Tool.Result {
    try await Tool.run(Tool.collimator, arguments + ["--data", folder.path + "data"], input: "")
  }

  /// weber, who is linked to patient 4711 of CITYHOSPITAL; WS, which is no member of the practice; grants 1, active, and 2, revoked.
  private func world() async throws {
    for arguments in [
      ["peer", "add", "WS", "--address", "127.0.0.1", "--may", "query"], ["user", "add", "weber"],
      ["group", "add", "practice", "--member", "weber"], ["import", Tool.fixture("ct-1.dcm")],
      ["grant", "add", "--to", "WS", "--everything"], ["grant", "add", "--to", "WS", "--everything"],
      ["grant", "revoke", "2"],
    ] {
      let result = try await collimator(arguments)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  private static let groupsAndUsers: [([String], String)] = [
    (["group", "join", "weber", "--group", "practice", "--until", "2001-01-01"], "--until is past"),
    (["group", "join", "weber", "--group", "pratice"], "there is no group 'pratice': see collimator group list"),
    (["group", "leave", "weber", "--group", "pratice"], "there is no group 'pratice': see collimator group list"),
    (["group", "leave", "WS", "--group", "practice"], "'WS' is no member of 'practice'"),
    (["group", "leave", "nobody", "--group", "practice"], "'nobody' is no member of 'practice'"),
    (["user", "roles", "weber"], "say the roles, or --none"),
    (["user", "roles", "weber", "physician", "--none"], "say the roles, or --none"),
    (["user", "unlink", "weber", "--patient", "4711"], "'weber' is not linked to 4711"),
    (["user", "unlink", "weber", "--patient", ""], "identifies nobody"),
    (
      ["user", "link", "weber", "--patient", "1", "--as", "child", "--birth-date", "20150301"],
      "goes with --ends-at-age"
    ),
    (link("0", "20150301"), "takes 1 to 120 years"), (link("16", "2015-13-01"), "'2015-13-01' is no birth date"),
    (link("16", "29990101"), "'29990101' is to come"),
    (link("16", "1950-03-01"), "has been 16 since 1966-03-01"),
  ]

  private static func link(_ age: String, _ birthDate: String) -> [String] {
    ["user", "link", "weber", "--patient", "1", "--as", "child", "--ends-at-age", age, "--birth-date", birthDate]
  }

  private static let grants: [([String], String)] = [
    (["grant", "add", "--to", "WS", "--everything", "--least", "pasword"], "--least takes one of"),
    (["grant", "add", "--to", "WS", "--everything", "--reference", ""], "--reference is empty"),
    (["grant", "approve", "1"], "grant 1 is active, not pending: it cannot be approved"),
    (["grant", "resume", "1"], "grant 1 is active, not suspended: it cannot be resumed"),
    (["grant", "revoke", "2"], "grant 2 was revoked by"),
    (["grant", "extend", "2", "--until", "never"], "was revoked by"),
    (["grant", "revoke", "9"], "there is no grant 9"), (["grant", "list", "--state", "actve"], "--state takes one of"),
    (["grant", "emergency", "--as", "WS", "--patient", "4711", "--reason", "x"], "in three letters or more"),
    (["consent", "veto", "--patient", "4711", "--until", "2001-01-01"], "--until is past"),
    (
      ["consent", "permit", "--patient", "4711", "--from", "2998-01-01", "--until", "2997-01-01"],
      "--until is not after --from"
    ),
  ]

  private static let questions: [([String], String)] = [
    (["explain", "--as", "WS", "--study", ""], "--study is empty"),
    (["explain", "--as", "WS", "--study", "1.2", "--issuer", "X"], "--issuer goes with --patient"),
    (["explain", "--as", "WS", "--patient", "4711", "--through", "CT1"], "--through is of a user"),
    (["explain", "--as", "weber", "--patient", "4711", "--known-by", "pasword"], "--known-by takes one of"),
    (["query", "--as", "practice", "-k", "PatientID"], "a group's members call, not the group"),
    (["audit", "list", "--from", "2030-01-01", "--to", "2029-01-01"], "--to is before --from"),
    (["audit", "list", "--kind", ""], "--kind is empty"), (["audit", "list", "--who", ""], "--who is empty"),
  ]

  @Test(arguments: ["groups and users", "grants", "questions"])
  func whatIsWrongIsSaid(about: String) async throws {
    try await world()
    let attempts = ["grants": Self.grants, "questions": Self.questions][about] ?? Self.groupsAndUsers
    for (arguments, words) in attempts {
      let result = try await collimator(arguments)
      #expect(result.status != 0 && result.errors.contains(words), "\(arguments): \(result.all)")
    }
  }

  /// What is done is told with what whoever did it is to know.
  @Test func whatWasDoneIsSaid() async throws {
    try await world()
    for (arguments, words) in [
      (["grant", "add", "--to", "WS", "--everything", "--until", "2999-01-01T00:00Z"], "until 2999-01-01T00:00:00Z."),
      (["grant", "add", "--to", "WS", "--everything", "--from", "2998-01-01T00:00Z"], "from 2998-01-01T00:00:00Z."),
      (["grant", "list", "--to", "wbr"], "no grant is or was to 'wbr'"),
      (["access", "--patient", "4711"], "there is a patient with this ID from another issuer: see --issuer"),
      (["group", "add", "practice", "--member", "WS"], "group 'practice': WS; no longer weber"),
      (["user", "roles", "weber", "physician"], "'weber': physician."),
      (["user", "roles", "weber", "--none"], "no role"),
    ] {
      let result = try await collimator(arguments)
      #expect(result.status == 0 && result.all.contains(words), "\(arguments): \(result.all)")
    }
  }
}
