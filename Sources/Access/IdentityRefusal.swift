// SPDX-License-Identifier: Apache-2.0

/// Why somebody is not who they say. It is for the log and for `collimator peer knocks`; the peer learns "rejected".
package struct IdentityRefusal: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Kind: String, Sendable, Hashable {
    case unknownUser, wrongPassword, lockedOut, lockedUser
    /// A secret came over a connection on which others can read along.
    case secretInTheClear
    case unknownCertificate, expiredCertificate
    case malformedToken, unknownIssuer, forbiddenAlgorithm, wrongSignature, wrongAudience, expiredToken
    case tokenNotYetValid
    /// No verifier for this kind of credential is plugged in.
    case unsupported
    /// Two credentials prove two different users.
    case contradiction
    /// What was proven is less than the peer demands.
    case tooWeak
    /// More passwords wait to be checked than this node bears.
    case busy
  }

  package let kind: Kind
  package let description: String

  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
