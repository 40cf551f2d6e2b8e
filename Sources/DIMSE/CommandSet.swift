// SPDX-License-Identifier: Apache-2.0

package import DICOMData

/// The command set of a message (PS3.7 §6.3), its elements by name.
package struct CommandSet: Sendable, Equatable {
  package var commandField: CommandField
  package var hasDataSet = false
  package var messageID: UInt16?
  package var messageIDBeingRespondedTo: UInt16?
  package var affectedSOPClassUID: String?
  package var requestedSOPClassUID: String?
  package var affectedSOPInstanceUID: String?
  package var requestedSOPInstanceUID: String?
  package var priority: UInt16?
  package var status: Status?
  package var errorComment: String?
  package var errorID: UInt16?
  package var offendingElements: [Tag] = []
  package var moveDestination: String?
  package var moveOriginatorAETitle: String?
  package var moveOriginatorMessageID: UInt16?
  package var numberOfRemainingSuboperations: UInt16?
  package var numberOfCompletedSuboperations: UInt16?
  package var numberOfFailedSuboperations: UInt16?
  package var numberOfWarningSuboperations: UInt16?
  package var eventTypeID: UInt16?
  package var actionTypeID: UInt16?
  package var attributeIdentifierList: [Tag] = []

  package init(_ commandField: CommandField) {
    self.commandField = commandField
  }

  /// The response to a request, with what PS3.7 §9.1 and §10.1 ask to be repeated.
  package static func response(to request: CommandSet, status: Status) -> CommandSet {
    var response = CommandSet(request.commandField.response ?? request.commandField)
    response.messageIDBeingRespondedTo = request.messageID
    response.affectedSOPClassUID = request.affectedSOPClassUID ?? request.requestedSOPClassUID
    response.affectedSOPInstanceUID = request.affectedSOPInstanceUID ?? request.requestedSOPInstanceUID
    response.status = status
    return response
  }
}

/// A command set that cannot be acted upon.
package struct CommandSetError: Error, Sendable, Equatable, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}
