// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData

@testable import Archive

/// What the index answers a caller, held against what the oracle says, at each level and for each right.
struct GrantComparison {
  let index: SQLiteIndex
  let world: GrantWorld
  /// How many answers were compared: of each row of the world whether it is there, and each count.
  private(set) var count = 0
  private(set) var differences: [String] = []

  init(_ index: SQLiteIndex, _ world: GrantWorld) {
    self.index = index
    self.world = world
  }

  mutating func compare(_ caller: Caller, _ random: inout SeededGenerator) async throws {
    let visible = GrantOracle(world, caller, .query).visible
    for level in QueryRetrieveLevel.allCases {
      let key = Bool.random(using: &random) ? nil : Key.random(at: level, &random)
      try await compare(level, key, visible, caller, Bool.random(using: &random) ? .patientRoot : .studyRoot)
    }
    for rights in [GrantRights.retrieve, .send] {
      let study = "1.\(Int.random(in: 0..<GrantWorld.studies, using: &random))"
      for study in [study, nil] { try await compare(caller, rights, study: study) }
    }
    let issuers = Set(GrantOracle(world, caller, .retrieve).visible.filter { $0.patientID == "P1" }.map(\.issuer))
    note(
      try await index.issuers(ofPatientID: "P1", as: caller, for: .retrieve), issuers.sorted(), of: 2, "issuers")
  }

  /// What of a study, or of all, somebody may have.
  mutating func compare(_ caller: Caller, _ rights: GrantRights, study: String?) async throws {
    let had = GrantOracle(world, caller, rights).visible.filter { study == nil || $0.study == study }
    let selection = InstanceSelection(studyInstanceUIDs: study.map { [$0] } ?? [])
    var page = try await index.instances(in: selection, as: caller, for: rights, after: nil)
    var served = page.instances
    while let mark = page.next {
      page = try await index.instances(in: selection, as: caller, for: rights, after: mark)
      served += page.instances
    }
    note(
      served.map(\.sopInstanceUID).sorted(), Set(had.map(\.instance)).sorted(), of: world.objects.count,
      "\(rights) of \(study ?? "all") to \(caller.identity)")
  }

  /// A key and what it leaves of the objects.
  private struct Key {
    let key: MatchingKey
    let leaves: (SeenObject, [SeenObject]) -> Bool

    static func random(at level: QueryRetrieveLevel, _ random: inout SeededGenerator) -> Key {
      let study = "1.\(Int.random(in: 0..<GrantWorld.studies, using: &random))"
      // What is matched is what the earliest that is seen says of it.
      let speaker = { (one: SeenObject, visible: [SeenObject]) in
        visible.first { level == .patient ? $0.patientRow == one.patientRow : $0.ownStudyRow == one.ownStudyRow }
      }
      switch Int.random(in: level == .patient ? 0..<3 : 0..<8, using: &random) {
      case 1:
        return Key(key: MatchingKey(tag: .patientName, matching: .singleValue("Doe^John"))) { one, visible in
          ["Doe^John", "Doe^John^^^"].contains(speaker(one, visible)?.name)
        }
      case 2:
        return Key(key: MatchingKey(tag: .patientComments, matching: .wildcard("o*"))) { one, visible in
          speaker(one, visible)?.comment == "one"
        }
      case 3:
        return Key(key: MatchingKey(tag: .patientName, matching: .wildcard("Doe^J*"))) { one, visible in
          speaker(one, visible)?.name.hasPrefix("Doe^J") == true
        }
      case 4:
        return Key(key: MatchingKey(tag: .accessionNumber, matching: .singleValue("A1.1"))) { one, visible in
          speaker(one, visible)?.accession == "A1.1"
        }
      case 0:
        return Key(key: MatchingKey(tag: .patientID, matching: .singleValue("P1"))) { one, _ in one.patientID == "P1" }
      case 5:
        return Key(key: MatchingKey(tag: .studyInstanceUID, matching: .uidList([study, "1.0"]))) { one, _ in
          one.study == study || one.study == "1.0"
        }
      case 6:
        return Key(key: MatchingKey(tag: .studyDate, matching: .range(from: "20260115", to: nil))) { one, visible in
          (speaker(one, visible)?.date ?? "") > "20260115"
        }
      default:
        return Key(key: MatchingKey(tag: .modalitiesInStudy, matching: .singleValue("CT"))) { one, visible in
          GrantComparison.modalities(of: visible.filter { $0.studyRow == one.studyRow }).contains("CT")
        }
      }
    }
  }

