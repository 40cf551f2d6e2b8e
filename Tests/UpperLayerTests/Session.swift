// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import Testing

@testable import UpperLayer

/// An association of other implementations with each other, as it was captured: Fixtures/upper-layer-sessions.tsv.
struct Session: CustomTestStringConvertible {
  struct Turn {
    let role: UpperLayerStateMachine.Role
    let bytes: ByteBuffer
  }

  let name: String
  var turns: [Turn] = []

  var testDescription: String { name }

  static let all: [Session] = {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Fixtures/upper-layer-sessions.tsv")
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
    var sessions: [Session] = []
    for line in text.split(separator: "\n").dropFirst() {
      let columns = line.split(separator: "\t").map(String.init)
      guard columns.count == 3, let bytes = bytes(hex: columns[2]) else { return [] }
      if sessions.last?.name != columns[0] { sessions.append(Session(name: columns[0])) }
      sessions[sessions.count - 1].turns.append(
        Turn(role: columns[1] == "requestor" ? .requestor : .acceptor, bytes: ByteBuffer(bytes: bytes)))
    }
    return sessions
  }()

  func count(from role: UpperLayerStateMachine.Role) -> Int {
    turns.filter { $0.role == role }.map(\.bytes.readableBytes).reduce(0, +)
  }

  private static func bytes(hex: String) -> [UInt8]? {
    var digits = hex[...]
    var bytes: [UInt8] = []
    while !digits.isEmpty {
      guard let byte = UInt8(digits.prefix(2), radix: 16) else { return nil }
      bytes.append(byte)
      digits = digits.dropFirst(2)
    }
    return bytes
  }
}

extension Session.Turn {
  /// The types of its PDUs: a turn holds whole ones.
  var pduTypes: [UInt8] {
    var rest = bytes
    var types: [UInt8] = []
    while let (type, _, length) = rest.readMultipleIntegers(as: (UInt8, UInt8, UInt32).self),
      rest.readSlice(length: Int(length)) != nil
    {
      types.append(type)
    }
    return types
  }
}
