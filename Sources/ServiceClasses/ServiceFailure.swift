// SPDX-License-Identifier: Apache-2.0

package import Archive
package import DICOMData
package import DIMSE

/// Why a service answers a request with something other than success: the status, and a sentence for the peer's log.
package struct ServiceFailure: Error, Sendable, CustomStringConvertible {
  package let status: Status
  /// At most 64 characters of ASCII (VR LO), without patient data (PS3.7 annex C).
  package let comment: String
  package let offendingElements: [Tag]
  /// What went wrong on this machine, for its log: it may name a path.
  package private(set) var cause: String?
  /// What a person is told who asked, where that is more than an Error Comment holds.
  private var explanation: String?
  /// Whether no status of the peer's is behind it: it asked for release instead of an answer.
  package private(set) var isUnanswered = false

  /// The association ended before the answer came.
  static let unanswered: ServiceFailure = {
    var failure = ServiceFailure(.processingFailure, "the peer released the association without an answer")
    failure.isUnanswered = true
    return failure
  }()

  package init(_ status: Status, _ comment: String, offendingElements: [Tag] = []) {
    self.status = status
    let plain = comment.unicodeScalars.filter { (0x20..<0x7F).contains($0.value) && $0 != "\\" }
    self.comment = String(String.UnicodeScalarView(plain.prefix(64)))
    self.offendingElements = offendingElements
  }

  package var description: String { explanation ?? comment }

  /// The final response that says so.
  package func response(to request: CommandSet) -> CommandSet {
    var response = CommandSet.response(to: request, status: status)
    response.errorComment = comment
    response.offendingElements = offendingElements
    return response
  }
}

extension ServiceFailure {
  /// The peer gave this node no presentation context for it.
  init(withoutContextFor sopClassUID: String, in transferSyntaxUID: String?, because why: String) {
    let comment = "the peer accepted no presentation context for it"
    self.init(.sopClassNotSupported, comment)
    func name(_ uid: String) -> String { UIDRegistry.name(of: uid) ?? "'\(uid)'" }
    let syntax = transferSyntaxUID.map { " in \(name($0))" } ?? ""
    explanation = "\(comment), \(name(sopClassUID))\(syntax): \(why)"
  }

  /// What cannot be recorded is not shown.
  init(auditing error: AuditError, _ status: Status = .refusedOutOfResources) {
    self.init(status, "the audit cannot be written now; try again later")
    cause = "\(error)"
  }

  /// PS3.4 Table B.2-1: what the archive could not take, as the status that says whether to try again.
  package init(_ error: ReceptionError) {
    let elements = error.offendingElement.map { [$0] } ?? []
    switch error.kind {
    case .unreadable:
      self.init(.cannotUnderstand, "cannot be read: \(error.description)", offendingElements: elements)
    case .doesNotMatch:
      self.init(.dataSetDoesNotMatchSOPClass, error.description, offendingElements: elements)
    case .keptOut:
      // PS3.7 §C.5: trying again would not help.
      self.init(.refusedNotAuthorized, "the object was deleted here and is not to come again")
    case .outOfResources:
      self.init(.refusedOutOfResources, "the archive cannot take objects now; try again later")
      cause = error.description
    }
  }
}
