// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A worker as the node sees it: a process, two pipes, and a share in an arena. Killed and reaped when it is let go.
final class CodecProcess {
  enum Silence: Error {
    case ended(String)
    case late
    /// It said what no honest worker says.
    case lied
  }

  let process: pid_t
  private let toWorker: CInt
  private let fromWorker: CInt
  private(set) var framesDone = 0
  private var isReaped = false

  private init(process: pid_t, toWorker: CInt, fromWorker: CInt) {
    self.process = process
    self.toWorker = toWorker
    self.fromWorker = fromWorker
  }

  deinit {
    end()
    close(toWorker)
    close(fromWorker)
  }

  /// Starts a worker; the walls it stands behind are the first thing it says.
  static func started(_ executable: String, arena: CodecArena) throws(PixelError) -> CodecProcess {
    var request: [CInt] = [-1, -1]
    var response: [CInt] = [-1, -1]
    guard clinux_pipe(&request) == 0 else { throw .workerUnavailable(why: "no pipe") }
    guard clinux_pipe(&response) == 0 else {
      request.forEach { _ = close($0) }
      throw .workerUnavailable(why: "no pipe")
    }
    var process: pid_t = 0
    let failure = withCStrings(["collimator", "codec-worker"]) { arguments in
      withCStrings(environment) { environment in
        clinux_spawn(&process, executable, arguments, environment, request[0], response[1], arena.memory)
      }
    }
    close(request[0])
    close(response[1])
    guard failure == 0 else {
      close(request[1])
      close(response[0])
      throw .workerUnavailable(why: "\(executable): \(String(cString: strerror(failure)))")
    }
    return CodecProcess(process: process, toWorker: request[1], fromWorker: response[0])
  }

  /// Nothing of the node's own but where libraries are: no secret, no dictionary for DCMTK to look for, and no backtrace, for
  /// a worker that traps is to be gone at once.
  private static var environment: [String] {
    let libraries = getenv("LD_LIBRARY_PATH").map { ["LD_LIBRARY_PATH=" + String(cString: $0)] } ?? []
    return ["SWIFT_BACKTRACE=enable=no", "DCMDICTPATH=", "LC_ALL=C"] + libraries
  }

  /// Shorter than a pipe holds, and no more than a few are under way: it cannot wait. Whether the worker is there to read it,
  /// `receive` tells.
  func send(_ message: [UInt8]) throws(Silence) {
    let sent = message.withUnsafeBytes { write(toWorker, $0.baseAddress, $0.count) }
    guard sent == message.count else { throw .ended(obituary()) }
  }

  /// An answer. It is as trustworthy as what was decoded.
  func answer(until deadline: ContinuousClock.Instant) throws(Silence) -> CodecMessage.Response {
    let response = try receive(until: deadline)
    framesDone += 1
    return response
  }

  func receive(until deadline: ContinuousClock.Instant) throws(Silence) -> CodecMessage.Response {
    var bytes = [UInt8](repeating: 0, count: CodecMessage.byteCount)
    var filled = 0
    while filled < bytes.count {
      let left = ContinuousClock.now.duration(to: deadline)
      guard left > .zero else { throw .late }
      var waiting = pollfd(fd: fromWorker, events: Int16(POLLIN), revents: 0)
      let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
      let ready = poll(&waiting, 1, CInt(clamping: milliseconds))
      if ready < 0, errno == EINTR { continue }
      guard ready > 0 else { throw .late }
      let got = bytes.withUnsafeMutableBytes { room in
        read(fromWorker, room.baseAddress.map { $0 + filled }, room.count - filled)
      }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { throw .ended(obituary()) }
      filled += got
    }
    guard let response = CodecMessage.Response(bytes) else { throw .lied }
    return response
  }

  /// Kills it, if it still is, and says what it died of.
  @discardableResult
  private func end() -> CInt {
    guard !isReaped else { return 0 }
    isReaped = true
    kill(process, SIGKILL)
    var status: CInt = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status
  }

  private func obituary() -> String {
    // It closed its pipe: it is ending by itself, and what of is worth a moment.
    var status: CInt = 0
    for _ in 0..<100 where !isReaped {
      if waitpid(process, &status, WNOHANG) == process { isReaped = true } else { usleep(500) }
    }
    if !isReaped { status = end() }
    let signal = status & 0x7F
    return signal == 0 ? "exit status \(status >> 8 & 0xFF)" : "signal \(signal)"
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    defer { pointers.forEach { free($0) } }
    pointers.append(nil)
    return pointers.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { preconditionFailure("an array with an element has an address") }
      return body(start)
    }
  }
}
