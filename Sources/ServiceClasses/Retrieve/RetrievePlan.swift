// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DICOMData
import DIMSE

/// What a retrieve found to send, and the question by which each object is asked for again before it is sent.
struct RetrievePlan: Sendable {
  let instances: [ServedInstance]
  /// Those of the caller's grants that opened them, as far as they are known.
  let grants: [Int]
  private let selection: InstanceSelection
  private let archive: Archive
  let caller: Caller
  /// What the caller has to have of each object: to retrieve it, or to have it sent to somebody else.
  private let rights: GrantRights
  /// Where each instance stands, by its SOP Instance UID.
  private let places: [String: Int]

  /// When it was made.
  private let moment: ReadingMoment

  static let notOpenToReceiver = "the destination has no grant for it"

  /// As many as the counts of a response can say; throws past that. `isSorted`: those of one SOP class together, as they
  /// are sent to a destination.
  init(
    _ identifier: RetrieveIdentifier, as caller: Caller, for rights: GrantRights, of archive: Archive, isSorted: Bool
  ) async throws {
    self.archive = archive
    self.caller = caller
    self.rights = rights
    moment = try await archive.moment()
    let reader = archive.reading(as: caller, for: rights)
    let patient = try await Self.patient(of: identifier, as: caller, reader, archive)
    selection = InstanceSelection(
      patient: patient.flatMap(\.self), studyInstanceUIDs: identifier.studyInstanceUIDs,
      seriesInstanceUIDs: identifier.seriesInstanceUIDs, sopInstanceUIDs: identifier.sopInstanceUIDs)
    var found: [ServedInstance] = []
    var grants: Set<Int> = []
    // A Patient ID of nobody names nothing, whatever else is named.
    if patient != nil {
      for try await page in reader.instances(in: selection) {
        found += page.instances
        grants.formUnion(page.disclosure.grants)
        guard found.count <= SubOperationCounts.most else {
          throw ServiceFailure(.cannotCountMatches, "more than \(SubOperationCounts.most) objects: ask for fewer")
        }
      }
    }
    if isSorted {
      let classes = Dictionary(grouping: found, by: \.sopClassUID)
      found = classes.sorted { $0.key < $1.key }.flatMap(\.value)
    }
    instances = found
    self.grants = grants.sorted()
    places = Dictionary(
      zip(found.map(\.sopInstanceUID), found.indices), uniquingKeysWith: { first, _ in first })
  }

  /// .some(nil) where no patient is asked for; nil where the one asked for is nobody.
  private static func patient(
    of identifier: RetrieveIdentifier, as caller: Caller, _ reader: ArchiveReader, _ archive: Archive
  ) async throws -> PatientIdentity?? {
    guard let id = identifier.patientID else { return .some(nil) }
    let naming = try await reader.patient(
      withID: id, issuer: identifier.issuerOfPatientID, defaultIssuer: try await archive.defaultIssuer(of: caller))
    switch naming {
    case .nobody: return nil
    case .one(let patient): return .some(patient)
    case .several:
      throw ServiceFailure(
        .dataSetDoesNotMatchSOPClass, "several patients have this ID: name its issuer (0010,0021)",
        offendingElements: [.patientID, .issuerOfPatientID])
    }
  }

  /// Of what is to be sent, what its receiver may have by its own grants: that very version, whatever else it would be served.
  func areOpen(to receiver: Caller) async throws -> [Bool] {
    if isOwn(receiver) { return instances.map { _ in true } }
    var areOpen = try await areServed(to: receiver)
    // What the receiver would be served in another version, or by another name, it may have all the same.
    let others = areOpen.indices.filter { !areOpen[$0] }
    for start in stride(from: 0, to: others.count, by: Self.batch) {
      let batch = others[start..<min(start + Self.batch, others.count)]
      for (place, isOpen) in zip(batch, try await isOpen(batch.map { instances[$0] }, toReceiver: receiver)) {
        areOpen[place] = isOpen
      }
    }
    return areOpen
  }

  private static let batch = 256

  /// Who is sent what it retrieves itself has been asked about.
  private func isOwn(_ receiver: Caller) -> Bool { receiver == caller && rights == .retrieve }

  /// Which of them the receiver would be served if it asked the same: one question for all. Where it sees far more than is to be
  /// sent, not all of them.
  private func areServed(to receiver: Caller) async throws -> [Bool] {
    var areServed = instances.map { _ in false }
    var count = 0
    guard !instances.isEmpty else { return areServed }
    for try await page in archive.reading(as: receiver).instances(in: selection) {
      for instance in page.instances {
        if let place = places[instance.sopInstanceUID], instances[place] == instance { areServed[place] = true }
      }
      count += page.instances.count
      if count > 2 * instances.count { break }
    }
    return areServed
  }

  /// What is known of all of them since the plan was made.
  func answer(_ areOpen: [Bool]) -> OpenAhead.Answer? {
    areOpen.isEmpty ? nil : OpenAhead.Answer(moment: moment, places: instances.indices, areOpen: areOpen)
  }

