// SPDX-License-Identifier: Apache-2.0

/// PS3.6 annex A: the UIDs that the Standard registers.
package enum UIDRegistry {
  package struct Entry: Sendable, Hashable {
    package let uid: String
    package let type: String
    package let keyword: String
    package let name: String
    package let isRetired: Bool
  }

  package static let storageServiceClass = "1.2.840.10008.4.2"
  package static let verification = "1.2.840.10008.1.1"
  package static let storageCommitmentPushModel = "1.2.840.10008.1.20.1"
  /// The one instance that all requests and reports are about (PS3.4 J.3.5).
  package static let storageCommitmentPushModelInstance = "1.2.840.10008.1.20.1.1"
  package static let patientRootFind = "1.2.840.10008.5.1.4.1.2.1.1"
  package static let patientRootMove = "1.2.840.10008.5.1.4.1.2.1.2"
  package static let patientRootGet = "1.2.840.10008.5.1.4.1.2.1.3"
  package static let studyRootFind = "1.2.840.10008.5.1.4.1.2.2.1"
  package static let studyRootMove = "1.2.840.10008.5.1.4.1.2.2.2"
  package static let studyRootGet = "1.2.840.10008.5.1.4.1.2.2.3"

  package static let patientStudyOnlyFind = "1.2.840.10008.5.1.4.1.2.3.1"
  package static let patientStudyOnlyMove = "1.2.840.10008.5.1.4.1.2.3.2"
  package static let patientStudyOnlyGet = "1.2.840.10008.5.1.4.1.2.3.3"

  private static let rows = DictionaryRows(UIDTable.rows)

  package static func entry(for uid: String) -> Entry? {
    rows.row(for: uid).map(Entry.init)
  }

  package static func name(of uid: String) -> String? { names[uid] }

  /// Asked for each context of each association.
  private static let names = Dictionary(entries.map { ($0.uid, $0.name) }, uniquingKeysWith: { first, _ in first })

  package static let entries: [Entry] = rows.indices.map { Entry(rows.columns(at: $0)) }

  /// Every SOP class that C-STORE transfers, retired and trial ones included. PS3.6 marks none as such: they are the ones
  /// named "… Storage", and the nameless of the storage classes' own root; commitment stores nothing.
  package static let storageSOPClasses: Set<String> = Set(
    entries.filter { entry in
      guard entry.type == "SOP Class" else { return false }
      if entry.keyword.isEmpty { return entry.uid.hasPrefix("1.2.840.10008.5.1.4.1.1.") }
      return entry.keyword.contains("Storage") && !entry.keyword.hasPrefix("StorageCommitment")
    }.map(\.uid))

  package static func isStorageSOPClass(_ uid: String) -> Bool {
    storageSOPClasses.contains(uid)
  }

  /// Objects that belong to no patient and so have no study (PS3.4 annex GG).
  package static let nonPatientSOPClasses: Set<String> = Set(
    entries.filter { entry in
      nonPatientKeywords.contains(entry.keyword)
    }.map(\.uid))

  private static let nonPatientKeywords: Set<String> = [
    "HangingProtocolStorage", "ColorPaletteStorage", "GenericImplantTemplateStorage",
    "ImplantAssemblyTemplateStorage", "ImplantTemplateGroupStorage", "CTDefinedProcedureProtocolStorage",
    "XADefinedProcedureProtocolStorage", "ProtocolApprovalStorage", "InventoryStorage",
  ]
}

extension UIDRegistry.Entry {
  fileprivate init(_ columns: [Substring]) {
    uid = String(columns[0])
    type = String(columns[1])
    keyword = String(columns[2])
    name = String(columns[3])
    isRetired = columns[4] == "Y"
  }
}
