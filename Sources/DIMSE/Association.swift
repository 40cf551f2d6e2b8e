// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import UpperLayer

/// The connection that an association lives on, with both layers of protocol in its pipeline.
package typealias AssociationChannel = NIOAsyncChannel<DIMSEIndication, DIMSERequest>

/// What was agreed on one presentation context.
package struct AcceptedContext: Sendable, Hashable {
  package let id: UInt8
  package let abstractSyntax: String
  package let transferSyntaxUID: String
}

/// An established association, in either role: what was agreed, a reader for one task, a writer for many.
package struct Association {
  /// All that is kept of the request: as a whole it may take two MiB, and hold a passcode.
  package let callingAETitle: String
  package let contexts: [UInt8: AcceptedContext]
  /// What the acceptor said: window, roles and extended negotiation as agreed (PS3.7 annex D.3.3).
  package let agreed: UserInformation
  package let messages: MessageReader
  package let writer: MessageWriter
  /// Of a requestor: how long the peer may take for each answer; nil waits for as long as the association goes on.
  private var answersWithin: (deadline: AnswerDeadline, time: TimeAmount)?

  /// Of abstract syntaxes with a context that cannot be used: why, in words.
  private let refusals: [String: String]

  private init(request: AssociateRQ, acceptance: AssociateAC, messages: MessageReader, writer: MessageWriter) {
    callingAETitle = request.callingAETitle
    self.messages = messages
    self.writer = writer
    agreed = acceptance.userInformation
    let proposed = Dictionary(
      request.presentationContexts.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var contexts: [UInt8: AcceptedContext] = [:]
    var refusals: [String: String] = [:]
    for result in acceptance.presentationContexts {
      guard let context = proposed[result.id], contexts[result.id] == nil else { continue }
      if let why = result.whyUnusable(of: context) {
        refusals[context.abstractSyntax] = why
      } else {
        contexts[result.id] = AcceptedContext(
          id: result.id, abstractSyntax: context.abstractSyntax, transferSyntaxUID: result.transferSyntax)
      }
    }
    (self.contexts, self.refusals) = (contexts, refusals)
  }

  /// Why there is no context for it; nil where there is one.
  package func whyUnusable(_ abstractSyntax: String) -> String? {
    guard !contexts.values.contains(where: { $0.abstractSyntax == abstractSyntax }) else { return nil }
    return refusals[abstractSyntax] ?? "its answer does not mention it"
  }

  /// The acceptor's side: waits for the request and answers with what `decide` says. nil, when it was rejected.
  package static func accept(
    _ messages: MessageReader, _ writer: MessageWriter,
    _ decide: (AssociateRQ) async throws -> Result<AssociateAC, AssociateRJ>
  ) async throws -> Association? {
    guard let request = try await messages.nextAssociateRequest() else { return nil }
    switch try await decide(request) {
    case .success(let acceptance):
      try await writer.send(.accept(acceptance))
      return Association(request: request, acceptance: acceptance, messages: messages, writer: writer)
    case .failure(let rejection):
      try await writer.send(.reject(rejection))
      return nil
    }
  }

  /// The requestor's side: asks, and throws `AssociationEnd` when the peer says no. `answersWithin`: what each answer gets that
  /// is awaited on the association afterwards.
  package static func request(
    _ request: AssociateRQ, _ messages: MessageReader, _ writer: MessageWriter,
    answersWithin: (deadline: AnswerDeadline, time: TimeAmount)? = nil
  ) async throws -> Association {
    try await writer.send(.associate(request))
    let acceptance = try await messages.nextAssociateConfirmation()
    var association = Association(request: request, acceptance: acceptance, messages: messages, writer: writer)
    association.answersWithin = answersWithin
    return association
  }

  /// Waits for one answer. Throws `AssociationEnd.timedOut` where it does not come in time, whatever else comes meanwhile.
  package func answer<Value>(_ body: () async throws -> Value) async throws -> Value {
    guard let (deadline, time) = answersWithin else { return try await body() }
    return try await deadline.within(time, for: "answer", body)
  }

  /// Whether its connection is there, as far as is known; of an acceptor, who reads knows more.
  package var isOpen: Bool { answersWithin?.deadline.isConnected ?? true }

  /// Of a requestor: what hangs up on the peer.
  package var deadline: AnswerDeadline? { answersWithin?.deadline }

  /// A response to nothing that was asked: what else this peer says about operations means nothing either.
  package func unasked(_ response: CommandSet) -> AssociationEnd {
    let number = response.messageIDBeingRespondedTo.map(String.init) ?? "none"
    return .protocolViolation("a \(response.commandField) to Message ID \(number), which awaits none")
  }

  /// Asks for release and waits until the peer agrees.
  package func release() async throws {
    try await writer.send(.release)
    try await messages.drainUntilReleased(writer)
  }
}

extension PresentationContextResult {
  /// PS3.8 §9.3.3.2: an acceptor chooses among what was proposed; what it makes up nobody can write.
  fileprivate func whyUnusable(of proposed: ProposedPresentationContext) -> String? {
    switch result {
    case .acceptance where proposed.transferSyntaxes.contains(transferSyntax): nil
    case .acceptance: "it chose the transfer syntax '\(transferSyntax)', which was not proposed"
    case .userRejection: "user rejection"
    case .noReason: "no reason given"
    case .abstractSyntaxNotSupported: "abstract syntax not supported"
    case .transferSyntaxesNotSupported: "transfer syntaxes not supported"
    }
  }
}
