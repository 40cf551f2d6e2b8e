// SPDX-License-Identifier: Apache-2.0

import Access
import Crypto
import DICOMData

/// What is read of an object on its way in: its header, and the digest of its data set.
struct ObjectReading {
  let announcement: Announcement
  let arrival: Arrival
  let actor: AuditActor
  private let surroundings: ReceptionSurroundings
  private var reader: PushReader
  private var digest = SHA256()

  /// `syntax`: the one announced.
  init(
    _ announcement: Announcement, in syntax: TransferSyntax, arrival: Arrival, from actor: AuditActor,
    _ surroundings: ReceptionSurroundings
  ) {
    self.announcement = announcement
    self.arrival = arrival
    self.actor = actor
    self.surroundings = surroundings
    reader = PushReader(
      transferSyntax: syntax, stoppingBefore: .pixelData, keeping: surroundings.layout.wantedElements)
  }

  /// The preamble and group 0002: they are ours; the data set that follows is kept as it comes. `digestOffset`: where it has
  /// room for the digest.
  var head: (bytes: [UInt8], digestOffset: Int?) {
    let note = arrival.note
    let head = FileMetaInformation.encoded(
      sopClassUID: announcement.sopClassUID, sopInstanceUID: announcement.sopInstanceUID,
      transferSyntaxUID: announcement.transferSyntaxUID, sourceAETitle: announcement.callingAETitle,
      privateInformation: note)
    // The note is the last element of group 0002; what stands before it was sent by a peer, and may look like anything.
    return (head, Arrival.digestOffset(inNote: note).map { head.count - note.count + $0 })
  }

  mutating func take(_ bytes: UnsafeRawBufferPointer) throws(ReadingError) {
    digest.update(bufferPointer: bytes)
    try reader.push(bytes)
  }

  /// The data set is complete. `size`: bytes of the whole file.
  mutating func record(of key: ObjectKey, size: Int) throws -> InstanceRecord {
    try reader.finish()
    guard let header = reader.header else { throw ReceptionError(.unreadable, "the data set has no header") }
    try announcement.requireMatch(with: header)
    var record = try InstanceRecord(
      header, announcement: announcement, object: key, digest: Array(digest.finalize()), size: size, arrival: arrival,
      layout: surroundings.layout, memory: surroundings.hierarchies)
    record.actor = actor
    return record
  }

  /// What the head could not say before all had arrived.
  static func amendment(for record: InstanceRecord, at digestOffset: Int?) -> Amendment? {
    digestOffset.map { Amendment(offset: $0, bytes: Array(Arrival.hex(record.digest).utf8)) }
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
