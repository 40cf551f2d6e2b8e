// SPDX-License-Identifier: Apache-2.0

/// Where the files of objects are in a data directory. Nothing that a peer sent is part of a path.
struct ObjectPaths: Sendable {
  let directory: String

  var arrivals: String { directory + "/arrivals" }
  var incoming: String { directory + "/incoming" }
  var instances: String { directory + "/instances" }
  var quarantine: String { directory + "/quarantine" }

  static let shelves = (0..<256).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }

  /// While the object is on its way.
  func incoming(_ key: ObjectKey) -> String { "\(incoming)/\(key.name)" }
  func shelf(of key: ObjectKey) -> String { "\(instances)/\(key.name.prefix(2))" }
  func path(of key: ObjectKey) -> String { "\(shelf(of: key))/\(key.name).dcm" }
}
