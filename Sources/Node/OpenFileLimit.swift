// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How many descriptors this process may have: each connection is one, and each object on its way in.
enum OpenFileLimit {
  /// As many as the machine's administrator allows: a shell's usual 1,024 are fewer than one hospital's connections.
  static func raise() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max else {
      return
    }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
