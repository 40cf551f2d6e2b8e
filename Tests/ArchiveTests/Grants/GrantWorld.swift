// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import GRDB

@testable import Archive

/// A small world at random: objects, peers, users, groups, and grants and vetoes of every kind, so few of each that they meet.
struct GrantWorld: Sendable {
  struct Principal: Sendable {
    let name: String
    let number: Int64
    let isPeer: Bool
    var isLocked = false
  }

  struct Membership: Sendable {
    let member: Int64
    let group: Int64
    let since: Double
    let until: Double?
  }

  struct GivenGrant: Sendable {
    let number: Int
    let holder: Int64
    let terms: GrantTerms
    let state: Grant.State
  }

  struct GivenVeto: Sendable {
    let scope: GrantScope
    let narrowing: GrantNarrowing
    let against: Int64?
    let holdsInEmergency: Bool
    let from: Double?
    let until: Double?
    let isWithdrawn: Bool
  }

  static let now = 1_800_000_000.0

  private(set) var objects: [TestObject] = []
  /// For which principal the object of the same place is aside; 0 for nobody.
  private(set) var aside: [Int64] = []
  private(set) var principals: [Principal] = []
  private(set) var groups: [Principal] = []
  private(set) var memberships: [Membership] = []
  private(set) var grants: [GivenGrant] = []
  private(set) var vetoes: [GivenVeto] = []

  static let patients = [("P1", ""), ("P1", "A"), ("P2", "A"), ("", "")]
  static let studies = 8
  private static let kinds: [(modality: String, sopClass: String)] = [
    ("CT", "1.2.840.10008.5.1.4.1.1.2"), ("MR", "1.2.840.10008.5.1.4.1.1.4"),
    ("SR", "1.2.840.10008.5.1.4.1.1.88.11"), ("DOC", "1.2.840.10008.5.1.4.1.1.104.1"),
  ]
  private static let titles: [(String, String)] = [("1", "LN"), ("2", "LN"), ("2", "DCM"), ("", "LN"), ("2", "")]

  /// Puts it into an empty archive.
  init(
    _ random: inout SeededGenerator, objects count: Int = 80, in database: Database, layout: IndexLayout,
    keeping isKept: (TestObject, Int64) -> Bool = { _, _ in true }
  ) throws {
    try Self.clear(database)
    try addPrincipals(&random, in: database)
    drawObjects(&random, count)
    try putObjects(in: database, layout: layout, keeping: isKept)
    for _ in 0..<Int.random(in: 6...14, using: &random) { try addGrant(&random, in: database) }
    for _ in 0..<(Bool.random(using: &random) ? 0 : Int.random(in: 1...9, using: &random)) {
      try addVeto(&random, in: database)
    }
  }

  private static func clear(_ database: Database) throws {
    try clearObjects(database)
    for table in ["access_grant", "grant_event", "consent", "principal", "membership", "peer", "user"] {
      try database.cachedStatement(sql: "DELETE FROM \(table)").execute()
    }
  }

  private static func clearObjects(_ database: Database) throws {
    for table in [
      "difference", "instance", "series", "study", "patient", "arrival", "repeated_arrival", "tombstone", "deletion",
    ] {
      try database.cachedStatement(sql: "DELETE FROM \(table)").execute()
    }
  }

  /// Those objects, and nothing else, below the same grants.
  func putObjects(
    in database: Database, layout: IndexLayout, keeping isKept: (TestObject, Int64) -> Bool = { _, _ in true }
  ) throws {
    try Self.clearObjects(database)
    for (object, owner) in zip(objects, aside) where isKept(object, owner) {
      try Self.insert(object, aside: owner, in: database, layout)
    }
  }

