// SPDX-License-Identifier: Apache-2.0

import ChildProcesses
import Foundation
import Synchronization
import Testing

/// A password, a token or a code stands in no list of processes, no environment, no log and no record.
@Suite struct SecretTests {
  /// Looks at the arguments and the environment of every process of this machine, again and again, until told otherwise.
  private final class Watch: Sendable {
    private struct State {
      var found: Set<String> = []
      var rounds = 0
      /// Commands of the product that were looked at.
      var seen: Set<String> = []
    }

    private let secrets: [[UInt8]]
    private let state = Mutex(State())

    init(_ secrets: [String]) {
      self.secrets = secrets.map { Array($0.utf8) }
    }

    var found: Set<String> { state.withLock { $0.found } }
    var seen: Set<String> { state.withLock { $0.seen } }
    var rounds: Int { state.withLock { $0.rounds } }

    func look() {
      let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
      for process in processes where process.allSatisfy(\.isNumber) {
        for file in ["cmdline", "environ"] {
          guard let data = FileManager.default.contents(atPath: "/proc/\(process)/\(file)") else { continue }
          let bytes = [UInt8](data)
          let words = String(decoding: bytes, as: UTF8.self).split(separator: "\0")
          state.withLock { state in
            if file == "cmdline", words.first?.hasSuffix("/collimator") == true, words.count > 1 {
              state.seen.insert(String(words[1]))
            }
            for secret in secrets where bytes.firstRange(of: secret) != nil {
              state.found.insert("\(file) of \(words.first ?? "?")")
            }
          }
        }
      }
      state.withLock { $0.rounds += 1 }
    }

    /// While `body` goes on, and at least once.
    func during<Value>(_ body: () async throws -> Value) async rethrows -> Value {
      let flag = Flag()
      let thread = Thread { [self] in while !flag.isSet { look() } }
      thread.start()
      defer { flag.set() }
      return try await body()
    }
  }

  private final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
  }

  /// Planted: whoever gives a secret as an argument or in the environment is found.
  @Test func aSecretAmongArgumentsIsFound() throws {
    for (arguments, environment, place) in [
      (["-c", "echo; read line", "planted-71"], [:], "cmdline of /bin/sh"),
      (["-c", "echo; read line"], ["X": "planted-72"], "environ of X=planted-72"),
    ] as [([String], [String: String], String)] {
      let process = ChildProcess()
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments = arguments
      process.environment = environment
      let input = Pipe()
      process.standardInput = input
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      // By now it is what was started, and no copy of this process any more.
      #expect(try output.fileHandleForReading.read(upToCount: 1) == Data("\n".utf8))
      let watch = Watch(["planted-71", "planted-72"])
      watch.look()
      try input.fileHandleForWriting.close()
      process.waitUntilExit()
      #expect(watch.found == [place])
    }
  }

  @Test func secretsStandNowhere() async throws {
    let password = "secret-\(UUID().uuidString)"
    let node = try RunningNode(["--log-level", "trace"])
    try await node.addPeer("WS", may: "store,query", "--demand", "password", "--cleartext-passwords")
    try await node.addPeer("CLINIC", may: "query")
    #expect(try await node.command("import", Tool.fixture("us-multiframe.dcm")).status == 0)
    let opened = try await node.command("grant", "code", "--patient", "4711", "--for", "2h", "--json")
    let shown = try JSONSerialization.jsonObject(with: Data(opened.output.utf8)) as? [String: Any]
    let code = try #require(shown?["code"] as? String)
    // A token that is none is a secret all the same.
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.\(UUID().uuidString)"
    let folder = try TemporaryFolder()
    try Data(token.utf8).write(to: URL(filePath: "\(folder.path)/token"))
    let watch = Watch([password, code, token])
    let call = ["--calling", "WS", "--port", node.port, "--cleartext-passwords"]
    try await watch.during {
      #expect(try await node.command("user", "add", "weber", "--with-password", input: password + "\n").status == 0)
      let add = try await node.command("grant", "add", "--to", "weber", "--everything")
      #expect(add.status == 0)
      let asked = ["-k", "StudyInstanceUID"]
      let found = try await Tool.run(
        Tool.collimator, ["find", "--user", "weber"] + asked + call, input: password + "\n")
      #expect(found.status == 0 && found.output.contains("1 match"), "\(found.all)")
      let wrong = try await Tool.run(
        Tool.collimator, ["find", "--user", "weber"] + asked + call, input: password + "x\n")
      #expect(wrong.status != 0)
      let judged = try await Tool.run(
        Tool.collimator, ["find", "--token", "\(folder.path)/token"] + asked + call)
      #expect(judged.status != 0)
      // The codec's worker is a process of its own.
      let study = try #require(found.output.firstMatch(of: /\d+(\.\d+)+/)).output.0
      let rendered = try await node.command(
        "render", "--study", String(study), "-o", "\(folder.path)/picture.png")
      #expect(rendered.status == 0, "\(rendered.all)")
      #expect(try await node.command("grant", "redeem", "--as", "CLINIC", input: code + "\n").status == 0)
      for _ in 0..<3 { watch.look() }
    }
    #expect(watch.found.isEmpty)
    #expect(watch.seen.isSuperset(of: ["serve", "find"]), "\(watch.seen)")
    let recorded = try await node.command("audit", "list", "--json", "--limit", "1000000").output
    let messages = try await node.command("audit", "export").output
    #expect(recorded.contains("weber") && messages.contains("weber"))
    #expect(node.stop() == 0)
    for secret in [password, code, token] {
      #expect(!node.logged.contains(secret) && !recorded.contains(secret) && !messages.contains(secret))
      #expect(!messages.contains(Data(secret.utf8).base64EncodedString()))
    }
    // Not in the clear on the disk either.
    let database = try Data(contentsOf: URL(filePath: "\(node.directory)/index.sqlite"))
    for secret in [password, code, token] { #expect(database.firstRange(of: Data(secret.utf8)) == nil) }
  }
}
