// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Testing

@testable import Archive

@Suite struct SequenceMatchingTests {
  /// A study with two procedure codes: each is found by its own value, and both are answered, item by item.
  @Test func codesOfASequenceAreMatchedAndAnswered() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let value = DICOMData.Tag(0x0008, 0x0100)
    var builder = try DataSetBuilder(HeaderForTest.header(of: TestObject(instance: "1.1")))
    builder.setSequence(
      .procedureCodeSequence,
      ["CT-1", "CT-2"].map { code in
        var item = DataSetBuilder()
        item.set(value, .sh, code)
        item.set(.codeMeaning, .lo, "Meaning of \(code)")
        return item
      })
    let reception = try await archive.receive(
      TestObject(instance: "1.1").announcement, from: .operator(.current))
    try await reception.append(builder.encoded(as: .explicitVRLittleEndian))
    _ = try await reception.commit()
    try await archive.store(TestObject(instance: "1.2", series: "2.2", study: "3.2"))
    let caller = try await archive.makeCaller("ALL")
    _ = try await archive.administration(as: .current).addGrant(to: "ALL", scope: .everything, until: nil)
    let cases: [(MatchingKey.Matching, [String])] = [
      (.singleValue("CT-1"), ["1.2.3"]), (.singleValue("CT-2"), ["1.2.3"]), (.singleValue("CT"), []),
      (.wildcard("CT-*"), ["1.2.3"]), (.wildcard("*-3"), []), (.universal, ["1.2.3", "3.2"]),
    ]
    for (matching, studies) in cases {
      let key = MatchingKey(tag: value, in: .procedureCodeSequence, matching: matching)
      #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: caller, [key]) == studies, "\(matching)")
    }
    // One item has to match both: each by itself would find the study.
    for (code, meaning, studies) in [("CT-1", "Meaning of CT-1", ["1.2.3"]), ("CT-1", "Meaning of CT-2", [])] {
      let key = MatchingKey(
        tag: .procedureCodeSequence,
        matching: .sequence([
          MatchingKey(tag: value, matching: .singleValue(code)),
          MatchingKey(tag: .codeMeaning, matching: .singleValue(meaning)),
        ]))
      #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: caller, [key]) == studies)
    }
    let query = FindQuery(
      informationModel: .studyRoot, level: .study, keys: [], returning: [.procedureCodeSequence, .studyInstanceUID])
    let rows = try await archive.reading(as: caller).find(query).reduce(into: []) { $0 += $1.rows }
    #expect(
      rows.first?.items(of: .procedureCodeSequence) == [
        [value: "CT-1", .codeMeaning: "Meaning of CT-1"], [value: "CT-2", .codeMeaning: "Meaning of CT-2"],
      ])
    #expect(rows.last?.items(of: .procedureCodeSequence) == [])
    try await archive.close()
  }

  private static let value = DICOMData.Tag(0x0008, 0x0100)

  private static func store(
    _ object: TestObject, _ sequences: [DICOMData.Tag: [[DICOMData.Tag: String]]], in archive: Archive
  ) async throws {
    var builder = try DataSetBuilder(HeaderForTest.header(of: object))
    for (sequence, items) in sequences {
      builder.setSequence(
        sequence,
        items.map { values in
          var item = DataSetBuilder()
          for (tag, value) in values { item.set(tag, DataDictionary.vr(of: tag) ?? .lo, value) }
          return item
        })
    }
    builder.set(DICOMData.Tag(0x0010, 0x2298), .cs, "OWNER")
    let reception = try await archive.receive(object.announcement, from: .operator(.current))
    try await reception.append(builder.encoded(as: .explicitVRLittleEndian))
    _ = try await reception.commit()
  }

  /// PS3.4 table C.6-1: what animals have beside people.
  @Test func speciesBreedsAndTheirRegistrationsAreMatchedAndAnswered() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let (species, breed) = (DICOMData.Tag(0x0010, 0x2202), DICOMData.Tag(0x0010, 0x2293))
    let (registration, number) = (DICOMData.Tag(0x0010, 0x2294), DICOMData.Tag(0x0010, 0x2295))
    let role = DICOMData.Tag(0x0010, 0x2298)
    try await Self.store(
      TestObject(instance: "1.1"),
      [
        species: [[Self.value: "448771007", .codeMeaning: "dog"]],
        breed: [[Self.value: "132427008"], [Self.value: "132588001"]], registration: [[number: "R-4711"]],
      ], in: archive)
    try await archive.store(TestObject(instance: "1.2", series: "2.2", study: "3.2", patientID: "P2"))
    let caller = try await archive.makeCaller("ALL")
    _ = try await archive.administration(as: .current).addGrant(to: "ALL", scope: .everything, until: nil)
    let keys: [(MatchingKey, Bool)] = [
      (MatchingKey(tag: Self.value, in: species, matching: .singleValue("448771007")), true),
      (MatchingKey(tag: Self.value, in: species, matching: .singleValue("132427008")), false),
      (MatchingKey(tag: Self.value, in: breed, matching: .singleValue("132588001")), true),
      (MatchingKey(tag: .codeMeaning, in: species, matching: .wildcard("d?g")), true),
      (MatchingKey(tag: number, in: registration, matching: .singleValue("R-4711")), true),
      (MatchingKey(tag: role, matching: .singleValue("OWNER")), true),
    ]
    for (key, isFound) in keys {
      for level in [QueryRetrieveLevel.patient, .study, .series, .image] {
        let found = try await archive.values(of: .patientID, at: level, as: caller, [key])
        #expect(found == (isFound ? ["P1"] : []), "\(key) \(level)")
      }
    }
    let query = FindQuery(
      informationModel: .patientRoot, level: .patient,
      keys: [MatchingKey(tag: .patientID, matching: .singleValue("P1"))],
      returning: [species, breed, registration, role])
    let row = try #require(try await archive.reading(as: caller).find(query).reduce(into: []) { $0 += $1.rows }.first)
    #expect(row.items(of: species) == [[Self.value: "448771007", .codeMeaning: "dog"]])
    #expect(row.items(of: breed) == [[Self.value: "132427008"], [Self.value: "132588001"]])
    #expect(row.items(of: registration) == [[number: "R-4711"]])
    #expect(row[role] == ["OWNER"])
    try await archive.close()
  }

  /// Anatomic Regions in Study Code Sequence: those of the series that the caller sees, each once.
  @Test func theRegionsOfAStudyAreThoseOfItsSeries() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let (regions, region) = (DICOMData.Tag(0x0008, 0x0063), DICOMData.Tag(0x0008, 0x2218))
    let scheme = DICOMData.Tag(0x0008, 0x0102)
    let knee = [Self.value: "72696002", .codeMeaning: "Knee"]
    let head = [Self.value: "69536005", scheme: "SCT", .codeMeaning: "Head"]
    let said = [[knee], [head], [knee], [], [head, knee]]
    for (number, items) in said.enumerated() {
      try await Self.store(
        TestObject(instance: "1.\(number)", series: "2.\(number)"), items.isEmpty ? [:] : [region: items], in: archive)
    }
    let all = try await archive.makeCaller("ALL")
    _ = try await archive.administration(as: .current).addGrant(to: "ALL", scope: .everything, until: nil)
    let part = try await archive.makeCaller("PART")
    _ = try await archive.administration(as: .current).addGrant(to: "PART", scope: .series(uid: "2.2"), until: nil)
    for (caller, seen) in [(all, [head, knee]), (part, [knee])] {
      for (item, level) in [(head, QueryRetrieveLevel.study), (knee, .study), (head, .image), (knee, .series)] {
        let keys = item.map { MatchingKey(tag: $0.key, matching: .singleValue($0.value)) }
        let key = MatchingKey(tag: regions, matching: .sequence(keys))
        let found = try await archive.values(of: .studyInstanceUID, at: level, as: caller, [key])
        #expect(found.isEmpty == !seen.contains(item), "\(item) \(level)")
      }
      // One item has to match both.
      let mixed = MatchingKey(
        tag: regions,
        matching: .sequence([
          MatchingKey(tag: Self.value, matching: .singleValue("72696002")),
          MatchingKey(tag: .codeMeaning, matching: .singleValue("Head")),
        ]))
      #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: caller, [mixed]) == [])
      let query = FindQuery(informationModel: .studyRoot, level: .study, keys: [], returning: [regions])
      let rows = try await archive.reading(as: caller).find(query).reduce(into: []) { $0 += $1.rows }
      #expect(Set(rows.first?.items(of: regions) ?? []) == Set(seen))
      #expect(rows.first?.items(of: regions)?.count == seen.count)
    }
    try await archive.close()
  }

  /// An attribute that the administrator named is indexed, matched and answered.
  @Test func aFurtherKeyIsMatched() async throws {
    let test = TestArchive()
    let sequence = DICOMData.Tag(0x0018, 0x0020)
    let further = try #require(FurtherKey(sequence, at: .series))
    let archive = try test.open(ArchiveOptions(furtherKeys: [further]))
    var builder = try DataSetBuilder(HeaderForTest.header(of: TestObject(instance: "1.1")))
    builder.set(sequence, .cs, ["SE", "IR"])
    let reception = try await archive.receive(
      TestObject(instance: "1.1").announcement, from: .operator(.current))
    try await reception.append(builder.encoded(as: .explicitVRLittleEndian))
    _ = try await reception.commit()
    let caller = try await archive.makeCaller("ALL")
    _ = try await archive.administration(as: .current).addGrant(to: "ALL", scope: .everything, until: nil)
    let key = MatchingKey(tag: sequence, matching: .singleValue("IR"))
    #expect(try await archive.values(of: sequence, at: .series, as: caller, [key]) == ["SE\\IR"])
    #expect(FurtherKey(.pixelData, at: .image) == nil)
    #expect(FurtherKey(DICOMData.Tag(0x0009, 0x1001), at: .image) == nil)
    try await archive.close()
  }
}
