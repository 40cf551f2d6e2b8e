// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import NIOCore

/// The first bytes of an object's file, as far as they are read at once: nearly all slices are within them.
struct FirstPiece: Sendable {
  static let longest = 1 << 20
  /// File meta information seldom takes more.
  private static let usualHead = 4 << 10

  /// What of it is data set.
  let dataSet: ByteBuffer
  /// Bytes of the file that were read.
  let fileCount: Int
  /// Of what was read; nil where all of the file was compared a while ago.
  let proof: ContentProof?
  let stamp: FileStamp?

  static func range(of instance: ServedInstance) -> Range<Int> { 0..<min(longest, instance.size) }

  /// Of several objects, one result for each.
  static func read(
    _ instances: [ServedInstance], _ reader: ArchiveReader, into spare: SpareMemory = SpareMemory()
  ) async -> [Result<FirstPiece, SubOperationFailure>] {
    let pieces = await reader.read(instances.map { (range(of: $0), $0) }) { bytes throws(StoreError) in
      var buffer = spare.take(bytes.count)
      var failure: StoreError?
      buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count) { room in
        do throws(StoreError) {
          return try bytes.copy(to: UnsafeMutableRawBufferPointer(rebasing: room.prefix(bytes.count)))
        } catch {
          failure = error
          return 0
        }
      }
      if let failure { throw failure }
      let stamp = bytes.stamp
      return Result { () throws(ReadingError) in
        try FirstPiece(of: buffer, stamp, isProven: reader.isProven(stamp))
      }
    }
    return zip(instances, pieces).map { instance, piece in
      Result { () throws(SubOperationFailure) in try piece.whole(of: instance, reader) }
    }
  }

  private init(of file: ByteBuffer, _ stamp: FileStamp?, isProven: Bool) throws(ReadingError) {
    self.stamp = stamp
    var rest = file
    let head = try Self.head(of: file)
    rest.moveReaderIndex(forwardBy: min(head.dataSetOffset, rest.readableBytes))
    dataSet = rest
    var proof = isProven ? nil : ContentProof()
    rest.withUnsafeReadableBytes { proof?.take($0) }
    self.proof = proof
    fileCount = file.readableBytes
  }

  private static func head(of file: ByteBuffer) throws(ReadingError) -> Part10Head {
    if file.readableBytes > usualHead,
      let head = try? Part10Head(reading: Array(file.readableBytesView.prefix(usualHead))),
      head.deviations.isEmpty, head.dataSetOffset <= usualHead
    {
      return head
    }
    return try Part10Head(reading: Array(file.readableBytesView))
  }
}

extension Result where Success == Result<FirstPiece, ReadingError>, Failure == StoreError {
  fileprivate func whole(
    of instance: ServedInstance, _ reader: ArchiveReader
  ) throws(SubOperationFailure) -> FirstPiece {
    let piece: FirstPiece
    switch self {
    case .success(.success(let read)): piece = read
    case .success(.failure(let error)): throw SubOperationFailure(reading: error)
    case .failure(let error): throw SubOperationFailure(reading: error)
    }
    guard piece.fileCount == FirstPiece.range(of: instance).count else {
      reader.noteDamage(of: instance)
      throw SubOperationFailure("its file is shorter than it was")
    }
    if piece.fileCount == instance.size { try piece.proof?.require(for: instance, piece.stamp, reader) }
    return piece
  }
}

extension ContentProof {
  /// Nothing else is sent for what was received.
  func require(
    for instance: ServedInstance, _ stamp: FileStamp?, _ reader: ArchiveReader
  ) throws(SubOperationFailure) {
    guard !holds(for: instance) else { return reader.noteProven(stamp) }
    reader.noteDamage(of: instance)
    throw .otherBytes
  }
}
