// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `render --study`: pictures and thumbnails of what is stored, while a node runs and while none does.
@Suite struct StoredPictureTests {
  private struct Stored {
    let node: RunningNode
    let folder: TemporaryFolder
    let study: String

    init(_ names: [String] = ["ct-1", "ct-2", "us-multiframe", "sr"]) async throws {
      node = try RunningNode()
      folder = try TemporaryFolder()
      try await node.addPeer("MOD", may: "store")
      let sent = try await node.send(names.map { Tool.fixture("\($0).dcm") }, as: "MOD")
      #expect(sent.allSatisfy { $0.status == "0000" })
      study = try await Self.uid("StudyInstanceUID", of: names[0])
    }

    static func uid(_ keyword: String, of name: String) async throws -> String {
      let result = try await Tool.run(Tool.collimator, ["dump", "--tag", keyword, Tool.fixture("\(name).dcm")])
      return String(try #require(result.output.firstMatch(of: /\d+(\.\d+)+/)).output.0)
    }

    func render(_ arguments: [String], to name: String) async throws -> (result: Tool.Result, picture: Data?) {
      let path = "\(folder.path)/\(name)"
      let result = try await Tool.run(
        Tool.collimator, ["render", "--data", node.directory, "-o", path] + arguments)
      return (result, FileManager.default.contents(atPath: path))
    }

    var thumbnails: [String] {
      (try? FileManager.default.contentsOfDirectory(atPath: "\(node.directory)/thumbnails")) ?? []
    }
  }

  @Test func whatIsStoredLooksAsItsFile() async throws {
    let stored = try await Stored()
    let multiframe = try await Stored.uid("StudyInstanceUID", of: "us-multiframe")
    let instance = try await Stored.uid("SOPInstanceUID", of: "ct-2")
    let cases = [
      ("ct-1", ["--study", stored.study], ["--window", "40,400", "--size", "100"]),
      ("ct-2", ["--study", stored.study, "--instance", instance], ["--all-values"]),
      ("us-multiframe", ["--study", multiframe], ["--frame", "3", "--overlays"]),
    ]
    for round in ["running", "stopped"] {
      for (name, wanted, how) in cases {
        let own = "\(stored.folder.path)/\(name)-file.png"
        #expect(
          try await Tool.run(Tool.collimator, ["render", Tool.fixture("\(name).dcm"), "-o", own] + how).status == 0)
        let (result, picture) = try await stored.render(wanted + how, to: "\(name)-\(round).png")
        #expect(result.status == 0 && picture != nil, "\(result.all)")
        #expect(picture == FileManager.default.contents(atPath: own), "\(name) \(round)")
      }
      if round == "running" { #expect(stored.node.stop() == 0) }
    }
  }

  /// A series gets its thumbnail without being asked, and loses it with its object.
  @Test func thumbnailsComeAndGoWithTheirObjects() async throws {
    let stored = try await Stored()
    // Two series have pixels; for the second nobody asks.
    let (result, thumbnail) = try await stored.render(["--study", stored.study, "--thumbnail"], to: "a.jpg")
    #expect(result.status == 0 && thumbnail?.starts(with: [0xFF, 0xD8]) == true, "\(result.all)")
    for _ in 0..<600 where stored.thumbnails.count < 2 { try await stored.node.command("status") }
    #expect(stored.thumbnails.count >= 2, "\(stored.thumbnails)")
    let again = try await stored.render(["--study", stored.study, "--thumbnail"], to: "b.jpg")
    #expect(again.picture == thumbnail)
    let before = stored.thumbnails.count
    let deleted = try await stored.node.command("delete", "--study", stored.study, "--reason", "a test", "--yes")
    #expect(deleted.status == 0, "\(deleted.all)")
    #expect(stored.thumbnails.count < before)
    let gone = try await stored.render(["--study", stored.study, "--thumbnail"], to: "c.jpg")
    #expect(gone.result.status != 0 && gone.result.errors.contains("nothing of the kind"), "\(gone.result.all)")
    // Disposable: all of them may go, and come again.
    try? FileManager.default.removeItem(atPath: "\(stored.node.directory)/thumbnails")
    let multiframe = try await Stored.uid("StudyInstanceUID", of: "us-multiframe")
    let anew = try await stored.render(["--study", multiframe, "--thumbnail"], to: "d.jpg")
    #expect(anew.result.status == 0 && stored.thumbnails.count == 1, "\(anew.result.all)")
  }

