// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
package import PixelCodecs

/// Objects as a peer can take them that does not take them as they are stored: decompressed, with other headers of elements, or
/// compressed where it takes nothing else; never with loss.
package struct ObjectConversion: Sendable {
  /// What the conversion of one object may take of memory: its file is held as a whole, and what it becomes.
  private static let longestObject = 1 << 30

  private let transcoder: Transcoder<CodecPool>
  private let room = ConversionRoom()

  package init(codecs: CodecPool) {
    transcoder = Transcoder(codecs, longestObject: Self.longestObject)
  }

  /// In the order of preference: nothing that is compressed, then what compresses without loss, the most widespread first.
  private static let targets: [String] =
    [
      TransferSyntax.explicitVRLittleEndian, .implicitVRLittleEndian, .deflatedExplicitVRLittleEndian,
      .explicitVRBigEndian,
    ].map(\.uid) + ["70", "57", "80", "90"].map { "1.2.840.10008.1.2.4.\($0)" } + ["1.2.840.10008.1.2.5"]

  /// The syntax in which an object is sent: as stored, or the best that is left. nil where the peer takes none of them.
  static func target(for stored: String, among accepted: [String]) -> String? {
    if accepted.contains(stored) { return stored }
    return targets.first(where: accepted.contains)
  }

  /// The data set of a whole file in another syntax, and with the patient that a correction gave it.
  func dataSet(
    of file: [UInt8], in target: String, coercion: PatientCoercion?
  ) async throws(SubOperationFailure) -> [UInt8] {
    guard file.count <= Self.longestObject else {
      throw SubOperationFailure("it is too large to be converted (\(file.count) bytes)")
    }
    guard let target = TransferSyntax(uid: target) else {
      throw SubOperationFailure("its transfer syntax is not one of the Standard's")
    }
    do {
      let part10 = try Part10File(reading: Bytes(file))
      return try await room.withRoom(for: Self.memory(of: part10, file.count)) {
        try await converted(part10, to: target, coercion)
      }
    } catch {
      throw SubOperationFailure("it cannot be converted to \(target.name): \(error)")
    }
  }

  /// Its frames as they come from the codecs, as they are joined, and within the new data set; without frames the bytes of the
  /// file, likewise. What is larger than is converted at all is refused soon enough.
  private static func memory(of part10: Part10File, _ count: Int) -> Int {
    guard let source = try? FrameSource(part10) else { return 3 * count }
    let (decoded, overflow) = source.decodedLayout.byteCount.multipliedReportingOverflow(by: source.count)
    return count + 3 * (overflow ? longestObject : min(max(decoded, count), longestObject))
  }

  private func converted(
    _ part10: Part10File, to target: TransferSyntax, _ coercion: PatientCoercion?
  ) async throws -> [UInt8] {
    var builder: DataSetBuilder
    if part10.meta.transferSyntax == target {
      builder = try DataSetBuilder(part10.dataSet)
    } else {
      builder = try await transcoder.transcoded(part10.dataSet, named: part10.meta.transferSyntax, to: target)
    }
    coercion?.apply(to: &builder)
    return builder.encoded(as: target)
  }
}

/// Why one object is not sent, in words for the log.
struct SubOperationFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
