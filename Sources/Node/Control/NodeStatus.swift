// SPDX-License-Identifier: Apache-2.0

package import Archive
import Glibc

/// How a running node is doing.
package struct NodeStatus: Codable, Sendable {
  package struct TLS: Codable, Sendable {
    package let port: Int
    /// ISO 8601.
    package let certificateExpires: String?
  }

  package let aeTitle: String
  package let address: String
  package let port: Int
  package let tls: TLS?
  package let process: Int32
  package let residentKiB: Int
  package let openFiles: Int
  package let mostOpenFiles: Int
  package let associations: AssociationListing
  package let limits: LimitsInEffect
  /// Why no object is taken any more since the disk failed; nil while all is well.
  package let readOnly: String?
  /// Bytes that may still be stored before the disk's reserve is touched; below zero, objects are refused. nil where the
  /// file system does not say.
  package let room: Int?
  /// Bytes of the disk that stay free.
  package let reserve: Int
  package let audit: AuditStatus
  /// Kept for studies that others began, and seen by nobody else until it is let in; nil while the index cannot be read.
  package let aside: AsideCount?

  init(
    aeTitle: String, address: String, port: Int, tls: TLS?, associations: AssociationListing,
    limits: LimitsInEffect, readOnly: String?, space: (room: Int?, reserve: Int), audit: AuditStatus,
    aside: AsideCount?
  ) {
    self.aside = aside
    self.limits = limits
    self.audit = audit
    self.readOnly = readOnly
    room = space.room
    reserve = space.reserve
    self.aeTitle = aeTitle
    self.address = address
    self.port = port
    self.tls = tls
    self.associations = associations
    process = getpid()
    residentKiB = Self.residentPages * (Int(sysconf(CInt(_SC_PAGESIZE))) / 1024)
    openFiles = Self.descriptors
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    mostOpenFiles = Int(clamping: limit.rlim_cur)
  }

  /// The second number of proc(5)'s statm.
  private static var residentPages: Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    guard fgets(&line, CInt(line.count), file) != nil else { return 0 }
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let fields = text.split(separator: " ")
    return fields.count > 1 ? Int(fields[1]) ?? 0 : 0
  }

  private static var descriptors: Int {
    guard let folder = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // Itself, "." and "..".
    return max(count - 3, 0)
  }
}
