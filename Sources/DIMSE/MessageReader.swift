// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import UpperLayer

/// A message whose command has arrived; its data set, if it has one, is read piece by piece from the reader.
package struct Message: Sendable {
  package let command: CommandSet
  package let contextID: UInt8
}

/// What arrives on an association, in order, for the one task that owns it. Reading slowly slows the peer down.
package final class MessageReader {
  let indications: IndicationQueue
  private var isInsideDataSet = false
  private var isObject = false
  /// Messages that were there already when they were asked for.
  private var inARow = 0

  private static let messagesInATurn = 32

  /// What nobody reads of a data set, in bytes, before the association ends: as long as an identifier may be; and as long as
  /// objects are, so that one that is refused ends not all that stand behind it.
  private static let mostPassedOver = 4 << 20
  private static let mostOfAnObjectPassedOver = 4 << 30

  package init(_ indications: IndicationQueue) {
    self.indications = indications
  }

  /// The next message; nil when the peer asks for release. What is left of the last one's data set is passed over.
  package func next() async throws -> Message? {
    try await passOver()
    inARow = indications.isEmpty ? 0 : inARow + 1
    switch try await nextIndication() {
    case .command(let command, let contextID):
      isInsideDataSet = command.hasDataSet
      isObject = command.commandField == .cStoreRQ
      return Message(command: command, contextID: contextID)
    case .release, .releaseConfirmed: return nil
    default: throw AssociationEnd.protocolViolation("something that is no message")
    }
  }

  /// Whether that was as many messages as one peer may have answered before others on its event loop have their turn; then
  /// the next turn begins. A single read may bring thousands.
  package func endsTurn() -> Bool {
    guard inARow >= Self.messagesInATurn else { return false }
    inARow = 0
    return true
  }

  private func passOver() async throws {
    let most = isObject ? Self.mostOfAnObjectPassedOver : Self.mostPassedOver
    var count = 0
    while let fragment = try await nextFragment() {
      count += fragment.readableBytes
      guard count <= most else {
        throw AssociationEnd.protocolViolation(
          "more than \(most) bytes of a data set that was refused, or not asked for")
      }
    }
  }

  /// The next piece of the data set; nil at its end.
  package func nextFragment() async throws -> ByteBuffer? {
    while isInsideDataSet {
      guard case .dataSet(let bytes, let isLast) = try await nextIndication() else {
        throw AssociationEnd.protocolViolation("a message ends before its data set")
      }
      isInsideDataSet = !isLast
      if bytes.readableBytes > 0 { return bytes }
    }
    return nil
  }

  /// The whole data set, for services whose data sets are small; throws past `limit` bytes.
  package func dataSet(upTo limit: Int) async throws -> ByteBuffer {
    var whole = ByteBuffer()
    while let fragment = try await nextFragment() {
      whole.writeImmutableBuffer(fragment)
      guard whole.readableBytes <= limit else { throw MessageTooLong(limit: limit) }
    }
    return whole
  }

  /// Waits until the peer hangs up, or ARTIM does it; whatever still comes has no meaning any more.
  package func untilClosed() async {
    // An end is no reason to hang up first: a peer that is told so by a reset may not see why.
    while (try? await indications.next()) != nil {}
  }

  /// Of an association that is over: how it ended, as it stands behind what was not read; nil where the connection just closed.
  package func end() async -> AssociationEnd? {
    while let indication = try? await indications.next() {
      if case .ended(let end) = indication { return end }
    }
    return nil
  }

  func nextAssociateRequest() async throws -> AssociateRQ? {
    guard let indication = try await indications.next() else { return nil }
    switch indication {
    case .associate(let request): return request
    case .ended(let end): throw end
    default: throw AssociationEnd.protocolViolation("something before the association request")
    }
  }

  func nextAssociateConfirmation() async throws -> AssociateAC {
    switch try await nextIndication() {
    case .accepted(let acceptance): return acceptance
    case .rejected(let rejection): throw AssociationEnd.rejected(rejection)
    default: throw AssociationEnd.protocolViolation("something before the answer to the association request")
    }
  }

  /// PS3.8 §7.2.2: both may ask at once; then the other's request is answered first.
  func drainUntilReleased(_ writer: MessageWriter) async throws {
    while let indication = try await indications.next() {
      switch indication {
      case .releaseConfirmed: return
      case .release: try await writer.send(.releaseResponse)
      case .ended(let end): throw end
      default: continue
      }
    }
  }

  private func nextIndication() async throws -> DIMSEIndication {
    guard let indication = try await indications.next() else { throw AssociationEnd.connectionClosed }
    if case .ended(let end) = indication { throw end }
    return indication
  }
}

/// A data set longer than its service takes.
package struct MessageTooLong: Error, Sendable {
  package let limit: Int
}
