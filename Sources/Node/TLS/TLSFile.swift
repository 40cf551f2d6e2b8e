// SPDX-License-Identifier: Apache-2.0

// The importer of C files `struct stat` under this module where crypto packages are imported beside Glibc.
import CoreFoundation
import Glibc
import NIOSSL

/// A file with certificates or a key. What is wrong with it is said with its name, and what to do.
struct TLSFile {
  /// What changes when a file does: replaced, written, or let be read by others.
  struct Stamp: Equatable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    private let written: Int
    private let changed: Int

    /// nil where there is no such file, which is a change too.
    init?(path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
      size = Int64(status.st_size)
      written = status.st_mtim.tv_sec &* 1_000_000_000 &+ status.st_mtim.tv_nsec
      changed = status.st_ctim.tv_sec &* 1_000_000_000 &+ status.st_ctim.tv_nsec
    }
  }

  /// Every authority of the world together takes a quarter of it.
  private static let longestOfCertificates = 1 << 20

  let path: String
  let bytes: [UInt8]

  init(path: String, isSecret: Bool = false, longest: Int = longestOfCertificates) throws(OperationError) {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure(path, "cannot be read: \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Self.failure(path, "is no regular file")
    }
    if isSecret { try Self.requirePrivate(path, status) }
    var read = [UInt8]()
    var room = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(descriptor, &room, room.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw Self.failure(path, "cannot be read: \(String(cString: strerror(errno)))") }
      if count == 0 { break }
      read += room[..<count]
      guard read.count <= longest else { throw Self.failure(path, "is longer than \(longest) bytes") }
    }
    bytes = read
  }

  /// The certificates of a PEM file, in their order.
  func certificates() throws(OperationError) -> [NIOSSLCertificate] {
    let found = (try? NIOSSLCertificate.fromPEMBytes(bytes)) ?? []
    guard !found.isEmpty else {
      throw Self.failure(path, "has no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
    }
    return found
  }

  func privateKey() throws(OperationError) -> NIOSSLPrivateKey {
    do {
      return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
    } catch {
      // A passphrase would have to stand beside it: the file's permissions are what protects the key.
      let isEncrypted = String(decoding: bytes, as: UTF8.self).contains("ENCRYPTED")
      throw Self.failure(
        path,
        isEncrypted
          ? "is encrypted; keep the key without a passphrase, readable by the node's user alone"
          : "has no private key in PEM form (-----BEGIN PRIVATE KEY-----)")
    }
  }

  static func failure(_ path: String, _ what: String) -> OperationError { OperationError("'\(path)' \(what)") }

  /// A key is its owner's; one of root's may be read by a group that was made for it, as Debian's ssl-cert.
  private static func requirePrivate(_ path: String, _ status: stat) throws(OperationError) {
    let mode = status.st_mode & 0o777
    let forbidden: mode_t = status.st_uid == 0 ? 0o027 : 0o077
    guard mode & forbidden == 0 else {
      throw failure(path, "can be read by others (mode \(String(mode, radix: 8))): chmod 600 '\(path)'")
    }
  }
}
