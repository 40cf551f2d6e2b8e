// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Copies of a fixture with other SOP Instance UIDs of the same length, in a folder of its own.
struct ManyObjects: ~Copyable {
  let path: String

  init(count: Int) throws {
    path = FileManager.default.temporaryDirectory.appending(path: "collimator-many-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let template = try Data(contentsOf: URL(filePath: Tool.fixture("ct-1.dcm")))
    // The first UID under 2.25 is the instance's, in group 0002; it stands in the data set again.
    let text = String(decoding: template, as: Unicode.ASCII.self)
    let uid = try #require(text.firstMatch(of: /2\.25\.\d+/)).output
    for number in 0..<count {
      var copy = template
      let other = Data("\(uid.dropLast(5))\(10_000 + number)".utf8)
      for _ in 0..<2 {
        let found = try #require(copy.range(of: Data(uid.utf8)))
        copy.replaceSubrange(found, with: other)
      }
      try copy.write(to: URL(filePath: "\(path)/\(number).dcm"))
    }
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func dataSets() throws -> [Data] {
    try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".dcm") }.map {
      try DataSetOfFile(path: "\(path)/\($0)").bytes
    }
  }
}
