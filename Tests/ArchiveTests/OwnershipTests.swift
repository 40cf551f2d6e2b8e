// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Testing

@testable import Archive

@Suite struct OwnershipTests {
  @Test func oneProcessOwnsADirectory() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let error = #expect(throws: ArchiveError.self) { try test.open() }
    #expect(error?.description.contains("another process owns") == true)
    try await archive.close()
  }

  @Test func othersMayNotWriteToIt() throws {
    let test = TestArchive()
    try FileManager.default.createDirectory(atPath: test.directory, withIntermediateDirectories: true)
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: test.directory)
    #expect(throws: ArchiveError.self) { try test.open() }
  }

  /// What a crash leaves: pieces, whole files without a row, rows without a file, and rubbish.
  @Test func aCrashIsSetRight() async throws {
    let test = TestArchive()
    do {
      let archive = try test.open()
      for number in 1...3 { try await archive.store(TestObject(instance: "1.\(number)")) }
      let caller = try await archive.makeCaller("ALL")
      _ = try await archive.administration(as: .current).addGrant(to: "ALL", scope: .everything, until: nil)
      #expect(try await archive.values(of: .sopInstanceUID, at: .image, as: caller).count == 3)
    }
    // The archive went out of scope without being closed, as in a crash; the log of arrivals would have all again.
    try test.forgetArrivals()
    let files = try test.files(in: "instances").sorted()
    let root = "\(test.directory)/instances/"
    try Data("half an object".utf8).write(
      to: URL(filePath: "\(test.directory)/incoming/\(String(repeating: "0", count: 32))"))
    try Data("rubbish".utf8).write(to: URL(filePath: "\(root)ff/\(String(repeating: "f", count: 32)).dcm"))
    let gone = try Part10Identity(path: root + files[0]).sopInstanceUID
    try FileManager.default.removeItem(atPath: root + files[0])
    try dropRow(ofFile: files[1], in: test)
    for _ in 0..<2 {
      let archive = try test.open()
      guard case .admitted(let caller, _) = try await archive.caller(callingAETitle: "ALL", address: "127.0.0.1") else {
        Issue.record("the peer is gone")
        return
      }
      #expect(try await archive.values(of: .sopInstanceUID, at: .image, as: caller).count == 3)
      let lost = MatchingKey(tag: .instanceAvailability, matching: .singleValue("UNAVAILABLE"))
      #expect(try await archive.values(of: .sopInstanceUID, at: .image, as: caller, [lost]) == [gone])
      #expect(try test.files(in: "incoming").isEmpty)
      #expect(try test.files(in: "quarantine").count == 1)
    }
  }

  /// The file of an object is lost; its sender sends it again. It must not be told "already there" about nothing.
  @Test func whatWasLostIsTakenAgain() async throws {
    let test = TestArchive()
    do {
      let archive = try test.open()
      try await archive.store(TestObject(instance: "1.1"))
    }
    try test.forgetArrivals()
    let lost = try #require(try test.files(in: "instances").first)
    try FileManager.default.removeItem(atPath: "\(test.directory)/instances/\(lost)")
    let archive = try test.open()
    #expect(try await archive.store(TestObject(instance: "1.1")) == .stored)
    #expect(try test.files(in: "instances").count == 1)
    let caller = try await archive.makeCaller("ALL")
    _ = try await archive.administration(as: .current).addGrant(to: "ALL", scope: .everything, until: nil)
    #expect(try await archive.values(of: .sopInstanceUID, at: .image, as: caller) == ["1.1"])
    try await archive.close()
  }

  /// The power went after an object had its place and before all of it was on the disk: the digest in its head tells.
  @Test(arguments: [true, false])
  func whatIsNotWholeIsSwept(isWhole: Bool) async throws {
    let test = TestArchive()
    var file = ""
    do {
      let archive = try test.open()
      try await archive.store(TestObject(instance: "1.1", comment: "a comment"), issuer: "NORTH")
      file = try #require(try test.files(in: "instances").first)
    }
    try test.forgetArrivals()
    try dropRow(ofFile: file, in: test)
    let path = "\(test.directory)/instances/\(file)"
    try FileManager.default.linkItem(
      atPath: path, toPath: "\(test.directory)/incoming/\(file.dropFirst(3).dropLast(4))")
    if !isWhole {
      // As a file system leaves it that made the name durable, and the size, and not what was written: it can still be read.
      var bytes = try Data(contentsOf: URL(filePath: path))
      let found = try #require(bytes.range(of: Data("a comment".utf8)))
      bytes.replaceSubrange(found, with: Data(repeating: 0, count: found.count))
      let handle = try FileHandle(forWritingTo: URL(filePath: path))
      try handle.write(contentsOf: bytes)
      try handle.close()
    }
    let archive = try test.open()
    #expect(archive.recovery.indexed == (isWhole ? 1 : 0))
    #expect(archive.recovery.swept == (isWhole ? 0 : 1))
    #expect(try test.files(in: "instances").count == (isWhole ? 1 : 0))
    #expect(try test.files(in: "incoming").isEmpty)
    if isWhole {
      // Its head remembers the issuer that was assumed when it came.
      #expect(
        try await archive.store(TestObject(instance: "1.1", comment: "a comment"), issuer: "NORTH") == .alreadyStored)
    }
    try await archive.close()
  }

  @Test func nobodyElseMayReadIt() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    for name in try FileManager.default.subpathsOfDirectory(atPath: test.directory) {
      let mode =
        try FileManager.default.attributesOfItem(atPath: "\(test.directory)/\(name)")[.posixPermissions] as? Int
      #expect(try #require(mode) & 0o077 == 0, "\(name)")
    }
    try await archive.close()
  }

  /// A59 of the attacks: what others could read or change, and what stands elsewhere, is not taken into service.
  @Test(
    arguments: [
      (".", "chmod 755", "others may enter"), ("instances", "chmod 777", "others may enter"),
      ("incoming", "chmod 705", "others may enter"), ("index.sqlite", "chmod 666", "others may open"),
      ("index.sqlite", "chmod 640", "others may open"), ("collimator.json", "chmod 666", "others may change"),
      ("collimator.json", "chmod 644", nil), ("instances", "link", "is not a directory"),
      ("quarantine", "link", "is not a directory"), ("index.sqlite", "link", "is not a file"),
      ("lock", "link", "is not a file"), (".", "link", "is not a directory"),
    ] as [(String, String, String?)])
  func whatOthersCouldChangeIsRefused(name: String, deed: String, why: String?) async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    try await archive.close()
    let path = name == "." ? test.directory : "\(test.directory)/\(name)"
    if name == "collimator.json" { try Data("{}".utf8).write(to: URL(filePath: path)) }
    if let mode = deed.split(separator: " ").last.flatMap({ mode_t($0, radix: 8) }) {
      #expect(chmod(path, mode) == 0)
    } else {
      try FileManager.default.moveItem(atPath: path, toPath: test.directory + "-elsewhere")
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: test.directory + "-elsewhere")
    }
    defer { try? FileManager.default.removeItem(atPath: test.directory + "-elsewhere") }
    if let why {
      let error = #expect(throws: ArchiveError.self) { try test.open() }
      #expect(error?.description.contains(why) == true, "\(String(describing: error))")
    } else {
      try await test.open().close()
    }
  }

  private func dropRow(ofFile file: String, in test: TestArchive) throws {
    let database = try test.database()
    try database.write { database in
      let name = String(file.dropFirst(3).dropLast(4))
      try database.execute(sql: "DELETE FROM instance WHERE object = ?", arguments: [name])
    }
    try database.close()
  }
}
