// SPDX-License-Identifier: Apache-2.0

import NIOCore

extension PDU {
  /// Throws where a field is longer than its length can say: nothing is ever sent whose lengths do not match its bytes.
  func write(to buffer: inout ByteBuffer) throws(PDUError) {
    switch self {
    case .associateRQ(let request):
      try buffer.writePDU(.associateRQ) { (buffer) throws(PDUError) in try request.write(to: &buffer) }
    case .associateAC(let acceptance):
      try buffer.writePDU(.associateAC) { (buffer) throws(PDUError) in try acceptance.write(to: &buffer) }
    case .associateRJ(let rejection):
      buffer.writePDU(
        .associateRJ, fields: (0, rejection.result.rawValue, rejection.source.rawValue, rejection.reason))
    case .releaseRQ: buffer.writePDU(.releaseRQ, fields: (0, 0, 0, 0))
    case .releaseRP: buffer.writePDU(.releaseRP, fields: (0, 0, 0, 0))
    case .abort(let abort):
      // PS3.8 Table 9-26: a service user sends no reason.
      let reason = abort.source == .serviceUser ? .notSpecified : abort.reason
      buffer.writePDU(.abort, fields: (0, 0, abort.source.rawValue, reason.rawValue))
    }
  }
}

extension AssociateRQ {
  fileprivate func write(to buffer: inout ByteBuffer) throws(PDUError) {
    buffer.writeFixedFields(
      version: protocolVersion, called: calledAETitleField, calling: callingAETitleField, reserved)
    try buffer.writeUID(applicationContextName, as: 0x10)
    for context in presentationContexts {
      try buffer.writeItem(0x20) { (buffer) throws(PDUError) in
        buffer.writeMultipleIntegers(context.id, UInt8(0), UInt8(0), UInt8(0))
        try buffer.writeUID(context.abstractSyntax, as: 0x30)
        for syntax in context.transferSyntaxes { try buffer.writeUID(syntax, as: 0x40) }
      }
    }
    try userInformation.write(to: &buffer)
  }
}

extension AssociateAC {
  fileprivate func write(to buffer: inout ByteBuffer) throws(PDUError) {
    buffer.writeFixedFields(
      version: protocolVersion, called: calledAETitleField, calling: callingAETitleField, reserved)
    try buffer.writeUID(applicationContextName, as: 0x10)
    for context in presentationContexts {
      try buffer.writeItem(0x21) { (buffer) throws(PDUError) in
        buffer.writeMultipleIntegers(context.id, UInt8(0), context.result.rawValue, UInt8(0))
        try buffer.writeUID(context.writtenTransferSyntax, as: 0x40)
      }
    }
    try userInformation.write(to: &buffer)
  }
}

extension PresentationContextResult {
  private static let defaultTransferSyntax = "1.2.840.10008.1.2"

  /// A refused context sends back what the peer proposed, though it is not significant (PS3.8 §9.3.3.2); what is no UID
  /// (PS3.5 §9.1) is not sent back.
  fileprivate var writtenTransferSyntax: String {
    let isUID =
      !transferSyntax.isEmpty && transferSyntax.utf8.count <= longestUID
      && transferSyntax.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= $0 }
    return isUID ? transferSyntax : Self.defaultTransferSyntax
  }
}

extension ByteBuffer {
  fileprivate mutating func writePDU(
    _ type: PDUType, _ body: (inout ByteBuffer) throws(PDUError) -> Void
  ) throws(PDUError) {
    writeMultipleIntegers(type.rawValue, UInt8(0))
    try writeLengthPrefixed(as: UInt32.self, body)
  }

  /// The PDUs of PS3.8 §9.3.4 and §9.3.6 to §9.3.8 have four bytes.
  fileprivate mutating func writePDU(_ type: PDUType, fields: (UInt8, UInt8, UInt8, UInt8)) {
    writeMultipleIntegers(type.rawValue, UInt8(0), UInt32(4), fields.0, fields.1, fields.2, fields.3)
  }

  fileprivate mutating func writeFixedFields(
    version: UInt16, called: AETitleField, calling: AETitleField, _ reserved: ReservedField
  ) {
    writeMultipleIntegers(version, UInt16(0))
    called.write(to: &self)
    calling.write(to: &self)
    reserved.write(to: &self)
  }

  /// The head of a P-DATA-TF PDU that holds one presentation data value of `count` bytes; the bytes follow by themselves.
  mutating func writeDataTFHead(_ value: PresentationDataValue, count: Int) {
    let pdvLength = UInt32(clamping: count + 2)
    let control: UInt8 = (value.isCommand ? 1 : 0) | (value.isLast ? 2 : 0)
    writeMultipleIntegers(PDUType.dataTF.rawValue, UInt8(0), pdvLength + 4, pdvLength, value.contextID, control)
  }
}
