// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import GRDB

/// What became of an instance that was offered to the index.
enum Addition: Sendable, Equatable {
  case done(Receipt.Outcome)
  /// Nothing was written: objects of the same UID and other bytes are here, and whether they say the same must be judged
  /// first, by their canonical digests.
  case needsComparison(with: [ObjectKey])
  /// Nothing was written: the object is here as this one, with data set bytes of this digest, if they can be read. Whoever
  /// finds that they cannot says so with an empty canonical digest for it.
  case alreadyHere(ObjectKey, digest: [UInt8])
  /// Written, in the place of an object whose bytes cannot be read any more.
  case replaced(ObjectKey)

  var isNewRow: Bool { self == .done(.stored) || self == .done(.keptBesideAnother) }
}

/// The same with where it went, and on whose leave: for the audit, never for the sender.
struct JudgedAddition: Sendable {
  let addition: Addition
  let judgement: Addressing.Judgement
}

/// Puts one instance into the index, in a transaction of the caller's.
struct InstanceInsertion {
  private let record: InstanceRecord
  private let layout: IndexLayout
  /// Canonical digests of objects that are here, as far as they were needed.
  private let compared: [ObjectKey: [UInt8]]
  /// False where nobody decoded what was compared: the next comparison is to find out anew.
  private let remembersDigests: Bool

  /// By which what arrives is opened; nil where nothing arrives.
  private let rules: StandingRules?

  init(
    _ record: InstanceRecord, layout: IndexLayout, compared: [ObjectKey: [UInt8]] = [:], remembersDigests: Bool = true,
    rules: StandingRules? = nil
  ) {
    self.record = record
    self.rules = rules
    self.layout = layout
    self.compared = compared
    self.remembersDigests = remembersDigests
  }

  func perform(in database: Database) throws -> JudgedAddition {
    var nothing: InsertionMemory?
    let judged = try perform(in: database, remembering: &nothing)
    if judged.addition.isNewRow { try database.notifyChanges(in: Table("instance")) }
    return judged
  }

  /// `memory`: of those that were put in before by the same writer; nil where there is none. Whoever observes the database has
  /// to be told of new rows: see `DirectStatement`.
  func perform(in database: Database, remembering memory: inout InsertionMemory?) throws -> JudgedAddition {
    if let known = memory?.place(of: record) {
      let addition = try perform(at: known, aside: 0, in: database, &memory)
      // Only what nobody's leave was asked for is remembered.
      return JudgedAddition(addition: addition, judgement: Addressing.Judgement())
    }
    let keepsOut = try memory?.keepsOut(in: database) ?? true
    let judgement = try Addressing(record, layout: layout).judgement(mayBeKeptOut: keepsOut, in: database)
    // What grants or corrections had a say in is judged anew each time.
    guard judgement.isStanding, record.arrival.aside == nil else {
      var nothing: InsertionMemory?
      defer { memory?.forget(study: record.hierarchy?.studyInstanceUID ?? "") }
      let addition = try perform(at: nil, aside: judgement.aside, in: database, &nothing)
      return JudgedAddition(addition: addition, judgement: judgement)
    }
    let addition = try perform(at: nil, aside: judgement.aside, in: database, &memory)
    return JudgedAddition(addition: addition, judgement: judgement)
  }

