// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Which of a record's grants can be about what it shows of one patient: those of an answer may be about anybody in it. What
/// cannot be told is kept. Each grant is looked up once.
struct AuditGrants {
  /// What a record shows of the patient, as it was recorded.
  struct Shown: Hashable {
    let patientID: String
    let issuer: String
    /// Empty where the patient alone was named.
    let studyInstanceUID: String
  }

  private enum Terms {
    case anything
    case patient(id: String, issuer: String)
    case studies([String])
  }

  private let patient: AuditPatient
  private let database: Database
  private var terms: [Int: Terms] = [:]
  private var names: [Shown: [PatientName]] = [:]

  init(of patient: AuditPatient, in database: Database) {
    self.patient = patient
    self.database = database
  }

  mutating func canBeAbout(_ shown: Shown, _ grant: Int) throws -> Bool {
    switch try terms(of: grant) {
    case .anything: return true
    case .patient(let id, let issuer):
      let name = PatientName(id: id, issuer: issuer)
      // A grant on an ID that was merged into theirs is theirs, too.
      if name == PatientName(id: shown.patientID, issuer: shown.issuer) || patient.isCalled(name) { return true }
      return try names(of: shown).contains(name)
    case .studies(let uids):
      guard shown.studyInstanceUID.isEmpty else { return uids.contains(shown.studyInstanceUID) }
      return try uids.contains { try isTheirs($0, shown) }
    }
  }

  /// The record with those of its grants that can be about the patient.
  mutating func narrowed(_ record: AuditRecord) throws -> AuditRecord {
    let theirs = Set(record.subjects.filter(patient.isNamed(by:)).map(Shown.init))
    guard !record.grants.isEmpty, !theirs.isEmpty else { return record }
    var record = record
    var grants: [Int] = []
    for grant in record.grants where try theirs.contains(where: { try canBeAbout($0, grant) }) { grants.append(grant) }
    record.grants = grants
    return record
  }

  private mutating func terms(of grant: Int) throws -> Terms {
    if let known = terms[grant] { return known }
    let found = try lookUp(grant)
    terms[grant] = found
    return found
  }

  /// What was revoked stays in its row.
  private func lookUp(_ grant: Int) throws -> Terms {
    let row = try Row.fetchOne(
      database.cachedStatement(
        sql: "SELECT scope, patient_id, issuer, study_uid, series_uid FROM access_grant WHERE number = ?"),
      arguments: [grant])
    func text(_ column: Int) -> String { (row?[column]).flatMap(String.fromDatabaseValue) ?? "" }
    switch text(0) {
    case "patient": return .patient(id: text(1), issuer: text(2))
    case "study": return .studies([text(3)])
    case "series":
      let studies = try String.fetchAll(
        database.cachedStatement(
          sql: "SELECT DISTINCT v_0020000d FROM series JOIN study ON study.id = series.study WHERE v_0020000e = ?"),
        arguments: [text(4)])
      return studies.isEmpty ? .anything : .studies(studies)
    default: return .anything
    }
  }

  /// Under which names the study is shown, and was received, that was recorded under this one.
  private mutating func names(of shown: Shown) throws -> [PatientName] {
    guard !shown.studyInstanceUID.isEmpty else { return [] }
    if let known = names[shown] { return known }
    let found = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT DISTINCT other.patient_id, other.issuer FROM study
            CROSS JOIN patient AS own ON own.id IN (study.patient, study.received_patient)
            CROSS JOIN patient AS other ON other.id IN (study.patient, study.received_patient)
          WHERE study.v_0020000d = ?1 AND study.aside = 0 AND (?2 = '' OR own.patient_id = ?2 AND own.issuer = ?3)
          """), arguments: [shown.studyInstanceUID, shown.patientID, shown.issuer]
    ).map { PatientName(id: $0[0], issuer: $0[1]) }
    names[shown] = found
    return found
  }

  /// Whether a study was among what was shown of a patient as a whole; so may be one that is not here any more.
  private mutating func isTheirs(_ uid: String, _ shown: Shown) throws -> Bool {
    let owners = try names(of: Shown(patientID: "", issuer: "", studyInstanceUID: uid))
    let own = PatientName(id: shown.patientID, issuer: shown.issuer)
    return owners.isEmpty || owners.contains { $0 == own || patient.isCalled($0) }
  }
}

extension AuditGrants.Shown {
  fileprivate init(_ subject: AuditRecord.Subject) {
    self.init(patientID: subject.patientID, issuer: subject.issuer, studyInstanceUID: subject.studyInstanceUID)
  }
}

/// Compared byte by byte, as the index compares.
struct PatientName: Equatable {
  let id: String
  let issuer: String

  static func == (one: PatientName, other: PatientName) -> Bool {
    one.id.isSpelt(as: other.id) && one.issuer.isSpelt(as: other.issuer)
  }
}

extension AuditReading {
  /// Whose answers, retrievals and files are one line of `viewers`.
  struct ViewerKey: Hashable {
    let principal: String
    let actor: String
    let kind: String
    let destination: String?
  }

  /// The grants that can have opened what each was shown of the patient.
  static func grants(of patient: AuditPatient, in database: Database) throws -> [ViewerKey: [Int]] {
    let rows = try Row.fetchCursor(
      database,
      sql: """
        WITH named AS MATERIALIZED (\(AuditPatient.subjects)), told AS (
          SELECT * FROM named
          UNION SELECT later.number, named.patient_id, named.issuer, named.study_uid
            FROM named CROSS JOIN audit AS part ON part.number = named.number
            CROSS JOIN audit AS later ON later.began = coalesce(part.began, part.number)
            WHERE part.kind = 'query' AND part.outcome = 'began' AND later.outcome <> 'began')
        SELECT DISTINCT principal, actor, kind, destination, grants, told.patient_id, told.issuer, told.study_uid
        FROM told CROSS JOIN audit ON audit.number = told.number
        WHERE grants <> '' AND \(isShowing)
        """, arguments: StatementArguments(patient.arguments))
    var met: [ViewerKey: [AuditGrants.Shown: Set<Int>]] = [:]
    while let row = try rows.next() {
      func text(_ index: Int) -> String { String.fromDatabaseValue(row[index]) ?? "" }
      let key = ViewerKey(
        principal: text(0), actor: text(1), kind: text(2), destination: String.fromDatabaseValue(row[3]))
      let shown = AuditGrants.Shown(patientID: text(5), issuer: text(6), studyInstanceUID: text(7))
      met[key, default: [:]][shown, default: []].formUnion(text(4).split(separator: ",").compactMap { Int($0) })
    }
    var grants = AuditGrants(of: patient, in: database)
    return try met.mapValues { shown in
      var opening: Set<Int> = []
      for (subject, numbers) in shown {
        for number in numbers where try !opening.contains(number) && grants.canBeAbout(subject, number) {
          opening.insert(number)
        }
      }
      return opening.sorted()
    }
  }
}
