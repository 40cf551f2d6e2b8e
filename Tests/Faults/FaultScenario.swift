// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DICOMData
import Glibc

/// What the fault harness has go wrong: an archive at work, which writes down what it acknowledged the moment it does.
///
///     fault-scenario store DIR ACKNOWLEDGED SEED COUNT    objects of many kinds, several at once
///     fault-scenario open DIR                             start, set right what was left behind, stop
///     fault-scenario correct DIR ACKNOWLEDGED             merge, reassign, choose, undo
///     fault-scenario operate DIR ACKNOWLEDGED VAULT       delete, reindex, back up, check
///     fault-scenario backup DIR VAULT                     back up
///     fault-scenario one DIR ACKNOWLEDGED SIZE            store one object, and end there and then
///     fault-scenario many DIR ACKNOWLEDGED COUNT          store so many small ones, in one segment of the arrivals log
///     fault-scenario export DIR FOLDER                    all of it as files, with a DICOMDIR
///     fault-scenario restore DIR VAULT                    bring back what a backup holds
@main
struct FaultScenario {
  static func main() async {
    let arguments = CommandLine.arguments
    do {
      switch arguments.dropFirst().first {
      case "store" where arguments.count == 6:
        let seed = UInt64(arguments[4]) ?? 1
        try await Storing(directory: arguments[2], log: arguments[3], seed: seed, count: Int(arguments[5]) ?? 10).run()
      case "one" where arguments.count == 5:
        try await Storing(directory: arguments[2], log: arguments[3], seed: 0, count: 1)
          .storeOne(size: Int(arguments[4]) ?? 0)
      case "many" where arguments.count == 5:
        try await Storing(directory: arguments[2], log: arguments[3], seed: 0, count: Int(arguments[4]) ?? 1)
          .storeMany()
      case "export" where arguments.count == 4:
        let archive = try Archive.open(directory: arguments[2], options: .scenario)
        let report = try await archive.operations(as: .current).export(
          ExportOrder(selection: .everything, folder: arguments[3], writesDICOMDIR: true))
        try await archive.close()
        guard report.isClean else { exit(2) }
      case "open" where arguments.count == 3:
        let archive = try Archive.open(directory: arguments[2], options: .scenario)
        try await archive.close()
      case "correct" where arguments.count == 4:
        try await Correcting(directory: arguments[2], log: arguments[3]).run()
      case "operate" where arguments.count == 5:
        try await Operating(directory: arguments[2], log: arguments[3], vault: arguments[4]).run()
      case "backup" where arguments.count == 4:
        let archive = try Archive.open(directory: arguments[2], options: .scenario)
        let report = try await archive.operations(as: .current).backup(to: arguments[3], keeping: nil)
        try await archive.close()
        guard report.isClean else { exit(2) }
      case "restore" where arguments.count == 4:
        _ = try await Restore.perform(from: arguments[3], name: nil, into: arguments[2], revokingGrants: false)
      default:
        print("usage: see Tests/Faults/FaultScenario.swift")
        exit(64)
      }
    } catch {
      print("failed: \(error)")
      exit(1)
    }
  }
}

extension ArchiveOptions {
  /// So little that segments of the arrivals log are closed, freed and used again.
  static let scenario = ArchiveOptions(arrivalsSegmentSize: 32 << 10, spareSpace: 64 << 10, logPages: 100)
}

struct Unclean: Error, CustomStringConvertible {
  let description: String
}

/// Lines that outlive the process: what is in it was acknowledged.
struct AcknowledgementLog: Sendable {
  private let descriptor: CInt

  init(_ path: String) {
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
  }

  func write(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
  }
}

/// An object whose content follows from two numbers.
struct ScenarioObject: Sendable {
  let number: Int
  let content: Int
  let size: Int

  var instance: String { "2.25.9\(number)" }

  func encoded(as syntax: TransferSyntax) -> [UInt8] {
    var builder = DataSetBuilder()
    builder.set(.sopClassUID, .ui, "1.2.840.10008.5.1.4.1.1.7")
    builder.set(.sopInstanceUID, .ui, instance)
    builder.set(.modality, .cs, "OT")
    builder.set(.patientName, .pn, "Fault^\(number % 3)")
    builder.set(.patientID, .lo, number % 7 == 0 ? "" : "P\(number % 3)")
    builder.set(.patientComments, .lt, "content \(content)")
    builder.set(.studyInstanceUID, .ui, "2.25.1\(number % 5)")
    builder.set(.seriesInstanceUID, .ui, "2.25.2\(number % 5)\(number % 2)")
    builder.setBytes(.pixelData, .ow, (0..<size).map { UInt8(truncatingIfNeeded: $0 &* (content + 7)) })
    return builder.encoded(as: syntax)
  }
}

extension [UInt8]: ByteChunk {
  package func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
    try withUnsafeBytes(body)
  }
}

/// Stores: new objects, the same again, the same in another encoding, others under the same UID; four at once.
struct Storing {
  let directory: String
  let log: String
  let seed: UInt64
  let count: Int

  func run() async throws {
    let archive = try Archive.open(directory: directory, options: .scenario)
    let log = AcknowledgementLog(log)
    await withTaskGroup(of: Void.self) { group in
      for lane in 0..<4 {
        group.addTask { [seed, count] in
          for turn in 0..<count { await Self.store(turn, lane, seed, in: archive, log) }
        }
      }
    }
    log.write("end")
    try await archive.close()
  }

