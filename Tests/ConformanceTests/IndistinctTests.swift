// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A41, A44 and A49 on the network (Peers/indistinct.py): what is hidden is what is not there, to the byte.
@Suite(.enabled(if: Tool.hasPynetdicom, "needs pynetdicom in .venv, or COLLIMATOR_PYTHON"))
struct IndistinctTests {
  @Test func aQuestionWithoutAGrantIsOneAboutNothing() async throws {
    let node = try await filled()
    let study = try RetrieveTests.studyInstanceUID(of: Tool.fixture("ct-1.dcm"))
    let dump = try await Tool.dcmtk("dcmdump", ["+P", "0010,0020", "-s", Tool.fixture("ct-1.dcm")])
    let patient = String(dump.output.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" })
    try await node.command("grant", "add", "--to", "WS", "--everything")
    try await play(["find", study, patient], node)
  }

  @Test func whatIsHiddenBesideWhatIsNotIsNotThere() async throws {
    let node = try await filled()
    let port = try "\(OtherNode.freePort())"
    try await node.addPeer("DEST", may: "query", "--port", port)
    let visible = try RetrieveTests.studyInstanceUID(of: Tool.fixture("ct-1.dcm"))
    let hidden = try RetrieveTests.studyInstanceUID(of: Tool.fixture("dx-dog.dcm"))
    try #require(visible != hidden)
    for name in ["WS", "DEST"] { try await node.command("grant", "add", "--to", name, "--study", visible) }
    try await play(["retrieve", visible, hidden, port], node)
  }

  @Test func aTitleFromAnotherAddressIsNobodys() async throws {
    let node = try await filled()
    try await play(["spoofed"], node)
    #expect(node.logged.contains("may not come from 127.0.0.2"), "\(node.logged)")
  }

  private func filled() async throws -> RunningNode {
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    try await node.addPeer("WS", may: "query,retrieve")
    try await node.addPeer("NONE", may: "query,retrieve")
    let files = ["ct-1.dcm", "ct-2.dcm", "dx-dog.dcm"].map(Tool.fixture)
    #expect(try await node.send(files, as: "MOD").allSatisfy { $0.status == "0000" })
    return node
  }

  private func play(_ task: [String], _ node: RunningNode) async throws {
    let result = try await Tool.script("indistinct.py", [node.port] + task)
    #expect(result.status == 0, "\(result.all)\(node.logged)")
  }
}