  private mutating func addPrincipals(_ random: inout SeededGenerator, in database: Database) throws {
    for name in ["WS1", "WS2"] {
      guard let title = AETitle(name), let network = Network("127.0.0.1") else { continue }
      try PeerTable.insert(
        Peer(
          name: name, aeTitle: title, addresses: [network], port: nil, rights: [.query, .retrieve],
          acceptsPrivateSOPClasses: false), in: database)
      principals.append(
        Principal(name: name, number: try PrincipalTable.id(of: name, in: database) ?? 0, isPeer: true))
    }
    for name in ["ann", "bob"] {
      let number = try UserTable.insert(name, password: nil, by: "test", at: 0, in: database)
      let isLocked = Int.random(in: 0..<8, using: &random) == 0
      if isLocked { try UserTable.lock(name, by: "test", at: 0, in: database) }
      principals.append(Principal(name: name, number: number, isPeer: false, isLocked: isLocked))
    }
    for name in ["clinic", "practice"] {
      groups.append(
        Principal(name: name, number: try PrincipalTable.insert(name, kind: "group", in: database), isPeer: false))
    }
    for principal in principals {
      for group in groups where Int.random(in: 0..<3, using: &random) == 0 {
        let since = Self.now + Double(Int.random(in: -3...1, using: &random))
        let until = Self.time(&random).flatMap { $0 > since ? $0 : nil }
        try MembershipTable.add(
          principal.name, to: group.number, since: since, until: until, by: "test", at: since, in: database)
        memberships.append(Membership(member: principal.number, group: group.number, since: since, until: until))
      }
    }
  }

  /// Around now, on both sides and on the very moment.
  private static func time(_ random: inout SeededGenerator) -> Double? {
    let choice = Int.random(in: 0..<8, using: &random)
    return choice > 4 ? nil : now + Double(choice - 2)
  }

  /// Other objects below the same grants.
  mutating func drawObjects(_ random: inout SeededGenerator, _ count: Int) {
    (objects, aside) = ([], [])
    for number in 0..<count {
      let study = Int.random(in: 0..<Self.studies, using: &random)
      let (id, issuer) = Self.patients[study % Self.patients.count]
      let series = Int.random(in: 0..<3, using: &random)
      let kind = Self.kinds[(study + series) % Self.kinds.count]
      // A series of mixed record types is not decided by its modality.
      let isOther = Int.random(in: 0..<6, using: &random) == 0
      var object = TestObject(
        instance: "9.\(number)", series: "1.\(study).\(series)", study: "1.\(study)", patientID: id, issuer: issuer,
        modality: kind.modality, date: ["20260101", "20260201", ""][study % 3],
        sopClass: isOther ? Self.kinds[(study + series + 1) % Self.kinds.count].sopClass : kind.sopClass)
      // Another version of what is in the series already.
      if Int.random(in: 0..<6, using: &random) == 0, let other = objects.last(where: { $0.series == object.series }) {
        object.instance = other.instance
        object.note = "version \(number)"
      }
      if RecordTypes.titled.isSuperset(of: RecordTypes(sopClassUID: object.sopClass)) {
        object.title = Self.titles.randomElement(using: &random)
      }
      Self.contradict(&object, &random)
      let owner =
        Int.random(in: 0..<10, using: &random) == 0 ? principals.randomElement(using: &random)?.number ?? 0 : 0
      objects.append(object)
      aside.append(owner)
    }
  }

  /// What objects of one patient, study or series say of it does not have to be the same.
  private static func contradict(_ object: inout TestObject, _ random: inout SeededGenerator) {
    object.accession = "A\(object.study)"
    for _ in 0..<Int.random(in: 0..<4, using: &random) {
      let some = Int.random(in: 0..<3, using: &random)
      switch Int.random(in: 0..<8, using: &random) {
      case 0: object.name = names[some]
      case 1: object.comment = ["", "one", "two"][some]
      case 2: object.date = ["20260101", "20260201", ""][some]
      case 3: object.time = ["", "10", "120000"][some]
      case 4: object.accession = ["", "A1.0", "A1.1"][some]
      case 5: object.description = ["", "Head", "Knee"][some]
      case 6: object.seriesDescription = ["", "axial", "scout"][some]
      default: object.modality = kinds[some].modality
      }
    }
  }

