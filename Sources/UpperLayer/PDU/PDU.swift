// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// The protocol data units of PS3.8 §9.3, but for P-DATA-TF, whose payload never waits to become one value.
package enum PDU: Sendable, Equatable {
  indirect case associateRQ(AssociateRQ)
  indirect case associateAC(AssociateAC)
  case associateRJ(AssociateRJ)
  case releaseRQ
  case releaseRP
  case abort(Abort)
}

/// The PDU types of PS3.8 §9.3.1.
enum PDUType: UInt8 {
  case associateRQ = 0x01
  case associateAC = 0x02
  case associateRJ = 0x03
  case dataTF = 0x04
  case releaseRQ = 0x05
  case releaseRP = 0x06
  case abort = 0x07

  /// As the Standard calls it.
  var name: String {
    switch self {
    case .associateRQ: "A-ASSOCIATE-RQ"
    case .associateAC: "A-ASSOCIATE-AC"
    case .associateRJ: "A-ASSOCIATE-RJ"
    case .dataTF: "P-DATA-TF"
    case .releaseRQ: "A-RELEASE-RQ"
    case .releaseRP: "A-RELEASE-RP"
    case .abort: "A-ABORT"
    }
  }
}

/// A piece of a message (PS3.8 §9.3.5.1). On the way in one PDV may be passed up in several pieces; only the last piece of
/// the last PDV of a message has `isLast`.
package struct PresentationDataValue: Sendable, Equatable {
  package var contextID: UInt8
  package var isCommand: Bool
  package var isLast: Bool
  package var data: ByteBuffer

  package init(contextID: UInt8, isCommand: Bool, isLast: Bool, data: ByteBuffer) {
    self.contextID = contextID
    self.isCommand = isCommand
    self.isLast = isLast
    self.data = data
  }
}
