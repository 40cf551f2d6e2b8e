// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import Glibc
import GRDB

/// Copies stored files, byte for byte, to a folder. Nothing that is there is written over; run again, it goes on.
struct Export {
  private let operations: ArchiveOperations
  private let order: ExportOrder
  private let progress: OperationProgress
  private let folder: OwnedFolder
  private let names: ExportNames
  private let directory: MediaDirectoryBuilder?
  private var report: ExportReport
  private var studies: Set<String> = []
  private var writtenFolders: Set<String> = []

  private static let partial = ".collimator-export"

  init(_ order: ExportOrder, of operations: ArchiveOperations, _ progress: OperationProgress) throws {
    self.operations = operations
    self.order = order
    self.progress = progress
    names = ExportNames(isFileSet: order.writesDICOMDIR)
    directory = order.writesDICOMDIR ? try MediaDirectoryBuilder(fileSetID: order.fileSetID) : nil
    folder = try OwnedFolder(order.folder, outside: operations.directory)
    report = ExportReport(folder: order.folder)
  }

  consuming func perform() throws -> ExportReport {
    let (instances, others) = try chosen()
    guard !instances.isEmpty else { throw ArchiveError("there is nothing of that kind in the archive") }
    let partial = try folder.make(Self.partial)
    for name in try FileObjectStore.names(in: partial) { unlink("\(partial)/\(name)") }
    report.otherVersions = others
    let corrected = Set(
      instances.compactMap(\.place).filter { $0.patient != $0.receivedPatient }.map(\.studyInstanceUID))
    report.remarks = corrected.sorted().map {
      "study \($0) is exported as it was received: a correction is not in its files"
    }
    let began = try recordBegin(instances)
    try progress.begin("exporting", total: instances.count)
    for instance in instances {
      try export(instance, partial)
      try progress.advance()
    }
    for path in writtenFolders { try FileObjectStore.syncDirectory(path) }
    rmdir(partial)
    if let directory { try write(directory) }
    try FileObjectStore.syncDirectory(folder.path)
    try noteAccess(began, instances)
    return report
  }

  /// What leaves is on record before it leaves.
  private func recordBegin(_ instances: [SelectedInstance]) throws -> Int64 {
    try operations.database.write { database in
      try AuditTable.append(
        AuditEntry(
          at: operations.now(), .export, "export", .began, by: AuditActor(operations.user), destination: folder.path,
          subjects: [AuditSubject](of: instances, in: database)), in: database)
    }
  }

  /// Of several versions of an object the one that callers are served: a whole one, the chosen one, the earliest.
  private func chosen() throws -> (instances: [SelectedInstance], others: Int) {
    let all = try operations.database.read { database in
      try SelectionQuery(order.selection, layout: operations.index.layout, in: database).all(in: database)
    }
    let served = Dictionary(grouping: all) { "\($0.place?.series ?? 0) \($0.sopInstanceUID)" }.values.compactMap {
      versions in
      versions.min { Self.rank($0) < Self.rank($1) }
    }
    return (served.sorted { $0.id < $1.id }, all.count - served.count)
  }

  private static func rank(_ instance: SelectedInstance) -> (Int, Int, Int64) {
    (instance.isMissing ? 1 : 0, instance.isChosen ? 0 : 1, instance.id)
  }

  private mutating func export(_ instance: SelectedInstance, _ partial: String) throws {
    let stored = try operations.database.read { try CheckedInstance.one(instance.id, in: $0) }
    guard let stored, stored.object == instance.object else { return fail(instance, "it was deleted meanwhile") }
    guard !stored.isMissing else { return fail(instance, "its file is missing or damaged") }
    let components = names.folder(of: instance)
    let target = try folder.make(components.joined(separator: "/"))
    let source = stored.file(at: operations.store.path(of: stored.object))
    for attempt in 0..<ExportNames.mostAttempts {
      let name = names.file(of: instance, attempt: attempt)
      let path = "\(target)/\(name)"
      if access(path, F_OK) == 0 {
        guard try stored.file(at: path).fault({ _ in try progress.advance(by: 0) }) == nil else { continue }
        report.alreadyThere += 1
      } else {
        if let fault = try copy(source, to: path, partial) {
          Damage.note(fault, of: stored.object, operations)
          return fail(instance, "its file \(fault.words)")
        }
        writtenFolders.insert(target)
        report.exported += 1
        report.bytes += instance.size
      }
      if let place = instance.place { studies.insert(place.studyInstanceUID) }
      try list(instance, path: path, fileID: components + [name])
      return
    }
    fail(instance, "every name for it is taken by another file")
  }

  /// nil when the copy is in its place.
  private func copy(_ source: StoredFile, to path: String, _ partial: String) throws -> StoredFile.Fault? {
    let file = try NewFile(at: "\(partial)/\(ObjectKey.random().name)", mode: 0o600)
    let fault = try source.fault { bytes in
      try file.write(bytes)
      try progress.advance(by: 0)
    }
    guard fault == nil else { return fault }
    guard try file.place(at: path) else {
      throw ArchiveError("somebody else writes to '\(folder.path)': '\(path)' came while it was being exported")
    }
    return nil
  }

  private mutating func fail(_ instance: SelectedInstance, _ why: String) {
    report.failures.append("\(instance.sopInstanceUID): \(why)")
  }

  private mutating func list(_ instance: SelectedInstance, path: String, fileID: [String]) throws {
    guard let directory else { return }
    let header = try Part10File(path: path, stoppingBefore: .pixelData).dataSet
    report.remarks += directory.add(instance, header: header, fileID: fileID)
  }

  private mutating func write(_ directory: MediaDirectoryBuilder) throws {
    let path = folder.path + "/DICOMDIR"
    if access(path, F_OK) == 0 { try requireOwn(path, directory) }
    let temporary = folder.path + "/DICOMDIR.partial"
    unlink(temporary)
    let file = try NewFile(at: temporary)
    try directory.encoded().withUnsafeBytes { try file.write($0) }
    // An earlier run's, of nothing but what this one has too.
    unlink(path)
    guard try file.place(at: path) else { throw ArchiveError("somebody else writes to '\(folder.path)'") }
  }

  private func requireOwn(_ path: String, _ directory: MediaDirectoryBuilder) throws {
    let known = Set(directory.fileIDs)
    let there = try MediaDirectory(path: path)
    guard there.entries.allSatisfy({ known.contains($0.fileID) }) else {
      throw ArchiveError("the DICOMDIR in '\(folder.path)' names other files: export to a folder of its own")
    }
  }

  /// Who takes a study along has used it.
  private func noteAccess(_ began: Int64, _ instances: [SelectedInstance]) throws {
    let time = operations.now()
    let noted = Dictionary(studies.map { ($0, time) }, uniquingKeysWith: { first, _ in first })
    try operations.database.write { database in
      try AccessRecorder.write(noted, in: database)
      var entry = AuditEntry(
        at: time, .export, "export", report.failures.isEmpty ? .success : .partial, by: AuditActor(operations.user),
        destination: folder.path, count: report.exported + report.alreadyThere,
        detail: report.failures.isEmpty ? "" : "\(report.failures.count) objects were not exported",
        subjects: try [AuditSubject](of: instances, in: database))
      entry.began = began
      try AuditTable.append(entry, in: database)
    }
  }
}