  func storeOne(size: Int) async throws {
    let archive = try Archive.open(directory: directory, options: .scenario)
    let log = AcknowledgementLog(log)
    await Self.store(
      ScenarioObject(number: 50, content: 1, size: size), as: .explicitVRLittleEndian, issuer: nil, in: archive, log)
    log.write("end")
    exit(0)
  }

  func storeMany() async throws {
    let archive = try Archive.open(directory: directory, options: ArchiveOptions(spareSpace: 64 << 10))
    let log = AcknowledgementLog(log)
    await withTaskGroup(of: Void.self) { group in
      for number in 100..<100 + count {
        group.addTask {
          let object = ScenarioObject(number: number, content: 1, size: 300)
          await Self.store(object, as: .explicitVRLittleEndian, issuer: nil, in: archive, log)
        }
      }
    }
    log.write("end")
    try await archive.close()
  }

  private static func store(
    _ turn: Int, _ lane: Int, _ seed: UInt64, in archive: Archive, _ log: AcknowledgementLog
  ) async {
    let chance = (seed &* 0x9E37_79B9_7F4A_7C15) ^ UInt64(truncatingIfNeeded: turn &* 31 &+ lane)
    let object = ScenarioObject(
      number: turn * 2 + lane % 2, content: lane / 2 + Int(chance % 2), size: [0, 300, 9_000, 140_000][Int(chance % 4)])
    let syntax: TransferSyntax = chance % 5 == 0 ? .implicitVRLittleEndian : .explicitVRLittleEndian
    await store(object, as: syntax, issuer: chance % 3 == 0 ? "NORTH" : nil, in: archive, log)
  }

  private static func store(
    _ object: ScenarioObject, as syntax: TransferSyntax, issuer: String?, in archive: Archive,
    _ log: AcknowledgementLog
  ) async {
    let announcement = Announcement(
      sopClassUID: "1.2.840.10008.5.1.4.1.1.7", sopInstanceUID: object.instance, transferSyntaxUID: syntax.uid,
      callingAETitle: "SCENARIO")
    do {
      let reception = try await archive.receive(
        announcement, from: .operator(.current, defaultIssuer: issuer))
      let bytes = object.encoded(as: syntax)
      try await reception.append(Array(bytes.prefix(200)))
      try await reception.append(Array(bytes.dropFirst(200)))
      let receipt = try await reception.commit()
      log.write("stored \(object.instance) \(object.content) \(object.size) \(receipt.outcome)")
    } catch {
      log.write("refused \(object.instance) \(error.kind)")
    }
  }
}

/// What an administrator changes: each change that was acknowledged stands.
struct Correcting {
  let directory: String
  let log: String

  func run() async throws {
    let archive = try Archive.open(directory: directory, options: .scenario)
    let log = AcknowledgementLog(log)
    let corrections = archive.corrections(as: .current)
    if let first = PatientIdentity(id: "P1", issuer: nil), let second = PatientIdentity(id: "P2", issuer: nil) {
      await attempt("merge", log) {
        _ = try await corrections.merge(first, into: second, reason: "scenario", agreed: true)
      }
      await attempt("reassign", log) {
        _ = try await corrections.reassign(
          study: "2.25.10", from: nil, to: second, given: .init(name: "Found"), reason: "scenario", agreed: true)
      }
    }
    for conflict in try await archive.conflicts(as: .current).list() {
      let versions = try await archive.conflicts(as: .current).versions(of: conflict.sopInstanceUID)
      guard let last = versions.last else { continue }
      await attempt("choose \(last.sopInstanceUID) \(last.digest)", log) {
        try await archive.conflicts(as: .current).choose(last.number, of: last.sopInstanceUID, reason: "scenario")
      }
    }
    log.write("end")
    try await archive.close()
  }

  private func attempt(_ what: String, _ log: AcknowledgementLog, _ body: () async throws -> Void) async {
    do {
      try await body()
      log.write("done \(what)")
    } catch {
      log.write("failed \(what)")
    }
  }
}

/// What an operator does with all that is stored. What is being deleted may be there or gone; what was deleted is gone.
struct Operating {
  let directory: String
  let log: String
  let vault: String

  func run() async throws {
    let archive = try Archive.open(directory: directory, options: .scenario)
    let log = AcknowledgementLog(log)
    let operations = archive.operations(as: .current)
    for instance in [ScenarioObject(number: 0, content: 0, size: 0), ScenarioObject(number: 3, content: 0, size: 0)] {
      log.write("deleting \(instance.instance)")
      await attempt("deleted \(instance.instance)", log) {
        _ = try await operations.delete(.instance(uid: instance.instance), DeletionOrder(reason: "scenario"))
      }
    }
    await attempt("reindexed", log) { _ = try await operations.reindex() }
    await attempt("backed", log) {
      // One that says that it lacks something is no backup of all that there is.
      let report = try await operations.backup(to: vault, keeping: nil)
      guard report.isClean else { throw Unclean(description: report.withoutFile.joined(separator: ", ")) }
    }
    await attempt("checked", log) {
      let report = try await operations.check(CheckOrder())
      for fault in report.faults { log.write("unclean \(fault.kind) \(fault.detail)") }
    }
    log.write("end")
    try await archive.close()
  }

  private func attempt(_ what: String, _ log: AcknowledgementLog, _ body: () async throws -> Void) async {
    do {
      try await body()
      log.write(what)
    } catch {
      log.write("failed \(what): \(error)")
    }
  }
}
