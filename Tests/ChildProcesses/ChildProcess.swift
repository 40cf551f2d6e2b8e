// SPDX-License-Identifier: Apache-2.0

import CSpawn
package import Foundation
import Glibc

/// A program that a test runs: Foundation's `Process`, as far as tests need it.
///
/// Foundation's own reads past the end of a directory listing where the test process has more than a thousand files open, and
/// hands its thread's signal mask down, so that a child may not hear SIGTERM.
package final class ChildProcess {
  package var executableURL: URL?
  package var arguments: [String] = []
  /// nil for this process' own.
  package var environment: [String: String]?
  package var currentDirectoryURL: URL?
  /// A `Pipe` or a `FileHandle` each; nil for this process' own.
  package var standardInput: Any?
  package var standardOutput: Any?
  package var standardError: Any?
  package private(set) var processIdentifier: Int32 = 0
  /// The exit status, or the signal that ended it.
  package private(set) var terminationStatus: Int32 = 0
  private var isOver = true

  package init() {}

  /// Begins the program; throws where there is none.
  package func run() throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    defer { close(null) }
    for (number, stream) in [standardInput, standardOutput, standardError].enumerated() {
      guard let descriptor = Self.descriptor(of: stream, isInput: number == 0, null: null) else { continue }
      posix_spawn_file_actions_adddup2(&actions, descriptor, CInt(number))
    }
    cspawn_close_from(&actions, 3)
    if let directory = currentDirectoryURL?.path { cspawn_change_directory(&actions, directory) }
    try spawn(&actions)
    isOver = false
    // The child has its own: a reader of the pipe has to see its end.
    try (standardInput as? Pipe)?.fileHandleForReading.close()
    for stream in [standardOutput, standardError] { try (stream as? Pipe)?.fileHandleForWriting.close() }
  }

  package var isRunning: Bool {
    if !isOver { wait(WNOHANG) }
    return !isOver
  }

  package func terminate() {
    if isRunning { kill(processIdentifier, SIGTERM) }
  }

  /// Nothing is left of it, not even a process that nobody has waited for: the test library would wait for that for ever.
  package func endAtOnce() {
    if isRunning { kill(processIdentifier, SIGKILL) }
    waitUntilExit()
  }

  deinit {
    endAtOnce()
  }

  package func waitUntilExit() {
    while !isOver { wait(0) }
  }

  /// Whether it ended within so many seconds; where not, it is ended.
  package func waitUntilExit(within seconds: Int) -> Bool {
    let isLate = !isOver && cspawn_ended(processIdentifier, CInt(clamping: seconds * 1000)) == 0
    if isLate { kill(processIdentifier, SIGKILL) }
    waitUntilExit()
    return !isLate
  }

  private func wait(_ options: CInt) {
    var status: CInt = 0
    let found = waitpid(processIdentifier, &status, options)
    if found == 0 || (found < 0 && errno == EINTR) { return }
    isOver = true
    // wait(2): the low seven bits are the signal, the next byte is the exit status.
    terminationStatus = status & 0x7F == 0 ? (status >> 8) & 0xFF : status & 0x7F
  }

  private func spawn(_ actions: inout posix_spawn_file_actions_t) throws {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let path = executableURL?.path ?? ""
    let variables = (environment ?? ProcessInfo.processInfo.environment).map { "\($0)=\($1)" }
    var texts = ([path] + arguments).map { strdup($0) } + [nil]
    var values = variables.map { strdup($0) } + [nil]
    defer { for text in texts + values { free(text) } }
    let code = posix_spawn(&processIdentifier, path, &actions, &attributes, &texts, &values)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL) }
  }

  private static func descriptor(of stream: Any?, isInput: Bool, null: CInt) -> CInt? {
    switch stream {
    case let pipe as Pipe: (isInput ? pipe.fileHandleForReading : pipe.fileHandleForWriting).fileDescriptor
    case let handle as FileHandle: handle === FileHandle.nullDevice ? null : handle.fileDescriptor
    default: nil
    }
  }
}
