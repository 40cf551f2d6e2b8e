// SPDX-License-Identifier: Apache-2.0

import CZlib

/// The deflated data set (PS3.5 annex A.5), inflated as it arrives. The Standard asks for raw deflate; some writers wrap it
/// in a zlib header.
final class Inflater {
  private var stream: UnsafeMutablePointer<z_stream>?
  private let options: ReadingOptions
  private var taken = 0
  private var given = 0
  private(set) var isAtEnd = false

  init(options: ReadingOptions) {
    self.options = options
  }

  deinit {
    guard let stream else { return }
    inflateEnd(stream)
    stream.deallocate()
  }

  /// All that `bytes` inflate to before the first error, and the error.
  static func inflated(_ bytes: Bytes, options: ReadingOptions) -> (bytes: [UInt8], failure: ReadingError?) {
    let inflater = Inflater(options: options)
    var inflated: [UInt8] = []
    do throws(ReadingError) {
      // By pieces, so that a bomb is measured against what was taken of it.
      for start in stride(from: 0, to: bytes.count, by: 64 << 10) {
        try Array(bytes.part(start..<start + (64 << 10))).withBytes { piece throws(ReadingError) in
          try inflater.inflate(piece) { out throws(ReadingError) in inflated.append(contentsOf: out) }
        }
      }
    } catch {
      return (inflated, error)
    }
    return (inflated, inflater.isAtEnd ? nil : ReadingError(.truncated, offset: bytes.count))
  }

  /// Hands on what `bytes` inflate to, in pieces.
  func inflate(
    _ bytes: UnsafeRawBufferPointer, _ take: (UnsafeRawBufferPointer) throws(ReadingError) -> Void
  ) throws(ReadingError) {
    // What follows the end is padding (to an even length).
    guard !isAtEnd, let start = bytes.baseAddress else { return }
    let stream = try open(firstByte: bytes.first ?? 0)
    stream.pointee.next_in = UnsafeMutablePointer(mutating: start.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(clamping: bytes.count)
    taken += bytes.count
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    defer { room.deallocate() }
    repeat {
      stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = UInt32(room.count)
      let result = CZlib.inflate(stream, Z_NO_FLUSH)
      guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else {
        throw ReadingError(.notDeflated, offset: taken)
      }
      let count = room.count - Int(stream.pointee.avail_out)
      given += count
      guard given <= options.inflatedLimit, given <= taken * options.inflationRatioLimit + options.freeInflation else {
        throw ReadingError(.inflatesTooMuch, offset: taken)
      }
      try take(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(room)[0..<count]))
      isAtEnd = result == Z_STREAM_END
    } while !isAtEnd && (stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0)
  }

  /// 08H to 78H, by the size of the window (RFC 1950); raw deflate would begin with a stored block whose unused bits are not
  /// 0, as nobody writes it (RFC 1951).
  static func beginsZlibHeader(_ byte: UInt8) -> Bool {
    byte & 0x8F == 0x08
  }

  private func open(firstByte: UInt8) throws(ReadingError) -> UnsafeMutablePointer<z_stream> {
    if let stream { return stream }
    let opened = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    opened.initialize(to: z_stream())
    let windowBits: CInt = Self.beginsZlibHeader(firstByte) ? 15 : -15
    guard inflateInit2_(opened, windowBits, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK else {
      opened.deallocate()
      throw ReadingError(.notDeflated, offset: 0)
    }
    stream = opened
    return opened
  }
}

extension [UInt8] {
  /// `withUnsafeBytes` with the error's type kept.
  func withBytes<Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Void) throws(Failure) {
    let result: Result<Void, Failure> = withUnsafeBytes { bytes in
      do throws(Failure) { return .success(try body(bytes)) } catch { return .failure(error) }
    }
    try result.get()
  }
}
