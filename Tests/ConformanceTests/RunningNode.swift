// SPDX-License-Identifier: Apache-2.0

import ChildProcesses
import Foundation
import Testing

/// `collimator serve` as a child process on a free port of this machine, with a data directory of its own.
final class RunningNode {
  let directory: String
  private(set) var port = ""
  /// Empty where the node was given none.
  private(set) var tlsPort = ""
  private let arguments: [String]
  private var process = ChildProcess()

  /// Arguments of `serve` beside the usual ones.
  init(_ arguments: [String] = []) throws {
    self.arguments = arguments
    directory = FileManager.default.temporaryDirectory.appending(path: "collimator-node-\(UUID().uuidString)").path
    try start()
  }

  deinit {
    if process.isRunning { process.terminate() }
    try? FileManager.default.removeItem(atPath: directory)
    try? FileManager.default.removeItem(atPath: log)
  }

  /// What the node wrote to its standard error.
  var log: String { "\(directory).log" }

  var logged: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

  /// Whether the node writes that, or exactly so many times; a peer may know its answer before the node has written its line.
  func says(_ words: String, times: Int? = nil) async throws -> Bool {
    var said: Int { logged.components(separatedBy: words).count - 1 }
    for _ in 0..<1_000 where said < times ?? 1 { try await Task.sleep(for: .milliseconds(20)) }
    return times.map { said == $0 } ?? (said > 0)
  }

  func start() throws {
    process = ChildProcess()
    process.executableURL = URL(filePath: Tool.collimator)
    process.arguments = ["serve", "--data", directory, "--port", "0", "--grace", "1"] + arguments
    let output = Pipe()
    process.standardOutput = output
    if !FileManager.default.fileExists(atPath: log) { try Data().write(to: URL(filePath: log)) }
    let errors = try FileHandle(forWritingTo: URL(filePath: log))
    try errors.seekToEnd()
    process.standardError = errors
    try process.run()
    try errors.close()
    var said = ""
    // A line for each port comes when the node listens; a node that ends says nothing more, and reading ends too.
    var room = [UInt8](repeating: 0, count: 4096)
    let lines = arguments.contains("--tls-port") ? 2 : 1
    while said.count(where: { $0 == "\n" }) < lines {
      let count = read(output.fileHandleForReading.fileDescriptor, &room, room.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      said += String(decoding: room[..<count], as: UTF8.self)
    }
    let ports = said.split(separator: "\n")
    #expect(ports.first?.hasPrefix("COLLIMATOR is listening on 127.0.0.1:") == true, "\(logged)")
    port = String(ports.first?.split(separator: ":").last ?? "")
    guard lines == 2, ports.count > 1 else { return }
    #expect(ports[1].hasPrefix("COLLIMATOR is listening with TLS on 127.0.0.1:"))
    tlsPort = String(ports[1].split(separator: ":").last ?? "")
  }

  var processIdentifier: Int32 { process.processIdentifier }

  /// What Peers/oracle.py has to know of it: the last arguments of a script that plays an attack.
  var watched: [String] { ["--watched", "\(processIdentifier)", directory] }

  /// Asks the node to stop; returns its exit code, or 9 of one that does not within ten minutes and is killed.
  func stop() -> Int32 {
    process.terminate()
    _ = process.waitUntilExit(within: 600)
    return process.terminationStatus
  }

  /// As a power cut would, for the process.
  func kill() {
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  @discardableResult
  func command(_ arguments: String...) async throws -> Tool.Result {
    try await Tool.run(Tool.collimator, arguments + ["--data", directory])
  }

  /// The same, with something on standard input.
  @discardableResult
  func command(_ arguments: String..., input: String) async throws -> Tool.Result {
    try await Tool.run(Tool.collimator, arguments + ["--data", directory], input: input)
  }

  /// A peer from this machine.
  func addPeer(_ name: String, may: String, _ more: String...) async throws {
    try await addPeer(name, may: may, more)
  }

  func addPeer(_ name: String, may: String, _ more: [String]) async throws {
    let result = try await Tool.run(
      Tool.collimator,
      ["peer", "add", name, "--address", "127.0.0.1", "--may", may] + more + ["--data", directory])
    #expect(result.status == 0, "\(result.errors)")
  }

  func dcmtk(
    _ tool: String, as calling: String, _ arguments: [String], files: [String] = [], through tunnel: Tunnel? = nil
  ) async throws -> Tool.Result {
    try await Tool.dcmtk(
      tool, ["-aet", calling, "-aec", "COLLIMATOR"] + arguments + ["127.0.0.1", tunnel?.port ?? port] + files)
  }

  func send(_ paths: [String], as calling: String) async throws -> [SentFile] {
    let result = try await Tool.run(Tool.collimator, ["send", "--json", "--calling", calling, "--port", port] + paths)
    return try JSONDecoder().decode([SentFile].self, from: Data(result.output.utf8))
  }

  /// What findscu is answered: the values of one attribute in each match.
  func find(
    _ keyword: String, tag: String, at level: String, as calling: String, _ keys: [String] = [], model: String = "-P"
  ) async throws -> [String] {
    let arguments = [model, "-k", "QueryRetrieveLevel=\(level)", "-k", keyword] + keys.flatMap { ["-k", $0] }
    let result = try await dcmtk("findscu", as: calling, arguments)
    #expect(result.status == 0, "\(result.all)")
    // "I: (0020,000d) UI [1.2.3] #  …": what the request said has no "Pending" line before it.
    return result.all.components(separatedBy: "(Pending)").dropFirst().map { answer in
      let line = answer.split(separator: "\n").first { $0.contains("(\(tag))") } ?? ""
      let value = line.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" }
      return value.trimmingCharacters(in: .whitespaces.union(.controlCharacters))
    }
  }

  /// The data sets that are stored: all that follows group 0002.
  func storedDataSets() throws -> [Data] {
    try storedFiles().map { try DataSetOfFile(path: $0).bytes }
  }

  func storedFiles() throws -> [String] {
    let root = "\(directory)/instances"
    return try FileManager.default.subpathsOfDirectory(atPath: root).filter { $0.hasSuffix(".dcm") }.map {
      "\(root)/\($0)"
    }
  }
}

struct SentFile: Decodable {
  let path: String
  let sopInstanceUID: String?
  let status: String?
  let comment: String?
}

/// What follows group 0002, found by its group length alone: a reader that knows nothing of ours.
struct DataSetOfFile {
  let bytes: Data

  init(path: String) throws {
    let file = try Data(contentsOf: URL(filePath: path))
    let length = file.subdata(in: 140..<144).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    bytes = file.subdata(in: 144 + length..<file.count)
  }
}
