// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Bytes to PDUs. A header is judged by the state and the limits before anything is kept for it, and what is kept grows only as
/// bytes arrive; the payload of P-DATA-TF is handed on at once.
struct PDUDecoder {
  enum Decoded: Equatable {
    case pdu(PDU)
    /// A P-DATA-TF PDU has begun: the state machine hears of it before its payload is looked at.
    case dataTFBegan
    case data(PresentationDataValue)
    /// A PDU that the state does not allow; its bytes are passed over.
    case refused(PDUType)
  }

  /// How far the PDU has come that has begun and is not complete.
  struct Progress: Equatable {
    /// Tells one PDU from the next.
    let ordinal: UInt64
    let isData: Bool
    let received: Int
  }

  private enum Phase {
    case header
    case body(PDUType, length: Int)
    case presentationDataValues(remaining: Int)
    case fragment(PDVHeader, remaining: Int, remainingInPDU: Int)
    case passingOver(remaining: Int)
  }

  private struct PDVHeader {
    let contextID: UInt8
    let isCommand: Bool
    let isLast: Bool
  }

  /// Who calls whom, as the A-ASSOCIATE-RQ says that has begun to arrive; for what is said of it if it is refused.
  struct Titles: Equatable {
    let called: AETitleField
    let calling: AETitleField
  }

  /// What a connection keeps of a PDU without asking the node's budget, in bytes. With what the connection itself takes it stays
  /// under 64 KiB; what devices ask for is shorter.
  static let ownShare = 16 << 10

  private let limits: UpperLayerLimits
  private var phase = Phase.header
  private var received = ByteBuffer()
  /// Not the buffer that the channel read into, which it uses again if nobody keeps it.
  private var isOwnBuffer = false
  private var ordinal: UInt64 = 0
  private var dataLength = 0
  private(set) var titles: Titles?
  /// Taken of the budget, in bytes.
  private var budgeted = 0
  /// On whose account; set before anything is received.
  var peer: NetworkAddress?

  init(limits: UpperLayerLimits) {
    self.limits = limits
  }

  var bufferedBytes: Int { received.readableBytes }

  /// What the buffer that is kept takes of memory; 0 while all that came was consumed.
  var keptCapacity: Int { received.storageCapacity }

  /// nil between two PDUs.
  var progress: Progress? {
    switch phase {
    case .header:
      received.readableBytes == 0
        ? nil : Progress(ordinal: ordinal &+ 1, isData: false, received: received.readableBytes)
    case .body, .passingOver: Progress(ordinal: ordinal, isData: false, received: received.readableBytes)
    case .presentationDataValues(let remaining):
      remaining == 0 ? nil : Progress(ordinal: ordinal, isData: true, received: dataLength - remaining)
    case .fragment(_, let remaining, let remainingInPDU):
      Progress(ordinal: ordinal, isData: true, received: dataLength - remainingInPDU - remaining)
    }
  }

  /// Throws where the rest of a long PDU would take more than the node has left for such.
  mutating func append(_ bytes: ByteBuffer) throws(PDUError) {
    guard received.readableBytes > 0 else {
      received = bytes
      isOwnBuffer = false
      return
    }
    let (count, overflows) = received.readableBytes.addingReportingOverflow(bytes.readableBytes)
    guard !overflows else { throw PDUError(.notSpecified, "more was received than there is memory") }
    try keep(capacity: count)
    received.writeImmutableBuffer(bytes)
  }

  /// Lets go of what was received: an association that lies idle, or has ended, holds no buffer.
  mutating func forget() {
    received = ByteBuffer()
    giveBack(to: 0)
  }

  /// The next thing that the bytes so far say; nil when more have to come.
  mutating func next(in state: UpperLayerState) throws(PDUError) -> Decoded? {
    let decoded = try decode(in: state)
    if received.readableBytes == 0 {
      forget()
    } else if decoded == nil {
      // What has to wait for more does not keep the whole of a read alive.
      if !isOwnBuffer || received.storageCapacity > 2 * received.readableBytes + 512 {
        try keep(capacity: received.readableBytes)
      }
      try account(for: received.storageCapacity)
    }
    return decoded
  }

