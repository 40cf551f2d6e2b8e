// SPDX-License-Identifier: Apache-2.0

import DICOMData
import NIOCore
import Testing

@testable import DIMSE

@Suite struct CommandSetTests {
  @Test(arguments: CommandField.allCases)
  func whatIsWrittenIsReadAgain(field: CommandField) throws {
    var command = CommandSet(field)
    command.messageID = 7
    command.messageIDBeingRespondedTo = 8
    command.affectedSOPClassUID = "1.2.840.10008.1.1"
    command.affectedSOPInstanceUID = "1.2.3"
    command.requestedSOPClassUID = "1.2.4"
    command.requestedSOPInstanceUID = "1.2.5"
    command.priority = 2
    command.status = .refusedNotAuthorized
    command.errorComment = "odd"
    command.errorID = 3
    command.offendingElements = [.patientID, .studyInstanceUID]
    command.moveDestination = "ELSEWHERE"
    command.moveOriginatorAETitle = "ASKER"
    command.moveOriginatorMessageID = 9
    command.numberOfRemainingSuboperations = 1
    command.numberOfCompletedSuboperations = 2
    command.numberOfFailedSuboperations = 3
    command.numberOfWarningSuboperations = 4
    command.eventTypeID = 5
    command.actionTypeID = 6
    command.attributeIdentifierList = [.patientName]
    command.hasDataSet = true
    #expect(try CommandSet(reading: command.encoded()) == command)
  }

  /// Another node's words stand on one line of ours, whatever it sends.
  @Test func aCommentIsOneLine() throws {
    var command = CommandSet(.cStoreRSP)
    command.messageIDBeingRespondedTo = 1
    command.status = .refusedOutOfResources
    command.errorComment = "the disk\r\n9 stored\u{1B}[31m\0 is full"
    let comment = try CommandSet(reading: command.encoded()).errorComment
    #expect(comment == "the disk\u{FFFD}\u{FFFD}9 stored\u{FFFD}[31m\u{FFFD} is full")
  }

  /// PS3.7 §6.3.1: the group length counts the bytes that follow it, and all lengths are even.
  @Test func theGroupLengthIsRight() throws {
    var command = CommandSet(.cEchoRQ)
    command.messageID = 1
    command.affectedSOPClassUID = "1.2.840.10008.1.1"
    let bytes = command.encoded()
    #expect(bytes.getInteger(at: 8, endianness: .little, as: UInt32.self) == UInt32(bytes.readableBytes - 12))
    #expect(bytes.readableBytes % 2 == 0)
  }

  @Test func everyTruncationIsAnErrorOrShorter() {
    var command = CommandSet(.cStoreRQ)
    command.messageID = 1
    command.affectedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    let whole = command.encoded()
    for count in 0..<whole.readableBytes {
      guard let cut = whole.getSlice(at: 0, length: count), let read = try? CommandSet(reading: cut) else { continue }
      #expect(read.commandField == .cStoreRQ)
    }
  }

  @Test(
    arguments: [
      ("no command field", [UInt8]()),
      ("a command field that does not exist", [0, 0, 0, 1, 2, 0, 0, 0, 0x99, 0x99]),
      ("no message ID", [0, 0, 0, 1, 2, 0, 0, 0, 0x30, 0]),
      ("a length beyond the end", [0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x30, 0]),
      ("a response without status", [0, 0, 0, 1, 2, 0, 0, 0, 0x30, 0x80, 0, 0, 0x20, 1, 2, 0, 0, 0, 1, 0]),
    ] as [(String, [UInt8])])
  func whatIsWrongIsRefused(what: String, bytes: [UInt8]) {
    #expect(throws: CommandSetError.self, "\(what)") { try CommandSet(reading: ByteBuffer(bytes: bytes)) }
  }

  @Test(arguments: [
    (Status.success, false, false), (.pending, false, false), (.cancel, false, false),
    (Status(rawValue: 0xB000), true, false), (Status(rawValue: 0x0107), true, false), (.cannotUnderstand, false, true),
    (.refusedNotAuthorized, false, true),
  ])
  func statusesAreOfTheirKind(status: Status, isWarning: Bool, isFailure: Bool) {
    #expect(status.isWarning == isWarning)
    #expect(status.isFailure == isFailure)
  }
}
