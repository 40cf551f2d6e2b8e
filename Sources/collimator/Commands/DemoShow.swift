// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import DIMSE
import Foundation
import Node
import ServiceClasses
import ServiceLifecycle
import UpperLayer

/// What the demo does with its node once that listens.
struct DemoShow: Service {
  let directory: String
  let files: [String]
  let staysUp: Bool
  let ports: AsyncStream<Int>

  func run() async throws {
    guard let port = await ports.first(where: { _ in true }) else { return }
    Output.print("A node listens on 127.0.0.1:\(port), its archive is in \(directory).\n")
    try await administer(.addPeer(peer("MODALITY", may: ["store"])))
    try await send(to: port)
    try await administer(.addPeer(peer("DRWEBER", may: ["query"])))
    try await administer(.addPeer(peer("PATIENT1", may: ["query"])))
    try await administer(.addGrant(GrantDraft(to: "DRWEBER", scope: .everything, until: nil)))
    try await openOnePatient(askedAt: port)
    Output.print("Both ask the same: which studies are there? (C-FIND, STUDY level)\n")
    let physician = try await studies(as: "DRWEBER", port: port)
    let patient = try await studies(as: "PATIENT1", port: port)
    printSideBySide(physician, patient)
    guard staysUp else { return }
    printInstructions(port: port)
    try? await gracefulShutdown()
  }

  private func peer(_ aeTitle: String, may: [String]) -> PeerDraft {
    PeerDraft(
      name: nil, aeTitle: aeTitle, addresses: ["127.0.0.1"], port: nil, may: may, acceptsPrivateSOPClasses: false)
  }

  private func administer(_ operation: Node.Operation) async throws {
    let result = try await DataDirectory(path: directory).withOperations(as: .current, mayBegin: false) {
      try await $0(operation)
    }
    if case .done(let sentence) = result { Output.print("  \(sentence)") }
  }

  private func send(to port: Int) async throws {
    var stored = 0
    for try await outcome in FileSending(files, to: node(callingAs: "MODALITY", port)).outcomes() {
      guard outcome.isStored else {
        throw OperationError("\(outcome.path) was not stored: \(outcome.status ?? "") \(outcome.comment ?? "")")
      }
      stored += 1
    }
    Output.print("  MODALITY sent \(stored) objects over DICOM; all were answered 0000 (success).")
  }

  /// The first patient with an ID, as the physician sees it, is opened to the one who is to see only their own.
  private func openOnePatient(askedAt port: Int) async throws {
    let all = try await studies(as: "DRWEBER", port: port)
    guard let own = all.first(where: { !$0.patientID.isEmpty }) else {
      throw OperationError("none of the fixtures has a Patient ID")
    }
    let issuer = own.issuer.isEmpty ? nil : own.issuer
    try await administer(
      .addGrant(GrantDraft(to: "PATIENT1", scope: .patient(id: own.patientID, issuer: issuer), until: nil)))
  }

  private func node(callingAs aeTitle: String, _ port: Int) -> RemoteNode {
    RemoteNode(host: "127.0.0.1", port: port, callingAETitle: aeTitle, calledAETitle: "COLLIMATOR")
  }

  private struct Study: Hashable {
    let patientID: String
    let issuer: String
    let line: String
  }

  private func studies(as aeTitle: String, port: Int) async throws -> [Study] {
    var identifier = DataSetBuilder()
    identifier.set(.queryRetrieveLevel, .cs, "STUDY")
    for (tag, vr) in [
      (Tag.patientName, VR.pn), (.patientID, .lo), (.issuerOfPatientID, .lo), (.modalitiesInStudy, .cs),
      (.studyDescription, .lo), (.studyInstanceUID, .ui),
    ] {
      identifier.setEmpty(tag, vr)
    }
    let question = identifier
    let context = ProposedPresentationContext(
      id: 1, abstractSyntax: UIDRegistry.studyRootFind, transferSyntaxes: [TransferSyntax.explicitVRLittleEndian.uid])
    return try await node(callingAs: aeTitle, port).withAssociation(proposing: [context]) { association in
      var user = ServiceUser(association)
      var studies: [Study] = []
      let response = try await user.find(sopClassUID: UIDRegistry.studyRootFind, identifier: question) { match in
        let name = match.string(.patientName) ?? "(no name)"
        let modalities = match.strings(.modalitiesInStudy).joined(separator: "/")
        studies.append(
          Study(
            patientID: match.string(.patientID) ?? "", issuer: match.string(.issuerOfPatientID) ?? "",
            line: "\(modalities) \(name)"))
      }
      guard response.status == .success else {
        throw OperationError("the query ended with \(response.status.map { "\($0)" } ?? "no status")")
      }
      return studies
    }
  }

  private func printSideBySide(_ left: [Study], _ right: [Study]) {
    var table = Table("DRWEBER (granted everything)", "PATIENT1 (granted one patient)")
    let own = Set(right)
    for study in left {
      table.add(String(study.line.prefix(44)), own.contains(study) ? String(study.line.prefix(44)) : "")
    }
    Output.print(table.text)
    Output.print("\n\(left.count) studies for DRWEBER, \(right.count) for PATIENT1, none for anybody else.")
  }

  private func printInstructions(port: Int) {
    let collimator = CommandLine.arguments.first ?? "collimator"
    Output.print(
      """

      The node goes on until Ctrl-C. Try it with your own tools:
        findscu -S -aet DRWEBER -aec COLLIMATOR -k QueryRetrieveLevel=STUDY -k PatientName -k StudyInstanceUID 127.0.0.1 \(port)
        storescu -aet MODALITY -aec COLLIMATOR 127.0.0.1 \(port) FILE.dcm
        echoscu -aet STRANGER -aec COLLIMATOR 127.0.0.1 \(port)
        \(collimator) find --calling PATIENT1 --port \(port) -k PatientName -k PatientID
        \(collimator) peer knocks --data '\(directory)'
        \(collimator) grant list --data '\(directory)'
      """)
  }
}
