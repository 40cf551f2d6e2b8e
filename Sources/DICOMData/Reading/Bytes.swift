// SPDX-License-Identifier: Apache-2.0

/// The bytes behind a data set, in memory or in a mapped file. Parts share them; nothing is copied.
package struct Bytes: Sendable {
  private enum Storage: Sendable {
    case array([UInt8])
    case file(MappedFile)
  }

  private let storage: Storage
  private let offset: Int
  package let count: Int

  package init(_ array: [UInt8]) {
    storage = .array(array)
    offset = 0
    count = array.count
  }

  package init(_ file: MappedFile) {
    storage = .file(file)
    offset = 0
    count = file.count
  }

  private init(storage: Storage, offset: Int, count: Int) {
    self.storage = storage
    self.offset = offset
    self.count = count
  }

  /// The bytes of a range, clamped to what is there; indices begin at 0 again.
  package func part(_ range: Range<Int>) -> Bytes {
    let range = range.clamped(to: 0..<count)
    return Bytes(storage: storage, offset: offset + range.lowerBound, count: range.count)
  }

  package func dropping(_ count: Int) -> Bytes {
    part(Swift.min(count, self.count)..<self.count)
  }

  @inline(__always)
  package func withSpan<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch storage {
    case .array(let array): try body(array.span.bytes.extracting(offset..<offset + count))
    case .file(let file): try body(file.bytes.bytes.extracting(offset..<offset + count))
    }
  }
}

extension Bytes: RandomAccessCollection {
  package var startIndex: Int { 0 }
  package var endIndex: Int { count }

  package subscript(position: Int) -> UInt8 {
    precondition(position >= 0 && position < count)
    switch storage {
    case .array(let array): return array[offset + position]
    case .file(let file): return file.bytes[offset + position]
    }
  }

  package func withContiguousStorageIfAvailable<Result>(
    _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) rethrows -> Result? {
    switch storage {
    case .array(let array):
      return try array.withUnsafeBufferPointer { bytes in
        try body(UnsafeBufferPointer(rebasing: bytes[offset..<offset + count]))
      }
    case .file(let file):
      return try file.bytes.withMemoryRebound(to: UInt8.self) { bytes in
        try body(UnsafeBufferPointer(rebasing: bytes[offset..<offset + count]))
      }
    }
  }
}

extension Bytes: Equatable {
  package static func == (left: Bytes, right: Bytes) -> Bool {
    left.count == right.count && left.elementsEqual(right)
  }
}
