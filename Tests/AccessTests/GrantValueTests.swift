// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Testing

@testable import Access

@Suite struct GrantValueTests {
  /// The one table: each SOP class of the Standard that is stored has one type, or is said to have none.
  @Test func eachStorageSOPClassHasItsType() {
    var counted: [String: Int] = [:]
    for keyword in (RecordTypes.keywords.map(\.keywords) + [RecordTypes.untyped]).flatMap({
      $0.split(whereSeparator: \.isWhitespace)
    }) {
      counted[String(keyword), default: 0] += 1
    }
    #expect(counted.values.allSatisfy { $0 == 1 })
    for uid in UIDRegistry.storageSOPClasses {
      guard let keyword = UIDRegistry.entry(for: uid)?.keyword, !keyword.isEmpty else { continue }
      #expect(counted[keyword] == 1, "\(keyword)")
      let isUntyped = RecordTypes.untyped.split(whereSeparator: \.isWhitespace).contains { $0 == keyword }
      #expect(RecordTypes(sopClassUID: uid).isEmpty == isUntyped, "\(keyword)")
    }
    #expect(RecordTypes(sopClassUID: "1.2.840.10008.5.1.4.1.1.2") == .images)
    #expect(RecordTypes(sopClassUID: "1.2.840.10008.5.1.4.1.1.88.33") == .reports)
    #expect(RecordTypes(sopClassUID: "1.2.840.10008.5.1.4.1.1.104.1") == .documents)
    #expect(RecordTypes(sopClassUID: "1.2.840.10008.5.1.4.1.1.88.67") == .measurements)
    #expect(RecordTypes(sopClassUID: "1.2.276.0.7230010.3.1.0.1").isEmpty)
  }

  @Test(
    arguments: [
      (["view-only"], .query), (["download"], [.query, .retrieve]), (["query", "send"], [.query, .send]),
      (["full"], [.query, .retrieve, .send, .add, .share]), (["all"], nil),
    ] as [([String], GrantRights?)])
  func rightsAndBundlesHaveNames(names: [String], rights: GrantRights?) {
    #expect(GrantRights(names: names) == rights)
  }

  @Test(arguments: [("18748-4^LN", true), ("^LN", false), ("1^", false), ("1", false), ("a\\b^LN", false)])
  func titlesHaveACodeAndAScheme(text: String, isTitle: Bool) {
    #expect((DocumentTitle(text) != nil) == isTitle)
  }

  @Test func titlesSpeakOfWhatHasThem() {
    let title = DocumentTitle(value: "18748-4", scheme: "LN")
    #expect(GrantNarrowing(titles: Set([title].compactMap(\.self))).recordTypes == .titled)
    #expect(GrantNarrowing().isNone)
  }
}
