// SPDX-License-Identifier: Apache-2.0

import DICOMData
import DIMSE
import Synchronization
import Testing

@testable import ServiceClasses

@Suite struct SubOperationTests {
  /// PS3.4 C.4.2.1.6 to C.4.2.1.9, C.4.3.3.1: c completed, w with a warning, f failed; dots were cancelled.
  @Test(
    arguments: [
      ("", 0x0000), ("ccc", 0x0000), ("ccf", 0xB000), ("ccw", 0xB000), ("w", 0xB000), ("wf", 0xB000), ("ff", 0xA702),
      ("cc.", 0xFE00), ("ff.", 0xFE00), ("...", 0xFE00),
    ] as [(String, UInt16)])
  func theCountsSayHowItEnded(course: String, status: UInt16) throws {
    var counts = SubOperationCounts(total: course.count)
    for (number, step) in course.enumerated() where step != "." {
      counts.note(step == "c" ? .completed : step == "w" ? .warning : .failed, of: "1.\(number)")
    }
    let (response, identifier) = counts.final(to: Self.request, comment: "why")
    #expect(response.status?.rawValue == status)
    #expect(response.numberOfCompletedSuboperations == UInt16(course.count { $0 == "c" }))
    #expect(response.numberOfWarningSuboperations == UInt16(course.count { $0 == "w" }))
    #expect(response.numberOfFailedSuboperations == UInt16(course.count { $0 == "f" }))
    #expect(response.numberOfRemainingSuboperations == (status == 0xFE00 ? UInt16(course.count { $0 == "." }) : nil))
    #expect(response.hasDataSet == (identifier != nil) && response.hasDataSet == (status != 0))
    let failed = course.enumerated().filter { $0.element == "f" }.map { "1.\($0.offset)" }
    guard let identifier else { return #expect(failed.isEmpty) }
    let dataSet = try DataSet(
      reading: identifier.encoded(as: .implicitVRLittleEndian), transferSyntax: .implicitVRLittleEndian)
    #expect(dataSet.strings(.failedSOPInstanceUIDList) == failed)
  }

  /// Of few objects each is told, of many every tenth; the last is told by the final response.
  @Test(
    arguments: [(1, []), (3, [2, 1]), (25, [23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1]), (1000, nil)]
      as [(Int, [UInt16]?)])
  func pendingResponsesKeepTheirPace(total: Int, remaining: [UInt16]?) async {
    let sent = Mutex<[CommandSet]>([])
    let progress = RetrieveProgress(total: total, of: Self.request, leastPause: .zero) { response in
      sent.withLock { $0.append(response) }
    }
    for number in 0..<total { await progress.note(.completed, of: "1.\(number)") }
    let responses = sent.withLock(\.self)
    #expect(responses.allSatisfy { $0.status == .pending && !$0.hasDataSet })
    #expect(
      responses.allSatisfy {
        Int($0.numberOfRemainingSuboperations ?? 0) + Int($0.numberOfCompletedSuboperations ?? 0) == total
      })
    let told = responses.map { $0.numberOfRemainingSuboperations ?? 0 }
    #expect(told == remaining ?? stride(from: 990, to: 0, by: -10).map { UInt16($0) })
  }

  /// Many that go fast are told about at once, and then no more often than is of use.
  @Test func pendingResponsesAboutManyArePaced() async {
    let sent = Mutex<[UInt16]>([])
    let progress = RetrieveProgress(total: 60_000, of: Self.request, leastPause: .seconds(600)) { response in
      sent.withLock { $0.append(response.numberOfRemainingSuboperations ?? 0) }
    }
    for number in 0..<60_000 { await progress.note(.completed, of: "1.\(number)") }
    #expect(sent.withLock(\.self) == [59_990])
    #expect(progress.counts.completed == 60_000 && progress.counts.remaining == 0)
  }

  @Test func whatIsStoredIsSentAsItIsWhereItCan() {
    let (explicit, implicit, jpeg) = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.70")
    #expect(ObjectConversion.target(for: jpeg, among: [explicit, jpeg]) == jpeg)
    #expect(ObjectConversion.target(for: jpeg, among: [implicit, explicit]) == explicit)
    #expect(ObjectConversion.target(for: explicit, among: [implicit]) == implicit)
    let lossy = "1.2.840.10008.1.2.4.50"
    #expect(ObjectConversion.target(for: explicit, among: [lossy]) == nil)
    #expect(ObjectConversion.target(for: lossy, among: [lossy, jpeg]) == lossy)
    // Compressed without loss where nothing else is taken, and only there.
    #expect(ObjectConversion.target(for: explicit, among: [jpeg]) == jpeg)
    #expect(
      ObjectConversion.target(for: lossy, among: ["1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.80"])?.hasSuffix(".80")
        == true)
    #expect(ObjectConversion.target(for: "1.2.840.10008.1.2.4.90", among: [jpeg, implicit]) == implicit)
  }

  @Test func responsesFindWhoAsked() async throws {
    let responses = AwaitedResponses()
    let first = try responses.begin()
    let second = try responses.begin()
    responses.take(Self.answer(to: second))
    responses.take(Self.answer(to: 999))
    #expect(try await responses.response(to: second).messageIDBeingRespondedTo == second)
    async let late = responses.response(to: first)
    responses.take(Self.answer(to: first))
    #expect(try await late.messageIDBeingRespondedTo == first)
    let third = try responses.begin()
    let never = Task { try await responses.response(to: third) }
    responses.end(CancellationError())
    await #expect(throws: CancellationError.self) { try await never.value }
    #expect(throws: CancellationError.self) { try responses.begin() }
  }

  private static let request: CommandSet = {
    var request = CommandSet(.cGetRQ)
    request.messageID = 7
    return request
  }()

  private static func answer(to messageID: UInt16) -> CommandSet {
    var request = CommandSet(.cStoreRQ)
    request.messageID = messageID
    return .response(to: request, status: .success)
  }
}
