// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Bytes to PDUs. A length is judged before anything is kept for it; the payload of P-DATA-TF is handed on as it arrives.
struct PDUDecoder {
  enum Decoded: Equatable {
    case pdu(PDU)
    /// A P-DATA-TF PDU has begun: the state machine may refuse it before its payload is looked at.
    case dataTFBegan
    case data(PresentationDataValue)
  }

  private enum Phase {
    case header
    case body(PDUType, length: Int)
    case presentationDataValues(remaining: Int)
    case fragment(PDVHeader, remaining: Int, remainingInPDU: Int)
  }

  private struct PDVHeader {
    let contextID: UInt8
    let isCommand: Bool
    let isLast: Bool
  }

  private let limits: UpperLayerLimits
  private var phase = Phase.header
  private var received = ByteBuffer()

  init(limits: UpperLayerLimits) {
    self.limits = limits
  }

  var bufferedBytes: Int { received.readableBytes }

  mutating func append(_ bytes: ByteBuffer) {
    if received.readableBytes == 0 {
      received = bytes
    } else {
      // Kept bytes move to the front first, so that what was consumed is not carried along.
      received.discardReadBytes()
      received.writeImmutableBuffer(bytes)
    }
  }

  /// The next thing that the bytes so far say; nil when more have to come.
  mutating func next() throws(PDUError) -> Decoded? {
    while true {
      switch phase {
      case .header:
        guard let (type, length) = try readHeader() else { return nil }
        if type == .dataTF {
          phase = .presentationDataValues(remaining: length)
          return .dataTFBegan
        }
        phase = .body(type, length: length)
      case .body(let type, let length):
        guard let body = received.readSlice(length: length) else { return nil }
        phase = .header
        return .pdu(try PDU(type: type, body: body))
      case .presentationDataValues(let remaining):
        guard remaining > 0 else {
          phase = .header
          continue
        }
        guard try readPDVHeader(remainingInPDU: remaining) else { return nil }
      case .fragment(let header, let remaining, let remainingInPDU):
        guard let value = readFragment(header, remaining: remaining, remainingInPDU: remainingInPDU) else {
          return nil
        }
        return .data(value)
      }
    }
  }

  private mutating func readHeader() throws(PDUError) -> (PDUType, Int)? {
    guard
      let (code, _, length) = received.getMultipleIntegers(
        at: received.readerIndex, as: (UInt8, UInt8, UInt32).self)
    else { return nil }
    guard let type = PDUType(rawValue: code) else {
      throw PDUError(.unrecognizedPDU, "PDU type \(code) does not exist")
    }
    let longest = limits.longestBody(of: type)
    guard length <= longest else {
      throw PDUError(.invalidPDUParameterValue, "a PDU of type \(code) claims \(length) bytes, \(longest) are allowed")
    }
    received.moveReaderIndex(forwardBy: 6)
    return (type, Int(length))
  }

  /// PS3.8 §9.3.5.1: length (of what follows it), context ID, message control header.
  private mutating func readPDVHeader(remainingInPDU: Int) throws(PDUError) -> Bool {
    guard remainingInPDU >= 6 else {
      throw PDUError(.invalidPDUParameterValue, "a P-DATA-TF PDU ends inside a presentation data value")
    }
    guard
      let (length, contextID, control) = received.readMultipleIntegers(as: (UInt32, UInt8, UInt8).self)
    else { return false }
    guard length >= 2, length <= UInt32(remainingInPDU - 4) else {
      throw PDUError(.invalidPDUParameterValue, "a presentation data value is longer than its PDU or shorter than 2")
    }
    let header = PDVHeader(contextID: contextID, isCommand: control & 1 != 0, isLast: control & 2 != 0)
    phase = .fragment(header, remaining: Int(length) - 2, remainingInPDU: remainingInPDU - 4 - Int(length))
    return true
  }

  private mutating func readFragment(
    _ header: PDVHeader, remaining: Int, remainingInPDU: Int
  ) -> PresentationDataValue? {
    let count = min(remaining, received.readableBytes)
    guard count > 0 || remaining == 0, let data = received.readSlice(length: count) else { return nil }
    let isWhole = count == remaining
    phase =
      isWhole
      ? .presentationDataValues(remaining: remainingInPDU)
      : .fragment(header, remaining: remaining - count, remainingInPDU: remainingInPDU)
    return PresentationDataValue(
      contextID: header.contextID, isCommand: header.isCommand, isLast: header.isLast && isWhole, data: data)
  }
}
