// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import UpperLayer

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

  /// Of a requestor: its contexts that cannot be used.
  private var unusable: [UnusableContext] = []

  private struct UnusableContext {
    let abstractSyntax: String
    let transferSyntaxes: [String]
    /// In words.
    let why: String

    func isFor(_ abstractSyntax: String, _ transferSyntaxUID: String?) -> Bool {
      self.abstractSyntax == abstractSyntax && transferSyntaxUID.map(transferSyntaxes.contains) ?? true
    }
  }

  private init(request: AssociateRQ, acceptance: AssociateAC, messages: MessageReader, writer: MessageWriter) {
    callingAETitle = request.callingAETitle
    self.messages = messages
    self.writer = writer
    agreed = acceptance.userInformation
    let proposed = Dictionary(
      request.presentationContexts.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var contexts: [UInt8: AcceptedContext] = [:]
    for result in acceptance.presentationContexts {
      guard let context = proposed[result.id], contexts[result.id] == nil, result.whyUnusable(of: context) == nil else {
        continue
      }
      contexts[result.id] = AcceptedContext(
        id: result.id, abstractSyntax: context.abstractSyntax, transferSyntaxUID: result.transferSyntax)
    }
    self.contexts = contexts
  }

  /// Why there is no context for it, in this transfer syntax where one is named; nil where there is one.
  package func whyUnusable(_ abstractSyntax: String, in transferSyntaxUID: String? = nil) -> String? {
    let isThere = contexts.values.contains { context in
      context.abstractSyntax == abstractSyntax
        && (transferSyntaxUID ?? context.transferSyntaxUID) == context.transferSyntaxUID
    }
    guard !isThere else { return nil }
    return unusable.last { $0.isFor(abstractSyntax, transferSyntaxUID) }?.why ?? "it was not proposed"
  }

  /// Of what this node proposed itself: a peer's request may be longer than what is worth keeping.
  private mutating func noteUnusable(_ proposed: [ProposedPresentationContext], in acceptance: AssociateAC) {
    unusable = proposed.filter { contexts[$0.id] == nil }.map { context in
      let result = acceptance.presentationContexts.last { $0.id == context.id }
      return UnusableContext(
        abstractSyntax: context.abstractSyntax, transferSyntaxes: context.transferSyntaxes,
        why: result.map { $0.whyUnusable(of: context) ?? "" } ?? "its answer does not mention it")
    }
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
    association.noteUnusable(request.presentationContexts, in: acceptance)
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
