// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

extension ArchiveOperations {
  /// The newest records first. Reading the audit is recorded once a listing: `before` goes on with one.
  package func auditRecords(_ filter: AuditFilter, before: Int64?, limit: Int) async throws -> [AuditRecord] {
    if before == nil { try await noteReading("audit read", filter) }
    return try await OperationThread.run {
      try database.read { try AuditReading.list(filter, before: before, limit: limit, in: $0) }
    }
  }

  /// The oldest records first, to be exported; `after` is 0 at the beginning.
  package func auditExport(_ filter: AuditFilter, after: Int64, limit: Int) async throws -> [AuditRecord] {
    if after == 0 { try await noteReading("audit exported", filter) }
    return try await OperationThread.run {
      try database.read { try AuditReading.follow(filter, after: after, limit: limit, in: $0) }
    }
  }

  /// The same for a person: of a patient's records, the grants that can be about them.
  package func auditReport(_ filter: AuditFilter, after: Int64, limit: Int) async throws -> [AuditRecord] {
    if after == 0 { try await noteReading("audit exported", filter) }
    return try await OperationThread.run {
      try database.read { try AuditReading.report(filter, after: after, limit: limit, in: $0) }
    }
  }

  /// Whoever was shown something of a patient. `issuer`: nil for whoever has this ID, whoever gave it.
  package func viewers(ofPatient id: String, issuer: String?) async throws -> [AuditViewer] {
    guard !id.trimmed.isEmpty else { throw ArchiveError("an empty Patient ID identifies nobody: name a study instead") }
    var filter = AuditFilter()
    filter.patientID = id
    filter.issuer = issuer
    try await noteReading("audit read", filter)
    return try await OperationThread.run {
      try database.read { try AuditReading.viewers(ofPatient: id, issuer: issuer, in: $0) }
    }
  }

  /// How far the chain has come, with all that was noted.
  package func auditCheckpoint() async throws -> AuditCheckpoint {
    await audit.flush()
    let time = now()
    return try await OperationThread.run { try database.read { try AuditCheckpoint(at: time, in: $0) } }
  }

  /// Follows the chain from its first record to its last, and compares it with checkpoints. `retention`: seconds for which
  /// records are kept, where that is known from elsewhere: what was pruned earlier is a fault.
  package func verifyAudit(
    _ checkpoints: [AuditCheckpoint], retention: Double? = nil, _ progress: OperationProgress = OperationProgress()
  ) async throws -> AuditVerification {
    await audit.flush()
    let time = now()
    return try await OperationThread.run(progress) {
      try gate.during(.audit) {
        try AuditVerifier(database, checkpoints: checkpoints, at: time, retention: retention, progress).perform()
      }
    }
  }

  /// Takes away the records from the beginning that are older than `time`; returns how many.
  package func pruneAudit(before time: Double) async throws -> Int {
    let end = now()
    guard time <= end else { throw ArchiveError("what is still to come cannot be pruned: --before is ahead") }
    await audit.flush()
    return try await OperationThread.run {
      try gate.during(.audit) {
        try database.write { try AuditCut.cut(before: time, by: AuditActor(user), at: end, in: $0) }
      }
    }
  }

  /// Whoever reads who saw what is recorded too, before they read it.
  private func noteReading(_ act: String, _ filter: AuditFilter) async throws {
    let subject = filter.patientID.map {
      AuditSubject(patientID: $0, issuer: filter.issuer ?? "", studyInstanceUID: filter.studyInstanceUID ?? "")
    }
    try await audit.record(
      AuditEntry(
        at: now(), .audit, act, by: AuditActor(user), detail: filter.who.map { "of '\($0)'" } ?? "",
        subjects: subject.map { [$0] } ?? []))
  }
}

extension ArchiveOperations {
  var view: AuditView { AuditView(user: user, database: database, now: now) }

  /// In the transaction of what it records.
  func record(
    _ kind: AuditKind, _ act: String, detail: String = "", count: Int? = nil, subjects: [AuditSubject] = [],
    in database: Database
  ) throws {
    try AuditTable.append(
      AuditEntry(
        at: now(), kind, act, by: AuditActor(user), count: count, detail: detail, subjects: subjects), in: database)
  }
}

extension ArchiveOperations {
  /// An operation that changes nothing that is recorded by itself: it is on record that it began, and how it ended.
  func recorded<Value: Sendable>(
    _ act: String, to destination: String? = nil, _ body: () async throws -> Value
  ) async throws -> Value {
    var entry = AuditEntry(at: now(), .operation, act, .began, by: AuditActor(user), destination: destination)
    entry.began = try await audit.record(entry)
    do {
      let value = try await body()
      entry.outcome = .success
      entry.time = now()
      try await audit.record(entry)
      return value
    } catch {
      entry.outcome = error is CancellationError ? .cancelled : .failed
      entry.time = now()
      // Words of an error may name a path, never a patient.
      entry.detail = error is CancellationError ? "" : "\(error)"
      audit.note(entry)
      throw error
    }
  }
}

extension [AuditSubject] {
  /// Whose objects these are, as they are shown, and which.
  init(of instances: [SelectedInstance], in database: Database) throws {
    var objects: [SelectedInstance.Place?: [String: [String]]] = [:]
    for instance in instances {
      // What belongs to one study is one subject, whatever series it is in.
      objects[instance.place?.ofStudy, default: [:]][instance.sopClassUID, default: []].append(instance.sopInstanceUID)
    }
    self = try objects.map { place, instances in
      let row = try Row.fetchOne(
        database.cachedStatement(sql: "SELECT patient_id, issuer, sole_study FROM patient WHERE id = ?"),
        arguments: [place?.patient])
      guard let place, let row else {
        return AuditSubject(patientID: "", issuer: "", studyInstanceUID: "", instances: instances)
      }
      return AuditSubject(
        PatientIdentity(stored: row[0], issuer: row[1], soleStudy: row[2]), studyInstanceUID: place.studyInstanceUID,
        instances: instances)
    }.sorted { ($0.patientID, $0.studyInstanceUID) < ($1.patientID, $1.studyInstanceUID) }
  }
}

extension SelectedInstance.Place {
  fileprivate var ofStudy: SelectedInstance.Place {
    SelectedInstance.Place(
      patient: patient, study: study, series: 0, receivedPatient: 0, receivedStudy: 0, receivedSeries: 0,
      studyInstanceUID: studyInstanceUID, seriesInstanceUID: "")
  }
}
