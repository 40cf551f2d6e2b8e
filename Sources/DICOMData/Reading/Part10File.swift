// SPDX-License-Identifier: Apache-2.0

/// A DICOM file (PS3.10 §7): preamble, group 0002, data set; or, where a device left the first two out, the bare data set.
package struct Part10File: Sendable {
  package let head: Part10Head
  package let dataSet: DataSet
  /// The whole file; nil where only some of it was read.
  private let source: Bytes?

  package var meta: FileMetaInformation { head.meta }
  package var transferSyntax: TransferSyntax { head.transferSyntax }
  /// Where the data set begins in the file.
  package var dataSetOffset: Int { head.dataSetOffset }

  /// What the reader bore with, by offset in the file; of a deflated data set, in what it inflates to.
  package var deviations: [Deviation] {
    head.deviations + dataSet.deviations.map { $0.moved(by: transferSyntax.isDeflated ? 0 : dataSetOffset) }
  }

  /// Reads all of a file into memory.
  package init(path: String, options: ReadingOptions = .lenient) throws(ReadingError) {
    let file = try RegularFile(path: path)
    var bytes: [UInt8] = []
    try file.read(file.size, at: 0, into: &bytes)
    try self.init(reading: Bytes(bytes), options: options)
  }

  /// Reads the elements before a tag, and of the file little more than these.
  package init(
    path: String, options: ReadingOptions = .lenient, stoppingBefore stop: Tag
  ) throws(ReadingError) {
    let (file, failure) = try FilePrefix.readable(path: path, options: options, stoppingBefore: stop)
    if let failure { throw failure }
    self = file
  }

  /// Takes a file for memory; only for files that nobody else truncates.
  package init(
    mapping path: String, options: ReadingOptions = .lenient, stoppingBefore stop: Tag? = nil
  ) throws(ReadingError) {
    try self.init(reading: Bytes(try MappedFile(path: path)), options: options, stoppingBefore: stop)
  }

  package init(
    reading bytes: [UInt8], options: ReadingOptions = .lenient, stoppingBefore stop: Tag? = nil
  ) throws(ReadingError) {
    try self.init(reading: Bytes(bytes), options: options, stoppingBefore: stop)
  }

  package init(
    reading bytes: Bytes, options: ReadingOptions = .lenient, stoppingBefore stop: Tag? = nil
  ) throws(ReadingError) {
    let (file, failure) = try Self.readable(bytes, options: options, stoppingBefore: stop)
    if let failure { throw failure }
    self = file
    if options.isStrict, let first = Validator.deviations(of: self).first {
      throw ReadingError(.deviates(first.kind), offset: first.offset, tagPath: first.tagPath)
    }
  }

  init(head: Part10Head, dataSet: DataSet, source: Bytes? = nil) {
    self.head = head
    self.dataSet = dataSet
    self.source = source
  }

  /// The file, written: byte for byte as it was, each part of it put together again from what was read. nil where not all
  /// of it was read.
  package var encoded: [UInt8]? {
    guard let source, let builder = try? DataSetBuilder(dataSet) else { return nil }
    // Deflating again need not give the same bytes.
    guard !transferSyntax.isDeflated else { return Array(source) }
    return Array(source.part(0..<dataSetOffset)) + builder.encoded(as: transferSyntax)
  }

  var firstDataSetByte: UInt8? { source?.dropFirst(dataSetOffset).first }

  /// All that can be read before the first error, and the error; throws where that is nothing.
  package static func readable(
    _ bytes: Bytes, options: ReadingOptions = .lenient, stoppingBefore stop: Tag? = nil
  ) throws(ReadingError) -> (file: Part10File, failure: ReadingError?) {
    let head = try Part10Head(reading: bytes)
    let (dataSet, failure) = DataSet.readable(
      bytes.dropping(head.dataSetOffset), transferSyntax: head.transferSyntax, options: options, stoppingBefore: stop)
    return (
      Part10File(head: head, dataSet: dataSet, source: stop == nil ? bytes : nil),
      failure?.moved(by: head.dataSetOffset)
    )
  }
}
