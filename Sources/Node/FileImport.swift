// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import Glibc
import NIOCore
import NIOPosix
import ServiceClasses

/// Stores one file from disk. The data set's own UIDs count; a group 0002 that says otherwise is remarked upon.
struct FileImport: Sendable {
  let archive: Archive
  let user: Operator

  private static let chunkSize = 1 << 20

  func outcome(of path: String) async -> ImportOutcome {
    do {
      return try await store(path)
    } catch {
      return ImportOutcome(kind: .refused, remarks: ["\(error)"])
    }
  }

  private func store(_ path: String) async throws -> ImportOutcome {
    let header = try await Self.blocking { try Header(of: path) }
    let reception = try await archive.receive(header.announcement, from: .operator(user))
    do {
      var offset = header.dataSetOffset
      while true {
        let start = offset
        let chunk = try await Self.blocking { try Self.read(path, from: start) }
        guard chunk.readableBytes > 0 else { break }
        offset += chunk.readableBytes
        try await reception.append(chunk)
      }
      let receipt = try await reception.commit()
      return ImportOutcome(
        kind: receipt.isNew ? .stored : .alreadyStored, remarks: header.remarks + receipt.remarks)
    } catch {
      await reception.abandon()
      throw error
    }
  }

  private static func read(_ path: String, from offset: Int) throws(OperationError) -> ByteBuffer {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw OperationError("cannot be opened: \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var buffer = ByteBufferAllocator().buffer(capacity: chunkSize)
    let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: chunkSize) { space in
      max(pread(descriptor, space.baseAddress, chunkSize, offset), 0)
    }
    _ = count
    return buffer
  }

  /// Files are read on threads that may wait for a disk, never on those that serve associations.
  private static func blocking<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await NIOThreadPool.singleton.runIfActive(body)
  }
}

/// What the archive has to know before the first byte of a file's data set.
private struct Header: Sendable {
  let announcement: Announcement
  let dataSetOffset: Int
  let remarks: [String]

  init(of path: String) throws {
    let file = try Part10File(path: path, stoppingBefore: .patientName)
    guard let sopClass = file.dataSet.string(.sopClassUID), let sopInstance = file.dataSet.string(.sopInstanceUID)
    else {
      throw OperationError("the data set has no SOP Class UID (0008,0016) or no SOP Instance UID (0008,0018)")
    }
    announcement = Announcement(
      sopClassUID: sopClass, sopInstanceUID: sopInstance, transferSyntaxUID: file.transferSyntax.uid,
      callingAETitle: "")
    dataSetOffset = file.dataSetOffset
    remarks = Self.differences(file.meta, sopClass: sopClass, sopInstance: sopInstance)
  }

  private static func differences(
    _ meta: FileMetaInformation, sopClass: String, sopInstance: String
  ) -> [String] {
    var remarks: [String] = []
    if let named = meta.mediaStorageSOPClassUID, named != sopClass {
      remarks.append("Media Storage SOP Class UID (0002,0002) '\(named)' is not the data set's '\(sopClass)'")
    }
    if let named = meta.mediaStorageSOPInstanceUID, named != sopInstance {
      remarks.append("Media Storage SOP Instance UID (0002,0003) '\(named)' is not the data set's '\(sopInstance)'")
    }
    return remarks
  }
}
