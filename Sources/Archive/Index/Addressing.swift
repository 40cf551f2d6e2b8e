// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Judges whether a sender may add an object to the study that it names. Where not, the object is kept all the same, aside:
/// the sender hears what it would hear if there were no such study, and nobody else sees the object until an administrator
/// lets it in.
struct Addressing {
  private let record: InstanceRecord
  private let layout: IndexLayout

  init(_ record: InstanceRecord, layout: IndexLayout) {
    self.record = record
    self.layout = layout
  }

  struct Judgement {
    /// For whom it has to be kept aside; 0 for nobody.
    var aside: Int64 = 0
    /// The sender's next object of the series is judged the same, as long as nothing but the sender's own objects comes.
    var isStanding = true
    /// The grants that let the sender add to what others began; none where it needed none.
    var grants: [Int] = []
  }

  /// `mayBeKeptOut`: false where nothing at all is.
  func judgement(mayBeKeptOut: Bool = true, in database: Database) throws -> Judgement {
    if let judged = record.arrival.aside { return Judgement(aside: judged, isStanding: false) }
    let sender = record.arrival.principal
    guard sender != 0, let hierarchy = record.hierarchy else { return Judgement() }
    if mayBeKeptOut, try isDeletedForOthers(hierarchy.studyInstanceUID, in: database) {
      return Judgement(aside: sender, isStanding: false)
    }
    guard try !mayAddAnywhere(in: database) else { return Judgement() }
    let studies = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT begun_by, patient_id = ? AND issuer = ? AND sole_study = ?, study.aside,
            (SELECT patient FROM study AS shown WHERE shown.id = coalesce(study.folded_into, study.id))
          FROM study JOIN patient ON patient.id = received_patient WHERE v_0020000d = ? AND aside IN (0, ?)
          """),
      arguments: [
        hierarchy.patient.id, hierarchy.patient.issuer, hierarchy.patient.soleStudy, hierarchy.studyInstanceUID, sender,
      ])
    let there = studies.filter { $0[2] as Int64 == 0 }
    let hasSomeAside = there.count < studies.count
    // The same UID under another patient is an attempt to move it, unless it is the sender's own; or that one is whose the
    // study was corrected to be.
    let received = there.filter { $0[1] as Bool }
    let same = try received.isEmpty && !there.isEmpty ? there.filter(isShown(under: hierarchy, in: database)) : received
    let concerned = same.isEmpty ? there : same
    // Beside what the sender has aside of it, as if the study were there: it could be.
    let isOthers = concerned.isEmpty ? hasSomeAside : concerned.contains { $0[0] as Int64 != sender }
    guard isOthers else { return Judgement(isStanding: there.isEmpty || !received.isEmpty) }
    guard !same.isEmpty, let caller = record.arrival.caller,
      let grants = try openings(to: caller, hasSomeAside: hasSomeAside, in: database)
    else { return Judgement(aside: sender, isStanding: false) }
    return Judgement(isStanding: false, grants: grants)
  }

  /// Whether a row is shown as of the patient as whose the object would be.
  private func isShown(
    under hierarchy: InstanceRecord.Hierarchy, in database: Database
  ) throws -> (Row) -> Bool {
    let uid = hierarchy.studyInstanceUID
    let target =
      try CorrectionTable.target(of: hierarchy.patient, study: uid, in: database)?.patient ?? hierarchy.patient
    let patient = try Int64.fetchOne(
      database.cachedStatement(
        sql: "SELECT id FROM patient WHERE patient_id = ? AND issuer = ? AND sole_study = ?"),
      arguments: [target.id, target.issuer, target.soleStudy])
    return { row in patient != nil && row[3] as Int64? == patient }
  }

  /// What was deleted and is kept out must not be found out by who never had to do with it: as if it were still there for
  /// others, as long as nothing of the study is here.
  private func isDeletedForOthers(_ study: String, in database: Database) throws -> Bool {
    guard try TombstoneTable.keepsOutOfStudy(study, unknownTo: record.arrival.principal, in: database) else {
      return false
    }
    return try Int.fetchOne(
      database.cachedStatement(sql: "SELECT 1 FROM study WHERE v_0020000d = ? AND aside = 0"), arguments: [study])
      == nil
  }

  private func mayAddAnywhere(in database: Database) throws -> Bool {
    let peer = record.arrival.caller?.peer ?? record.arrival.principal
    let rights = try Int.fetchOne(
      database.cachedStatement(sql: "SELECT rights FROM peer WHERE principal = ?"), arguments: [peer])
    return Rights(rawValue: rights ?? 0).contains(.add)
  }

  /// The grants that let the caller add just this, nil where none does: put in, asked for, and taken out again. Who has some
  /// of the study aside already, and sees nothing else of it, goes on there: two studies of one UID would tell of the other.
  private func openings(to caller: Caller, hasSomeAside: Bool, in database: Database) throws -> [Int]? {
    var openings: [Int]?
    try database.inSavepoint {
      let number = try InstanceInsertion(record, layout: layout).insert(number: nil, in: database)
      let visibility = try Visibility(
        Question(caller: caller, rights: .add, now: record.arrival.time), in: database)
      let sees = { (condition: String) in
        try Int.fetchOne(
          database.cachedStatement(
            sql: """
              SELECT 1 FROM study JOIN patient ON patient.id = study.patient JOIN series ON series.study = study.id
                JOIN instance ON instance.series = series.id
              WHERE study.v_0020000d = :study AND study.aside = 0 AND instance.object \(condition) :object
                AND \(visibility.instance) LIMIT 1
              """),
          arguments: visibility.arguments + [
            "object": record.object.name, "study": record.hierarchy?.studyInstanceUID ?? "",
          ]) != nil
      }
      if try sees("=") && (!hasSomeAside || sees("<>")) {
        openings = try visibility.grants(
          opening: [number], at: .image, most: AuditDisclosure.mostGrants, in: database)
      }
      return .rollback
    }
    return openings
  }
}
