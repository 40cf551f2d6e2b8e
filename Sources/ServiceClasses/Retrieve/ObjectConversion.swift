// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
package import PixelCodecs

/// Objects as a peer can take them that does not take them as they are stored: decompressed, with other headers of elements, or
/// compressed where it takes nothing else; never with loss.
package struct ObjectConversion: Sendable {
  /// What the conversion of one object may take of memory: its file is held as a whole, and what it becomes.
  static let longestObject = 1 << 30

  private let transcoder: Transcoder<CodecPool>
  private let reading: ReadingOptions
  let room: ConversionRoom

  package init(codecs: CodecPool) {
    self.init(codecs: codecs, room: ConversionRoom())
  }

  init(codecs: CodecPool, room: ConversionRoom, longestObject: Int = Self.longestObject) {
    transcoder = Transcoder(codecs, longestObject: longestObject)
    var reading = ReadingOptions.lenient
    reading.inflatedLimit = min(reading.inflatedLimit, longestObject)
    self.reading = reading
    self.room = room
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

  /// Room for an object, as far as its beginning tells what it needs: taken before anything more of it is read. Throws where it
  /// is too large to be converted, no room comes in time, or the task is cancelled. `receiver`: who is to have it.
  func room(
    for instance: ServedInstance, to receiver: String, _ reader: ArchiveReader
  ) async throws(SubOperationFailure) -> ConversionRoom.Place {
    guard instance.size <= Self.longestObject else {
      throw SubOperationFailure("it is too large to be converted (\(instance.size) bytes)")
    }
    do {
      let beginning = try await reader.bytes(FirstPiece.range(of: instance), of: instance)
      return try await room.take(Self.memory(of: beginning, instance.size), for: receiver)
    } catch let failure as SubOperationFailure {
      throw failure
    } catch is CancellationError {
      throw SubOperationFailure("the retrieval was given up")
    } catch {
      throw SubOperationFailure(reading: error)
    }
  }

  /// The data set of a whole file in another syntax, and with the patient that a correction gave it.
  func dataSet(
    of file: [UInt8], in target: String, coercion: PatientCoercion?
  ) async throws(SubOperationFailure) -> [UInt8] {
    guard let target = TransferSyntax(uid: target) else {
      throw SubOperationFailure("its transfer syntax is not one of the Standard's")
    }
    do {
      return try await converted(try Part10File(reading: Bytes(file), options: reading), to: target, coercion)
    } catch {
      throw SubOperationFailure("it cannot be converted to \(target.name): \(error)")
    }
  }

  /// Of the file, and of its frames as they come from the codecs, as they are joined, and within the new data set; without
  /// frames of the bytes of the file, likewise. What does not say how large its frames are gets as much as any may take, and
  /// what is deflated as much as it may inflate to.
  static func memory(of beginning: [UInt8], _ count: Int) -> Int {
    let all = count + 3 * longestObject
    let bytes = Bytes(beginning)
    guard let head = try? Part10Head(reading: bytes) else { return all }
    // Not even its beginning is inflated before there is room for that.
    guard !head.transferSyntax.isDeflated else {
      return count + 3 * ReadingOptions.lenient.mostInflated(from: count, atMost: longestObject)
    }
    guard let read = try? Part10File.readable(bytes, stoppingBefore: .pixelData) else { return all }
    let dataSet = read.file.dataSet
    guard let rows = dataSet.integer(.rows), let columns = dataSet.integer(.columns) else {
      return read.failure == nil ? 4 * count : all
    }
    // A number is read under whatever VR the file gives it: it may be as large, or as negative, as it likes.
    let bits = dataSet.integer(.bitsAllocated) ?? 8
    guard (1...64).contains(bits) else { return all }
    let bytesOfSample = (bits + 7) / 8
    var decoded = 1
    for factor in [
      rows, columns, dataSet.integer(.samplesPerPixel) ?? 1, bytesOfSample, dataSet.integer(.numberOfFrames) ?? 1,
    ] {
      let (product, overflow) = decoded.multipliedReportingOverflow(by: max(factor, 1))
      guard !overflow, product <= longestObject else { return all }
      decoded = product
    }
    return count + 3 * max(decoded, count)
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
struct SubOperationFailure: Error, Equatable, CustomStringConvertible {
  /// For the peer too.
  let description: String
  /// What went wrong on this machine, for its log: it may name a path.
  private(set) var cause: String?

  init(_ description: String) {
    self.description = description
  }

  /// What was read is not what was received, or is known not to be.
  static let otherBytes = SubOperationFailure("its file is not what was received")

  /// For this machine's administrator.
  var inFull: String { cause.map { "\(description): \($0)" } ?? description }

  init(reading error: any Error) {
    description = "its file cannot be read"
    cause = "\(error)"
  }
}
