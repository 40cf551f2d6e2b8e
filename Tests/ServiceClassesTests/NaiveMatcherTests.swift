// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import Testing

@testable import Archive
@testable import ServiceClasses

@Suite struct NaiveMatcherTests {
  /// With code extensions too (PS3.3 C.12.1.1.2), as Japan, Korea and China write them.
  private static let characterSets = [
    ["ISO_IR 192"], ["ISO_IR 100"], ["GB18030"], ["ISO_IR 144"], [], ["ISO_IR 13"], ["ISO_IR 166"],
    ["", "ISO 2022 IR 87"], ["ISO 2022 IR 13", "ISO 2022 IR 87"], ["", "ISO 2022 IR 149"], ["", "ISO 2022 IR 58"],
    ["ISO 2022 IR 100", "ISO 2022 IR 144", "ISO 2022 IR 87"],
  ].map { SpecificCharacterSet($0) }
  private static let uniqueKeys: [String: DICOMData.Tag] = [
    "STUDY": .studyInstanceUID, "SERIES": .seriesInstanceUID, "IMAGE": .sopInstanceUID,
  ]
  private static let syntaxes: [TransferSyntax] = [
    .explicitVRLittleEndian, .implicitVRLittleEndian, .explicitVRBigEndian,
  ]

  /// 200 objects, 500 identifiers: each pair is judged by the index and by a matcher that knows nothing of it.
  @Test(arguments: [1] as [UInt64])
  func anIndexAndANaiveMatcherAgree(seed: UInt64) async throws {
    var world = NaiveWorld(random: SeededGenerator(seed: seed))
    let folder = FileManager.default.temporaryDirectory.appending(path: "collimator-naive-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var options = ArchiveOptions()
    let further =
      NaiveAttribute.further.map { FurtherKey($0.tag, at: .image) } + [FurtherKey(Tag(0x0040, 0x0241), at: .series)]
    options.furtherKeys = further.compactMap { $0 }
    #expect(options.furtherKeys?.count == further.count)
    let archive = try Archive.open(directory: folder, options: options)
    let objects = (0..<200).map { world.object($0) }
    try await store(objects, in: archive, &world)
    let caller = try await caller(in: archive)
    for round in 0..<500 {
      let (characterSet, syntax) = (world.pick(Self.characterSets), world.pick(Self.syntaxes))
      let level = world.pick(["IMAGE", "IMAGE", "SERIES", "STUDY"])
      var asked = world.identifier(objects, at: level, in: characterSet)
      var negotiated = QueryNegotiation()
      negotiated.isRelational = true
      negotiated.combinesDateAndTime = round % 2 == 0
      negotiated.matchesEmptyValues = round % 3 == 0
      negotiated.matchesMultipleValues = round % 5 == 0
      let zone = round % 4 < 2 ? nil : world.pick([("+0200", 120), ("-0530", -330), ("+0000", 0), ("+1000", 600)])
      negotiated.adjustsTimezones = zone != nil
      asked.zone = zone?.0
      let naive = NaiveMatcher(
        combinesDateAndTime: negotiated.combinesDateAndTime, matchesEmptyValues: negotiated.matchesEmptyValues,
        matchesMultipleValues: negotiated.matchesMultipleValues, zone: zone?.1)
      let identifier = try QueryIdentifier(
        reading: asked.encoded(in: characterSet, as: syntax), transferSyntax: syntax, model: .studyRoot,
        negotiated: negotiated)
      var found: [String] = []
      for try await page in archive.reading(as: caller).find(identifier.query) {
        found += page.rows.flatMap { $0[Self.uniqueKeys[level] ?? .sopInstanceUID] ?? [] }
      }
      // Each object is a study of its own.
      let rest = level == "STUDY" ? "" : level == "SERIES" ? ".1" : ".1.1"
      let expected = objects.filter { naive.matches(asked, $0) }.map { "1.2.\($0.number)\(rest)" }
      #expect(Set(found) == Set(expected), "\(asked) in \(characterSet.terms), \(negotiated)")
      #expect(found.count == Set(found).count, "\(asked)")
    }
    try await archive.close()
  }

  private func store(
    _ objects: [NaiveObject], in archive: Archive, _ world: inout NaiveWorld<SeededGenerator>
  ) async throws {
    for object in objects {
      let (characterSet, syntax) = (world.pick(Self.characterSets), world.pick(Self.syntaxes))
      let reception = try await archive.receive(
        Announcement(
          sopClassUID: "1.2.840.10008.5.1.4.1.1.2", sopInstanceUID: "1.2.\(object.number).1.1",
          transferSyntaxUID: syntax.uid, callingAETitle: "TEST"), from: .operator(.current))
      try await reception.append(Chunk(bytes: object.encoded(in: characterSet, as: syntax)))
      _ = try await reception.commit()
    }
  }

  private func caller(in archive: Archive) async throws -> Caller {
    let title = try #require(AETitle("ALL"))
    let network = try #require(Network("127.0.0.1"))
    let administration = archive.administration(as: .current)
    try await administration.addPeer(
      Peer(
        name: "ALL", aeTitle: title, addresses: [network], port: nil, rights: [.query], acceptsPrivateSOPClasses: false
      ))
    _ = try await administration.addGrant(to: "ALL", scope: .everything, until: nil)
    guard case .matched(let peer) = try await archive.peer(callingAETitle: "ALL", address: "127.0.0.1") else {
      throw ArchiveError("the peer is not known")
    }
    return try await archive.verify([], over: .plain, peer: peer).get()
  }
}

private struct Chunk: ByteChunk {
  let bytes: [UInt8]

  func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
    try bytes.withUnsafeBytes(body)
  }
}

/// SplitMix64: the same seed, the same world.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
