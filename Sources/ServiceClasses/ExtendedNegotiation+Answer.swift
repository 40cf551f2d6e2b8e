// SPDX-License-Identifier: Apache-2.0

import NIOCore
package import UpperLayer

extension OfferedService {
  /// What this node says to a SOP class extended negotiation (PS3.7 D.3.3.5): no more fields than were asked about, and 0
  /// for what it does not do. nil where the service has none.
  package func answer(to asked: ExtendedNegotiation) -> ExtendedNegotiation? {
    let fields: [UInt8]
    switch self {
    case .verification, .commitment, .redemption: return nil
    // PS3.4 B.3.1: level 2 (full) storage, signatures kept bit for bit (level 3), no element coerced.
    case .storage: fields = [2, 0, 3, 0, 0, 0]
    // PS3.4 C.5.1.1: relational queries, combined date-time matching, fuzzy names, zones, no enhanced conversion, empty
    // and multiple values. Each where it was asked for.
    case .find: fields = [1, 1, 1, 1, 0, 1, 1]
    // PS3.4 C.5.2.1, C.5.3.1: relational retrieval, no enhanced conversion.
    case .get, .move: fields = [1, 0]
    }
    if case .storage = self {
      return ExtendedNegotiation(
        sopClassUID: asked.sopClassUID, information: ByteBuffer(bytes: fields.prefix(asked.information.readableBytes)))
    }
    let agreed = zip(fields, asked.information.readableBytesView).map { $1 == 1 ? $0 : 0 }
    return ExtendedNegotiation(sopClassUID: asked.sopClassUID, information: ByteBuffer(bytes: agreed))
  }
}

extension QueryNegotiation {
  /// Of what was answered.
  package init(_ agreed: ExtendedNegotiation?) {
    let fields = agreed.map { Array($0.information.readableBytesView) } ?? []
    func holds(_ item: Int) -> Bool { item <= fields.count && fields[item - 1] == 1 }
    self.init()
    isRelational = holds(1)
    combinesDateAndTime = holds(2)
    matchesNamesBySound = holds(3)
    adjustsTimezones = holds(4)
    matchesEmptyValues = holds(6)
    matchesMultipleValues = holds(7)
  }
}
