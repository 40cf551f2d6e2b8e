// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import DIMSE
import GRDB

@testable import Archive

/// What a caller asks and sends on an association, and each byte of what is heard: queries at all levels with all that is
/// counted, stores, the queries again, retrievals to the caller and to others, storage commitment.
struct Script {
  let caller: Caller
  let stored: [TestObject]
  /// Of all objects that there are, or are only in the other world.
  let known: [TestObject]
  /// What is matched at each level, beside all.
  let keys: [QueryRetrieveLevel: [Key]]
  let steps: Set<Step>
  let leak: NonInterferenceTests.Leak?

  /// What is done beside the stores: all of it costs more than a test of each change may take.
  enum Step: CaseIterable {
    case queriesBefore, queries, getStudies, getImages, getPatient, moveToOne, moveToOther, commit

    /// The queries behind the stores, and the others at random, all of them often enough.
    static func some(_ random: inout SeededGenerator) -> Set<Step> {
      Set(allCases.filter { $0 == .queries || Int.random(in: 0..<3, using: &random) == 0 })
    }
  }

  func run(on archive: Archive, _ node: MemoryNode) async throws -> [Heard] {
    let files = try await ScriptFiles(known + stored, in: archive)
    try await prepare(archive)
    let heard = try await node.heard(by: caller) { peer in
      if steps.contains(.queriesBefore) { try await query(&peer) }
      for object in stored { try await store(object, in: archive, &peer) }
      if steps.contains(.queries) { try await query(&peer) }
      try await retrieve(from: archive, &peer)
      if steps.contains(.commit) { try await commit(&peer) }
    }
    try await files.remove(from: archive)
    return heard
  }

  /// Peers that may store, can be called, and hear of commitment at once.
  private func prepare(_ archive: Archive) async throws {
    try await archive.database.write { database in
      try database.cachedStatement(sql: "DELETE FROM commitment").execute()
      try database.cachedStatement(
        sql: """
          UPDATE peer SET rights = rights | 1, port = 104, profile = '{"commitmentReports":"same"}' WHERE port IS NULL
          """
      ).execute()
    }
  }

  private static let asked: [QueryRetrieveLevel: [(DICOMData.Tag, VR)]] = {
    let patient: [(DICOMData.Tag, VR)] = [
      (.patientID, .lo), (.issuerOfPatientID, .lo), (.patientName, .pn), (.patientComments, .lt),
      (.numberOfPatientRelatedStudies, .is), (.numberOfPatientRelatedSeries, .is),
      (.numberOfPatientRelatedInstances, .is),
    ]
    let study: [(DICOMData.Tag, VR)] =
      patient + [
        (.studyInstanceUID, .ui), (.studyDate, .da), (.studyTime, .tm), (.accessionNumber, .sh),
        (.studyDescription, .lo), (.modalitiesInStudy, .cs), (.sopClassesInStudy, .ui),
        (.numberOfStudyRelatedSeries, .is), (.numberOfStudyRelatedInstances, .is),
      ]
    let series: [(DICOMData.Tag, VR)] =
      study + [
        (.seriesInstanceUID, .ui), (.modality, .cs), (.seriesDescription, .lo), (.numberOfSeriesRelatedInstances, .is),
      ]
    return [
      .patient: patient, .study: study, .series: series,
      .image: series + [(.sopInstanceUID, .ui), (.sopClassUID, .ui)],
    ]
  }()

  private func query(_ peer: inout MemoryPeer) async throws {
    for level in QueryRetrieveLevel.allCases {
      for key in [nil] + (keys[level] ?? []) {
        var identifier = DataSetBuilder(characterSet: .utf8)
        identifier.set(.queryRetrieveLevel, .cs, level.rawValue)
        for (tag, vr) in Self.asked[level] ?? [] { identifier.setEmpty(tag, vr) }
        if let key { identifier.set(key.tag, key.vr, key.values) }
        try await peer.ask(.cFindRQ, UIDRegistry.patientRootFind, identifier.encoded(as: MemoryNode.syntax))
      }
    }
  }

  private func store(_ object: TestObject, in archive: Archive, _ peer: inout MemoryPeer) async throws {
    switch leak {
    case .statusOfADuplicate, .commentOfAStore, .addedToWhatIsHidden, .refusalOfWhatWasDeleted:
      peer.note(Heard(try await LeakingStore(caller: caller, leak: leak).answer(to: object, in: archive), nil))
    default:
      try await peer.ask(.cStoreRQ, object.sopClass, object.dataSet) { $0.affectedSOPInstanceUID = object.instance }
    }
  }

  private static let studies = (0..<GrantWorld.studies).map { "1.\($0)" }

  private func retrieve(from archive: Archive, _ peer: inout MemoryPeer) async throws {
    var all = DataSetBuilder()
    all.set(.queryRetrieveLevel, .cs, "STUDY")
    all.set(.studyInstanceUID, .ui, Self.studies)
    var images = DataSetBuilder()
    images.set(.queryRetrieveLevel, .cs, "IMAGE")
    images.set(.sopInstanceUID, .ui, Array(Set(known.map(\.instance))).sorted() + ["9.9999"])
    // Two persons may have this ID, as far as the caller may know.
    var patient = DataSetBuilder()
    patient.set(.queryRetrieveLevel, .cs, "PATIENT")
    patient.set(.patientID, .lo, "P1")
    let there = try await archive.database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM instance") ?? 0 }
    let requests = [
      (Step.getStudies, UIDRegistry.studyRootGet, all), (.getImages, UIDRegistry.studyRootGet, images),
      (.getPatient, UIDRegistry.patientRootGet, patient),
    ]
    for (step, model, identifier) in requests where steps.contains(step) {
      try await peer.ask(.cGetRQ, model, identifier.encoded(as: MemoryNode.syntax)) { _ in
      } leak: { response in
        guard leak == .countOfARetrieval else { return }
        // As if what is not to be had had been tried.
        response.numberOfFailedSuboperations =
          UInt16(there) - min(response.numberOfCompletedSuboperations ?? 0, UInt16(there))
      }
    }
    for (step, title) in [(Step.moveToOne, "WS1"), (.moveToOther, "WS2")] where steps.contains(step) {
      try await peer.ask(.cMoveRQ, UIDRegistry.studyRootMove, all.encoded(as: MemoryNode.syntax)) {
        $0.moveDestination = title
      }
    }
  }

  /// Of what was stored, of what is there, and of what never was.
  private func commit(_ peer: inout MemoryPeer) async throws {
    var action = DataSetBuilder()
    action.set(.transactionUID, .ui, "2.25.1")
    let objects = Set((stored + known).map { [$0.sopClass, $0.instance] } + [[MemoryNode.storage[0], "9.9999"]])
    action.setSequence(
      .referencedSOPSequence,
      objects.sorted { ($0[1], $0[0]) < ($1[1], $1[0]) }.map { object in
        var item = DataSetBuilder()
        item.set(.referencedSOPClassUID, .ui, object[0])
        item.set(.referencedSOPInstanceUID, .ui, object[1])
        return item
      })
    try await peer.ask(
      .nActionRQ, UIDRegistry.storageCommitmentPushModel, action.encoded(as: MemoryNode.syntax)
    ) {
      $0.requestedSOPInstanceUID = UIDRegistry.storageCommitmentPushModelInstance
      $0.actionTypeID = 1
    }
  }
}
