// SPDX-License-Identifier: Apache-2.0

import CLinux
import CodecWorker
import DICOMData
import Foundation
import PixelCodecs
import Testing

/// The workers: what they give, what they cannot do, and what becomes of the node when they go.
struct CodecPoolTests {
  static let executable =
    ProcessInfo.processInfo.environment["COLLIMATOR_EXECUTABLE"]
    ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../.build/debug/collimator")
    .standardized
    .path

  static func pool(workers: Int = 1, deadline: Duration = .seconds(20)) -> CodecPool {
    var settings = CodecPool.Settings()
    settings.executable = executable
    settings.workers = workers
    settings.deadline = deadline
    return CodecPool(settings)
  }

  static func encoded(_ codec: PixelCodec = .jpegLS, seed: UInt64 = 1) async throws -> (DecodedFrame, EncodedFrame) {
    let frame = Samples.frame(try Samples.layout(64, 64, stored: 12), seed: seed)
    let bytes = try await UnconfinedCodecs().encode(frame, with: codec)
    return (frame, EncodedFrame(codec: codec, layout: frame.layout, bytes: Bytes(bytes)))
  }

  @Test(arguments: RoundTripTests.codecs)
  func workersDoWhatCodecsDo(_ codec: PixelCodec) async throws {
    let pool = Self.pool()
    // Colours too: what a codec looks up in a file it cannot look up behind the walls.
    for sample in RoundTripTests.cases where !RoundTripTests.isRefused(sample.layout, codec) {
      let frame = Samples.frame(sample.layout, fillsUnused: sample.fillsUnused)
      let bytes = try await pool.encode(frame, with: codec)
      #expect(bytes == (try await UnconfinedCodecs().encode(frame, with: codec)), "\(sample.testDescription)")
      let decoded = try await pool.decode(EncodedFrame(codec: codec, layout: frame.layout, bytes: Bytes(bytes)))
      #expect(decoded == frame, "\(sample.testDescription)")
    }
    #expect(await pool.statistics().replaced == 0)
  }

  @Test func codecErrorsCostNoWorker() async throws {
    let pool = Self.pool()
    let (frame, encoded) = try await Self.encoded()
    for length in [2, 20, 60] {
      let cut = EncodedFrame(codec: .jpegLS, layout: frame.layout, bytes: encoded.bytes.part(0..<length))
      let direct = await #expect(throws: PixelError.self) { try await UnconfinedCodecs().decode(cut) }
      let confined = await #expect(throws: PixelError.self) { try await pool.decode(cut) }
      #expect(direct == confined)
    }
    #expect(try await pool.decode(encoded) == frame)
    #expect(await pool.statistics().replaced == 0)
  }

  /// A36: no file, no network, no other program, little memory; seen from outside, as the kernel sees it.
  @Test func workersStandBehindAllWalls() async throws {
    let pool = Self.pool()
    try await pool.warm()
    let statistics = await pool.statistics()
    let process = try #require(statistics.processes.first)
    let all = CLINUX_NO_NEW_PRIVILEGES | CLINUX_LIMITS | CLINUX_LANDLOCK | CLINUX_SECCOMP
    // A kernel without Landlock leaves that wall out, and no other.
    #expect(statistics.walls | CLINUX_LANDLOCK == all)
    let status = try Self.text("/proc/\(process)/status")
    for line in ["NoNewPrivs:\t1", "Seccomp:\t2", "Threads:\t1"] { #expect(status.contains(line), "\(status)") }
    let limits = try Self.text("/proc/\(process)/limits")
    for (name, value) in [
      ("Max core file size", "0"), ("Max file size", "0"), ("Max open files", "4"), ("Max processes", "0"),
      ("Max cpu time", "600"),
    ] {
      let line = try #require(limits.split(separator: "\n").first { $0.hasPrefix(name) })
      #expect(line.dropFirst(name.count).split(separator: " ").first.map(String.init) == value, "\(line)")
    }
    #expect(!limits.split(separator: "\n").contains { $0.hasPrefix("Max address space") && $0.contains("unlimited") })
    // Of a process that leaves no traces, these are root's to see.
    guard getuid() == 0 else { return }
    let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").sorted()
    #expect(descriptors == ["0", "1", "2", "3"])
    let environment = try Self.text("/proc/\(process)/environ")
    #expect(environment.contains("SWIFT_BACKTRACE=enable=no") && !environment.contains("HOME="))
  }

  /// The same walls around a process that tries: each attempt has to fail, and memory and time have still to be had.
  @Test func nothingCanBeOpenedBehindTheWalls() async {
    await #expect(processExitsWith: .success) {
      let parent = getppid()
      guard clinux_confine(UInt64(64) << 30, 60) > 0 else { _exit(2) }
      if open("/etc/passwd", O_RDONLY) >= 0 || open("/tmp/collimator-codec-worker", O_CREAT | O_WRONLY, 0o600) >= 0 {
        _exit(3)
      }
      if socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) >= 0 || socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0) >= 0 {
        _exit(4)
      }
      if kill(parent, 0) == 0 { _exit(5) }
      var process: pid_t = 0
      if posix_spawn(&process, "/bin/true", nil, nil, [nil], [nil]) == 0 { _exit(6) }
      if mmap(nil, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED { _exit(7) }
      if dup(0) >= 0 || chdir("/") == 0 || unlink("/tmp/x") == 0 { _exit(8) }
      let room = malloc(1 << 20)
      if room == nil { _exit(9) }
      free(room)
      if mmap(nil, 128 << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED { _exit(10) }
      _exit(0)
    }
  }

