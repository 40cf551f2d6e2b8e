// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Whatever a peer sends in an association, in whatever pieces: messages are whole or nothing (PS3.7 §6.3.1), what belongs to none
/// ends the association, what a command says survives being written again, and whoever reads the messages comes to an end.
func fuzzMessages(_ input: [UInt8]) {
  guard let conduct = MessagesConduct(input) else { return }
  let session = conduct.session(input.dropFirst(2))
  let cut = MessagesRun(conduct)
  cut.receive(session, inPieces: true)
  cut.finish()
  let whole = MessagesRun(conduct)
  whole.receive(session, inPieces: false)
  whole.finish()
  require(whole.heard == cut.heard, "what was heard depends on how the bytes came:\n\(whole.heard)\n\(cut.heard)")
  require(whole.read == cut.read, "what was read depends on how the bytes came:\n\(whole.read)\n\(cut.read)")
  require(whole.sent == cut.sent, "the answer depends on how the bytes came")
}

/// What the acceptor does with its messages, and what an input stands for: its first two bytes.
struct MessagesConduct {
  enum Reading: UInt8 {
    case nothing, upToALimit, everything, byTurns
  }

  let reading: Reading
  /// Reads only once all has come.
  let isSlow: Bool
  let longestPiece: Int
  let seed: UInt8
  private let form: UInt8

  init?(_ input: [UInt8]) {
    guard input.count > 2, let reading = Reading(rawValue: input[0] & 3) else { return nil }
    self.reading = reading
    isSlow = input[0] & 4 != 0
    form = input[0] >> 3 & 3
    longestPiece = [1, 3, 7, 16, 64, 200, 1000, 1 << 16][Int(input[0] >> 5)]
    seed = input[1]
  }

  /// The bytes as they are; those behind a request that is accepted; or P-DATA-TF made of them.
  func session(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    switch form {
    case 0: Array(bytes)
    case 1: Self.request + bytes
    default: Self.request + fragments(bytes)
    }
  }

  /// Each: a byte of what it is, one of how long it is, and its data; or a command set that there is, whole or cut short.
  private func fragments(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var (rest, session) = (bytes, [UInt8]())
    while rest.count > 1, let what = rest.popFirst(), let length = rest.popFirst() {
      var data = Array(rest.prefix(Int(length)))
      if what & 0x80 != 0 {
        let command = Self.commands[Int(what >> 4 & 7)]
        data = what & 0x04 == 0 ? command : Array(command.prefix(Int(length)))
      } else {
        rest = rest.dropFirst(data.count)
      }
      // Contexts 1, 3 and 5 are accepted, 7 is not.
      let contextID = (what >> 2 & 3) << 1 | 1
      session += Self.bigEndian(0x0400, 2) + Self.bigEndian(data.count + 6, 4) + Self.bigEndian(data.count + 2, 4)
      session += [contextID, what & 3] + data
    }
    return session
  }

  static let contexts: [UInt8] = [1, 3, 5]

  /// PS3.8 §9.3.2: contexts 1, 3 and 5.
  private static let request: [UInt8] = {
    let request = AssociateRQ(
      calledAETitle: "CALLED", callingAETitle: "CALLING",
      presentationContexts: contexts.map {
        ProposedPresentationContext(id: $0, abstractSyntax: "1.2.\($0)", transferSyntaxes: ["1.2.840.10008.1.2"])
      }, userInformation: UserInformation(maximumLength: 4096, implementationClassUID: "2.25.1"))
    return MessagesRun.bytes(of: request)
  }()

  private static let commands: [[UInt8]] = [
    (.cEchoRQ, false), (.cStoreRQ, true), (.cFindRQ, true), (.cGetRQ, true), (.cCancelRQ, false), (.cStoreRSP, false),
    (.nActionRQ, true), (.nEventReportRSP, false),
  ].map { (field: CommandField, hasDataSet: Bool) in
    var command = CommandSet(field)
    command.affectedSOPClassUID = "1.2.1"
    command.hasDataSet = hasDataSet
    if field.isResponse || field == .cCancelRQ {
      (command.messageIDBeingRespondedTo, command.status) = (7, .success)
    } else {
      command.messageID = 7
    }
    return Array(command.encoded().readableBytesView)
  }

  private static func bigEndian(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
  }
}
