// SPDX-License-Identifier: Apache-2.0

/// Reads a file piece by piece and seeks over values that are not kept: memory follows the header, not the file.
enum FilePrefix {
  /// Most headers are within it; where one is not, pieces grow.
  private static let firstPiece = 16 << 10
  private static let largestPiece = 4 << 20

  /// The elements before a tag, or all; all that can be read before the first error, and the error.
  static func readable(
    path: String, options: ReadingOptions, stoppingBefore stop: Tag?
  ) throws(ReadingError) -> (file: Part10File, failure: ReadingError?) {
    let file = try RegularFile(path: path)
    let (head, beginning) = try beginning(of: file)
    var piece = beginning
    var reader = PushReader(transferSyntax: head.transferSyntax, stoppingBefore: stop, options: options)
    var failure: ReadingError?
    do throws(ReadingError) {
      var offset = piece.count
      var size = 4 * firstPiece
      var toDrop = head.dataSetOffset
      while true {
        try piece.withBytes { bytes throws(ReadingError) in
          try reader.push(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(toDrop)))
        }
        toDrop = 0
        if reader.isHeaderComplete { break }
        if offset >= file.size {
          try reader.finish()
          break
        }
        offset += reader.passOver(atMost: file.size - offset)
        piece = []
        try file.read(size, at: offset, into: &piece)
        offset += piece.count
        size = min(size * 2, largestPiece)
      }
    } catch {
      failure = error.moved(by: head.dataSetOffset)
    }
    return (Part10File(head: head, dataSet: reader.header ?? reader.readable), failure)
  }

  private static func beginning(of file: borrowing RegularFile) throws(ReadingError) -> (Part10Head, [UInt8]) {
    var piece: [UInt8] = []
    try file.read(firstPiece, at: 0, into: &piece)
    do throws(ReadingError) {
      return (try Part10Head(reading: Bytes(piece)), piece)
    } catch  where error.reason == .truncated && file.size > piece.count {
      try file.read(Part10Head.enoughBytes - piece.count, at: piece.count, into: &piece)
      return (try Part10Head(reading: Bytes(piece)), piece)
    }
  }
}

extension Part10File {
  /// The whole file in memory: all that can be read before the first error, and the error; throws where that is nothing.
  package static func readable(
    path: String, options: ReadingOptions = .lenient
  ) throws(ReadingError) -> (file: Part10File, failure: ReadingError?) {
    let file = try RegularFile(path: path)
    var bytes: [UInt8] = []
    try file.read(file.size, at: 0, into: &bytes)
    return try readable(Bytes(bytes), options: options)
  }

  /// What a person looks at: values beyond the options' `longestKeptValue` are passed over. All that can be read before the
  /// first error, and the error; throws where that is nothing.
  package static func overview(
    path: String, options: ReadingOptions = .lenient
  ) throws(ReadingError) -> (file: Part10File, failure: ReadingError?) {
    var options = options
    options.longestHeader = .max
    return try FilePrefix.readable(path: path, options: options, stoppingBefore: nil)
  }
}
