// SPDX-License-Identifier: Apache-2.0

import DICOMData
package import NIOCore

/// A command set is Implicit VR Little Endian whatever was negotiated (PS3.7 §6.3.1): tag, length of 32 bits, value.
extension CommandSet {
  package init(reading bytes: ByteBuffer) throws(CommandSetError) {
    var bytes = bytes
    var elements = CommandElements()
    while bytes.readableBytes > 0 {
      guard
        let (group, element, length) = bytes.readMultipleIntegers(
          endianness: .little, as: (UInt16, UInt16, UInt32).self)
      else { throw CommandSetError("a command element is cut off") }
      guard length <= UInt32(clamping: bytes.readableBytes), let value = bytes.readSlice(length: Int(length)) else {
        throw CommandSetError("a command element is longer than the command set")
      }
      // Elements of other groups have no place here; devices that send them mean nothing by it.
      if group == 0 { elements.values.append((element, value)) }
    }
    try self.init(elements)
  }

  private init(_ elements: CommandElements) throws(CommandSetError) {
    guard let code = elements.integer(0x0100) else { throw CommandSetError("Command Field (0000,0100) is missing") }
    guard let field = CommandField(rawValue: code) else {
      throw CommandSetError("Command Field (0000,0100) is none of PS3.7 annex E")
    }
    self.init(field)
    // Anything but 0101H says that a data set follows (PS3.7 annex E, Command Data Set Type).
    hasDataSet = elements.integer(0x0800).map { $0 != 0x0101 } ?? false
    messageID = elements.integer(0x0110)
    messageIDBeingRespondedTo = elements.integer(0x0120)
    affectedSOPClassUID = elements.text(0x0002)
    requestedSOPClassUID = elements.text(0x0003)
    affectedSOPInstanceUID = elements.text(0x1000)
    requestedSOPInstanceUID = elements.text(0x1001)
    priority = elements.integer(0x0700)
    status = elements.integer(0x0900).map(Status.init(rawValue:))
    offendingElements = elements.tags(0x0901)
    errorComment = elements.line(0x0902)
    errorID = elements.integer(0x0903)
    moveDestination = elements.text(0x0600)
    moveOriginatorAETitle = elements.text(0x1030)
    moveOriginatorMessageID = elements.integer(0x1031)
    numberOfRemainingSuboperations = elements.integer(0x1020)
    numberOfCompletedSuboperations = elements.integer(0x1021)
    numberOfFailedSuboperations = elements.integer(0x1022)
    numberOfWarningSuboperations = elements.integer(0x1023)
    eventTypeID = elements.integer(0x1002)
    actionTypeID = elements.integer(0x1008)
    attributeIdentifierList = elements.tags(0x1005)
    try requireMessageIDs()
  }

  private func requireMessageIDs() throws(CommandSetError) {
    if commandField.isResponse || commandField == .cCancelRQ {
      guard messageIDBeingRespondedTo != nil else {
        throw CommandSetError("Message ID Being Responded To (0000,0120) is missing")
      }
      guard status != nil || commandField == .cCancelRQ else { throw CommandSetError("Status (0000,0900) is missing") }
    } else if messageID == nil {
      throw CommandSetError("Message ID (0000,0110) is missing")
    }
  }

  /// The whole command set, its group length first, the elements in the order of their tags.
  package func encoded() -> ByteBuffer {
    var body = ByteBufferAllocator().buffer(capacity: 256)
    body.write(0x0002, text: affectedSOPClassUID, padding: 0)
    body.write(0x0003, text: requestedSOPClassUID, padding: 0)
    body.write(0x0100, integer: commandField.rawValue)
    body.write(0x0110, integer: messageID)
    body.write(0x0120, integer: messageIDBeingRespondedTo)
    body.write(0x0600, text: moveDestination)
    body.write(0x0700, integer: priority)
    body.write(0x0800, integer: hasDataSet ? 0x0001 : 0x0101)
    body.write(0x0900, integer: status?.rawValue)
    body.write(0x0901, tags: offendingElements)
    body.write(0x0902, text: errorComment)
    body.write(0x0903, integer: errorID)
    body.write(0x1000, text: affectedSOPInstanceUID, padding: 0)
    body.write(0x1001, text: requestedSOPInstanceUID, padding: 0)
    body.write(0x1002, integer: eventTypeID)
    body.write(0x1005, tags: attributeIdentifierList)
    body.write(0x1008, integer: actionTypeID)
    body.write(0x1020, integer: numberOfRemainingSuboperations)
    body.write(0x1021, integer: numberOfCompletedSuboperations)
    body.write(0x1022, integer: numberOfFailedSuboperations)
    body.write(0x1023, integer: numberOfWarningSuboperations)
    body.write(0x1030, text: moveOriginatorAETitle)
    body.write(0x1031, integer: moveOriginatorMessageID)
    var whole = ByteBuffer()
    whole.writeMultipleIntegers(
      UInt16(0), UInt16(0), UInt32(4), UInt32(clamping: body.readableBytes), endianness: .little)
    whole.writeImmutableBuffer(body)
    return whole
  }
}

/// The elements of group 0000, about ten; of duplicates the last counts.
private struct CommandElements {
  var values: [(element: UInt16, value: ByteBuffer)] = []

  private subscript(element: UInt16) -> ByteBuffer? { values.last { $0.element == element }?.value }

  func integer(_ element: UInt16) -> UInt16? {
    guard let value = self[element] else { return nil }
    return value.getInteger(at: value.readerIndex, endianness: .little)
  }

  func text(_ element: UInt16) -> String? {
    guard let value = self[element] else { return nil }
    var text = Substring(String(decoding: value.readableBytesView, as: UTF8.self))
    while let last = text.unicodeScalars.last, last == " " || last == "\0" { text.unicodeScalars.removeLast() }
    text = text.drop { $0 == " " }
    return text.isEmpty ? nil : String(text)
  }

  /// What people are shown: a VR of LO has no control characters, and none that is there anyhow ends a line or moves a cursor.
  func line(_ element: UInt16) -> String? {
    text(element).map { text in
      String(
        String.UnicodeScalarView(
          text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
    }
  }

  func tags(_ element: UInt16) -> [Tag] {
    guard var value = self[element] else { return [] }
    var tags: [Tag] = []
    while let (group, element) = value.readMultipleIntegers(endianness: .little, as: (UInt16, UInt16).self) {
      tags.append(Tag(group, element))
    }
    return tags
  }
}

extension ByteBuffer {
  fileprivate mutating func write(_ element: UInt16, integer: UInt16?) {
    guard let integer else { return }
    writeMultipleIntegers(UInt16(0), element, UInt32(2), integer, endianness: .little)
  }

  fileprivate mutating func write(_ element: UInt16, text: String?, padding: UInt8 = UInt8(ascii: " ")) {
    guard let text else { return }
    let count = text.utf8.count
    writeMultipleIntegers(UInt16(0), element, UInt32(clamping: count + count % 2), endianness: .little)
    writeString(text)
    if count % 2 == 1 { writeInteger(padding) }
  }

  fileprivate mutating func write(_ element: UInt16, tags: [Tag]) {
    guard !tags.isEmpty else { return }
    writeMultipleIntegers(UInt16(0), element, UInt32(clamping: tags.count * 4), endianness: .little)
    for tag in tags { writeMultipleIntegers(tag.group, tag.element, endianness: .little) }
  }
}