  /// One of them in another form, which is matched as if it were the same.
  static let names = ["Doe^John^^^", "Doe^Jane", "Yamada^Tarou=山田^太郎"]

  static func insert(
    _ object: TestObject, aside: Int64, in database: Database, _ layout: IndexLayout
  ) throws {
    let (header, digest) = try HeaderForTest.headerAndDigest(of: object)
    var record = try InstanceRecord(
      header, announcement: object.announcement, object: .random(), digest: digest, size: 1,
      arrival: Arrival(sender: "test", callingAETitle: "", time: 0, defaultIssuer: "", aside: aside), layout: layout)
    record.canonicalDigest = digest
    _ = try InstanceInsertion(record, layout: layout).perform(in: database)
  }

  private static func narrowing(_ random: inout SeededGenerator) -> GrantNarrowing {
    var narrowing = GrantNarrowing()
    let choice = Int.random(in: 0..<8, using: &random)
    if choice == 1 || choice == 5 { narrowing.modalities = ["CT", "SR"] }
    if choice == 2 || choice == 5 {
      let all: [RecordTypes] = [.images, .reports, .documents]
      let without = Int.random(in: 0..<3, using: &random)
      narrowing.recordTypes = all.enumerated().reduce(into: RecordTypes()) {
        if $1.offset != without { $0.formUnion($1.element) }
      }
    }
    if choice == 3 {
      narrowing = GrantNarrowing(
        recordTypes: Bool.random(using: &random) ? nil : [.images, .reports],
        titles: Set(
          [("1", "LN"), ("2", "DCM"), ("LN", "2")].prefix(Int.random(in: 1...3, using: &random))
            .compactMap { DocumentTitle(value: $0.0, scheme: $0.1) }))
    }
    if choice == 4 || choice == 6 {
      narrowing.earliest = Bool.random(using: &random) ? "20260102" : nil
      narrowing.latest = Bool.random(using: &random) || narrowing.earliest == nil ? "20260131" : nil
    }
    return narrowing
  }

  private static func scope(_ random: inout SeededGenerator, everything: Bool) -> GrantScope {
    switch Int.random(in: everything ? 0..<7 : 2..<7, using: &random) {
    case 0, 1: return .everything
    case 2, 3:
      let (id, issuer) = patients[Int.random(in: 0..<3, using: &random)]
      return .patient(id: id, issuer: issuer.isEmpty ? nil : issuer)
    case 4, 5: return .study(uid: "1.\(Int.random(in: 0..<studies, using: &random))")
    default:
      return .series(
        uid: "1.\(Int.random(in: 0..<studies, using: &random)).\(Int.random(in: 0..<3, using: &random))")
    }
  }

  private mutating func addGrant(_ random: inout SeededGenerator, in database: Database) throws {
    let isLimit = Int.random(in: 0..<10, using: &random) == 0
    guard let holder = (isLimit ? principals.filter(\.isPeer) : principals + groups).randomElement(using: &random)
    else { return }
    let relationships: [Relationship?] = [nil, .referring, .emergency, .`self`]
    let rights = GrantRights.bundles.randomElement(using: &random)?.rights ?? .query
    let terms = GrantTerms(
      Self.scope(&random, everything: true), effect: isLimit ? .limits : .opens, narrowing: Self.narrowing(&random),
      rights: rights, from: Self.time(&random).flatMap { Bool.random(using: &random) ? $0 : nil },
      until: Self.time(&random),
      relationship: isLimit ? nil : relationships.randomElement(using: &random) ?? nil,
      leastAssurance: [.aeTitleAlone, .aeTitleAlone, .password, .certificate].randomElement(using: &random)
        ?? .aeTitleAlone)
    let states: [Grant.State] = [.active, .active, .active, .active, .pending, .suspended, .revoked]
    let state = states.randomElement(using: &random) ?? .active
    let grant = try GrantTable.insert(
      to: (holder.number, holder.name), terms, pending: state == .pending, by: "test", at: 0, in: database)
    let change: GrantTable.Change? = state == .suspended ? .suspend : state == .revoked ? .revoke : nil
    if let change {
      _ = try GrantTable.change(grant.number, change, reason: nil, by: "test", at: 0, in: database)
    }
    grants.append(GivenGrant(number: grant.number, holder: holder.number, terms: terms, state: state))
  }

