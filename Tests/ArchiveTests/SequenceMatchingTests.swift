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