  /// What is kept elsewhere, for others or aside for somebody else, is as if it were not there. `known`: its place, where that
  /// is known.
  private func perform(
    at known: HierarchyRows.Found?, aside: Int64, in database: Database, _ memory: inout InsertionMemory?
  ) throws -> Addition {
    let versions = try Version.all(of: record.sopInstanceUID, in: database).filter { $0.aside == aside }
    guard !versions.isEmpty else {
      if try memory?.keepsOut(in: database) ?? true,
        try TombstoneTable.keepsOut(record, aside: aside, in: database)
      {
        return .done(.keptOut)
      }
      try add(at: known, aside: aside, in: database, &memory)
      return .done(.stored)
    }
    if let same = versions.first(where: { $0.hasBytes(of: record) }) {
      return try meet(same, among: versions.count, in: database)
    }
    let unknown = versions.filter { $0.canonicalDigest == nil && compared[$0.object] == nil && $0.isHere }
    guard unknown.isEmpty, record.canonicalDigest != nil else {
      return .needsComparison(with: unknown.map(\.object))
    }
    try remember(versions, in: database)
    if let same = versions.first(where: {
      $0.isHere && compared[$0.object]?.isEmpty != true && $0.saysTheSame(as: record, compared[$0.object])
    }) {
      return try here(same, in: database)
    }
    // It says what one says whose file was lost: known from when that was compared with another.
    if let lost = versions.first(where: { !$0.isHere && $0.saysTheSame(as: record, nil) }) {
      return try replace(lost, in: database)
    }
    try add(at: known, aside: aside, in: database, &memory)
    return .done(.keptBesideAnother)
  }

  /// What is owed to others for an object that is new here is owed from the same moment; nothing of what is aside.
  private func add(
    at known: HierarchyRows.Found?, aside: Int64, in database: Database, _ memory: inout InsertionMemory?
  ) throws {
    let (number, place) = try insert(number: nil, at: known, aside: aside, in: database, &memory)
    guard aside == 0 else { return }
    if try memory?.forwards(in: database) ?? true {
      try ForwardingTable.enqueue(arrival: number, record, in: database)
    }
    guard let place, place.newSeries != nil, let hierarchy = record.hierarchy else { return }
    let time = rules?.now() ?? record.arrival.time
    try ShareReview(by: "the archive", actor: .node, because: "what arrived", at: time, in: database)
      .arrived(study: place.isNewStudy ? hierarchy.studyInstanceUID : nil, series: hierarchy.seriesInstanceUID)
  }

  /// Whoever brought what is here already is told that it is kept, and may ask for it to be committed.
  private func noteSender(of same: Version, in database: Database) throws {
    try database.cachedStatement(
      sql: """
        INSERT OR IGNORE INTO repeated_arrival (arrival, sender, arrived_at)
        SELECT number, ?, ? FROM arrival WHERE number = ? AND sender <> ?
        """
    ).execute(arguments: [record.arrival.sender, record.arrival.time, same.id, record.arrival.sender])
  }

  /// What the audit has to say of it; nil for what came from nobody, or is not done yet, or was refused.
  func audit(_ judged: JudgedAddition, at time: Double) -> AuditEntry? {
    guard let actor = record.actor else { return nil }
    let detail: String
    switch judged.addition {
    case .done(.stored): detail = ""
    case .done(.alreadyStored): detail = "it was stored before"
    case .done(.keptBesideAnother): detail = "another object with this UID says something else; both are kept"
    case .replaced: detail = "it was stored before, and its file was lost or could not be read"
    case .done(.keptOut), .alreadyHere, .needsComparison: return nil
    }
    let objects = [record.sopClassUID: [record.sopInstanceUID]]
    let subject =
      record.hierarchy.map {
        AuditSubject($0.patient, studyInstanceUID: $0.studyInstanceUID, instances: objects)
      } ?? AuditSubject(patientID: "", issuer: "", studyInstanceUID: "", instances: objects)
    // Once it is let in, nothing else says that it was not at first.
    let words = [
      judged.judgement.aside == 0 ? "" : "kept aside",
      actor.kind == .node ? "found again; it came from \(record.arrival.sender)" : detail,
    ]
    return AuditEntry(
      at: time, .store, Self.act(of: actor), by: actor, grants: judged.judgement.grants, count: 1,
      detail: words.filter { !$0.isEmpty }.joined(separator: "; "), subjects: [subject])
  }

  private static func act(of actor: AuditActor) -> String {
    switch actor.kind {
    case .peer, .user, .nobody: "C-STORE"
    case .operator: "import"
    case .node: "recovery"
    }
  }

