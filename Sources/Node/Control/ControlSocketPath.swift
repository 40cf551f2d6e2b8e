// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where the control socket of a data directory is reached. A socket's address holds 107 bytes and a directory's path may
/// be longer, so a long one is reached through an open descriptor of the directory.
struct ControlSocketPath: ~Copyable {
  let path: String
  private let descriptor: CInt

  init(directory: String) throws(OperationError) {
    let direct = directory + "/control"
    guard direct.utf8.count > 100 else {
      path = direct
      descriptor = -1
      return
    }
    let opened = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard opened >= 0 else {
      throw OperationError("cannot open the data directory '\(directory)': \(String(cString: strerror(errno)))")
    }
    descriptor = opened
    path = "/proc/self/fd/\(opened)/control"
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }
}
