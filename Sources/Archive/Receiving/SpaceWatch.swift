// SPDX-License-Identifier: Apache-2.0

// The importer of C files some structs of Glibc under this module where crypto packages are imported too.
import CoreFoundation
import Glibc

/// Keeps a reserve of the disk free, so that the node can still write its index, and its operator can still work.
struct SpaceWatch: Sendable {
  let directory: String
  /// Bytes.
  let reserve: Int

  /// How much may still arrive before the reserve is touched; nil where the file system does not say.
  var room: Int? {
    var status = statvfs()
    guard statvfs(directory, &status) == 0 else { return nil }
    let (free, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
    return overflow ? nil : free - reserve
  }

  /// Looked at anew each time: once there is space again, objects are taken again.
  func requireRoom() throws(ReceptionError) {
    guard reserve > 0, let room, room <= 0 else { return }
    throw ReceptionError(
      .outOfResources, "the disk has less free space than the reserve of \(reserve >> 20) MiB: try again later")
  }
}
