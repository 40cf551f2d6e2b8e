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
    // The archive went out of scope without being closed, as in a crash.
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
      let found = try await archive.values(of: .sopInstanceUID, at: .image, as: caller)
      #expect(Set(found) == Set(["1.1", "1.2", "1.3"]).subtracting([gone]))
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

  private func dropRow(ofFile file: String, in test: TestArchive) throws {
    let database = try DatabaseQueue(path: "\(test.directory)/index.sqlite")
    try database.write { database in
      let name = String(file.dropFirst(3).dropLast(4))
      try database.execute(sql: "DELETE FROM instance WHERE object = ?", arguments: [name])
    }
    try database.close()
  }
}
