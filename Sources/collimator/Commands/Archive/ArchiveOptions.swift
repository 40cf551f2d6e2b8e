// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import DICOMData
import Foundation
import Node

/// The exit codes of operations on all that is stored: 0, all is well; 1, it could not be done; 2, it was done and something
/// was found or left out, which the answer names.
enum OperationExit {
  static let findings = ExitCode(2)

  static func report(isClean: Bool) throws {
    if !isClean { throw findings }
  }
}

extension DataDirectoryOptions {
  /// Performs an operation on all that is stored, with its progress on the terminal.
  func perform(_ operation: ArchiveOperation) async throws -> ArchiveOperationResult {
    let line = ProgressLine()
    defer { line.clear() }
    return try await DataDirectory(path: path()).perform(operation, as: .current) { line.draw($0) }
  }
}

/// Which part of the archive is meant: exactly one of these.
struct SelectionOptions: ParsableArguments {
  @Option(help: "A patient, by Patient ID.")
  var patient: String?

  @Option(help: "Whose Patient ID it is (Issuer of Patient ID); '' for an ID that came without one.")
  var issuer: String?

  @Option(help: "A study, by Study Instance UID.")
  var study: String?

  @Option(help: "A series, by Series Instance UID.")
  var series: String?

  @Option(help: "An instance, by SOP Instance UID.")
  var instance: String?

  @Option(
    name: .long,
    help:
      "All that matches KEYWORD=VALUE, as in a C-FIND: StudyDate=-20151231, PatientName='DOE*'. Repeatable: all have to."
  )
  var `where`: [String] = []

  @Flag(help: "All of it.")
  var everything = false

  func validate() throws {
    let given = [patient != nil, study != nil, series != nil, instance != nil, !`where`.isEmpty, everything]
    guard given.count(where: { $0 }) == 1 else {
      throw ValidationError("say what is meant: one of --patient, --study, --series, --instance, --where, --everything")
    }
    guard issuer == nil || patient != nil else { throw ValidationError("--issuer goes with --patient") }
  }

  func draft() throws -> SelectionDraft {
    if let patient { return .patient(id: patient, issuer: issuer) }
    if let study { return .study(uid: study) }
    if let series { return .series(uid: series) }
    if let instance { return .instance(uid: instance) }
    if everything { return .everything }
    return .matching(
      try `where`.map { text in
        let key = try QueryKey(text)
        guard !key.text.isEmpty else { throw ValidationError("'\(text)' gives \(key.name) no value to match") }
        return SelectionDraft.Key(tag: key.tag.rawValue, value: key.text)
      })
  }
}

/// What a node is told of a path: it stands in another folder than the person at the terminal.
enum AbsolutePath {
  static func of(_ path: String) -> String {
    let standard = URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
    return standard.count > 1 && standard.hasSuffix("/") ? String(standard.dropLast()) : standard
  }
}

/// Bytes as a person reads them.
enum ByteCount {
  static func text(_ bytes: Int) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"]
    var value = Double(bytes)
    var unit = 0
    while value >= 1024, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    return unit == 0 ? "\(bytes) bytes" : "\((value * 10).rounded() / 10) \(units[unit])"
  }
}
