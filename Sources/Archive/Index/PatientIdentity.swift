// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Glibc

/// Who an object says its patient is: an ID, and who gave it. An empty ID identifies nobody: each study of nobody is a
/// patient of its own.
package struct PatientIdentity: Sendable, Hashable, CustomStringConvertible {
  package let id: String
  /// Empty where nobody is named as having given the ID.
  package let issuer: String
  /// The Study Instance UID where the ID is empty, else empty.
  let soleStudy: String

  /// nil for an empty ID.
  package init?(id: String, issuer: String?) {
    let id = id.trimmed
    guard !id.isEmpty else { return nil }
    self.id = MatchingForm.storable(id)
    self.issuer = MatchingForm.storable((issuer ?? "").trimmed)
    soleStudy = ""
  }

  /// As the index has it.
  init(stored id: String, issuer: String, soleStudy: String) {
    self.id = id
    self.issuer = issuer
    self.soleStudy = soleStudy
  }

  /// The issuer that the header names, else the default of whoever sent it.
  init(_ header: DataSet, study: String, defaultIssuer: String) {
    let id = header.string(.patientID)
    self.id = MatchingForm.storable(id ?? "")
    issuer = MatchingForm.storable(header.string(.issuerOfPatientID) ?? (id == nil ? "" : defaultIssuer))
    soleStudy = id == nil ? MatchingForm.storable(study) : ""
  }

  /// As the index compares them.
  package static func == (one: PatientIdentity, other: PatientIdentity) -> Bool {
    one.id.isSpelt(as: other.id) && one.issuer.isSpelt(as: other.issuer) && one.soleStudy.isSpelt(as: other.soleStudy)
  }

  /// Whether it names somebody.
  package var isSomebody: Bool { soleStudy.isEmpty }

  package var description: String {
    guard isSomebody else { return "nobody (study \(soleStudy))" }
    return issuer.isEmpty ? id : "\(id) of \(issuer)"
  }
}

extension String {
  /// Byte by byte: Swift takes two spellings of one letter for the same, the index for two patients.
  func isSpelt(as other: String) -> Bool {
    var (one, two) = (self, other)
    return one.withUTF8 { one in
      two.withUTF8 { two in
        guard one.count == two.count, let first = one.baseAddress, let second = two.baseAddress else {
          return one.count == two.count
        }
        return memcmp(first, second, one.count) == 0
      }
    }
  }

  /// PS3.5 §6.2, LO and UI: spaces around a value do not count.
  var trimmed: String {
    var rest = self[...]
    while rest.first == " " { rest.removeFirst() }
    while rest.last == " " { rest.removeLast() }
    return String(rest)
  }
}
