// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DICOMData

/// PS3.5 §6.2, its examples, and what devices make of it.
@Suite struct ElementValueTests {
  @Test(
    arguments: [
      ("1.2.840.10008.1.1", true), ("2.25.0", true), ("", false), ("1..2", false), ("1.02", false), ("1.2a", false),
      (String(repeating: "1", count: 65), false), (String(repeating: "1", count: 64), true),
    ])
  func identifiersHaveAForm(uid: String, isValid: Bool) {
    #expect((UniqueIdentifier.fault(of: uid) == nil) == isValid)
  }

  @Test(arguments: [TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian])
  func numbersAreReadInPlace(syntax: TransferSyntax) throws {
    var builder = DataSetBuilder()
    builder.setIntegers(DICOMData.Tag(0x0028, 0x3006), .ow, [])
    builder.setIntegers(DICOMData.Tag(0x0018, 0x9219), .ss, [-5])
    builder.setIntegers(DICOMData.Tag(0x0018, 0x6020), .sl, [-100_000, 7])
    builder.setDecimals(DICOMData.Tag(0x0018, 0x9073), .fd, [0.1, -1e300])
    builder.setDecimals(DICOMData.Tag(0x0018, 0x605A), .fl, [1.5])
    builder.setBytes(.frameIncrementPointer, .at, [0x18, 0, 0x63, 0x10])
    let read = try DataSet(reading: builder.encoded(as: syntax), transferSyntax: syntax)
    #expect(read[DICOMData.Tag(0x0018, 0x9219)]?.numbers(of: Int16.self).map { $0 } == [-5])
    #expect(read[DICOMData.Tag(0x0018, 0x6020)]?.numbers(of: Int32.self).map { $0 } == [-100_000, 7])
    #expect(read[DICOMData.Tag(0x0018, 0x9073)]?.doubles == [0.1, -1e300])
    #expect(read[DICOMData.Tag(0x0018, 0x605A)]?.floats == [1.5])
    #expect(read[.frameIncrementPointer]?.tags == [DICOMData.Tag(0x0018, 0x1063)])
    #expect(read[DICOMData.Tag(0x0028, 0x3006)]?.numbers(of: UInt16.self).isEmpty == true)
  }
}