  private mutating func addVeto(_ random: inout SeededGenerator, in database: Database) throws {
    let party = Bool.random(using: &random) ? nil : (principals + groups).randomElement(using: &random)
    let draft = ConsentDraft(
      kind: Int.random(in: 0..<5, using: &random) == 0 ? .permission : .veto,
      scope: Int.random(in: 0..<3, using: &random) > 0
        ? .patient(id: "P1", issuer: Bool.random(using: &random) ? "A" : nil)
        : Self.scope(&random, everything: false),
      narrowing: Bool.random(using: &random) ? GrantNarrowing() : Self.narrowing(&random), party: party?.name,
      holdsInEmergency: Bool.random(using: &random),
      from: Self.time(&random).flatMap { Bool.random(using: &random) ? $0 : nil }, until: Self.time(&random))
    if draft.kind == .permission {
      guard case .patient = draft.scope else { return }
    }
    let number = try ConsentTable.insert(draft, party: party?.number, by: "test", at: 0, in: database)
    guard draft.kind == .veto else { return }
    let isWithdrawn = Int.random(in: 0..<3, using: &random) == 0
    if isWithdrawn { _ = try ConsentTable.withdraw(number, by: "test", at: 0, in: database) }
    vetoes.append(
      GivenVeto(
        scope: draft.scope, narrowing: draft.narrowing, against: party?.number,
        holdsInEmergency: draft.holdsInEmergency, from: draft.from, until: draft.until, isWithdrawn: isWithdrawn))
  }

  /// Whether some grant of the caller, in force or not, gives the right to add.
  func mayHaveAdded(_ caller: Caller) -> Bool {
    let holders = [caller.principal] + groups.map(\.number)
    return grants.contains {
      holders.contains($0.holder) && $0.terms.effect == .opens && $0.terms.rights.contains(.add)
    }
  }

  /// As if these had been stored by somebody else, and deleted for good.
  static func keepOut(_ objects: [TestObject], in database: Database) throws {
    for object in objects {
      let number = try TombstoneTable.insertDeletion(
        level: "instance", DeletionOrder(reason: "test", keepsOut: true), by: "test", at: 0, instances: 1, bytes: 1,
        in: database)
      try database.cachedStatement(
        sql: """
          INSERT INTO tombstone (object, deletion, sop_instance_uid, digest, study_uid) VALUES (?, ?, ?, x'00', ?)
          """
      ).execute(arguments: [ObjectKey.random().name, number, object.instance, object.study])
    }
  }

  /// Each peer, and each user through each peer, as known as may be; and a peer that was removed.
  func callers(_ random: inout SeededGenerator) -> [Caller] {
    let peers = principals.filter(\.isPeer)
    let gone = Principal(name: "GONE", number: 999_999, isPeer: true)
    return principals.flatMap { principal in
      (principal.isPeer ? [principal] : peers + [gone]).map { peer in
        let evidence: EstablishedIdentity.Evidence =
          principal.isPeer
          ? .aeTitleAndAddress
          : Bool.random(using: &random)
            ? .password : .certificate(CertificateFingerprint(digest: [UInt8](repeating: 1, count: 32)))
        return Caller(
          principal: principal.number, peer: peer.number, peerName: peer.name,
          identity: EstablishedIdentity(principalName: principal.name, evidence: evidence), aeTitle: "", address: "")
      }
    }
  }
}
