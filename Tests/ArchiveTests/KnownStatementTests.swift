// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Testing

@testable import Archive

/// A statement that was written for another value, or for somebody else, answers what one of its own would.
@Suite struct KnownStatementTests {
  private static let objects = [
    TestObject(instance: "1.1", series: "1.2.1", study: "1.2", patientID: "P1", accession: "A1"),
    TestObject(instance: "2.1", series: "2.2.1", study: "2.2", patientID: "P2", accession: "A2"),
    TestObject(instance: "2.3", series: "2.2.3", study: "2.2", patientID: "P2", accession: "A2"),
    TestObject(instance: "3.1", series: "3.2.1", study: "3.2", patientID: "MÜLLER 3", accession: "0"),
    TestObject(instance: "4.1", series: "4.2.1", study: "4.2", patientID: "", accession: "'; --"),
  ]

  private struct Asked {
    let level: QueryRetrieveLevel
    let returned: DICOMData.Tag
    let keys: [MatchingKey]
    /// By the caller who sees everything; the other sees study 2.2 alone.
    let found: [String]

    init(
      _ level: QueryRetrieveLevel, _ returned: DICOMData.Tag, _ tag: DICOMData.Tag, _ value: String, _ found: [String],
      and other: MatchingKey? = nil
    ) {
      (self.level, self.returned, self.found) = (level, returned, found)
      let isUID = DataDictionary.vr(of: tag) == .ui
      keys =
        [MatchingKey(tag: tag, matching: isUID ? .uidList([value]) : .singleValue(value))]
        + [MatchingKey(tag: .patientName, matching: .universal)] + [other].compactMap { $0 }
    }
  }

  private static let cases: [Asked] = [
    Asked(.study, .studyInstanceUID, .patientID, "P1", ["1.2"]),
    Asked(.study, .studyInstanceUID, .patientID, "P2", ["2.2"]),
    Asked(.study, .studyInstanceUID, .patientID, "MÜLLER 3", ["3.2"]),
    Asked(.study, .studyInstanceUID, .patientID, "p1", []),
    Asked(.study, .studyInstanceUID, .patientID, "", ["4.2"]),
    Asked(.study, .studyInstanceUID, .accessionNumber, "A1", ["1.2"]),
    Asked(.study, .studyInstanceUID, .accessionNumber, "A2", ["2.2"]),
    Asked(.study, .studyInstanceUID, .accessionNumber, "0", ["3.2"]),
    Asked(.study, .studyInstanceUID, .accessionNumber, "'; --", ["4.2"]),
    Asked(.study, .patientID, .studyInstanceUID, "2.2", ["P2"]),
    Asked(.study, .patientID, .studyInstanceUID, "1.2", ["P1"]),
    Asked(.series, .seriesInstanceUID, .studyInstanceUID, "2.2", ["2.2.1", "2.2.3"]),
    Asked(.series, .seriesInstanceUID, .studyInstanceUID, "1.2", ["1.2.1"]),
    Asked(.series, .seriesInstanceUID, .seriesInstanceUID, "2.2.3", ["2.2.3"]),
    Asked(.image, .sopInstanceUID, .patientID, "P2", ["2.1", "2.3"]),
    Asked(.image, .sopInstanceUID, .sopInstanceUID, "1.1", ["1.1"]),
    Asked(.patient, .patientID, .patientID, "P1", ["P1"]),
    Asked(.patient, .patientID, .patientID, "P2", ["P2"]),
    // One that is not of the level does not narrow.
    Asked(.patient, .patientID, .accessionNumber, "A1", ["", "MÜLLER 3", "P1", "P2"]),
    // With another key the words are others.
    Asked(
      .study, .studyInstanceUID, .patientID, "P2", [],
      and: MatchingKey(tag: .accessionNumber, matching: .singleValue("A1"))),
    Asked(
      .study, .studyInstanceUID, .patientID, "P2", ["2.2"],
      and: MatchingKey(tag: .modality, matching: .sequence([]))),
  ]

  @Test func eachIsAnsweredItsOwn() async throws {
    let test = TestArchive(inMemory: true)
    let archive = try test.openUnsafely()
    for object in Self.objects { try await archive.store(object) }
    let (all, some) = (try await archive.makeCaller("ALL"), try await archive.makeCaller("SOME"))
    let administration = archive.administration(as: .current)
    _ = try await administration.addGrant(to: "ALL", scope: .everything, until: nil)
    for round in 0..<6 {
      let grant =
        round % 2 == 0 ? try await administration.addGrant(to: "SOME", scope: .study(uid: "2.2"), until: nil) : nil
      for asked in Self.cases {
        let seen = try await archive.values(of: asked.returned, at: asked.level, as: all, asked.keys)
        #expect(seen.sorted() == asked.found, "\(asked)")
        let few = try await archive.values(of: asked.returned, at: asked.level, as: some, asked.keys)
        let isTheirs = asked.found.contains { $0.hasPrefix("2.") || $0 == "P2" }
        let theirs = asked.found.count == 4 ? ["P2"] : isTheirs ? asked.found : []
        #expect(few.sorted() == (grant == nil ? [] : theirs), "\(asked)")
      }
      if let grant { try await administration.revokeGrant(grant.number) }
    }
    try await archive.close()
  }
}
