// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What the commands about grants say, for people and for scripts.
@Suite struct GrantCommandTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func collimator(_ arguments: [String], input: String? = nil) async throws -> Tool.Result {
    try await Tool.run(Tool.collimator, arguments + ["--data", folder.path + "data"], input: input)
  }

  /// Of a listing, its entries; of anything else, itself.
  private func json(_ arguments: String..., input: String? = nil) async throws -> [[String: Any]] {
    try await json(arguments, input: input)
  }

  private func json(_ arguments: [String], input: String? = nil) async throws -> [[String: Any]] {
    let result = try await collimator(arguments + ["--json"], input: input)
    #expect(result.status == 0, "\(arguments): \(result.all)")
    let value = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
    return value as? [[String: Any]] ?? (value as? [String: Any]).map { [$0] } ?? []
  }

  private func done(_ arguments: String..., saying words: String, input: String? = nil) async throws {
    let result = try await collimator(arguments, input: input)
    #expect(result.status == 0 && result.output.contains(words), "\(arguments): \(result.all)")
  }

  private func refused(_ arguments: String..., saying words: String, input: String? = nil) async throws {
    let result = try await collimator(arguments, input: input)
    #expect(result.status != 0 && result.errors.contains(words), "\(arguments): \(result.all)")
  }

  private func world() async throws {
    for peer in ["WS", "CLINIC"] {
      try await done("peer", "add", peer, "--address", "127.0.0.1", "--may", "store,query", saying: "may store, query")
    }
    try await done("user", "add", "weber", saying: "is a user")
    for fixture in ["ct-1.dcm", "ct-2.dcm"] {
      try await done("import", Tool.fixture(fixture), saying: "1")
    }
  }

  @Test func grantsAreListedAndChanged() async throws {
    try await world()
    try await done("grant", "add", "--to", "weber", "--everything", "--may", "share", saying: "everything is open")
    try await done(
      "grant", "add", "--to", "WS", "--patient", "4711", "--may", "query", "--by", "weber", "--until", "2999-01-01",
      saying: "patient 4711 is open to 'WS'")
    try await refused(
      "grant", "add", "--to", "WS", "--patient", "4711", "--by", "CLINIC", saying: "has no grant by which patient 4711")
    let grants = try await json("grant", "list")
    #expect(grants.map { $0["number"] as? Int } == [1, 2])
    #expect(grants.map { $0["to"] as? String } == ["weber", "WS"])
    #expect(grants.map { $0["sharedFrom"] as? Int } == [nil, 1])
    #expect(grants.last?["grantedBy"] as? String == "weber" && grants.last?["why"] as? String == "share")
    try await done("grant", "suspend", "1", "--reason", "absent", saying: "grant 1 is suspended")
    #expect(try await json("grant", "list", "--state", "suspended").count == 2)
    try await refused("grant", "resume", "2", saying: "it rests on grant 1")
    try await done("grant", "resume", "1", saying: "active again")
    try await done("grant", "revoke", "1", saying: "grant 1 is revoked")
    #expect(try await json("grant", "list", "--state", "revoked").count == 2)
    try await done("grant", "list", saying: "GRANTED BY")
    let templates = try await Tool.run(Tool.collimator, ["grant", "templates", "--json"])
    #expect(templates.status == 0 && templates.output.contains("\"referring\""), "\(templates.all)")
  }

  /// The code is asked for where it does not stand among the arguments, and nowhere told again.
  @Test func codesAreReadFromStandardInput() async throws {
    try await world()
    let opened = try await json("grant", "code", "--patient", "4711", "--for", "2h")
    let code = try #require(opened.first?["code"] as? String)
    #expect(code.wholeMatch(of: /[0-9A-Z]{4}(-[0-9A-Z]{4}){3}/) != nil)
    try await refused("grant", "redeem", "--as", "CLINIC", saying: "no code came on standard input", input: "")
    try await refused(
      "grant", "redeem", "--as", "CLINIC", saying: "it is wrong, was used, or has ended", input: "0000-0000-0000-0000\n"
    )
    let grant = try await json("grant", "redeem", "--as", "CLINIC", input: code.lowercased() + "\n").first
    #expect(grant?["to"] as? String == "CLINIC" && grant?["reference"] as? String == "code 1")
    try await refused(
      "grant", "redeem", code, "--as", "CLINIC", saying: "it is wrong, was used, or has ended")
    try await refused("grant", "redeem", code, "--as", "CLINIC", saying: "leave it out, and it is asked for")
    let codes = try await json("grant", "codes")
    #expect(codes.count == 1 && codes.first?["code"] == nil && codes.first?["grant"] as? Int == 1)
    try await done("grant", "codes", saying: "OPENED BY")
  }

  @Test func rulesConsentsGroupsAndEmergencies() async throws {
    try await world()
    try await done("group", "add", "practice", "--member", "weber", saying: "practice")
    try await done("group", "kind", "practice", "practice", saying: "a practice")
    #expect(try await json("group", "list").first?["kind"] as? String == "practice")
    try await done("rule", "add", "ct", "--modality", "CT", "--to", "practice", saying: "rule 'ct' holds from now on")
    #expect(try await json("rule", "list").first?["to"] as? String == "practice")
    try await done("rule", "list", saying: "ADDED BY")
    #expect(try await !json("rule", "test", "ct").isEmpty)
    #expect(try await !json("rule", "backfill", "ct").isEmpty)
    #expect(try await json("rule", "backfill", "ct").isEmpty)
    try await done("consent", "veto", "--patient", "4711", "--against", "practice", saying: "consent 1 is recorded")
    #expect(try await json("consent", "list").first?["kind"] as? String == "veto")
    try await done("consent", "list", saying: "4711")
    #expect(try await json("grant", "emergency-law").first?["overridesVetoes"] as? Bool == false)
    try await done("consent", "veto", "--patient", "4711", "--issuer", "CITYHOSPITAL", saying: "consent 2 is")
    let patient = ["--patient", "4711", "--issuer", "CITYHOSPITAL"]
    let urgent = ["grant", "emergency", "--as", "WS", "--reason", "unconscious"] + patient
    let shut = try await collimator(urgent)
    #expect(
      shut.status == 0 && shut.output.contains("NOTHING of patient 4711 of CITYHOSPITAL is open to 'WS'"), "\(shut.all)"
    )
    #expect(shut.errors.contains("WARNING: A PATIENT'S VETO STANDS (consent 2)"), "\(shut.all)")
    #expect(try await json(urgent).first?["opened"] as? Int == 0)
    try await done("grant", "emergency-law", "--overrides-vetoes", "yes", saying: "outranks patients' vetoes")
    let opened = try await collimator(urgent)
    #expect(opened.output.contains("patient 4711 of CITYHOSPITAL is open to 'WS'"), "\(opened.all)")
    #expect(!opened.errors.contains("VETO"), "\(opened.all)")
    let emergency = try await json("grant", "emergency", "--as", "WS", "--patient", "4711", "--reason", "unconscious")
    #expect(emergency.first?["why"] as? String == "emergency")
    #expect(try await json("aside", "list").isEmpty)
  }

  /// What would match nothing is refused, and what reaches nothing yet is said; neither passes in silence.
  @Test func whatIsMistypedIsSaid() async throws {
    try await world()
    let to = ["grant", "add", "--to", "WS"]
    for (arguments, words) in [
      (["--everything", "--modality", "c!t"], "is no modality"), (["--study", "x"], "is no UID"),
      (["--series", "1..2"], "is no UID"), (["--everything", "--studies-from", "20261399"], "is no Study Date"),
      (["--everything", "--studies-to", "2027-02-30"], "is no Study Date"),
      (["--everything", "--studies-to", "2027"], "is no Study Date"),
      (["--everything", "--until", "2027-02-30"], "is not a date"),
      (["--everything", "--until", "27-1-1"], "is not a date"),
      (["--everything", "--from", "2027-1-1T12:00"], "is not a date"),
      (["--patient", "4711", "--why", "self"], "a patient's own grant is a user's"),
      (["--everything", "--modality", ""], "--modality is empty"),
      (["--everything", "--type", " "], "--type is empty"),
      (["--everything", "--may", ","], "--may is empty"), (["--everything", "--title", ""], "--title is empty"),
      (["--everything", "--studies-to", ""], "--studies-to is empty"), (["--patient", ""], "identifies nobody"),
    ] {
      let result = try await collimator(to + arguments)
      #expect(result.status != 0 && result.errors.contains(words), "\(arguments): \(result.all)")
    }
    let lower = try await json("grant", "add", "--to", "WS", "--everything", "--modality", "ct,Mr")
    #expect((lower.first?["what"] as? String)?.contains("CT") == true && lower.first?["remarks"] == nil, "\(lower)")
    try await done("rule", "add", "r", "--modality", "ct", "--to", "weber", saying: "holds from now on")
    #expect(try await json("rule", "list").first?["when"] as? String == "modality=CT")
    try await refused("rule", "add", "s", "--modality", "c!t", "--to", "weber", saying: "is no modality")
    let absent = try await collimator(to + ["--patient", "nobody", "--json"])
    #expect(absent.status == 0 && absent.errors.contains("nothing of patient nobody is stored here"), "\(absent.all)")
    #expect(absent.output.contains("\"remarks\""), "\(absent.all)")
    let emergency = ["grant", "emergency", "--as", "WS", "--patient", "nobody", "--reason", "unconscious"]
    let loud = try await collimator(emergency)
    #expect(loud.status == 0 && loud.errors.contains("WARNING: nothing of patient nobody"), "\(loud.all)")
    #expect(try await json(emergency).first?["remarks"] as? [String] != nil)
    let veto = try await collimator(["consent", "veto", "--patient", "nobody"])
    #expect(veto.status == 0 && veto.errors.contains("nothing of patient nobody"), "\(veto.all)")
    let everything = try await collimator(["consent", "veto", "--help"])
    #expect(everything.status == 0 && !everything.output.contains("--everything"), "\(everything.all)")
    try await refused("consent", "veto", saying: "exactly one of --patient, --study and --series")
    #expect(try await collimator(["grant", "add", "--help"]).output.contains("--everything"))
  }

  @Test func aTableIsImportedOnce() async throws {
    try await world()
    let rows = """
      to,patient,template,until,modality
      weber,4711,referring,,
      WS,4712,,2999-01-01,ct
      """
    try await refused(
      "grant", "import", "-", saying: "row 2: '2999-02-30' is not a date", input: rows.replacing("01-01", with: "02-30")
    )
    for (arguments, words) in [
      (["--dry-run"], "2 grants would be given."), ([], "2 grants were given."),
      (["--dry-run"], "0 grants would be given, 2 are there already."),
      ([], "0 grants were given, 2 are there already."),
    ] {
      let result = try await collimator(["grant", "import", "-"] + arguments, input: rows)
      #expect(result.status == 0 && result.errors.contains(words), "\(result.all)")
    }
    let marked = try await collimator(["grant", "import", "-"], input: "\u{FEFF}" + rows)
    #expect(marked.status == 0 && marked.errors.contains("2 are there already"), "\(marked.all)")
    #expect(try await json("grant", "list").count == 2)
    // One that was suspended on purpose is not given beside, and is not passed over in silence.
    try await done("grant", "suspend", "2", saying: "is suspended")
    for arguments in [["--dry-run"], ["--json"], []] {
      let held = try await collimator(["grant", "import", "-"] + arguments, input: rows)
      #expect(held.status == 2, "\(held.all)")
      #expect(held.errors.contains("1 are there already, 1 is suspended or pending."), "\(held.all)")
      #expect(held.errors.contains("grant 2 to 'WS' is suspended: see collimator grant resume 2"), "\(held.all)")
    }
    #expect(try await json("grant", "list").count == 2)
  }

  /// What `grant add` has an option for, a table has a column for, and its help names it.
  @Test func aTableSaysAllThatAGrantCan() async throws {
    let help = try await Tool.run(Tool.collimator, ["grant", "import", "--help"]).output
    let listed = try #require(help.replacing(/\s+/, with: " ").firstMatch(of: /needed: (.*?)\. They say/)?.1)
    let columns = Set(listed.split(separator: ", ").map(String.init))
    let options = try await Tool.run(Tool.collimator, ["grant", "add", "--help"]).output
      .matches(of: /--(?:no-)?([a-z-]+)/).map { String($0.1) }
    let others: Set = [
      "no", "json", "data", "version", "help", "to", "patient", "issuer", "until", "template", "socket",
    ]
    let missing = Set(options).subtracting(columns).subtracting(others)
    #expect(missing.isEmpty && columns.isSuperset(of: ["consent", "ceiling", "by", "pending", "title"]), "\(missing)")
    try await world()
    let table = """
      to,everything,patient,study,modality,type,title,studies-from,studies-to,template,may,from,until,why,purpose,consent,\
      reference,least,pending,ceiling,by
      weber,,4711,,CT,reports,18748-4^LN,2020-01-01,20301231,,"query,share",2026-01-01,2999-01-01,consulting,TREAT,1,\
      form 7,password,yes,no,
      WS,yes,,,CT,images,,,,,,,,,,,,,,yes,
      weber,,4711,,,,,,,,"query,share",,,,,,,,,,
      CLINIC,,4711,,,,,,,,query,,,,,,,,,,weber
      """
    try await refused("grant", "import", "-", saying: "row 1: there is no consent 1", input: table)
    try await done("consent", "permit", "--patient", "4711", saying: "consent 1 is recorded")
    for (arguments, words) in [([], "4 grants were given."), (["--dry-run"], "0 grants would be given, 4 are there")] {
      let result = try await collimator(["grant", "import", "-"] + arguments, input: table)
      #expect(result.status == 0 && result.errors.contains(words), "\(result.all)")
    }
    let grants = try await json("grant", "list")
    let first = try #require(grants.first)
    let expected: [String: String] = [
      "to": "weber", "why": "consulting", "purposeOfUse": "TREAT", "reference": "form 7", "least": "password",
      "state": "pending",
    ]
    for (key, value) in expected { #expect(first[key] as? String == value, "\(key)") }
    #expect(first["consent"] as? Int == 1 && first["from"] != nil && first["until"] != nil)
    let what = try #require(first["what"] as? String)
    for words in ["CT", "reports", "18748-4", "20200101", "20301231"] { #expect(what.contains(words), "\(what)") }
    #expect(grants.map { $0["isCeiling"] as? Bool } == [false, true, false, false])
    #expect(grants.map { $0["sharedFrom"] as? Int } == [nil, nil, nil, 3])
    #expect(grants.last?["grantedBy"] as? String == "weber")
    try await done("consent", "withdraw", "1", saying: "1 grants that rested on it ended")
  }

  @Test(
    arguments: [
      ("to,paitent\nWS,4711", "no column 'paitent'; it has to, everything, patient"),
      ("to,patient,\nWS,4711,", "no column without a heading"), ("to,to,patient\nWS,WS,4711", "headed 'to'"),
      ("patient\n4711", "no column 'to'"), ("to,everything\nWS,true", "row 1: 'everything' is yes or no, not 'true'"),
      ("to,patient,consent\nWS,4711,x", "row 1: 'consent' is the number of one"),
      ("to,patient,ceiling\nWS,4711,maybe", "'ceiling' is yes or no"),
      ("to,patient,why\nWS,4711,\nWS,4711,friend", "row 2: --why takes one of"),
      ("to,patient,by\nWS,4711,CLINIC", "row 1: 'CLINIC' has no grant by which patient 4711"),
      ("to,patient,by\nWS,4711,nobody", "row 1: there is no peer, user or group 'nobody'"),
      ("to,patient,ceiling\nweber,4711,yes", "row 1: a ceiling is a peer's"),
      ("to,patient,until\nWS,4711,2001-01-01", "row 1: the grant would have ended"), ("", "the table is empty"),
      ("to,patient\nWS", "row 1 has 1 values under 2 headings"), ("to,patient\nWS,\"4711", "a quote is not closed"),
    ])
  func whatIsWrongInATableIsSaid(table: String, words: String) async throws {
    try await world()
    try await refused("grant", "import", "-", saying: words, input: table)
    #expect(try await json("grant", "list").isEmpty)
  }

  @Test func whatIsExtendedSaysHowItStands() async throws {
    try await world()
    try await done("grant", "add", "--to", "WS", "--everything", "--until", "2999-01-01", saying: "is open")
    try await done("grant", "suspend", "1", saying: "is suspended")
    try await done("grant", "extend", "1", "--until", "2999-02-01", saying: "It is suspended still")
    try await done("grant", "add", "--to", "WS", "--everything", "--pending", saying: "is pending")
    try await done("grant", "extend", "2", "--until", "2999-02-01", saying: "It is pending still")
  }

  /// The sender hears success; the administrator hears of it.
  @Test func whatIsKeptAsideIsTold() async throws {
    let node = try RunningNode()
    for peer in ["CT1", "CT2"] { try await node.addPeer(peer, may: "store") }
    let nothing = try await node.command("status")
    #expect(nothing.status == 0 && !nothing.output.contains("aside"), "\(nothing.all)")
    for peer in ["CT1", "CT2"] {
      #expect(try await node.send([Tool.fixture("ct-1.dcm")], as: peer).map(\.status) == ["0000"])
    }
    let status = try await node.command("status")
    #expect(status.output.contains("1 objects for 1 studies that others began are kept aside"), "\(status.all)")
    #expect(try await node.says("kept aside, and nobody else sees it: see collimator aside list"))
    #expect(node.logged.contains("'CT2' (1)"), "\(node.logged)")
    #expect(node.stop() == 0)
  }

  /// Why somebody sees something, what they see, and who sees it.
  @Test func whoSeesWhatIsTold() async throws {
    try await world()
    try await done("grant", "add", "--to", "weber", "--everything", saying: "everything is open to 'weber'")
    let all = try await json(
      "query", "--as", "weber", "-k", "StudyInstanceUID", "-k", "PatientID", "-k", "IssuerOfPatientID")
    func value(_ tag: String) -> String {
      ((all.first?[tag] as? [String: Any])?["Value"] as? [Any])?.first as? String ?? ""
    }
    let (study, patient, issuer) = (value("0020000D"), value("00100020"), value("00100021"))
    #expect(!study.isEmpty, "\(all)")
    try await done("grant", "add", "--to", "WS", "--study", study, "--may", "view-only", saying: "is open to 'WS'")
    let explained = try await json("explain", "--as", "WS", "--study", study)
    #expect(((explained.first?["grants"] as? [Any])?.first as? [String: Any])?["reasons"] as? [String] == [])
    try await done("explain", "--as", "CLINIC", "--study", study, saying: study)
    let seen = try await json("query", "--as", "WS", "-k", "StudyInstanceUID")
    #expect(seen.count == 1)
    #expect(try await json("query", "--as", "CLINIC", "-k", "StudyInstanceUID").isEmpty)
    let named = ["access", "--patient", patient] + (issuer.isEmpty ? [] : ["--issuer", issuer])
    let access = try await collimator(named + ["--json"])
    let who = try JSONSerialization.jsonObject(with: Data(access.output.utf8)) as? [[String: Any]] ?? []
    #expect(who.compactMap { $0["who"] as? String } == ["WS"], "\(access.all)")
    // Nothing proves anybody to be weber.
    #expect(access.all.contains("'weber' hold grants and see nothing of it"), "\(access.all)")
    #expect(try await collimator(named).output.contains("WS"))
  }

  /// Whoever asks what somebody would see is told where nobody can be that somebody, as `explain` says.
  @Test func whomNobodyCanBeIsSaid() async throws {
    try await world()
    try await done("peer", "set", "CLINIC", "--demand", "password", saying: "CLINIC")
    try await done("grant", "add", "--to", "weber", "--everything", saying: "is open")
    for (arguments, words) in [
      ([], "note: nothing proves somebody to be 'weber'"), (["--known-by", "password"], "nothing proves"),
      (["--through", "CLINIC", "--known-by", "address"], "the peer demands a password"),
    ] {
      let query = try await collimator(["query", "--as", "weber", "-k", "StudyInstanceUID", "--json"] + arguments)
      #expect(query.errors.contains(words) && query.output.hasPrefix("[") == (query.status == 0), "\(query.all)")
      #expect((query.status == 0) == (arguments.first != "--through"), "\(query.all)")
    }
    try await done("user", "password", "weber", saying: "weber", input: "correct horse\n")
    let able = try await collimator(["query", "--as", "weber", "-k", "StudyInstanceUID"])
    #expect(able.status == 0 && !able.errors.contains("note:"), "\(able.all)")
    let unable = try await collimator(["query", "--as", "weber", "-k", "StudyInstanceUID", "--known-by", "certificate"])
    #expect(unable.status == 0 && unable.errors.contains("can show a password as it is, not a"), "\(unable.all)")
    try await done("user", "lock", "weber", saying: "locked")
    try await refused(
      "query", "--as", "weber", "-k", "StudyInstanceUID", saying: "the user is locked: collimator user unlock")
    let peer = try await collimator(["query", "--as", "WS", "-k", "StudyInstanceUID"])
    #expect(peer.status == 0 && !peer.errors.contains("note:"), "\(peer.all)")
  }

  /// A clinic redeems its own code, as the user it proves to be; wrong, used and locked are told apart for nobody.
  @Test(arguments: [false, true])
  func whoeverCallsRedeemsForThemselves(overTLS: Bool) async throws {
    let certificates = overTLS ? try await TestCertificates() : nil
    let node = try RunningNode(certificates?.server() ?? [])
    // Only TLS lets a password through without an excuse.
    try await node.addPeer("CLINIC", may: "query", overTLS ? [] : ["--cleartext-passwords"])
    let added = try await node.command("user", "add", "anna", "--with-password", input: "right password\n")
    #expect(added.status == 0, "\(added.all)")
    func code() async throws -> String {
      let made = try await node.command("grant", "code", "--patient", "4711")
      return String(made.output.prefix { $0 != "\n" })
    }
    func redeem(_ input: String, _ more: [String] = []) async throws -> Tool.Result {
      let port = overTLS ? ["--host", "localhost", "--port", node.tlsPort] : ["--port", node.port]
      return try await Tool.run(
        Tool.collimator, ["redeem", "--calling", "CLINIC"] + port + (certificates?.client() ?? []) + more, input: input)
    }
    let anna = ["--user", "anna"] + (overTLS ? [] : ["--cleartext-passwords"])
    let (first, second) = (try await code(), try await code())
    let asPeer = try await redeem(first + "\n", ["--json"])
    #expect(asPeer.status == 0 && asPeer.output.contains("patient 4711 is open to 'CLINIC'"), "\(asPeer.all)")
    let asUser = try await redeem("right password\n\(second)\n", anna)
    #expect(asUser.status == 0 && asUser.output.contains("patient 4711 is open to 'anna'"), "\(asUser.all)")
    let used = try await redeem("right password\n\(first)\n", anna)
    let wrong = try await redeem("right password\n0000-0000-0000-0000\n", anna)
    #expect(used.status != 0 && used.all == wrong.all, "\(used.all)\(wrong.all)")
    for _ in 0..<3 { _ = try await redeem("right password\nnothing\n", anna) }
    let third = try await code()
    let locked = try await redeem("right password\n\(third)\n", anna)
    #expect(locked.status != 0 && locked.errors.contains("no code is taken from you"), "\(locked.all)")
    let asked = try await redeem("wrong password\n\(third)\n", anna)
    #expect(asked.status != 0 && !asked.all.contains("grant"), "\(asked.all)")
    // Each of them is on record once, as the deed of whoever called, and the code in none.
    let audit = try await node.command("audit", "list", "--json", "--limit", "1000").output
    let records = try JSONSerialization.jsonObject(with: Data(audit.utf8)) as? [[String: Any]] ?? []
    let acts = records.filter { ($0["act"] as? String)?.hasPrefix("grant code re") == true }
    #expect(acts.count == 8, "\(acts)")
    #expect(Set(acts.compactMap { $0["principal"] as? String }) == ["anna", "CLINIC"], "\(acts)")
    for secret in [first, second, third] { #expect(!audit.contains(secret) && !node.logged.contains(secret)) }
    #expect(node.stop() == 0)
  }
}