  /// With the eyes of somebody who may not see it, it is not there, cached or not.
  @Test func nobodySeesMoreThanTheirGrantsOpen() async throws {
    let stored = try await Stored()
    try await stored.node.addPeer("WS", may: "query,retrieve")
    let wanted = ["--study", stored.study, "--as", "WS"]
    #expect(try await stored.render(["--study", stored.study, "--thumbnail"], to: "own.jpg").result.status == 0)
    for (more, name) in [([], "a.png"), (["--thumbnail"], "a.jpg")] as [([String], String)] {
      let (result, picture) = try await stored.render(wanted + more, to: name)
      let unknown = try await stored.render(["--study", "1.2.3.4.5", "--as", "WS"] + more, to: name)
      #expect(result.status != 0 && picture == nil && result.errors == unknown.result.errors, "\(result.all)")
    }
    try await stored.node.command("grant", "add", "--to", "WS", "--study", stored.study)
    #expect(try await stored.render(wanted, to: "b.png").result.status == 0)
    #expect(try await stored.render(wanted + ["--thumbnail"], to: "b.jpg").result.status == 0)
    let nobody = try await stored.render(["--study", stored.study, "--as", "NOBODY"], to: "c.png")
    #expect(nobody.result.status != 0 && nobody.result.errors.contains("no peer or user 'NOBODY'"))
  }

  /// A presentation state that DCMTK makes, turned and flipped: of files and of what is stored it is the same picture.
  @Test(.enabled(if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk"))
  func presentationStatesShowWhatTheyAreAbout() async throws {
    let stored = try await Stored()
    let state = "\(stored.folder.path)/state.dcm"
    #expect(try await Tool.dcmtk("dcmpsmk", [Tool.fixture("ct-2.dcm"), state]).status == 0)
    let changed = try await Tool.dcmtk(
      "dcmodify", ["-nb", "-i", "(0070,0041)=Y", "-i", "(0070,0042)=90", "-m", "(2050,0020)=INVERSE", state])
    #expect(changed.status == 0, "\(changed.all)")
    #expect(try await stored.node.send([state], as: "MOD").allSatisfy { $0.status == "0000" })
    let dump = try await Tool.run(Tool.collimator, ["dump", "--tag", "SOPInstanceUID", state])
    let uid = String(try #require(dump.output.firstMatch(of: /\d+(\.\d+)+/)).output.0)
    let own = "\(stored.folder.path)/own.png"
    let file = ["render", Tool.fixture("ct-2.dcm"), "--presentation-state", state, "-o", own]
    let rendered = try await Tool.run(Tool.collimator, file)
    #expect(rendered.status == 0, "\(rendered.all)")
    let expected = try #require(FileManager.default.contents(atPath: own))
    try await stored.node.addPeer("WS", may: "query,retrieve")
    // ct-1, which came first, is not what it is about.
    let wanted = ["--study", stored.study, "--presentation-state", uid]
    let plain = try await stored.render(["--study", stored.study], to: "plain.png")
    let instance = try await Stored.uid("SOPInstanceUID", of: "ct-1")
    for round in ["running", "stopped"] {
      let (result, picture) = try await stored.render(wanted, to: "\(round).png")
      #expect(result.status == 0 && picture == expected && picture != plain.picture, "\(round): \(result.all)")
      let other = try await stored.render(wanted + ["--instance", instance], to: "other.png")
      #expect(other.result.status != 0 && other.result.errors.contains("is not about frame 1"), "\(other.result.all)")
      let hidden = try await stored.render(wanted + ["--as", "WS"], to: "hidden.png")
      let unknown = try await stored.render(
        ["--study", "1.2.3.4.5", "--presentation-state", "1.2.3.4.6", "--as", "WS"], to: "unknown.png")
      #expect(hidden.result.status != 0 && hidden.picture == nil && hidden.result.errors == unknown.result.errors)
      if round == "running" { #expect(stored.node.stop() == 0) }
    }
  }

  @Test func whatCannotBeShownIsToldWhy() async throws {
    let stored = try await Stored()
    let report = try await Stored.uid("SeriesInstanceUID", of: "sr")
    for (arguments, why) in [
      (["--study", "1.2.3.4.5"], "nothing of the kind"), (["--study", stored.study, "--frame", "9"], "no frame 9"),
      (["--study", stored.study, "--voi-lut", "7"], "cannot be rendered"),
      (["--study", stored.study, "--series", report], "none of these objects has pixels"),
      (["--study", stored.study, "--thumbnail"], "has to end in .jpg"),
      (["--study", stored.study, "--presentation-state", "1.2.3"], "no presentation state"),
      (["--study", stored.study, "--no-annotations"], "goes with a --presentation-state"),
      (["--series", "1.2"], "go with a --study"), ([], "name a file or a --study"),
    ] {
      let (result, picture) = try await stored.render(arguments, to: "x.png")
      #expect(result.status != 0 && result.errors.contains(why) && picture == nil, "\(arguments): \(result.all)")
    }
  }
}