  private mutating func compare(
    _ level: QueryRetrieveLevel, _ key: Key?, _ visible: [SeenObject], _ caller: Caller, _ model: InformationModel
  ) async throws {
    let (tags, name, counts) = Self.asked(at: level)
    let query = FindQuery(
      informationModel: model, level: level, keys: key.map { [$0.key] } ?? [], returning: tags + Self.told(at: level))
    var page = try await index.matches(of: query, as: caller, after: nil)
    var rows = page.rows
    while let mark = page.next {
      page = try await index.matches(of: query, as: caller, after: mark)
      rows += page.rows
    }
    let answered = rows.map { row in
      (tags + Self.told(at: level)).map { row[$0].map { $0.sorted().joined(separator: "\\") } ?? "?" }.joined(
        separator: " ")
    }.sorted()
    // What is aside is a study of its own, unless what others sent of it is seen too: that tells of both.
    let expected = Dictionary(grouping: visible, by: name).compactMap { name, found -> String? in
      guard let one = found.first(where: { $0.aside == 0 }) ?? found.first, key?.leaves(one, visible) ?? true else {
        return nil
      }
      return ([name.last ?? ""] + counts(found) + said(level, one, visible)).joined(separator: " ")
    }.sorted()
    let rowCount = Set(world.objects.map { name(SeenObject(object: $0, aside: 0)) }).count
    note(
      answered, expected, of: rowCount * tags.count,
      "\(level) for \(caller.identity) through \(caller.peerName), key \(key.map { "\($0.key)" } ?? "none")")
  }

  private typealias Asked = (
    tags: [DICOMData.Tag], name: (SeenObject) -> [String], counts: ([SeenObject]) -> [String]
  )

  private static func asked(at level: QueryRetrieveLevel) -> Asked {
    let patient = { (object: SeenObject) in
      [object.patientID.isEmpty ? object.study : "", object.issuer, object.patientID]
    }
    switch level {
    case .patient:
      return (
        [.patientID, .numberOfPatientRelatedStudies, .numberOfPatientRelatedSeries, .numberOfPatientRelatedInstances],
        patient,
        { found in
          [Set(found.map(\.studyRow)).count, Set(found.map(\.seriesRow)).count, Set(found.map(\.instance)).count].map(
            String.init)
        }
      )
    case .study:
      return (
        [.studyInstanceUID, .numberOfStudyRelatedSeries, .numberOfStudyRelatedInstances, .modalitiesInStudy],
        { patient($0) + [$0.studyRow, $0.study] },
        { found in
          [
            String(Set(found.map(\.seriesRow)).count), String(Set(found.map(\.instance)).count),
            modalities(of: found).sorted().joined(separator: "\\"),
          ]
        }
      )
    case .series:
      return (
        [.seriesInstanceUID, .numberOfSeriesRelatedInstances], { patient($0) + [$0.seriesRow, $0.series] },
        { [String(Set($0.map(\.instance)).count)] }
      )
    case .image: return ([.sopInstanceUID], { [$0.seriesRow, $0.instance] }, { _ in [] })
    }
  }

  /// Of each series what its earliest object says.
  fileprivate static func modalities(of found: [SeenObject]) -> Set<String> {
    Set(Dictionary(found.map { ($0.ownSeriesRow, $0.modality) }, uniquingKeysWith: { first, _ in first }).values)
  }

  /// What one object says where another may say otherwise.
  private static func told(at level: QueryRetrieveLevel) -> [DICOMData.Tag] {
    let patient: [DICOMData.Tag] = [.patientName, .patientComments]
    let study = patient + [.studyDate, .accessionNumber, .studyDescription]
    return level == .patient ? patient : level == .study ? study : study + [.modality, .seriesDescription]
  }

  /// By the earliest that is seen of the patient, the study and the series.
  private func said(_ level: QueryRetrieveLevel, _ one: SeenObject, _ visible: [SeenObject]) -> [String] {
    if level == .patient {
      return visible.first { $0.patientRow == one.patientRow }.map { [$0.name, $0.comment] } ?? []
    }
    let study =
      visible.first { $0.ownStudyRow == one.ownStudyRow }.map {
        [$0.name, $0.comment, $0.date, $0.accession, $0.description]
      } ?? []
    guard level != .study else { return study }
    return study
      + (visible.first { $0.ownSeriesRow == one.ownSeriesRow }.map { [$0.modality, $0.seriesDescription] } ?? [])
  }

  private mutating func note(
    _ answered: [String], _ expected: [String], of count: Int, _ what: @autoclosure () -> String
  ) {
    self.count += count
    guard answered != expected else { return }
    differences.append("\(what()): \(answered), not \(expected)")
  }
}
