// SPDX-License-Identifier: Apache-2.0

import NIOCore

@testable import UpperLayer

/// What a side was told, with the pieces of data put together: where they are cut depends on how the bytes came.
enum Heard: Equatable {
  case associate, accepted, rejected, release, releaseConfirmed, ended
  case data([UInt8])

  static func all(_ indications: [UpperLayerIndication]) -> [Heard] {
    var heard: [Heard] = []
    for indication in indications {
      switch indication {
      case .associate: heard.append(.associate)
      case .accepted: heard.append(.accepted)
      case .rejected: heard.append(.rejected)
      case .release: heard.append(.release)
      case .releaseConfirmed: heard.append(.releaseConfirmed)
      case .ended: heard.append(.ended)
      case .data(let value):
        var bytes = Array(value.data.readableBytesView)
        if case .data(let before) = heard.last {
          heard.removeLast()
          bytes = before + bytes
        }
        heard.append(.data(bytes))
      }
    }
    return heard
  }

  /// Whether this was told on the way to `whole`.
  static func isBeginning(_ heard: [Heard], of whole: [Heard]) -> Bool {
    guard heard.count <= whole.count else { return false }
    for (index, (one, other)) in zip(heard, whole).enumerated() where one != other {
      guard case (.data(let part), .data(let all)) = (one, other), index == heard.count - 1, all.starts(with: part)
      else { return false }
    }
    return true
  }
}
