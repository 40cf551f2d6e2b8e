// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import DIMSE
import Foundation
import NIOCore
import Testing
import UpperLayer

@testable import Archive
@testable import ServiceClasses

/// What was agreed on time zones is answered (PS3.4 C.2.2.2, C.4.1.1.3.2).
@Suite struct TimezoneAnswerTests {
  private typealias Tag = DICOMData.Tag
  private static let keys: [(Tag, VR)] = [
    (.studyDate, .da), (.studyTime, .tm), (.acquisitionDateTime, .dt), (.patientBirthDate, .da), (.studyID, .sh),
  ]

  /// Half past eleven at night of the second in +0100: the third in +0200.
  @Test(
    arguments: [
      // Negotiated and named: all is answered in that zone.
      (true, "+0200", "+0100", "20260103", "003000.5", "20260103003000.25", "+0200", .pending),
      (true, "-0530", "+0100", "20260102", "170000.5", "20260102170000.25", "-0530", .pending),
      (true, "+0100", "+0100", "20260102", "233000.5", "20260102233000.25", "+0100", .pending),
      // Of what nobody knows the zone is taken for the zone that is asked for.
      (true, "+0200", "", "20260102", "233000.5", "20260102233000.25", "+0200", .pending),
      // Negotiated and not named: the answer says what its own zone is, where that is known.
      (true, nil, "+0100", "20260102", "233000.5", "20260102233000.25", "+0100", .pending),
      (true, nil, "", "20260102", "233000.5", "20260102233000.25", nil, .pending),
      (true, nil, "nowhere", "20260102", "233000.5", "20260102233000.25", nil, .pending),
      // Not negotiated: nothing is adjusted. As a return key it is answered as any other; a value is not matched.
      (false, "", "+0100", "20260102", "233000.5", "20260102233000.25", "+0100", .pending),
      (false, "", "", "20260102", "233000.5", "20260102233000.25", "", .pending),
      (false, "+0200", "+0100", "20260102", "233000.5", "20260102233000.25", "+0100", .pendingWithWarning),
      (false, nil, "+0100", "20260102", "233000.5", "20260102233000.25", nil, .pending),
    ] as [(Bool, String?, String, String, String, String, String?, DIMSE.Status)])
  func answersAreInTheZoneThatTheyName(
    isNegotiated: Bool, asked: String?, own: String, date: String, time: String, moment: String, named: String?,
    status: DIMSE.Status
  ) async throws {
    let (archive, caller, folder) = try await Self.archive(zone: own)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (statuses, answers) = try await Self.answers(archive, caller, isNegotiated, asked, Self.keys)
    #expect(statuses == [status])
    let answer = try #require(answers.first)
    #expect(answer.string(.studyDate) == date)
    #expect(answer.string(.studyTime) == time)
    #expect(answer.string(.acquisitionDateTime) == moment)
    #expect(answer.string(.patientBirthDate) == "19700101", "a date without a time belongs to no zone")
    #expect((answer[.timezoneOffsetFromUTC] != nil) == (named != nil))
    #expect((answer.string(.timezoneOffsetFromUTC) ?? "") == named ?? "")
    try await archive.close()
  }

  /// PS3.4 C.4.1.1.3.2: "It shall not be present otherwise".
  @Test func anAnswerWithoutTimesNamesNoZone() async throws {
    let (archive, caller, folder) = try await Self.archive(zone: "+0100")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (_, answers) = try await Self.answers(archive, caller, true, "+0200", [(.studyID, .sh)])
    let answer = try #require(answers.first)
    #expect(answer[.timezoneOffsetFromUTC] == nil)
    try await archive.close()
  }

  /// A day as short as it was written, and minutes where the zone is off by half an hour.
  @Test(
    arguments: [
      ("10", "+0100", "+0200", "11"), ("10", "+0100", "+0530", "1430"), ("1015", "+0000", "-0100", "0915"),
      ("", "+0000", "+0100", ""),
    ])
  func timesAreAsPreciseAsTheyWereWritten(time: String, own: String, asked: String, answered: String) async throws {
    let (archive, caller, folder) = try await Self.archive(zone: own, time: time)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (_, answers) = try await Self.answers(archive, caller, true, asked, [(.studyTime, .tm)])
    #expect((try #require(answers.first).string(.studyTime) ?? "") == answered)
    try await archive.close()
  }

  private static func archive(zone: String, time: String = "233000.5") async throws -> (Archive, Caller, String) {
    let queried = try await QueriedArchive()
    var object = DataSetBuilder(characterSet: .utf8)
    object.set(.studyDate, .da, "20260102")
    if !time.isEmpty { object.set(.studyTime, .tm, time) }
    object.set(.acquisitionDateTime, .dt, "20260102233000.25")
    if !zone.isEmpty { object.set(.timezoneOffsetFromUTC, .sh, zone) }
    object.set(.patientID, .lo, "P1")
    object.set(.patientBirthDate, .da, "19700101")
    object.set(.studyInstanceUID, .ui, "1.2.3")
    object.set(.seriesInstanceUID, .ui, "1.2.3.1")
    try await queried.store(object, as: "1.2.3.1.1")
    return (queried.archive, queried.caller, queried.folder)
  }

  private static func answers(
    _ archive: Archive, _ caller: Caller, _ isNegotiated: Bool, _ zone: String?, _ keys: [(Tag, VR)]
  ) async throws -> (statuses: [DIMSE.Status], answers: [DataSet]) {
    var identifier = DataSetBuilder(characterSet: .utf8)
    identifier.set(.queryRetrieveLevel, .cs, "IMAGE")
    for (tag, vr) in keys { identifier.setEmpty(tag, vr) }
    if let zone, !zone.isEmpty { identifier.set(.timezoneOffsetFromUTC, .sh, zone) }
    if zone == "" { identifier.setEmpty(.timezoneOffsetFromUTC, .sh) }
    var negotiated = QueryNegotiation()
    negotiated.isRelational = true
    negotiated.adjustsTimezones = isNegotiated
    let read = try QueryIdentifier(
      reading: identifier.encoded(as: .explicitVRLittleEndian), transferSyntax: .explicitVRLittleEndian,
      model: .studyRoot, negotiated: negotiated)
    var (statuses, answers): ([DIMSE.Status], [DataSet]) = ([], [])
    for try await page in archive.reading(as: caller).find(read.query) {
      let response = FindResponse(
        to: read, columns: page.columns, retrieveAETitle: "HERE", characterSets: [],
        transferSyntax: .explicitVRLittleEndian)
      for bytes in response.identifiers(of: page, page.count).all {
        statuses.append(response.supportsAllKeys ? .pending : .pendingWithWarning)
        answers.append(try DataSet(reading: bytes, transferSyntax: .explicitVRLittleEndian))
      }
    }
    return (statuses, answers)
  }
}