  /// Whether it is known, and true still, that it is open as it was planned, and nothing is wrong with its file.
  func isKnownToBeOpen(_ planned: ServedInstance, _ ahead: OpenAhead) -> Bool {
    guard let place = places[planned.sopInstanceUID], instances[place] == planned, planned.fault == .none,
      archive.knownRights(of: caller)?.contains(.retrieve) == true
    else { return false }
    return ahead.knows(place) == true
  }

  /// The object as it stands at this moment, for the caller and for whoever else is to have it: a grant that ended since
  /// the plan was made ends here.
  func current(_ planned: ServedInstance, for receiver: Caller?, _ ahead: OpenAhead) async throws -> ServedInstance {
    let mayRetrieve = try await archive.rights(of: caller).contains(.retrieve)
    if mayRetrieve, let place = places[planned.sopInstanceUID], instances[place] == planned,
      try await ahead.isOpen(place)
    {
      return try Self.whole(planned)
    }
    guard mayRetrieve, let instance = try await served(planned)
    else { throw SubOperationFailure("it is not open to the caller any more") }
    if let receiver {
      guard try await isOpen([instance], toReceiver: receiver) == [true] else {
        throw SubOperationFailure(Self.notOpenToReceiver)
      }
    }
    return try Self.whole(instance)
  }

  private static func whole(_ instance: ServedInstance) throws -> ServedInstance {
    switch instance.fault {
    case .none: return instance
    case .missing: throw SubOperationFailure("its file is gone")
    case .damaged: throw SubOperationFailure.otherBytes
    }
  }

  /// Answers for whoever sends these to one receiver; nil: the caller itself.
  func openAhead(for receiver: Caller?) -> OpenAhead {
    let ahead = OpenAhead(of: instances.count, in: archive) { places in
      let moment = try await archive.moment()
      let batch = Array(instances[places])
      var areOpen = try await isOpen(batch, in: InstanceSelection(sopInstanceUIDs: batch.map(\.sopInstanceUID)), reader)
      if let receiver, !isOwn(receiver) {
        areOpen = zip(areOpen, try await isOpen(batch, toReceiver: receiver)).map { $0 && $1 }
      }
      return OpenAhead.Answer(moment: moment, places: places, areOpen: areOpen)
    }
    if receiver.map(isOwn) ?? true { answer(instances.map { _ in true }).map(ahead.know) }
    return ahead
  }

  private func isOpen(_ batch: [ServedInstance], toReceiver receiver: Caller) async throws -> [Bool] {
    try await isOpen(batch, in: InstanceSelection(exactly: batch), archive.reading(as: receiver))
  }

  /// Whether each is open as it was planned. They are asked for by their own UIDs alone: of those it is known already that
  /// there is something to find.
  private func isOpen(
    _ batch: [ServedInstance], in wanted: InstanceSelection, _ reader: ArchiveReader
  ) async throws -> [Bool] {
    guard !batch.isEmpty else { return [] }
    var open: [String: ServedInstance] = [:]
    for try await page in reader.instances(in: wanted) {
      for instance in page.instances { open[instance.sopInstanceUID] = instance }
    }
    return batch.map { open[$0.sopInstanceUID] == $0 }
  }

  private static let mostAttempts = 3

  /// Which of them the caller may still be told of, in their order, and what keeps that so until it is told. Where it cannot be
  /// found out, none.
  func tellable(_ uids: [String]) async -> (uids: [String], disclosure: Disclosures.Disclosure?) {
    guard !uids.isEmpty else { return ([], nil) }
    let disclosure = archive.disclosures.begin()
    for _ in 0..<Self.mostAttempts {
      guard let visible = try? await visible(uids) else { break }
      if disclosure.mayGo() { return (uids.filter(visible.contains), disclosure) }
    }
    disclosure.end()
    return ([], nil)
  }

  private func visible(_ uids: [String]) async throws -> Set<String> {
    var visible: Set<String> = []
    guard try await archive.rights(of: caller).contains(.retrieve) else { return visible }
    for start in stride(from: 0, to: uids.count, by: Self.batch) {
      let wanted = InstanceSelection(sopInstanceUIDs: Array(uids[start..<min(start + Self.batch, uids.count)]))
      for try await page in reader.instances(in: wanted) { visible.formUnion(page.instances.map(\.sopInstanceUID)) }
    }
    return visible
  }

  var reader: ArchiveReader { archive.reading(as: caller, for: rights) }

  private func served(_ planned: ServedInstance) async throws -> ServedInstance? {
    let wanted = InstanceSelection(
      patient: selection.patient, studyInstanceUIDs: [planned.studyInstanceUID],
      seriesInstanceUIDs: [planned.seriesInstanceUID], sopInstanceUIDs: [planned.sopInstanceUID])
    for try await page in reader.instances(in: wanted) {
      if let first = page.instances.first { return first }
    }
    return nil
  }
}