  /// The very object is known. Where its file was lost or cannot be read, this is its file now.
  private func meet(_ same: Version, among versions: Int, in database: Database) throws -> Addition {
    guard !same.isHere || compared[same.object]?.isEmpty == true else {
      return try here(same, in: database)
    }
    // While it was lost another may have come that says the same: that has to be known of both.
    guard versions == 1 || record.canonicalDigest != nil else { return .needsComparison(with: []) }
    return try replace(same, in: database)
  }

  private func replace(_ same: Version, in database: Database) throws -> Addition {
    // What was found out of a damaged file is not to be believed.
    try database.execute(
      sql: """
        UPDATE instance SET object = ?, size = ?, transfer_syntax = ?, digest = ?, canonical_digest = ?, fault = 0
        WHERE id = ?
        """,
      arguments: [
        record.object.name, record.size, record.transferSyntaxUID, Data(record.digest),
        canonicalDigest.map { Data($0) },
        same.id,
      ])
    if same.digest != record.digest {
      // Who chose it chose what it says.
      try database.execute(
        sql: "UPDATE conflict_choice SET digest = ? WHERE sop_instance_uid = ? AND digest = ?",
        arguments: [Data(record.digest), record.sopInstanceUID, Data(same.digest)])
    }
    // The arrival is the file's: what its head says of it and what stands here are compared by `check`.
    let arrival = record.arrival
    try database.execute(
      sql: """
        UPDATE arrival SET object = ?, content_digest = ?, content_size = ?, sender = ?, calling = ?, arrived_at = ?
        WHERE number = ?
        """,
      arguments: [
        record.object.name, Data(record.digest), record.size, arrival.sender, arrival.callingAETitle, arrival.time,
        same.id,
      ])
    // What is left of the file goes with the object, should that be deleted.
    try database.execute(
      sql: "INSERT OR IGNORE INTO replaced_object (object, arrival) VALUES (?, ?)",
      arguments: [same.object.name, same.id])
    return .replaced(same.object)
  }

  /// What was compared was read just now; of anything else it is still to be found out whether it can be.
  private func here(_ same: Version, in database: Database) throws -> Addition {
    guard compared[same.object] != nil else { return .alreadyHere(same.object, digest: same.digest) }
    try noteSender(of: same, in: database)
    return .done(.alreadyStored)
  }

  private func remember(_ versions: [Version], in database: Database) throws {
    for version in versions where version.canonicalDigest == nil {
      // Empty: it could not be read now.
      guard remembersDigests, let digest = compared[version.object], !digest.isEmpty else { continue }
      try database.execute(
        sql: "UPDATE instance SET canonical_digest = ? WHERE id = ?", arguments: [Data(digest), version.id])
    }
  }

  /// `number`: that of an arrival which was recorded before. Nobody hears of the row who observes the database.
  @discardableResult
  func insert(number: Int64?, in database: Database) throws -> Int64 {
    var nothing: InsertionMemory?
    return try insert(number: number, at: nil, aside: record.arrival.aside ?? 0, in: database, &nothing).number
  }

  private func insert(
    number: Int64?, at known: HierarchyRows.Found?, aside: Int64, in database: Database,
    _ memory: inout InsertionMemory?
  ) throws -> (number: Int64, place: HierarchyRows.Found?) {
    let number = try arrive(as: number, aside: aside, in: database)
    let rows = HierarchyRows(layout: layout, in: database)
    let place =
      try known
      ?? record.hierarchy.map {
        try rows.place(of: $0, sender: record.arrival.principal, at: record.arrival.time, aside: aside)
      }
    let preference =
      try (memory?.choosesVersions(in: database) ?? true)
      && ConflictChoiceTable.isChosen(record.digest, of: record.sopInstanceUID, in: database)
    try DirectStatement(layout.instanceInsertion, in: database).perform(row(number, place, isPreferred: preference))
    if let series = place?.newSeries, aside == 0 { try open(series, in: database) }
    if known == nil, let place, let hierarchy = record.hierarchy {
      let agrees = try Voices(layout.voices, in: database).note(hierarchy.saying, at: place, instance: number)
      if place.isNewStudy || place.newSeries != nil {
        memory?.forget(study: hierarchy.studyInstanceUID)
      } else if agrees, aside == 0 {
        memory?.remember(place, of: record)
      }
    }
    return (number, place)
  }

