// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What a command does with what was mistyped, and with what others say.
@Suite struct CommandLineTests {
  /// Keys by their VR, levels, and what C1 becomes in JSON and in a table: as pydicom and Python's JSON read it (Peers/keys.py).
  @Test(.enabled(if: Tool.hasPynetdicom, "needs Python in .venv, or COLLIMATOR_PYTHON"))
  func whatIsAskedForIsWhatWasWritten() async throws {
    let judged = try await Tool.script("keys.py", [Tool.collimator])
    #expect(judged.status == 0, "\(judged.all)")
  }

  @Test(
    arguments: [
      ["query", "--as", "x", "--limit", "0"], ["query", "--as", "x", "--limit", "-1"],
      ["query", "--as", "x", "--level", "FOO"], ["query", "--as", "x", "-k", "Rows=abc"],
      ["remote", "find", "x", "--level", "PATIENT"], ["remote", "find", "x", "--level", "FOO"],
      ["remote", "find", "x", "-k", "Rows=65536"],
    ])
  func whatCannotBeMeantIsRefusedAtOnce(arguments: [String]) async throws {
    let folder = try TemporaryFolder()
    let result = try await Tool.run(Tool.collimator, arguments + ["--data", "\(folder.path)/none"])
    #expect(result.status == 64, "\(result.all)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  /// What asks, and what changes what is there: each makes no archive, and answers nothing of one whose index is gone.
  private static let aboutWhatIsThere = [
    ["query", "--as", "x", "-k", "PatientID"], ["explain", "--as", "x", "--study", "1.2"],
    ["access", "--patient", "x"], ["audit", "who-saw", "x"], ["audit", "list"], ["audit", "verify"],
    ["peer", "list"], ["peer", "knocks"], ["peer", "remove", "x"], ["peer", "set", "x", "--port", "104"],
    ["group", "list"], ["grant", "list"], ["grant", "revoke", "1"], ["grant", "codes"], ["user", "list"],
    ["user", "lock", "x"], ["issuer", "list"], ["consent", "list"], ["rule", "list"], ["rule", "test", "x"],
    ["aside", "list"], ["conflicts", "list"], ["patient", "corrections"], ["patient", "differences"],
    ["forward", "list"], ["queue", "list"], ["remote", "find", "x", "-k", "PatientID"],
    ["render", "--study", "1.2", "-o", "PICTURE"], ["hold", "list"], ["retention", "list"], ["retention", "plan"],
    ["stats"], ["deletion", "list"],
  ]

  @Test(arguments: aboutWhatIsThere)
  func whatAsksMakesNoArchive(arguments: [String]) async throws {
    let folder = try TemporaryFolder()
    let arguments = arguments.map { $0 == "PICTURE" ? "\(folder.path)/picture.png" : $0 }
    for path in ["\(folder.path)/misspelt", folder.path] {
      let result = try await Tool.run(Tool.collimator, arguments + ["--data", path])
      #expect(result.status == 1, "\(path): \(result.all)")
      #expect(result.all.contains("there is no archive in '\(path)'"), "\(result.all)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }
  }

  @Test func whatAsksMakesNoIndex() async throws {
    let folder = try TemporaryFolder()
    let data = "\(folder.path)/data"
    let stored = try await Tool.run(Tool.collimator, ["import", Tool.fixture("ct-1.dcm"), "--data", data])
    #expect(stored.status == 0, "\(stored.all)")
    for suffix in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: "\(data)/index.sqlite\(suffix)")
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: data).sorted()
    for arguments in Self.aboutWhatIsThere {
      let arguments = arguments.map { $0 == "PICTURE" ? "\(folder.path)/picture.png" : $0 }
      let result = try await Tool.run(Tool.collimator, arguments + ["--data", data])
      #expect(result.status == 1 && result.all.contains("has no index"), "\(arguments): \(result.all)")
      #expect(result.all.contains("collimator reindex"))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: data).sorted() == left)
    let again = try await Tool.run(Tool.collimator, ["reindex", "--data", data])
    #expect(again.status == 0, "\(again.all)")
    let counted = try await Tool.run(Tool.collimator, ["stats", "--json", "--data", data])
    #expect(counted.output.contains("\"instances\" : 1"), "\(counted.all)")
  }

  /// Whatever kind of error quotes it.
  @Test(arguments: [["render", "FILE", "-o", "PICTURE"], ["decode", "FILE", "-o", "PICTURE"], ["dump", "FILE"]])
  func anErrorMovesNoCursor(arguments: [String]) async throws {
    let folder = try TemporaryFolder()
    let file = "\(folder.path)/a\u{1B}[2Jb.dcm"
    try Data("no object".utf8).write(to: URL(filePath: file))
    let result = try await Tool.run(
      Tool.collimator, arguments.map { $0 == "FILE" ? file : $0 == "PICTURE" ? "\(folder.path)/picture.png" : $0 })
    #expect(result.status != 0, "\(result.all)")
    #expect(result.errors.contains("a\u{FFFD}[2Jb.dcm: not DICOM"), "\(result.all)")
    #expect(!result.all.contains("\u{1B}"))
  }
}
