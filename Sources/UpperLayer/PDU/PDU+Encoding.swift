// SPDX-License-Identifier: Apache-2.0

import NIOCore

extension PDU {
  func write(to buffer: inout ByteBuffer) {
    switch self {
    case .associateRQ(let request):
      buffer.writePDU(.associateRQ) { request.write(to: &$0) }
    case .associateAC(let acceptance):
      buffer.writePDU(.associateAC) { acceptance.write(to: &$0) }
    case .associateRJ(let rejection):
      buffer.writePDU(.associateRJ) {
        $0.writeMultipleIntegers(UInt8(0), rejection.result.rawValue, rejection.source.rawValue, rejection.reason)
      }
    case .releaseRQ: buffer.writePDU(.releaseRQ) { $0.writeInteger(UInt32(0)) }
    case .releaseRP: buffer.writePDU(.releaseRP) { $0.writeInteger(UInt32(0)) }
    case .abort(let abort):
      buffer.writePDU(.abort) {
        $0.writeMultipleIntegers(UInt16(0), abort.source.rawValue, abort.reason.rawValue)
      }
    }
  }
}

extension AssociateRQ {
  fileprivate func write(to buffer: inout ByteBuffer) {
    buffer.writeFixedFields(version: protocolVersion, called: calledAETitle, calling: callingAETitle)
    buffer.writeUID(applicationContextName, as: 0x10)
    for context in presentationContexts {
      buffer.writeItem(0x20) {
        $0.writeMultipleIntegers(context.id, UInt8(0), UInt8(0), UInt8(0))
        $0.writeUID(context.abstractSyntax, as: 0x30)
        for syntax in context.transferSyntaxes { $0.writeUID(syntax, as: 0x40) }
      }
    }
    userInformation.write(to: &buffer)
  }
}

extension AssociateAC {
  fileprivate func write(to buffer: inout ByteBuffer) {
    buffer.writeFixedFields(version: protocolVersion, called: calledAETitle, calling: callingAETitle)
    buffer.writeUID(applicationContextName, as: 0x10)
    for context in presentationContexts {
      buffer.writeItem(0x21) {
        $0.writeMultipleIntegers(context.id, UInt8(0), context.result.rawValue, UInt8(0))
        $0.writeUID(context.transferSyntax, as: 0x40)
      }
    }
    userInformation.write(to: &buffer)
  }
}

extension ByteBuffer {
  fileprivate mutating func writePDU(_ type: PDUType, _ body: (inout ByteBuffer) -> Void) {
    writeMultipleIntegers(type.rawValue, UInt8(0))
    let lengthIndex = writerIndex
    writeInteger(UInt32(0))
    body(&self)
    setInteger(UInt32(clamping: writerIndex - lengthIndex - 4), at: lengthIndex)
  }

  fileprivate mutating func writeFixedFields(version: UInt16, called: String, calling: String) {
    writeMultipleIntegers(version, UInt16(0))
    writeAETitle(called)
    writeAETitle(calling)
    writeRepeatingByte(0, count: 32)
  }

  /// The head of a P-DATA-TF PDU that holds one presentation data value of `count` bytes; the bytes follow by themselves.
  mutating func writeDataTFHead(_ value: PresentationDataValue, count: Int) {
    let pdvLength = UInt32(clamping: count + 2)
    let control: UInt8 = (value.isCommand ? 1 : 0) | (value.isLast ? 2 : 0)
    writeMultipleIntegers(PDUType.dataTF.rawValue, UInt8(0), pdvLength + 4, pdvLength, value.contextID, control)
  }
}
