// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import UpperLayer

/// What comes up from an association: its establishment and end, and messages as they arrive.
package enum DIMSEIndication: Sendable, Equatable {
  indirect case associate(AssociateRQ)
  indirect case accepted(AssociateAC)
  case rejected(AssociateRJ)
  indirect case command(CommandSet, contextID: UInt8)
  /// A piece of the data set of the last command; `isLast` ends it.
  case dataSet(ByteBuffer, isLast: Bool)
  case release
  case releaseConfirmed
  case ended(AssociationEnd)
}

/// What goes down to an association.
package enum DIMSERequest: Sendable, Equatable {
  indirect case associate(AssociateRQ)
  indirect case accept(AssociateAC)
  case reject(AssociateRJ)
  indirect case command(CommandSet, contextID: UInt8)
  case dataSet(ByteBuffer, contextID: UInt8, isLast: Bool)
  /// Messages of the same command set, each with a data set of its own.
  indirect case messages(CommandSet, dataSets: DataSetSeries, contextID: UInt8)
  case release
  case releaseResponse
  case abort(Abort)
}
