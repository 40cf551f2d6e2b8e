// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Foundation

/// What the first object of a series says of who asked for it, in the form in which rules compare it.
struct Referral: Sendable, Hashable, Codable {
  /// Person Identification Macro (PS3.3 table 10-1).
  struct Identification: Sendable, Hashable, Codable {
    let code: String
    let scheme: String
  }

  var referringNames: [String] = []
  var referringIDs: [Identification] = []
  var requestingNames: [String] = []
  var requestingIDs: [Identification] = []
  var institution = ""
  var calling = ""
  var modality = ""
  var responsible: [String] = []

  static let wantedElements: Set<Tag> = [
    .referringPhysicianName, referringIdentification, .requestingPhysician, requestingIdentification, .institutionName,
    .modality, .responsiblePerson,
  ]

  private static let referringIdentification = Tag(0x0008, 0x0096)
  private static let requestingIdentification = Tag(0x0032, 0x1031)
  private static let personIdentificationCode = Tag(0x0040, 0x1101)

  init() {}

  init(_ header: DataSet, calling: String) {
    referringNames = Self.names(header.strings(.referringPhysicianName))
    referringIDs = Self.identifications(header.items(Self.referringIdentification))
    requestingNames = Self.names(header.strings(.requestingPhysician))
    requestingIDs = Self.identifications(header.items(Self.requestingIdentification))
    institution = Self.text(header.string(.institutionName) ?? "")
    self.calling = calling.trimmed
    modality = (header.string(.modality) ?? "").trimmed
    responsible = Self.names(header.strings(.responsiblePerson))
  }

  init(json: String) {
    self = (try? JSONDecoder().decode(Self.self, from: Data(json.utf8))) ?? Self()
  }

  var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  /// As case, accents and width do not count; each component group is a name (PS3.5 §6.2.1.2).
  static func names(_ values: [String]) -> [String] {
    values.flatMap { $0.split(separator: "=") }.map { text(String($0)) }.filter { !$0.isEmpty }
  }

  static func text(_ value: String) -> String {
    MatchingForm.personName(MatchingForm.storable(value.trimmed)).trimmed
  }

  private static func identifications(_ persons: [DataSet]) -> [Identification] {
    // Code Value, or Long or URN Code Value where it does not fit (PS3.3 table 8.8-1).
    let values = [Tag(0x0008, 0x0100), Tag(0x0008, 0x0119), Tag(0x0008, 0x0120)]
    return persons.flatMap { $0.items(personIdentificationCode) }.compactMap { item in
      guard let code = values.lazy.compactMap({ item.string($0) }).first?.trimmed, !code.isEmpty else { return nil }
      let scheme = (item.string(Tag(0x0008, 0x0102)) ?? "").trimmed
      return Identification(code: MatchingForm.storable(code), scheme: MatchingForm.storable(scheme))
    }
  }
}
