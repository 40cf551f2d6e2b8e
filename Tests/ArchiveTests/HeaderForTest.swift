// SPDX-License-Identifier: Apache-2.0

import Crypto
import DICOMData

/// What a reception learns of a test's object.
enum HeaderForTest {
  static func header(of object: TestObject) throws -> DataSet {
    try DataSet(reading: object.dataSet, transferSyntax: .explicitVRLittleEndian)
  }

  /// Both, of an object that is encoded once.
  static func headerAndDigest(of object: TestObject) throws -> (header: DataSet, digest: [UInt8]) {
    let bytes = object.dataSet
    return (
      try DataSet(reading: bytes, transferSyntax: .explicitVRLittleEndian), Array(SHA256.hash(data: bytes))
    )
  }

  static func digest(of object: TestObject) -> [UInt8] {
    Array(SHA256.hash(data: object.dataSet))
  }
}
