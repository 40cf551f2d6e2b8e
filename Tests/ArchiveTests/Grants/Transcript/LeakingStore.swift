// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import DIMSE
import GRDB

@testable import Archive

/// A C-STORE that tells, or does, what it must not.
struct LeakingStore {
  let caller: Caller
  let leak: NonInterferenceTests.Leak?

  func answer(to object: TestObject, in archive: Archive) async throws -> CommandSet {
    var request = CommandSet(.cStoreRQ)
    request.messageID = 1
    request.affectedSOPClassUID = object.sopClass
    request.affectedSOPInstanceUID = object.instance
    var response = CommandSet.response(to: request, status: .success)
    let outcome = try await outcome(of: object, in: archive)
    if case .done(.keptOut) = outcome { response.status = .refusedNotAuthorized }
    if case .done(.keptBesideAnother) = outcome {
      if leak == .statusOfADuplicate { response.status = Status(rawValue: 0xB000) }
      if leak == .commentOfAStore { response.errorComment = "kept beside another" }
    }
    if leak == .addedToWhatIsHidden, case .done(.stored) = outcome {
    } else if leak == .addedToWhatIsHidden {
      response.status = Status(rawValue: 0xB000)
    }
    return response
  }

  private func outcome(of object: TestObject, in archive: Archive) async throws -> Addition {
    let (caller, layout, leak) = (caller, archive.index.layout, leak)
    return try await archive.database.write { database in
      let arrival = Arrival(
        sender: "caller", callingAETitle: "", time: GrantWorld.now, defaultIssuer: "",
        aside: leak == .addedToWhatIsHidden || leak == .refusalOfWhatWasDeleted ? 0 : nil, caller: caller)
      let (header, digest) = try HeaderForTest.headerAndDigest(of: object)
      var record = try InstanceRecord(
        header, announcement: object.announcement, object: .random(), digest: digest, size: 1, arrival: arrival,
        layout: layout)
      record.canonicalDigest = digest
      return try InstanceInsertion(record, layout: layout).perform(in: database).addition
    }
  }
}
