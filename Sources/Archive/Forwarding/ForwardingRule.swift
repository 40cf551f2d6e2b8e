// SPDX-License-Identifier: Apache-2.0

package import Access

/// What arrives is sent on to a peer where it comes from `sender`, was brought under the AE title `callingAETitle`, is of one
/// of `modalities`, and says of who asked for it what the `conditions` want; what is not named does not matter.
package struct ForwardingRule: Sendable, Hashable {
  package let number: Int64
  package let destination: String
  package let sender: String?
  package let callingAETitle: String?
  package let modalities: [String]
  package let conditions: ForwardingConditions
  package let addedBy: String
  package let addedAt: Double
}

extension ForwardingRule: CustomStringConvertible {
  /// For the record.
  package var description: String {
    let conditions =
      (sender.map { ["from '\($0)'"] } ?? []) + (callingAETitle.map { ["calling '\($0)'"] } ?? [])
      + (modalities.isEmpty ? [] : ["of \(modalities.joined(separator: ", "))"]) + conditions.texts
    return "rule \(number): to '\(destination)' " + (conditions.isEmpty ? "all" : conditions.joined(separator: ", "))
  }
}

/// What an object has to say of who asked for it to be sent on.
package struct ForwardingConditions: Sendable, Hashable, Codable {
  /// All of them have to hold.
  package var conditions: [ReferralRule.Condition] = []
  /// Coding Scheme Designator of the identifiers; nil for any.
  package var scheme: String?

  package init(_ conditions: [ReferralRule.Condition] = [], scheme: String? = nil) {
    self.conditions = conditions
    self.scheme = scheme
  }

  /// For a person.
  package var texts: [String] {
    conditions.map { "\($0.key.rawValue) \($0.values.joined(separator: "|"))" }
      + (scheme.map { ["scheme \($0)"] } ?? [])
  }
}

/// An object that is to be sent on.
package struct ForwardingJob: Sendable, Hashable {
  package let number: Int64
  /// By which it is sent on.
  package let rule: Int64
  package let sopInstanceUID: String
}

/// Of what waits for a destination, what it may have, and the grants that opened it.
package struct OpenForwarding: Sendable {
  package let objects: [(job: ForwardingJob, instance: ServedInstance)]
  package let grants: [Int]
}

/// What is owed to others and still to be delivered.
package struct QueuedDelivery: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable, CaseIterable { case commitment, forwarding }

  package let kind: Kind
  package let number: Int64
  /// The peer's name.
  package let destination: String
  /// The SOP Instance UID of an object, the Transaction UID of a report.
  package let what: String
  package let since: Double
  package let attempts: Int
  /// nil for what is not tried any more until somebody says so.
  package let nextAttempt: Double?
  package let lastFailure: String?
}
