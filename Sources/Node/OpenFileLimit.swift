// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How many descriptors this process may have: each connection is one, and each object on its way in.
enum OpenFileLimit {
  /// As many as the machine's administrator allows: a shell's usual 1,024 are fewer than one hospital's connections.
  /// Returns how many those are.
  static func raise() -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
    if limit.rlim_cur < limit.rlim_max {
      let before = limit.rlim_cur
      limit.rlim_cur = limit.rlim_max
      if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { limit.rlim_cur = before }
    }
    return Int(clamping: limit.rlim_cur)
  }

  /// Of so many descriptors a third, and no fewer than 64, are for what is stored and asked: strangers who hold connections
  /// must not keep the archive from its files.
  static func connections(atMost wished: Int, of descriptors: Int) -> Int {
    max(min(wished, descriptors - max(descriptors / 3, 64)), 1)
  }
}
