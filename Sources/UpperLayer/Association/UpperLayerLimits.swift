// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// What a peer may take of this node before it has shown who it is, and how long it may take for it.
package struct UpperLayerLimits: Sendable {
  /// PS3.8 §9.1.5: ARTIM, for a request to arrive in full and for a closed association to be hung up.
  package var artimTimeout: TimeAmount
  /// How long an established association may lie idle, with nothing read and nothing written.
  package var idleTimeout: TimeAmount
  /// The longest A-ASSOCIATE-RQ, or -AC, that is read.
  package var associatePDULimit: UInt32
  /// The longest P-DATA-TF variable field that we announce to take.
  package var maximumLength: UInt32
  /// How far beyond `maximumLength` a PDU is still taken: devices that count the PDU's header, or fill up to twice what
  /// they were told, are in the field.
  package var maximumLengthTolerance: UInt32

  package init(
    artimTimeout: TimeAmount = .seconds(30), idleTimeout: TimeAmount = .minutes(10),
    associatePDULimit: UInt32 = 1 << 20, maximumLength: UInt32 = 128 << 10,
    maximumLengthTolerance: UInt32 = 128 << 10
  ) {
    self.artimTimeout = artimTimeout
    self.idleTimeout = idleTimeout
    self.associatePDULimit = associatePDULimit
    self.maximumLength = maximumLength
    self.maximumLengthTolerance = maximumLengthTolerance
  }

  func longestBody(of type: PDUType) -> UInt32 {
    switch type {
    case .associateRQ, .associateAC: associatePDULimit
    case .dataTF: maximumLength &+ maximumLengthTolerance
    // Four bytes by the Standard (PS3.8 §9.3.4, §9.3.6–9.3.8); a little more is read and ignored.
    case .associateRJ, .releaseRQ, .releaseRP, .abort: 64
    }
  }
}
