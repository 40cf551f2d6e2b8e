// SPDX-License-Identifier: Apache-2.0

package import Archive
import DICOMData
package import DIMSE
import NIOCore

/// The Storage Service Class as SCP (PS3.4 annex B): bytes go to the archive as they arrive, and success is answered when
/// the archive says that they are there to stay.
package struct StorageService: Sendable {
  private let archive: Archive

  package init(archive: Archive) {
    self.archive = archive
  }

  /// Stores the object of one C-STORE-RQ. Returns the archive's receipt; throws what the peer is to be told.
  package func store(_ request: ServiceRequest, dataSet: MessageBody) async throws(ServiceFailure) -> Receipt {
    let announcement = try announcement(of: request)
    try await requireRight(of: request.caller)
    let reception = try await begin(announcement, from: request.caller)
    do {
      for try await chunk in dataSet {
        try await reception.append(chunk)
      }
      return try await reception.commit()
    } catch let error as ReceptionError {
      await reception.abandon()
      throw ServiceFailure(error)
    } catch {
      await reception.abandon()
      throw ServiceFailure(.processingFailure, "the association ended before the object did")
    }
  }

  private func announcement(of request: ServiceRequest) throws(ServiceFailure) -> Announcement {
    guard let sopClass = request.command.affectedSOPClassUID,
      let sopInstance = request.command.affectedSOPInstanceUID
    else {
      throw ServiceFailure(
        .cannotUnderstand, "the C-STORE-RQ names no SOP class or no SOP instance",
        offendingElements: [.affectedSOPInstanceUID])
    }
    guard sopClass == request.abstractSyntax else {
      throw ServiceFailure(
        .dataSetDoesNotMatchSOPClass, "Affected SOP Class UID is not that of the context",
        offendingElements: [.affectedSOPClassUID])
    }
    return Announcement(
      sopClassUID: sopClass, sopInstanceUID: sopInstance, transferSyntaxUID: request.transferSyntax.uid,
      callingAETitle: request.callingAETitle)
  }

  /// A right that was lost since the association was accepted is lost now.
  private func requireRight(of caller: Caller) async throws(ServiceFailure) {
    let rights = (try? await archive.rights(of: caller)) ?? []
    guard rights.contains(.store) else {
      throw ServiceFailure(.refusedNotAuthorized, "this peer may not store here (any more)")
    }
  }

  private func begin(_ announcement: Announcement, from caller: Caller) async throws(ServiceFailure) -> Reception {
    do {
      return try await archive.receive(announcement, from: .peer(caller))
    } catch let error as ReceptionError {
      throw ServiceFailure(error)
    } catch {
      throw ServiceFailure(.refusedOutOfResources, "the archive cannot take objects now; try again later")
    }
  }
}

extension ByteBuffer: ByteChunk {
  package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try withUnsafeReadableBytes(body)
  }
}
