// SPDX-License-Identifier: Apache-2.0

import NIOCore
import UpperLayer

/// What callers may take of a running node, as it goes by it, and what they take now. Times in seconds, lengths in bytes.
package struct LimitsInEffect: Codable, Sendable {
  package struct RequestMemory: Codable, Sendable {
    package let taken: Int
    package let atMost: Int
    /// Of that, so much for one network address.
    package let perAddress: Int
  }

  package let connections: Int
  package let associations: Int
  package let associationsPerPeer: Int
  /// Of connections and of associations, for callers on this machine.
  package let reserved: Int
  /// Retrieves that go on, and associations that this node opened.
  package let retrievesNow: Int
  package let retrieves: Int
  package let retrievesPerPeer: Int
  package let outgoingNow: Int
  package let outgoing: Int
  package let outgoingPerPeer: Int
  package let answerTimeout: Int64
  /// How many associations each peer has that has any.
  package let associationsByPeer: [String: Int]
  package let requestMemory: RequestMemory
  package let requestTimeout: Int64
  /// nil without a TLS port.
  package let tlsHandshakeTimeout: Int64?
  package let idleTimeout: Int64
  package let pduTimeout: Int64
  package let writeTimeout: Int64
  package let dataGracePeriod: Int64
  /// Bytes a second; 0 where nothing is asked for.
  package let minimumThroughput: Int
  package let maximumPDULength: UInt32
  package let maximumPDULengthTolerance: UInt32
  package let maximumRequestLength: UInt32

  init(
    _ limits: UpperLayerLimits, _ associationLimits: AssociationLimits, tlsHandshakeTimeout: TimeAmount?,
    answersWithin: TimeAmount, registry: AssociationRegistry, listing: AssociationListing
  ) {
    connections = associationLimits.connections
    associations = associationLimits.associations
    associationsPerPeer = associationLimits.associationsPerPeer
    reserved = associationLimits.reserved
    (retrievesNow, retrieves, retrievesPerPeer) = (
      registry.retrieves.taken, registry.retrieves.all, registry.retrieves.perPeer
    )
    (outgoingNow, outgoing, outgoingPerPeer) = (registry.calls.taken, registry.calls.all, registry.calls.perPeer)
    answerTimeout = answersWithin.seconds
    associationsByPeer = Dictionary(grouping: listing.live.compactMap(\.peer)) { $0 }.mapValues(\.count)
    requestMemory = RequestMemory(
      taken: limits.requestBudget.bytesTaken, atMost: limits.requestBudget.limit, perAddress: limits.requestBudget.share
    )
    requestTimeout = limits.artimTimeout.seconds
    self.tlsHandshakeTimeout = tlsHandshakeTimeout?.seconds
    idleTimeout = limits.idleTimeout.seconds
    pduTimeout = limits.pduTimeout.seconds
    writeTimeout = limits.writeTimeout.seconds
    dataGracePeriod = limits.dataGracePeriod.seconds
    minimumThroughput = limits.minimumThroughput
    maximumPDULength = limits.maximumLength
    maximumPDULengthTolerance = limits.maximumLengthTolerance
    maximumRequestLength = limits.associatePDULimit
  }
}

extension TimeAmount {
  fileprivate var seconds: Int64 { nanoseconds / 1_000_000_000 }
}