  /// Makes what is kept a buffer of its own that has room for `capacity` bytes.
  private mutating func keep(capacity: Int) throws(PDUError) {
    let fits = (capacity...2 * capacity + 512).contains(received.storageCapacity)
    guard !isOwnBuffer || !fits || received.readerIndex > 0 else { return }
    // A buffer doubles as it grows.
    var room = 512
    while room < capacity { room *= 2 }
    try account(for: room)
    var kept = ByteBuffer()
    kept.reserveCapacity(room)
    kept.writeImmutableBuffer(received)
    received = kept
    isOwnBuffer = true
  }

  /// Only what waits to become whole is kept for longer than it takes to look at it.
  private mutating func account(for capacity: Int) throws(PDUError) {
    guard case .body = phase else { return giveBack(to: 0) }
    try take(capacity - Self.ownShare)
    giveBack(to: capacity - Self.ownShare)
  }

  private mutating func take(_ wanted: Int) throws(PDUError) {
    guard wanted > budgeted else { return }
    do {
      try limits.requestBudget.take(wanted - budgeted, for: peer)
    } catch {
      throw switch error {
      case .spent:
        PDUError(
          .notSpecified, "the memory that this node has for long association requests is in use",
          rejection: .temporaryCongestion)
      case .shareIsSpent:
        PDUError(
          .notSpecified, "the memory that one address gets for long association requests is in use",
          rejection: .localLimitExceeded)
      }
    }
    budgeted = wanted
  }

  private mutating func giveBack(to wanted: Int) {
    let kept = max(wanted, 0)
    guard budgeted > kept else { return }
    limits.requestBudget.giveBack(budgeted - kept, for: peer)
    budgeted = kept
  }

  /// Bytes 11 to 42 of the PDU.
  private mutating func readTitles(of length: Int) {
    guard titles == nil, min(length, received.readableBytes) >= 36,
      var fields = received.getSlice(at: received.readerIndex + 4, length: 32),
      let called = AETitleField(reading: &fields), let calling = AETitleField(reading: &fields)
    else { return }
    titles = Titles(called: called, calling: calling)
  }

  private mutating func decode(in state: UpperLayerState) throws(PDUError) -> Decoded? {
    while true {
      switch phase {
      case .header:
        guard let (type, length) = try readHeader(in: state) else { return nil }
        if let decoded = begin(type, length: length, in: state) { return decoded }
      case .body(let type, let length):
        if type == .associateRQ { readTitles(of: length) }
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
      case .passingOver(let remaining):
        let count = min(remaining, received.readableBytes)
        received.moveReaderIndex(forwardBy: count)
        phase = count == remaining ? .header : .passingOver(remaining: remaining - count)
        if received.readableBytes == 0 { return nil }
      }
    }
  }

  private mutating func begin(_ type: PDUType, length: Int, in state: UpperLayerState) -> Decoded? {
    switch state.reception(of: type) {
    case .passedOver: phase = .passingOver(remaining: length)
    case .refused:
      phase = .passingOver(remaining: length)
      return .refused(type)
    case .read where type == .dataTF:
      dataLength = length
      phase = .presentationDataValues(remaining: length)
      return .dataTFBegan
    case .read: phase = .body(type, length: length)
    }
    return nil
  }

  private mutating func readHeader(in state: UpperLayerState) throws(PDUError) -> (PDUType, Int)? {
    guard let code = received.getInteger(at: received.readerIndex, as: UInt8.self) else { return nil }
    guard let type = PDUType(rawValue: code) else {
      throw PDUError(.unrecognizedPDU, "PDU type \(code) does not exist")
    }
    guard let length = received.getInteger(at: received.readerIndex + 2, as: UInt32.self) else { return nil }
    let longest = limits.longestBody(of: type)
    guard length <= longest || state.reception(of: type) != .read else {
      throw PDUError(
        .invalidPDUParameterValue, "\(type.name) of \(length) bytes, where \(longest) are allowed")
    }
    received.moveReaderIndex(forwardBy: 6)
    ordinal &+= 1
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
