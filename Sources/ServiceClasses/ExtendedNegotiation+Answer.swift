// SPDX-License-Identifier: Apache-2.0

import NIOCore
package import UpperLayer

extension OfferedService {
  /// What this node says to a SOP class extended negotiation (PS3.7 D.3.3.5): no more fields than were asked about, and 0
  /// for what it does not do. nil where the service has none.
  package func answer(to asked: ExtendedNegotiation) -> ExtendedNegotiation? {
    let fields: [UInt8]
    switch self {
    case .verification, .commitment: return nil
    // PS3.4 B.3.1: level 2 (full) storage, signatures kept bit for bit (level 3), no element coerced.
    case .storage: fields = [2, 0, 3, 0, 0, 0]
    // PS3.4 C.5.1.1: relational queries, combined date-time matching, fuzzy names, time zones, enhanced conversion.
    case .find: fields = [0, 0, 0, 0, 0]
    // PS3.4 C.5.2.1, C.5.3.1: relational retrieval, enhanced conversion.
    case .get, .move: fields = [0, 0]
    }
    return ExtendedNegotiation(
      sopClassUID: asked.sopClassUID, information: ByteBuffer(bytes: fields.prefix(asked.information.readableBytes)))
  }
}
