// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded

/// Whatever comes, in whatever pieces, the association keeps the order of PS3.8, says only whole PDUs, ends once, and lets go of
/// all it took; and where only the peer acts, the pieces make no difference.
func fuzzAssociation(_ input: [UInt8]) {
  guard let conduct = Conduct(input) else { return }
  let bytes = input.dropFirst(2)
  let cut = AssociationRun(conduct)
  cut.receive(bytes, inPieces: true)
  cut.finish()
  guard !conduct.isActive, !conduct.takesTime else { return }
  let whole = AssociationRun(conduct)
  whole.receive(bytes, inPieces: false)
  whole.finish()
  require(whole.sent == cut.sent, "the answer depends on how the bytes came")
  require(
    whole.heard == cut.heard && whole.data == cut.data,
    "what was heard depends on how the bytes came: \(whole.heard) or \(cut.heard), \(whole.data.count) bytes or \(cut.data.count)"
  )
}

/// What the side that is fuzzed does: the first two bytes of an input.
struct Conduct {
  enum Answer {
    case acceptance, rejection, abort
  }

  let role: UpperLayerStateMachine.Role
  let answer: Answer
  /// Sends, releases and aborts of its own accord, at random.
  let isActive: Bool
  let takesTime: Bool
  let longestPiece: Int
  let seed: UInt8

  init?(_ input: [UInt8]) {
    guard input.count > 2 else { return nil }
    role = input[0] & 1 == 0 ? .acceptor : .requestor
    answer =
      switch input[0] >> 1 & 3 {
      case 2: .rejection
      case 3: .abort
      default: .acceptance
      }
    isActive = input[0] & 8 != 0
    takesTime = input[0] & 16 != 0
    longestPiece = [1, 3, 7, 16, 64, 200, 1000, 1 << 16][Int(input[0] >> 5)]
    seed = input[1]
  }
}
