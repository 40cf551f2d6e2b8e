// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import NIOCore
import ServiceClasses

/// Stores one file from disk. The data set's own UIDs count; a group 0002 that says otherwise is remarked upon.
struct FileImport: Sendable {
  let archive: Archive
  let user: Operator
  let issuer: String?

  func outcome(of path: String) async -> ImportOutcome {
    do {
      return try await store(path)
    } catch {
      return ImportOutcome(kind: .refused, remarks: ["\(error)"])
    }
  }

  private func store(_ path: String) async throws -> ImportOutcome {
    let header = try await FileHeader(of: path)
    let announcement = Announcement(
      sopClassUID: header.sopClassUID, sopInstanceUID: header.sopInstanceUID,
      transferSyntaxUID: header.transferSyntax.uid, callingAETitle: "")
    let reception = try await archive.receive(announcement, from: .operator(user, defaultIssuer: issuer))
    do {
      var offset = header.dataSetOffset
      while true {
        let chunk = try await FileReading.chunk(of: path, from: offset)
        guard chunk.readableBytes > 0 else { break }
        offset += chunk.readableBytes
        try await reception.append(chunk)
      }
      let receipt = try await reception.commit()
      let conflict =
        receipt.outcome == .keptBesideAnother
        ? ["kept beside another version: see collimator conflicts show \(announcement.sopInstanceUID)"] : []
      return ImportOutcome(
        kind: receipt.outcome == .alreadyStored ? .alreadyStored : .stored,
        remarks: header.remarks + receipt.remarks + conflict)
    } catch {
      await reception.abandon()
      throw error
    }
  }
}
