// SPDX-License-Identifier: Apache-2.0

import Access
package import Archive
import DICOMData
import DIMSE
package import NIOCore

/// The Storage Service Class as SCP (PS3.4 annex B): bytes go to the archive as they arrive, and success is answered when
/// the archive says that they are there to stay.
package struct StorageService: Sendable {
  private let archive: Archive

  package init(archive: Archive) {
    self.archive = archive
  }

  /// Takes the object of one C-STORE-RQ to its last byte; nothing is kept until the arrived object is committed. Throws the
  /// `ServiceFailure` that the peer is to be told, or whatever ended the association meanwhile.
  package func receive(
    _ request: ServiceRequest, nextFragment: () async throws -> ByteBuffer?
  ) async throws -> ArrivedObject {
    let announcement = try announcement(of: request)
    try await requireRight(of: request.caller)
    let reception = try await begin(announcement, from: request.caller)
    do {
      while let chunk = try await nextFragment() {
        try await reception.append(chunk)
      }
      return ArrivedObject(reception)
    } catch let error as ReceptionError {
      await reception.abandon()
      throw ServiceFailure(error)
    } catch {
      // The association is over: there is nobody to be told.
      await reception.abandon()
      throw error
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
    let rights: Rights
    do {
      rights = try await archive.rights(of: caller)
    } catch {
      // Not a no: another time the index may be read.
      throw ServiceFailure(.refusedOutOfResources, "the index cannot be read now: \(error)")
    }
    guard rights.contains(.store) else {
      throw ServiceFailure(.refusedNotAuthorized, "this peer may not store here (any more)")
    }
  }

  private func begin(_ announcement: Announcement, from caller: Caller) async throws(ServiceFailure) -> Reception {
    do throws(ReceptionError) {
      return try await archive.receive(announcement, from: .peer(caller))
    } catch {
      throw ServiceFailure(error)
    }
  }
}

extension ByteBuffer: ByteChunk {
  package func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
    try withUnsafeReadableBytes(body)
  }
}
