// SPDX-License-Identifier: Apache-2.0

package import Glibc

/// The operating-system user behind a command.
package struct Operator: Sendable, Hashable {
  package let uid: uid_t
  package let name: String

  package init(uid: uid_t) {
    self.uid = uid
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var room = [CChar](repeating: 0, count: 4096)
    let isKnown = getpwuid_r(uid, &entry, &room, room.count, &found) == 0 && found != nil
    name = isKnown ? String(cString: entry.pw_name) : "uid \(uid)"
  }

  package static var current: Operator { Operator(uid: geteuid()) }
}
