// SPDX-License-Identifier: Apache-2.0

/// A connection that did not become an association because this layer said no, before anybody above was asked: one for each, so
/// that each is recorded once.
package struct Refusal: Sendable, Hashable, CustomStringConvertible {
  package let why: String
  /// nil, where the connection ended before it said who calls; nothing of it has been checked.
  package let callingAETitle: String?
  package let calledAETitle: String?

  package init(why: String, callingAETitle: String?, calledAETitle: String?) {
    self.why = why
    self.callingAETitle = callingAETitle
    self.calledAETitle = calledAETitle
  }

  package var description: String { why }
}
