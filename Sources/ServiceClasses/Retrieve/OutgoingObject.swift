// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
package import NIOCore

/// An object on its way out, read from the store piece by piece where it goes as it is.
package struct OutgoingObject: Sendable {
  private enum Rest: Sendable {
    case stored(ServedInstance, ArchiveReader, offset: Int, ContentProof?, FileStamp?)
    case converted([UInt8], ConversionRoom.Place, offset: Int)
    case nothing
  }

  private static let chunkSize = 1 << 20

  package let sopClassUID: String
  package let sopInstanceUID: String
  package let transferSyntaxUID: String
  private var first: ByteBuffer?
  private var rest: Rest
  /// As it stood when it was prepared.
  let instance: ServedInstance
  /// Held as long as it is on its way.
  var disclosure: Disclosures.Disclosure?
  /// See `Sending.depart`.
  var departure: (@Sendable () async throws -> Void)?

  /// Its first piece is read at once: a file that is gone is told before a message is begun. `read`: that piece, where it was
  /// read before. `receiver`: who is to have it.
  init(
    _ instance: ServedInstance, in transferSyntaxUID: String, for receiver: String, reader: ArchiveReader,
    conversion: ObjectConversion,
    read: FirstPiece? = nil
  ) async throws(SubOperationFailure) {
    self.instance = instance
    sopClassUID = instance.sopClassUID
    sopInstanceUID = instance.sopInstanceUID
    self.transferSyntaxUID = transferSyntaxUID
    guard instance.isSent(asStoredIn: transferSyntaxUID) else {
      let (bytes, place) = try await Self.converted(instance, to: transferSyntaxUID, for: receiver, reader, conversion)
      rest = .converted(bytes, place, offset: 0)
      return
    }
    let piece: FirstPiece
    if let read { piece = read } else { piece = try await Self.firstPiece(of: instance, reader) }
    first = piece.dataSet
    rest = Self.rest(of: instance, behind: piece, reader)
  }

  /// As it is stored, of which the first piece was read before.
  init(_ instance: ServedInstance, beginning piece: FirstPiece, reader: ArchiveReader) {
    self.instance = instance
    sopClassUID = instance.sopClassUID
    sopInstanceUID = instance.sopInstanceUID
    transferSyntaxUID = instance.transferSyntaxUID
    first = piece.dataSet
    rest = Self.rest(of: instance, behind: piece, reader)
  }

  private static func rest(of instance: ServedInstance, behind piece: FirstPiece, _ reader: ArchiveReader) -> Rest {
    piece.fileCount < instance.size
      ? .stored(instance, reader, offset: piece.fileCount, piece.proof, piece.stamp) : .nothing
  }

  /// The memory of its first piece, to be used again when nothing of it is on its way any more.
  var memory: ByteBuffer? { first }

  /// Nothing keeps its first byte from going out any more. Throws `ChangedMeanwhile`.
  func depart() async throws { try await departure?() }

  /// It is out, or given up: what it took is for others, though somebody may still wait for its answer.
  func giveBackRoom() {
    if case .converted(_, let place, _) = rest { place.giveBack() }
  }

  private static func firstPiece(
    of instance: ServedInstance, _ reader: ArchiveReader
  ) async throws(SubOperationFailure) -> FirstPiece {
    guard let piece = await FirstPiece.read([instance], reader).first else {
      throw SubOperationFailure("its file cannot be read")
    }
    return try piece.get()
  }

  /// Takes long, and so is no work for the thread of a connection.
  private static func converted(
    _ instance: ServedInstance, to target: String, for receiver: String, _ reader: ArchiveReader,
    _ conversion: ObjectConversion
  ) async throws(SubOperationFailure) -> ([UInt8], ConversionRoom.Place) {
    try await withTaskExecutorPreference(globalConcurrentExecutor) { () async throws(SubOperationFailure) in
      let place = try await conversion.room(for: instance, to: receiver, reader)
      let file = try await whole(instance, reader)
      let bytes = try await conversion.dataSet(of: file, in: target, coercion: instance.coercion)
      place.shrink(to: bytes.count)
      return (bytes, place)
    }
  }

  /// The next piece of the data set; nil at its end.
  package mutating func nextChunk() async throws -> ByteBuffer? {
    if let piece = first {
      first = nil
      return piece
    }
    switch rest {
    case .stored(let instance, let reader, let offset, let proof, let stamp):
      let end = min(offset + Self.chunkSize, instance.size)
      let (piece, taken) = try await Self.read(offset..<end, of: instance, reader, proof)
      if end == instance.size { try taken?.require(for: instance, stamp, reader) }
      rest = end < instance.size ? .stored(instance, reader, offset: end, taken, stamp) : .nothing
      return piece
    case .converted(let bytes, let place, let offset):
      guard offset < bytes.count else { return nil }
      let end = min(offset + Self.chunkSize, bytes.count)
      rest = .converted(bytes, place, offset: end)
      return ByteBuffer(bytes: bytes[offset..<end])
    case .nothing: return nil
    }
  }

  /// What of the data set is in a range behind its beginning. The proof has it too, taken where it was read.
  private static func read(
    _ range: Range<Int>, of instance: ServedInstance, _ reader: ArchiveReader, _ proof: ContentProof?
  ) async throws(SubOperationFailure) -> (ByteBuffer, ContentProof?) {
    let read = await reader.read([(range, instance)]) { bytes throws(StoreError) in
      var (memory, proof) = ([UInt8](repeating: 0, count: bytes.count), proof)
      let outcome = memory.withUnsafeMutableBytes { room in
        Result { () throws(StoreError) in try bytes.copy(to: room) }
      }
      memory.removeLast(memory.count - min(try outcome.get(), memory.count))
      memory.withUnsafeBytes { proof?.take($0) }
      return (ByteBuffer(bytes: memory), proof)
    }
    guard let first = read.first else { throw SubOperationFailure("its file cannot be read") }
    let piece: (ByteBuffer, ContentProof?)
    do throws(StoreError) { piece = try first.get() } catch { throw SubOperationFailure(reading: error) }
    guard piece.0.readableBytes == range.count else {
      reader.noteDamage(of: instance)
      throw SubOperationFailure("its file is shorter than it was")
    }
    return piece
  }

  /// All of the file, to be converted.
  private static func whole(
    _ instance: ServedInstance, _ reader: ArchiveReader
  ) async throws(SubOperationFailure) -> [UInt8] {
    let file: [UInt8]
    let head: Part10Head
    do {
      file = try await reader.bytes(0..<instance.size, of: instance)
      head = try Part10Head(reading: Bytes(file))
    } catch { throw SubOperationFailure(reading: error) }
    guard file.count == instance.size else {
      reader.noteDamage(of: instance)
      throw SubOperationFailure("its file is shorter than it was")
    }
    var proof = ContentProof()
    file.withUnsafeBytes { proof.take(UnsafeRawBufferPointer(rebasing: $0.dropFirst(head.dataSetOffset))) }
    try proof.require(for: instance, nil, reader)
    return file
  }
}

extension ServedInstance {
  /// Bit for bit, where the receiver takes this syntax and nobody corrected the patient.
  func isSent(asStoredIn transferSyntaxUID: String) -> Bool {
    transferSyntaxUID == self.transferSyntaxUID && coercion == nil
  }
}

/// Between the question whether an object is open and its first byte something changed: it is to be prepared anew.
struct ChangedMeanwhile: Error {}
