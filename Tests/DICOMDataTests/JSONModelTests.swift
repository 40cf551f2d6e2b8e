// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import DICOMData

@Suite struct JSONModelTests {
  /// Data set → JSON → data set → JSON: the same JSON, by a reader that is not ours.
  @Test(.enabled(if: Corpus.isThere, "the corpus is not beside the package"), arguments: Corpus.files)
  func jsonComesBack(file: Corpus.File) throws {
    guard file.verdict == "accept", file.size < 60_000 else { return }
    let read = try Part10File(reading: [UInt8](try Data(contentsOf: URL(filePath: file.path))))
    let json = JSONModel().text(of: read)
    let result = try #require(try JSONModelReader().dataSets(Array(json.utf8)).first)
    let syntax = read.transferSyntax
    let again = try DataSet(reading: result.dataSet.encoded(as: syntax), transferSyntax: syntax)
    var expected = try Self.parsed(JSONModel().text(of: read.dataSet))
    var found = try Self.parsed(JSONModel().text(of: again))
    if let pixels = EncapsulatedPixelData(read.dataSet) {
      // A fragment of odd length comes back padded.
      let fragments = pixels.fragments.map { Array($0) + ($0.count % 2 == 1 ? [0] : []) }
      #expect(EncapsulatedPixelData(again)?.fragments.map(Array.init) == fragments)
      (expected, found) = (Self.without("7FE00010", expected), Self.without("7FE00010", found))
    }
    // Text that no character set was named for comes back as UTF-8.
    (expected, found) = (Self.without("00080005", expected), Self.without("00080005", found))
    // In implicit VR a dictionary names the VR again; what it does not know comes back as UN.
    let isExpected =
      syntax.isExplicit
      ? found == expected : Set(found.allKeys as? [String] ?? []) == Set(expected.allKeys as? [String] ?? [])
    #expect(isExpected, "\(Self.difference(expected, found))")
  }

  private static func difference(_ left: NSDictionary, _ right: NSDictionary) -> String {
    let keys = Set((left.allKeys + right.allKeys).compactMap { $0 as? String }).sorted()
    let key = keys.first { (left[$0] as? NSObject) != (right[$0] as? NSObject) } ?? ""
    return "\(key): \("\(left[key] ?? "-")".prefix(300)) ≠ \("\(right[key] ?? "-")".prefix(300))"
  }

  private static func without(_ key: String, _ object: NSDictionary) -> NSDictionary {
    NSDictionary(dictionary: (object as? [String: Any] ?? [:]).filter { $0.key != key })
  }

