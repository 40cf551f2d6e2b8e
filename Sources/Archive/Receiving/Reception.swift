// SPDX-License-Identifier: Apache-2.0

import Crypto
import DICOMData

/// One object on its way in: written, hashed and its header read as it arrives, on a thread that may wait for the disk.
package actor Reception {
  private let thread: FileThread
  private let announcement: Announcement
  private let sender: Sender
  private let file: IncomingFile
  private let index: IndexWriter
  private var reader: PushReader
  private var digest = SHA256()
  private var isOver = false

  package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  init(
    _ announcement: Announcement, from sender: Sender, thread: FileThread, store: ObjectStore, index: IndexWriter
  ) async throws(ReceptionError) {
    guard let syntax = TransferSyntax(uid: announcement.transferSyntaxUID) else {
      throw ReceptionError(.doesNotMatch, "the transfer syntax is none that can be stored")
    }
    self.thread = thread
    self.announcement = announcement
    self.sender = sender
    self.index = index
    reader = PushReader(transferSyntax: syntax, stoppingBefore: .pixelData, keeping: InstanceRecord.wantedElements)
    do {
      file = try IncomingFile(in: store)
    } catch {
      throw ReceptionError(error)
    }
    try writeHead()
  }

  /// The preamble and group 0002 are ours; the data set that follows is kept as it comes.
  private func writeHead() throws(ReceptionError) {
    let head = FileMetaInformation.encoded(
      sopClassUID: announcement.sopClassUID, sopInstanceUID: announcement.sopInstanceUID,
      transferSyntaxUID: announcement.transferSyntaxUID, sourceAETitle: announcement.callingAETitle)
    try orDiscard { try head.withUnsafeBytes { try file.write($0) } }
  }

  package func append(_ chunk: some ByteChunk) throws(ReceptionError) {
    guard !isOver else { throw ReceptionError(.unreadable, "the object was given up before") }
    try orDiscard {
      try chunk.withBytes { bytes in
        try file.write(bytes)
        digest.update(bufferPointer: bytes)
        try reader.push(bytes)
      }
    }
  }

  /// The object has arrived in full. When this returns it survives a power cut: file, name and index are on the disk.
  package func commit() async throws(ReceptionError) -> Receipt {
    guard !isOver else { throw ReceptionError(.unreadable, "the object was given up before") }
    let record = try orDiscard {
      try reader.finish()
      guard let header = reader.header else { throw ReceptionError(.unreadable, "the data set has no header") }
      try announcement.requireMatch(with: header)
      return try InstanceRecord(
        header, announcement: announcement, object: file.key, digest: Array(digest.finalize()), size: file.size,
        sender: sender.name)
    }
    try orDiscard { try file.keep() }
    isOver = true
    let outcome: Receipt.Outcome
    do {
      outcome = try await index.add(record)
    } catch {
      // The commit may have reached the disk all the same: the file stays, and the next start sets it right.
      throw ReceptionError(.outOfResources, "the index cannot take the object now: \(error)")
    }
    if outcome == .alreadyStored || outcome == .keptOut { file.discard() }
    guard outcome != .keptOut else {
      throw ReceptionError(.keptOut, "the object was deleted here and is kept out: see collimator deletion list")
    }
    return Receipt(outcome: outcome, remarks: record.remarks)
  }

  /// Nothing of the object stays.
  package func abandon() {
    guard !isOver else { return }
    isOver = true
    file.discard()
  }

  private func orDiscard<Value>(_ body: () throws -> Value) throws(ReceptionError) -> Value {
    do {
      return try body()
    } catch {
      abandon()
      switch error {
      case let error as ReceptionError: throw error
      case let error as ReadingError:
        throw ReceptionError(.unreadable, "\(error.reason)", offendingElement: error.tagPath.last)
      case let error as FileError: throw ReceptionError(error)
      default: throw ReceptionError(.outOfResources, "the archive cannot take the object now")
      }
    }
  }
}

extension ReceptionError {
  init(_ error: FileError) {
    self.init(.outOfResources, error.description)
  }
}

extension Announcement {
  fileprivate func requireMatch(with header: DataSet) throws(ReceptionError) {
    guard header.string(.sopClassUID) == sopClassUID else {
      throw ReceptionError(
        .doesNotMatch, "SOP Class UID is not the one announced", offendingElement: .sopClassUID)
    }
    guard header.string(.sopInstanceUID) == sopInstanceUID else {
      throw ReceptionError(
        .doesNotMatch, "SOP Instance UID is not the one announced", offendingElement: .sopInstanceUID)
    }
  }
}
