// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// What a peer may take of this node before it has shown who it is, and how long it may take for it.
package struct UpperLayerLimits: Sendable {
  /// PS3.8 §9.1.5: ARTIM, from the connection to the last byte of the A-ASSOCIATE-RQ, however it is dripped; and for a
  /// closed association to be hung up.
  package var artimTimeout: TimeAmount
  /// How long an established association may lie idle, with nothing read and nothing written.
  package var idleTimeout: TimeAmount
  /// From the first byte of a PDU to its last. A P-DATA-TF, and the message it belongs to, have a least throughput instead.
  package var pduTimeout: TimeAmount
  /// How long a P-DATA-TF, or the command or data set of a message, may take before its throughput is looked at.
  package var dataGracePeriod: TimeAmount
  /// Bytes a second that they bring at least, once their grace period is over; 0 asks for nothing.
  package var minimumThroughput: Int
  /// How long a peer may leave unread what was sent to it, before it is hung up on.
  package var writeTimeout: TimeAmount
  /// The longest A-ASSOCIATE-RQ, or -AC, that is read.
  package var associatePDULimit: UInt32
  /// The longest P-DATA-TF variable field that we announce to take; 0 is no limit (PS3.8 §D.1).
  package var maximumLength: UInt32
  /// How far beyond `maximumLength` a PDU is still taken: devices that count the PDU's header, or fill up to twice what
  /// they were told, are in the field.
  package var maximumLengthTolerance: UInt32
  /// What A-ASSOCIATE-RQs (and -ACs) that outgrow their connection's own share may take together; copies of these limits
  /// share it, so all connections of a node do.
  package var requestBudget: RequestBudget

  package init(
    artimTimeout: TimeAmount = .seconds(30), idleTimeout: TimeAmount = .minutes(10),
    associatePDULimit: UInt32 = 1 << 20, maximumLength: UInt32 = 128 << 10,
    maximumLengthTolerance: UInt32 = 128 << 10, pduTimeout: TimeAmount = .seconds(120),
    dataGracePeriod: TimeAmount = .seconds(60), minimumThroughput: Int = 1024,
    writeTimeout: TimeAmount = .seconds(60), requestBudget: RequestBudget = RequestBudget()
  ) {
    self.artimTimeout = artimTimeout
    self.idleTimeout = idleTimeout
    self.associatePDULimit = associatePDULimit
    self.maximumLength = maximumLength
    self.maximumLengthTolerance = maximumLengthTolerance
    self.pduTimeout = pduTimeout
    self.dataGracePeriod = dataGracePeriod
    self.minimumThroughput = minimumThroughput
    self.writeTimeout = writeTimeout
    self.requestBudget = requestBudget
  }

  func longestBody(of type: PDUType) -> UInt32 {
    switch type {
    case .associateRQ, .associateAC: return associatePDULimit
    case .dataTF:
      let (longest, overflows) = maximumLength.addingReportingOverflow(maximumLengthTolerance)
      return maximumLength == 0 || overflows ? .max : longest
    // Four bytes by the Standard (PS3.8 §9.3.4, §9.3.6–9.3.8); a little more is read and ignored.
    case .associateRJ, .releaseRQ, .releaseRP, .abort: return 64
    }
  }
}
