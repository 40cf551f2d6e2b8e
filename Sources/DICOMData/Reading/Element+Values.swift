// SPDX-License-Identifier: Apache-2.0

/// Values by type. Each list has a place for every value; nil stands where one is empty or not of its form.
extension Element {
  package func personNames(in characterSet: SpecificCharacterSet) -> [PersonName] {
    strings(in: characterSet).map { PersonName($0) }
  }

  package var dates: [DICOMDate?] { plainValues.map { DICOMDate($0) } }
  package var times: [DICOMTime?] { plainValues.map { DICOMTime($0) } }
  package var dateTimes: [DICOMDateTime?] { plainValues.map { DICOMDateTime($0) } }
  package var ages: [AgeString?] { plainValues.map { AgeString($0) } }
  package var integerStrings: [IntegerString?] { plainValues.map { IntegerString($0) } }
  package var decimalStrings: [DecimalString?] { plainValues.map { DecimalString($0) } }
  /// AT: tags.
  package var tags: [Tag] {
    numbers(of: UInt32.self).map { isValueBigEndian ? Tag(rawValue: $0) : Tag(rawValue: $0 << 16 | $0 >> 16) }
  }

  private var plainValues: [String] { strings(in: .default) }

  /// The numbers of a binary value, in place: US, SS, UL, SL, UV, SV, and OW, OL, OV as what they are made of.
  package func numbers<Number: FixedWidthInteger & BitwiseCopyable & Sendable>(
    of type: Number.Type
  ) -> BinaryNumbers<Number> {
    BinaryNumbers(value, isBigEndian: isValueBigEndian)
  }

  /// FL and OF.
  package var floats: [Float] { numbers(of: UInt32.self).map { Float(bitPattern: $0) } }
  /// FD and OD.
  package var doubles: [Double] { numbers(of: UInt64.self).map { Double(bitPattern: $0) } }
}

/// Numbers in the bytes of a value; nothing is copied, and what is left over at the end is left out.
package struct BinaryNumbers<Number: FixedWidthInteger & BitwiseCopyable & Sendable>: RandomAccessCollection, Sendable {
  private let bytes: Bytes
  private let isBigEndian: Bool

  init(_ bytes: Bytes, isBigEndian: Bool) {
    self.bytes = bytes
    self.isBigEndian = isBigEndian
  }

  package var startIndex: Int { 0 }
  package var endIndex: Int { bytes.count / MemoryLayout<Number>.size }

  package subscript(position: Int) -> Number {
    precondition(indices.contains(position))
    return bytes.withSpan { span in
      let number = span.unsafeLoadUnaligned(fromByteOffset: position * MemoryLayout<Number>.size, as: Number.self)
      return isBigEndian ? Number(bigEndian: number) : Number(littleEndian: number)
    }
  }
}