  /// Whoever builds the index anew has to know what the bytes were.
  private func arrive(as number: Int64?, aside: Int64, in database: Database) throws -> Int64 {
    guard let number else {
      return try record.arrival.insert(
        object: record.object, digest: record.digest, size: record.size, aside: aside, in: database)
    }
    try database.cachedStatement(
      sql: "UPDATE arrival SET content_digest = ?, content_size = ? WHERE number = ? AND content_digest IS NULL"
    ).execute(arguments: [Data(record.digest), record.size, number])
    return number
  }

  /// In the order of `IndexLayout.instanceInsertion`.
  private func row(_ number: Int64, _ place: HierarchyRows.Found?, isPreferred: Bool) -> RowValues {
    var row = RowValues(columns: 10 + record.values.count, size: 1024)
    row.add(number)
    row.add(place?.series)
    row.add(place?.foldedFrom)
    row.add(record.object.name)
    row.add(record.transferSyntaxUID)
    row.add(blob: record.digest)
    row.add(blob: canonicalDigest)
    row.add(Int64(record.size))
    row.add(Int64(isPreferred ? -1 : 0))
    row.add(Int64(record.recordTypes.rawValue))
    for value in record.values { row.add(value) }
    return row
  }

  private var canonicalDigest: [UInt8]? {
    guard remembersDigests, let digest = record.canonicalDigest, !digest.isEmpty else { return nil }
    return digest
  }

  /// In the transaction of the object itself: no crash comes between its arrival and what rules give for it.
  private func open(_ series: Int64, in database: Database) throws {
    guard let rules, let referral = record.hierarchy?.referral else { return }
    let standing = try rules.current(in: database)
    guard !standing.isEmpty else { return }
    try ReferralGranting(at: rules.now(), in: database).give(standing, series: series, referral)
  }
}

/// What is stored under the same SOP Instance UID.
private struct Version {
  let id: Int64
  let object: ObjectKey
  let transferSyntaxUID: String
  let digest: [UInt8]
  let canonicalDigest: [UInt8]?
  let isHere: Bool
  let defaultIssuer: String
  let aside: Int64

  static func all(of uid: String, in database: Database) throws -> [Version] {
    var sought = RowValues(columns: 1, size: 64)
    sought.add(uid)
    // Nearly always there is none.
    let isThere = try DirectStatement("SELECT 1 FROM instance WHERE v_00080018 = ? LIMIT 1", in: database)
      .perform(sought)
    guard isThere != nil else { return [] }
    return try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT id, instance.object, transfer_syntax, digest, canonical_digest, fault, default_issuer, aside
          FROM instance JOIN arrival ON arrival.number = instance.id WHERE v_00080018 = ? ORDER BY id
          """),
      arguments: [uid]
    ).map { row in
      Version(
        id: row[0], object: ObjectKey(name: row[1]), transferSyntaxUID: row[2], digest: Array(row[3] as Data),
        canonicalDigest: (row[4] as Data?).map { Array($0) }, isHere: row[5] == 0, defaultIssuer: row[6],
        aside: row[7])
    }
  }

  /// The same Patient ID from a sender for whom another issuer is assumed is another patient's.
  func hasBytes(of record: InstanceRecord) -> Bool {
    digest == record.digest && transferSyntaxUID == record.transferSyntaxUID
      && defaultIssuer == record.arrival.defaultIssuer
  }

  func saysTheSame(as record: InstanceRecord, _ compared: [UInt8]?) -> Bool {
    // What cannot be read now says nothing, whatever was known of it.
    guard compared?.isEmpty != true, let own = canonicalDigest ?? compared, !own.isEmpty,
      let other = record.canonicalDigest
    else { return false }
    return own == other && defaultIssuer == record.arrival.defaultIssuer
  }
}
