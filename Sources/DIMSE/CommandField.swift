// SPDX-License-Identifier: Apache-2.0

/// Command Field (0000,0100), PS3.7 annex E. A response is its request with the highest bit set.
package enum CommandField: UInt16, Sendable, CaseIterable, CustomStringConvertible {
  case cStoreRQ = 0x0001
  case cStoreRSP = 0x8001
  case cGetRQ = 0x0010
  case cGetRSP = 0x8010
  case cFindRQ = 0x0020
  case cFindRSP = 0x8020
  case cMoveRQ = 0x0021
  case cMoveRSP = 0x8021
  case cEchoRQ = 0x0030
  case cEchoRSP = 0x8030
  case nEventReportRQ = 0x0100
  case nEventReportRSP = 0x8100
  case nGetRQ = 0x0110
  case nGetRSP = 0x8110
  case nSetRQ = 0x0120
  case nSetRSP = 0x8120
  case nActionRQ = 0x0130
  case nActionRSP = 0x8130
  case nCreateRQ = 0x0140
  case nCreateRSP = 0x8140
  case nDeleteRQ = 0x0150
  case nDeleteRSP = 0x8150
  case cCancelRQ = 0x0FFF

  package var isResponse: Bool { rawValue & 0x8000 != 0 }

  /// nil for a response, and for C-CANCEL, which has none.
  package var response: CommandField? {
    isResponse ? nil : CommandField(rawValue: rawValue | 0x8000)
  }

  /// As the Standard writes it, such as C-STORE-RQ.
  package var description: String {
    let operation =
      switch self {
      case .cStoreRQ, .cStoreRSP: "C-STORE"
      case .cGetRQ, .cGetRSP: "C-GET"
      case .cFindRQ, .cFindRSP: "C-FIND"
      case .cMoveRQ, .cMoveRSP: "C-MOVE"
      case .cEchoRQ, .cEchoRSP: "C-ECHO"
      case .nEventReportRQ, .nEventReportRSP: "N-EVENT-REPORT"
      case .nGetRQ, .nGetRSP: "N-GET"
      case .nSetRQ, .nSetRSP: "N-SET"
      case .nActionRQ, .nActionRSP: "N-ACTION"
      case .nCreateRQ, .nCreateRSP: "N-CREATE"
      case .nDeleteRQ, .nDeleteRSP: "N-DELETE"
      case .cCancelRQ: "C-CANCEL"
      }
    return operation + (isResponse ? "-RSP" : "-RQ")
  }
}
