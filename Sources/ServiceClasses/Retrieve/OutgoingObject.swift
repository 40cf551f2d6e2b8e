// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
package import NIOCore

/// An object on its way out, read from the store piece by piece where it goes as it is.
package struct OutgoingObject: Sendable {
  private enum Rest: Sendable {
    case stored(ServedInstance, ArchiveReader, offset: Int)
    case nothing
  }

  /// Nearly all slices are within one piece.
  private static let chunkSize = 1 << 20

  package let sopClassUID: String
  package let sopInstanceUID: String
  package let transferSyntaxUID: String
  private var first: ByteBuffer?
  private var rest: Rest

  /// Its first piece is read at once: a file that is gone is told before a message is begun. `read`: that piece, where it was
  /// read before.
  init(
    _ instance: ServedInstance, in transferSyntaxUID: String, reader: ArchiveReader, conversion: ObjectConversion,
    read: [UInt8]? = nil
  ) async throws(SubOperationFailure) {
    sopClassUID = instance.sopClassUID
    sopInstanceUID = instance.sopInstanceUID
    self.transferSyntaxUID = transferSyntaxUID
    if transferSyntaxUID == instance.transferSyntaxUID && instance.coercion == nil {
      let range = Self.firstPiece(of: instance)
      let piece: [UInt8]
      if let read, read.count == range.count {
        piece = read
      } else {
        piece = try await Self.read(range, of: instance, reader)
      }
      let head: Part10Head
      do throws(ReadingError) { head = try Part10Head(reading: piece) } catch {
        throw SubOperationFailure("its file cannot be read: \(error)")
      }
      first = ByteBuffer(bytes: piece.dropFirst(head.dataSetOffset))
      rest = piece.count < instance.size ? .stored(instance, reader, offset: piece.count) : .nothing
    } else {
      let file = try await Self.read(0..<instance.size, of: instance, reader)
      let dataSet = try await conversion.dataSet(of: file, in: transferSyntaxUID, coercion: instance.coercion)
      first = ByteBuffer(bytes: dataSet)
      rest = .nothing
    }
  }

  static func firstPiece(of instance: ServedInstance) -> Range<Int> { 0..<min(chunkSize, instance.size) }

  /// The next piece of the data set; nil at its end.
  package mutating func nextChunk() async throws -> ByteBuffer? {
    if let piece = first {
      first = nil
      return piece
    }
    guard case .stored(let instance, let reader, let offset) = rest else { return nil }
    let end = min(offset + Self.chunkSize, instance.size)
    let piece = try await Self.read(offset..<end, of: instance, reader)
    rest = end < instance.size ? .stored(instance, reader, offset: end) : .nothing
    return ByteBuffer(bytes: piece)
  }

  private static func read(
    _ range: Range<Int>, of instance: ServedInstance, _ reader: ArchiveReader
  ) async throws(SubOperationFailure) -> [UInt8] {
    let bytes: [UInt8]
    do { bytes = try await reader.bytes(range, of: instance) } catch {
      throw SubOperationFailure("its file cannot be read: \(error)")
    }
    guard bytes.count == range.count else { throw SubOperationFailure("its file is shorter than it was") }
    return bytes
  }
}
