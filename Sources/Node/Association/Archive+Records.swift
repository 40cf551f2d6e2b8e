// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DIMSE
import ServiceClasses
import UpperLayer

extension Archive {
  /// A request that somebody who was let in was refused.
  func noteRefusal(of command: CommandSet, by caller: Caller, _ failure: ServiceFailure) {
    let kind: AuditKind =
      switch command.commandField {
      case .cStoreRQ: .store
      case .cFindRQ: .query
      case .cGetRQ, .cMoveRQ: .retrieve
      default: .association
      }
    let object = command.affectedSOPInstanceUID.map { "\($0.printable): " } ?? ""
    audit.note(
      AuditEntry(
        at: audit.time, kind, command.commandField.operation, .refused, by: AuditActor(caller), count: 0,
        detail: "\(object)\(failure.status) \(failure.comment)"))
  }

  /// Somebody was let in; who proved to be a user has logged in too.
  func noteAcceptance(_ request: AssociateRQ, of caller: Caller, contexts: String, transport: Transport) {
    let actor = AuditActor(caller)
    let security = transport.isPrivate ? "over TLS" : "in the clear"
    audit.note(
      AuditEntry(
        at: audit.time, .association, "association accepted", by: actor,
        detail: "calling '\(request.callingAETitle.printable)', called '\(request.calledAETitle.printable)', "
          + "\(contexts) contexts, \(security)"))
    guard actor.kind == .user else { return }
    audit.note(AuditEntry(at: audit.time, .login, "login", by: actor, detail: "\(caller.identity)"))
  }
}

extension CommandField {
  /// As PS3.7 writes it: a cStoreRQ is a C-STORE.
  fileprivate var operation: String {
    var words = ""
    for letter in "\(self)".dropLast(2) { words += letter.isUppercase ? "-\(letter)" : letter.uppercased() }
    return words.uppercased()
  }
}