  /// Some frame that is decoded, where others beside this test may keep a worker from its deadline.
  private static func expectDecoding(by pool: CodecPool) async throws {
    for seed in 100..<200 {
      let (frame, encoded) = try await encoded(seed: UInt64(seed))
      do throws(PixelError) {
        let decoded = try await pool.decode(encoded)
        return #expect(decoded == frame)
      } catch {
        guard case .deadlineExceeded = error else { throw error }
      }
    }
    Issue.record("no frame of a hundred was decoded in time")
  }

  /// A37 and F19: what hangs is killed at its deadline, what dies is replaced within 100 ms, and neither is tried again.
  @Test(arguments: [(SIGSTOP, true), (SIGKILL, false), (SIGSEGV, false)])
  func aLostWorkerCostsItsFrameAlone(_ signal: Int32, isLate: Bool) async throws {
    // What hangs never answers, however long; what is killed needs no deadline.
    let pool = Self.pool(deadline: isLate ? .milliseconds(500) : .seconds(600))
    try await pool.warm()
    let (_, encoded) = try await Self.encoded()
    let process = try #require(await pool.statistics().processes.first)
    kill(process, signal)
    let error = await #expect(throws: PixelError.self) { try await pool.decode(encoded) }
    if isLate {
      guard case .deadlineExceeded = error else { throw try #require(error) }
    } else {
      guard case .workerEnded = error else { throw try #require(error) }
    }
    await #expect(throws: PixelError.poisoned(.jpegLS)) { try await pool.decode(encoded) }
    try await Self.expectDecoding(by: pool)
    let statistics = await pool.statistics()
    #expect(isLate ? statistics.replaced >= 1 : statistics.replaced == 1)
    #expect(statistics.poisoned == statistics.replaced)
    #expect(statistics.processes.count == 1 && statistics.processes != [process])
    for _ in 0..<1_000 where kill(process, 0) == 0 { try await Task.sleep(for: .milliseconds(20)) }
    #expect(kill(process, 0) != 0, "the former worker was not reaped")
    // How long a replacement takes, some 20 ms, Benchmarks/Codecs says: this machine may be busy with all other tests.
  }

  /// A worker that had worked before may have been broken by an earlier frame: a fresh one is asked.
  @Test func aFrameIsTriedOnAFreshWorkerOnce() async throws {
    let pool = Self.pool()
    let (frame, encoded) = try await Self.encoded()
    #expect(try await pool.decode(encoded) == frame)
    kill(try #require(await pool.statistics().processes.first), SIGKILL)
    #expect(try await pool.decode(encoded) == frame)
    let statistics = await pool.statistics()
    #expect(statistics.replaced == 1 && statistics.poisoned == 0)
  }

  @Test func othersGoOnBesideALostWorker() async throws {
    // Nobody waits for the deadline of the one that hangs: the others have all that is asked for until then.
    let pool = Self.pool(workers: 3, deadline: .seconds(600))
    try await pool.warm()
    let victim = try #require(await pool.statistics().processes.first)
    kill(victim, SIGSTOP)
    let outcomes = try await withThrowingTaskGroup(of: Bool.self) { group in
      for seed in 1...60 {
        group.addTask {
          let (frame, encoded) = try await Self.encoded(seed: UInt64(seed))
          do { return try await pool.decode(encoded) == frame } catch PixelError.workerEnded { return false }
        }
      }
      var outcomes: [Bool] = []
      // One hangs: when the 59 others are there, it is let go.
      for try await outcome in group {
        outcomes.append(outcome)
        if outcomes.count == 59 { kill(victim, SIGKILL) }
      }
      return outcomes
    }
    #expect(outcomes.count == 60 && outcomes.filter { $0 }.count >= 59)
  }

  /// Several at once have the same ends as one after the other: what costs the worker costs none of those beside it.
  @Test func framesThatGoTogetherEndEachForItself() async throws {
    let pool = Self.pool()
    var frames: [DecodedFrame] = []
    var encoded: [EncodedFrame] = []
    for seed in 1...20 {
      let (frame, bytes) = try await Self.encoded([.jpegLS, .rle, .deflatedFrame][seed % 3], seed: UInt64(seed))
      frames.append(frame)
      encoded.append(bytes)
    }
    // The fourth is cut off.
    encoded[3] = EncodedFrame(
      codec: encoded[3].codec, layout: encoded[3].layout, bytes: encoded[3].bytes.part(0..<encoded[3].bytes.count / 2))
    let results = await pool.decode(encoded)
    #expect(results.count == 20)
    for (index, result) in results.enumerated() {
      if index == 3 {
        #expect(throws: PixelError.self) { try result.get() }
      } else {
        #expect(try result.get() == frames[index], "\(index)")
      }
    }
    #expect(await pool.statistics().replaced == 0)
    // A worker that is gone costs the first of them one more turn, and no other anything.
    kill(try #require(await pool.statistics().processes.first), SIGKILL)
    let again = await pool.decode(encoded)
    for (index, result) in again.enumerated() where index != 3 { #expect(try result.get() == frames[index]) }
    #expect(await pool.statistics().poisoned == 0)
  }

  /// Answers are untrusted input: nonsense, too much, too little, another's words.
  static let lies = [
    ("nothing", ""), ("no worker at all", "exec /bin/cat /dev/zero"),
    ("silence", "exec /bin/sleep 5"),
  ]

  @Test(arguments: lies)
  func whatIsNoWorkerIsNotBelieved(_ name: String, script: String) async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "collimator-liar-\(UUID().uuidString)")
    try Data("#!/bin/sh\n\(script)\n".utf8).write(to: path)
    defer { try? FileManager.default.removeItem(at: path) }
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path.path)
    var settings = CodecPool.Settings()
    settings.executable = path.path
    settings.workers = 1
    settings.startLimit = .milliseconds(300)
    let pool = CodecPool(settings)
    let (_, encoded) = try await Self.encoded()
    let error = await #expect(throws: PixelError.self) { try await pool.decode(encoded) }
    guard case .workerUnavailable = error else { throw try #require(error) }
  }

  @Test func answersThatCannotBeAreNoAnswers() {
    let good = CodecMessage.Response.done(outputCount: 7).bytes
    #expect(CodecMessage.Response(good) == .done(outputCount: 7))
    #expect(CodecMessage.Response(Array(good.dropLast())) == nil)
    #expect(CodecMessage.Response([UInt8](repeating: 0, count: 256)) == nil)
    #expect(CodecMessage.Response([UInt8](repeating: 0xFF, count: 256)) == nil)
    let reason = CodecMessage.Response.failed(.malformed, why: "a\u{1B}[31m\nb")
    #expect(CodecMessage.Response(reason.bytes) == .failed(.malformed, why: "a?[31m?b"))
    let long = CodecMessage.Response.failed(.codecFailed, why: String(repeating: "x", count: 9999))
    #expect(CodecMessage.Response(long.bytes) == .failed(.codecFailed, why: String(repeating: "x", count: 224)))
    for word in [1, 2, 3] {
      var broken = reason.bytes
      broken[4 * word + 3] = 0xFF
      #expect(CodecMessage.Response(broken) == nil)
    }
  }

  private static func text(_ path: String) throws -> String {
    String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
  }
}
