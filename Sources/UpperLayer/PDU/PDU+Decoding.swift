// SPDX-License-Identifier: Apache-2.0

import NIOCore

extension PDU {
  /// Reads the variable field of a PDU that has arrived in full.
  init(type: PDUType, body: ByteBuffer) throws(PDUError) {
    var body = body
    switch type {
    case .associateRQ:
      let fixed = try FixedFields(reading: &body)
      self = .associateRQ(try AssociateRQ(fixed, items: &body))
    case .associateAC:
      let fixed = try FixedFields(reading: &body)
      self = .associateAC(try AssociateAC(fixed, items: &body))
    case .associateRJ: self = .associateRJ(try AssociateRJ(reading: &body))
    case .releaseRQ: self = .releaseRQ
    case .releaseRP: self = .releaseRP
    case .abort: self = .abort(Abort(reading: &body))
    case .dataTF: throw PDUError(.unexpectedPDU, "P-DATA-TF is read piece by piece")
    }
  }
}

/// Bytes 7 to 74 of an A-ASSOCIATE-RQ or -AC.
private struct FixedFields {
  let protocolVersion: UInt16
  let called: AETitleField
  let calling: AETitleField
  let reserved: ReservedField

  init(reading body: inout ByteBuffer) throws(PDUError) {
    guard let (version, _) = body.readMultipleIntegers(as: (UInt16, UInt16).self),
      let called = AETitleField(reading: &body), let calling = AETitleField(reading: &body),
      let reserved = ReservedField(reading: &body)
    else {
      throw PDUError(.invalidPDUParameterValue, "an A-ASSOCIATE PDU is shorter than its fixed fields")
    }
    protocolVersion = version
    self.called = called
    self.calling = calling
    self.reserved = reserved
  }
}

extension AssociateRQ {
  /// Items in any order; an unknown one is skipped (PS3.8 §9.3.1).
  fileprivate init(_ fixed: FixedFields, items body: inout ByteBuffer) throws(PDUError) {
    self.init(
      calledAETitle: "", callingAETitle: "", presentationContexts: [],
      userInformation: UserInformation(maximumLength: 0, implementationClassUID: ""), applicationContextName: "",
      protocolVersion: fixed.protocolVersion)
    (calledAETitleField, callingAETitleField, reserved) = (fixed.called, fixed.calling, fixed.reserved)
    while var item = try Item(reading: &body) {
      switch item.type {
      case 0x10: applicationContextName = item.value.readUID()
      case 0x20: presentationContexts.append(try ProposedPresentationContext(reading: &item.value))
      case 0x50: userInformation = try UserInformation(reading: &item.value)
      default: continue
      }
      guard presentationContexts.count <= 128 else {
        throw PDUError(.invalidPDUParameterValue, "more than 128 presentation contexts")
      }
    }
    let ids = Set(presentationContexts.map(\.id))
    guard ids.count == presentationContexts.count, ids.allSatisfy({ $0 & 1 == 1 }) else {
      throw PDUError(.invalidPDUParameterValue, "presentation context IDs are odd and different (PS3.8 §9.3.2.2)")
    }
  }
}

extension ProposedPresentationContext {
  /// The Standard has fewer (PS3.6 Table A-1); what a context proposes beyond is passed over.
  private static let mostTransferSyntaxes = 128

  fileprivate init(reading value: inout ByteBuffer) throws(PDUError) {
    guard let (id, _, _, _) = value.readMultipleIntegers(as: (UInt8, UInt8, UInt8, UInt8).self) else {
      throw PDUError(.invalidPDUParameterValue, "a presentation context item is too short")
    }
    self.init(id: id, abstractSyntax: "", transferSyntaxes: [])
    while var item = try Item(reading: &value) {
      switch item.type {
      case 0x30: abstractSyntax = item.value.readUID()
      case 0x40 where transferSyntaxes.count < Self.mostTransferSyntaxes:
        transferSyntaxes.append(item.value.readUID())
      default: continue
      }
    }
  }
}

extension AssociateAC {
  fileprivate init(_ fixed: FixedFields, items body: inout ByteBuffer) throws(PDUError) {
    self.init(
      calledAETitle: "", callingAETitle: "", presentationContexts: [],
      userInformation: UserInformation(maximumLength: 0, implementationClassUID: ""), applicationContextName: "",
      protocolVersion: fixed.protocolVersion)
    (calledAETitleField, callingAETitleField, reserved) = (fixed.called, fixed.calling, fixed.reserved)
    while var item = try Item(reading: &body) {
      switch item.type {
      case 0x10: applicationContextName = item.value.readUID()
      case 0x21: presentationContexts.append(try PresentationContextResult(reading: &item.value))
      case 0x50: userInformation = try UserInformation(reading: &item.value)
      default: continue
      }
      guard presentationContexts.count <= 128 else {
        throw PDUError(.invalidPDUParameterValue, "more than 128 presentation contexts")
      }
    }
  }
}

extension PresentationContextResult {
  fileprivate init(reading value: inout ByteBuffer) throws(PDUError) {
    guard let (id, _, code, _) = value.readMultipleIntegers(as: (UInt8, UInt8, UInt8, UInt8).self) else {
      throw PDUError(.invalidPDUParameterValue, "a presentation context item is too short")
    }
    self.init(id: id, result: Result(rawValue: code) ?? .noReason, transferSyntax: "")
    while var item = try Item(reading: &value) {
      if item.type == 0x40 { transferSyntax = item.value.readUID() }
    }
  }
}

extension AssociateRJ {
  fileprivate init(reading body: inout ByteBuffer) throws(PDUError) {
    guard let (_, result, source, reason) = body.readMultipleIntegers(as: (UInt8, UInt8, UInt8, UInt8).self) else {
      throw PDUError(.invalidPDUParameterValue, "an A-ASSOCIATE-RJ is too short")
    }
    // A rejection with odd numbers is a rejection all the same.
    self.init(
      result: Result(rawValue: result) ?? .rejectedPermanent, source: Source(rawValue: source) ?? .serviceUser,
      reason: reason)
  }
}

extension Abort {
  /// Whatever it says, an A-ABORT ends the association: nothing in it can be wrong enough to matter.
  fileprivate init(reading body: inout ByteBuffer) {
    let fields = body.readMultipleIntegers(as: (UInt8, UInt8, UInt8, UInt8).self)
    self.init(
      source: fields.flatMap { Source(rawValue: $0.2) } ?? .serviceUser,
      reason: fields.flatMap { Reason(rawValue: $0.3) } ?? .notSpecified)
  }
}
