// SPDX-License-Identifier: Apache-2.0

import DICOMData
import DIMSE
import NIOCore

/// The other side of such an association: asks, takes what is sent meanwhile, and remembers all of it.
struct MemoryPeer {
  private let indications: IndicationQueue
  private var ears: MemoryEars
  private let destinations: MemoryDestinations
  private(set) var heard: [Heard] = []
  private var messageID: UInt16 = 0

  init(
    _ indications: IndicationQueue, _ ears: MemoryEars, _ destinations: MemoryDestinations
  ) {
    self.indications = indications
    self.ears = ears
    self.destinations = destinations
  }

  /// Returns the final response; for a commitment request, its report. `leak`: what becomes of a response on its way.
  @discardableResult
  mutating func ask(
    _ field: CommandField, _ abstractSyntax: String, _ dataSet: [UInt8], _ fill: (inout CommandSet) -> Void = { _ in },
    leak: (inout CommandSet) -> Void = { _ in }
  ) async throws -> CommandSet? {
    messageID += 1
    var command = CommandSet(field)
    command.messageID = messageID
    if field == .nActionRQ {
      command.requestedSOPClassUID = abstractSyntax
    } else {
      command.affectedSOPClassUID = abstractSyntax
      command.priority = 0
    }
    command.hasDataSet = true
    fill(&command)
    indications.append(.command(command, contextID: MemoryNode.contextID(of: abstractSyntax)))
    indications.append(.dataSet(ByteBuffer(bytes: dataSet), isLast: true))
    while let sound = await ears.next() {
      guard case .message(var message, let dataSet) = sound else { continue }
      if !message.commandField.isResponse { indications.append(.command(.taken(message), contextID: 0)) }
      let isFinal = message.messageIDBeingRespondedTo == messageID && message.status?.isPending == false
      if isFinal { leak(&message) }
      let isTick = message.status?.isPending == true && field != .cFindRQ
      note(Heard(message, dataSet), ofTick: isTick ? message : nil)
      if message.commandField == .nEventReportRQ { return message }
      guard isFinal else { continue }
      heard += destinations.take()
      if field != .nActionRQ || message.status != .success { return message }
    }
    throw MemoryPeerError()
  }

  /// That a retrieval still goes on is said each second, on a machine that is busy: that is not an answer. It says the same as
  /// was said after the last object, or that nothing was done yet.
  private mutating func note(_ message: Heard, ofTick pending: CommandSet?) {
    if let pending {
      let done = [
        pending.numberOfCompletedSuboperations, pending.numberOfFailedSuboperations,
        pending.numberOfWarningSuboperations,
      ].compactMap(\.self).reduce(0, +)
      if done == 0 || heard.contains(message) { return }
    }
    heard.append(message)
  }

  mutating func note(_ message: Heard) { heard.append(message) }
}

struct MemoryPeerError: Error {}

extension CommandSet {
  /// Success, whatever was sent.
  static func taken(_ request: CommandSet) -> CommandSet { .response(to: request, status: .success) }
}