  private static func parsed(_ json: String) throws -> NSDictionary {
    try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? NSDictionary)
  }

  @Test(
    arguments: [
      ("not JSON", "{\"00100010\": "), ("no object", "17"), ("no VR", #"{"00100010": {"Value": []}}"#),
      ("a VR that is none", #"{"00100010": {"vr": "ZZ"}}"#),
      ("a number that is none", #"{"00280010": {"vr": "US", "Value": ["x"]}}"#),
      ("no Base64", #"{"7FE00010": {"vr": "OW", "InlineBinary": "?"}}"#),
      ("bulk data that nobody fetches", #"{"7FE00010": {"vr": "OW", "BulkDataURI": "http://x/1"}}"#),
      ("a text for a sequence", #"{"00081140": {"vr": "SQ", "Value": ["x"]}}"#),
      ("too deep", deep(100)), ("far too deep", deep(100_000)),
    ])
  func whatIsNoModelIsRefused(what: String, json: String) {
    #expect(throws: JSONModelReader.Failure.self, "\(what)") { try JSONModelReader().dataSets(Array(json.utf8)) }
  }

  private static func deep(_ depth: Int) -> String {
    String(repeating: #"{"00081140": {"vr": "SQ", "Value": ["#, count: depth) + String(repeating: "]}}", count: depth)
  }

  /// PS3.18 Table F.2.3-1, and the forms in which other writers put the same.
  @Test(
    arguments: [
      (#"{"vr": "PN", "Value": [{"Alphabetic": "A^B", "Ideographic": "山"}]}"#, ["A^B=山"]),
      (#"{"vr": "PN", "Value": ["A^B"]}"#, ["A^B"]),
      (#"{"vr": "DS", "Value": [1.5, "2.50", null, 1e-3]}"#, ["1.5", "2.50", "", "0.001"]),
      (#"{"vr": "IS", "Value": [7, "8"]}"#, ["7", "8"]),
      (#"{"vr": "LO", "Value": ["a", null, "b"]}"#, ["a", "", "b"]),
      (#"{"vr": "US", "Value": [65535, "1"]}"#, ["65535", "1"]),
      (#"{"vr": "UV", "Value": ["18446744073709551615", 1]}"#, ["18446744073709551615", "1"]),
      (#"{"vr": "FD", "Value": [0.1]}"#, ["0.1"]), (#"{"vr": "AT", "Value": ["00280010"]}"#, ["00280010"]),
    ] as [(String, [String])])
  func valuesAreUnderstood(element: String, values: [String]) throws {
    let json = #"[{"00091001": \#(element)}]"#
    let builder = try #require(try JSONModelReader().dataSets(Array(json.utf8)).first).dataSet
    let bytes = builder.encoded(as: .explicitVRLittleEndian)
    let read = try DataSet(reading: bytes, transferSyntax: .explicitVRLittleEndian)
    #expect(read.strings(DICOMData.Tag(0x0009, 0x1001)) == values)
  }

  /// Numbers at the ends of their range, and what only looks like one.
  @Test(
    arguments: [
      ("SV", [0, 0, 0, 0, 0, 0, 0, 0x80], "\"-9223372036854775808\""), ("SV", [UInt8](repeating: 0xFF, count: 8), "-1"),
      ("UV", [UInt8](repeating: 0xFF, count: 8), "\"18446744073709551615\""),
      ("UV", [0, 0, 0, 0, 0, 0, 0x20, 0], "\"9007199254740992\""), ("DS", Array("0x10".utf8), "\"0x10\""),
      ("DS", Array("1e400 ".utf8), "\"1e400\""), ("DS", Array("+.5 ".utf8), "0.5"),
      ("PN", Array("=\\A^B ".utf8), "null, {\"Alphabetic\": \"A^B\"}"),
      ("PN", Array("A=\u{301}B".utf8), "{\"Alphabetic\": \"A\", \"Ideographic\": \"\u{301}B\"}"),
    ] as [(String, [UInt8], String)])
  func extremeValuesAreJSON(vr: String, value: [UInt8], json: String) throws {
    let bytes = Raw.text(8, 5, "CS", "ISO_IR 192") + Raw.element(0x11, 0x1001, vr, value)
    let read = try DataSet(reading: bytes, transferSyntax: .explicitVRLittleEndian)
    #expect(JSONModel().text(of: read).contains("\"Value\": [\(json)]"))
  }

  @Test func bulkDataAreReferredToAndFetched() throws {
    let bytes = Samples.nested.encoded(as: .explicitVRLittleEndian)
    let read = try DataSet(reading: bytes, transferSyntax: .explicitVRLittleEndian)
    let model = JSONModel(bulkData: .reference { path, length in "bulk/\(path)?\(length)" })
    let json = model.text(of: read)
    #expect(json.contains(#""7FE00010": {"vr": "OW", "BulkDataURI": "bulk/7FE00010?4"}"#))
    let reader = JSONModelReader { uri in uri == "bulk/7FE00010?4" ? [1, 2, 3, 4] : [] }
    let again = try #require(try reader.dataSets(Array(json.utf8)).first).dataSet
    #expect(again.encoded(as: .explicitVRLittleEndian) == bytes)
  }
}
