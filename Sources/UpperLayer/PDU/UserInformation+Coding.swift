// SPDX-License-Identifier: Apache-2.0

import NIOCore

extension UserInformation {
  /// Sub-items in any order; unknown ones are skipped (PS3.7 annex D.3.3).
  init(reading value: inout ByteBuffer) throws(PDUError) {
    self.init(maximumLength: 0, implementationClassUID: "")
    while var item = try Item(reading: &value) {
      try read(&item)
    }
  }

  private mutating func read(_ item: inout Item) throws(PDUError) {
    switch item.type {
    case 0x51: maximumLength = try item.value.integer()
    case 0x52: implementationClassUID = item.value.readUID()
    case 0x53:
      asynchronousOperationsWindow = AsynchronousOperationsWindow(
        invoked: try item.value.integer(), performed: try item.value.integer())
    case 0x54:
      let uid = try item.value.lengthPrefixed()
      roleSelections.append(
        RoleSelection(
          sopClassUID: uid, supportsSCU: try item.value.integer() as UInt8 != 0,
          supportsSCP: try item.value.integer() as UInt8 != 0))
    case 0x55: implementationVersionName = item.value.readUID()
    case 0x56:
      extendedNegotiations.append(
        ExtendedNegotiation(sopClassUID: try item.value.lengthPrefixed(), information: item.value.copied))
    case 0x57: commonExtendedNegotiations.append(try CommonExtendedNegotiation(reading: &item.value))
    case 0x58: userIdentity = try UserIdentity(reading: &item.value)
    case 0x59:
      var response = item.value
      userIdentityResponse = try response.lengthPrefixedBytes().copied
    default: break
    }
  }

  func write(to buffer: inout ByteBuffer) throws(PDUError) {
    try buffer.writeItem(0x50) { (buffer) throws(PDUError) in
      try buffer.writeItem(0x51) { (buffer) throws(PDUError) in _ = buffer.writeInteger(maximumLength) }
      try buffer.writeUID(implementationClassUID, as: 0x52)
      if let window = asynchronousOperationsWindow {
        try buffer.writeItem(0x53) { (buffer) throws(PDUError) in
          _ = buffer.writeMultipleIntegers(window.invoked, window.performed)
        }
      }
      for role in roleSelections {
        try buffer.writeItem(0x54) { (buffer) throws(PDUError) in
          try buffer.writeLengthPrefixed(role.sopClassUID)
          buffer.writeMultipleIntegers(UInt8(role.supportsSCU ? 1 : 0), UInt8(role.supportsSCP ? 1 : 0))
        }
      }
      if let implementationVersionName { try buffer.writeUID(implementationVersionName, as: 0x55) }
      for negotiation in extendedNegotiations {
        try buffer.writeItem(0x56) { (buffer) throws(PDUError) in
          try buffer.writeLengthPrefixed(negotiation.sopClassUID)
          _ = buffer.writeImmutableBuffer(negotiation.information)
        }
      }
      for negotiation in commonExtendedNegotiations { try negotiation.write(to: &buffer) }
      try userIdentity?.write(to: &buffer)
      if let userIdentityResponse {
        try buffer.writeItem(0x59) { (buffer) throws(PDUError) in
          try buffer.writeLengthPrefixed(userIdentityResponse)
        }
      }
    }
  }
}

extension CommonExtendedNegotiation {
  fileprivate init(reading value: inout ByteBuffer) throws(PDUError) {
    self.init(
      sopClassUID: try value.lengthPrefixed(), serviceClassUID: try value.lengthPrefixed(),
      relatedGeneralSOPClassUIDs: [])
    // Version 0 of the sub-item ends here (PS3.7 Table D.3-12).
    guard value.readableBytes > 0 else { return }
    var related = try value.lengthPrefixedBytes()
    while related.readableBytes > 0 {
      relatedGeneralSOPClassUIDs.append(try related.lengthPrefixed())
    }
  }

  fileprivate func write(to buffer: inout ByteBuffer) throws(PDUError) {
    try buffer.writeItem(0x57) { (buffer) throws(PDUError) in
      try buffer.writeLengthPrefixed(sopClassUID)
      try buffer.writeLengthPrefixed(serviceClassUID)
      try buffer.writeLengthPrefixed(as: UInt16.self) { (buffer) throws(PDUError) in
        for uid in relatedGeneralSOPClassUIDs { try buffer.writeLengthPrefixed(uid) }
      }
    }
  }
}

extension UserIdentity {
  fileprivate init(reading value: inout ByteBuffer) throws(PDUError) {
    let type: UInt8 = try value.integer()
    let response: UInt8 = try value.integer()
    self.init(
      type: type, positiveResponseRequested: response != 0, primaryField: try value.lengthPrefixedBytes().copied,
      // Only type 2 has a secondary field; a device that leaves its length out is understood.
      secondaryField: value.readableBytes == 0 ? ByteBuffer() : try value.lengthPrefixedBytes().copied)
  }

  fileprivate func write(to buffer: inout ByteBuffer) throws(PDUError) {
    try buffer.writeItem(0x58) { (buffer) throws(PDUError) in
      buffer.writeMultipleIntegers(type, UInt8(positiveResponseRequested ? 1 : 0))
      try buffer.writeLengthPrefixed(primaryField)
      try buffer.writeLengthPrefixed(secondaryField)
    }
  }
}

extension ByteBuffer {
  /// What outlives the PDU does not keep the PDU's buffer alive.
  fileprivate var copied: ByteBuffer { ByteBuffer(bytes: readableBytesView) }

  fileprivate mutating func integer<Value: FixedWidthInteger>() throws(PDUError) -> Value {
    guard let value = readInteger(as: Value.self) else {
      throw PDUError(.invalidPDUParameterValue, "a user information sub-item is too short")
    }
    return value
  }

  fileprivate mutating func lengthPrefixedBytes() throws(PDUError) -> ByteBuffer {
    guard let value = readLengthPrefixedSlice(as: UInt16.self) else {
      throw PDUError(.invalidPDUParameterValue, "a field of a user information sub-item is longer than the sub-item")
    }
    return value
  }

  fileprivate mutating func lengthPrefixed() throws(PDUError) -> String {
    var field = try lengthPrefixedBytes()
    return field.readUID()
  }

  fileprivate mutating func writeLengthPrefixed(_ text: String) throws(PDUError) {
    try writeLengthPrefixed(as: UInt16.self) { (buffer) throws(PDUError) in _ = buffer.writeString(text) }
  }

  fileprivate mutating func writeLengthPrefixed(_ bytes: ByteBuffer) throws(PDUError) {
    try writeLengthPrefixed(as: UInt16.self) { (buffer) throws(PDUError) in _ = buffer.writeImmutableBuffer(bytes) }
  }
}
