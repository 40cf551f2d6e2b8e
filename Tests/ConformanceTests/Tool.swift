// SPDX-License-Identifier: Apache-2.0

import ChildProcesses
import Foundation

/// A program of somebody else's, or ours, run to its end.
struct Tool {
  struct Result {
    let status: Int32
    let output: String
    let errors: String

    var all: String { output + errors }
  }

  static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static let collimator =
    environment("COLLIMATOR_EXECUTABLE") ?? packageRoot.appending(path: ".build/debug/collimator").path
  static let python = environment("COLLIMATOR_PYTHON") ?? packageRoot.appending(path: ".venv/bin/python").path
  static let corpus = environment("COLLIMATOR_CORPUS") ?? packageRoot.appending(path: "../shared/corpus").path
  static let fixtures = packageRoot.appending(path: "Fixtures").path

  static let hasDCMTK = FileManager.default.isExecutableFile(atPath: "/usr/bin/storescu")
  static let hasXMLLint = FileManager.default.isExecutableFile(atPath: "/usr/bin/xmllint")
  static let hasPynetdicom = FileManager.default.isExecutableFile(atPath: python)
  static let hasCorpus = FileManager.default.fileExists(atPath: "\(corpus)/oracle/shared/index.json")

  static func fixture(_ name: String) -> String { "\(fixtures)/\(name)" }

  /// Seconds that a program may take: one that waits for ever would take all other tests' results with it.
  private static let patience = 900

  /// Runs on a thread of its own, so that no test keeps others from going on.
  @discardableResult
  static func run(_ path: String, _ arguments: [String], input: String? = nil) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(with: Swift.Result { try runBlocking(path, arguments, input) })
      }
    }
  }

  /// DCMTK's tools wait 40 ms an answer unless they are told not to.
  @discardableResult
  static func dcmtk(_ name: String, _ arguments: [String]) async throws -> Result {
    try await run("/usr/bin/\(name)", arguments)
  }

  /// Returns when a program listens there, or after two minutes: its start takes what it takes.
  static func listening(at port: String) async throws {
    let waiting = """
      for round in {1..600}; do (exec 3<>/dev/tcp/127.0.0.1/\(port)) 2>/dev/null && exit 0; sleep 0.2; done; exit 1
      """
    try await run("/bin/bash", ["-c", waiting])
  }

  static func script(_ name: String, _ arguments: [String]) async throws -> Result {
    try await run(python, ["-W", "ignore", peer(name)] + arguments)
  }

  static func peer(_ name: String) -> String {
    packageRoot.appending(path: "Tests/ConformanceTests/Peers/\(name)").path
  }

  private static func runBlocking(_ path: String, _ arguments: [String], _ input: String?) throws -> Result {
    let process = ChildProcess()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["TCP_NODELAY": "1"]) { _, new in new }
    let output = try TemporaryFile()
    let errors = try TemporaryFile()
    process.standardOutput = output.handle
    process.standardError = errors.handle
    let pipe = Pipe()
    process.standardInput = input == nil ? FileHandle.nullDevice : pipe
    try process.run()
    // What a pipe holds without a reader is more than any test says.
    if let input { try pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
    try pipe.fileHandleForWriting.close()
    let inTime = process.waitUntilExit(within: patience)
    let late = inTime ? "" : "\n\(path) \(arguments) was stopped after \(patience) seconds"
    return Result(status: process.terminationStatus, output: try output.text(), errors: try errors.text() + late)
  }

  private static func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
}

/// Output goes to a file: a pipe that nobody empties would stop the program.
private struct TemporaryFile: ~Copyable {
  let handle: FileHandle
  private let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "collimator-output-\(UUID().uuidString)")
    try Data().write(to: url)
    handle = try FileHandle(forWritingTo: url)
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }

  func text() throws -> String {
    String(decoding: try Data(contentsOf: url), as: UTF8.self)
  }
}
