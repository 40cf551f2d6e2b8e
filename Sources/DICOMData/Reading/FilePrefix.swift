// SPDX-License-Identifier: Apache-2.0

/// Reads a file piece by piece and seeks over values that are not kept: memory follows the header, not the file.
enum FilePrefix {
  private static let firstPiece = 64 << 10
  private static let largestPiece = 4 << 20

  /// The elements before a tag, or all; all that can be read before the first error, and the error.
  static func readable(
    path: String, options: ReadingOptions, stoppingBefore stop: Tag?
  ) throws(ReadingError) -> (file: Part10File, failure: ReadingError?) {
    let file = try RegularFile(path: path)
    var piece: [UInt8] = []
    try file.read(Part10Head.enoughBytes, at: 0, into: &piece)
    let head = try Part10Head(reading: Bytes(piece))
    var reader = PushReader(transferSyntax: head.transferSyntax, stoppingBefore: stop, options: options)
    var failure: ReadingError?
    do throws(ReadingError) {
      piece.removeFirst(head.dataSetOffset)
      var offset = head.dataSetOffset + piece.count
      var size = firstPiece
      while true {
        try piece.withBytes { bytes throws(ReadingError) in try reader.push(bytes) }
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
}

extension Part10File {
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
