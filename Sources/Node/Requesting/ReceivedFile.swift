// SPDX-License-Identifier: Apache-2.0

// The importer of C files `struct stat` under this module where crypto packages are imported beside Glibc.
import CoreFoundation
import Glibc
import NIOCore
import NIOPosix

/// A file in the making, written on threads that may wait for a disk; nobody sees it under its name before it is whole.
final class ReceivedFile: Sendable {
  private let descriptor: CInt
  private let partial: String
  private let path: String

  private init(descriptor: CInt, partial: String, path: String) {
    self.descriptor = descriptor
    self.partial = partial
    self.path = path
  }

  deinit {
    close(descriptor)
    // Under its own name by now, unless it was given up.
    unlink(partial)
  }

  /// Throws where there is no such folder, or something of the name `path` already.
  static func create(_ path: String) async throws -> ReceivedFile {
    try await NIOThreadPool.singleton.runIfActive {
      let partial = path + ".part"
      let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
      guard descriptor >= 0 else { throw failure("create", partial) }
      return ReceivedFile(descriptor: descriptor, partial: partial, path: path)
    }
  }

  func write(_ bytes: ByteBuffer) async throws {
    try await NIOThreadPool.singleton.runIfActive { [self] in
      var rest = bytes.readableBytesView[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { throw Self.failure("write", partial) }
        rest = rest.dropFirst(count)
      }
    }
  }

  func finish() async throws {
    try await NIOThreadPool.singleton.runIfActive { [self] in
      guard rename(partial, path) == 0 else { throw Self.failure("name", path) }
    }
  }

  private static func failure(_ what: String, _ path: String) -> OperationError {
    OperationError("cannot \(what) '\(path)': \(String(cString: strerror(errno)))")
  }
}
