// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Foundation
import Glibc
import GRDB

/// An object of which there is a file, an arrival record, or both.
struct ArrivedObject: Sendable {
  let position: Int64
  let key: ObjectStore.Key
  let sender: String
  let callingAETitle: String?
  let arrivedAt: Double
  let isIndexed: Bool
  /// As it was when it arrived; nil where nobody knows.
  let digest: [UInt8]?
  let size: Int?

  init(_ row: Row) {
    position = row["position"]
    key = ObjectStore.Key(name: row["object"])
    sender = row["sender"] as String? ?? "recovery"
    callingAETitle = row["calling"]
    arrivedAt = row["arrived_at"] as Double? ?? 0
    isIndexed = row["is_indexed"]
    digest = (row["digest"] as Data?).map(Array.init)
    size = row["size"]
  }

  /// Of all that is indexed and whole; `notIn` names a table whose objects are left out.
  static func indexed(in database: Database, notIn table: String? = nil) throws -> [ArrivedObject] {
    let condition = table.map { "AND instance.object NOT IN (SELECT object FROM \($0))" } ?? ""
    return try Row.fetchAll(
      database,
      sql: """
        SELECT instance.id AS position, instance.object AS object, sender, calling, arrived_at, 1 AS is_indexed,
          COALESCE(arrival.digest, instance.digest) AS digest, COALESCE(arrival.size, instance.size) AS size
        FROM main.instance AS instance LEFT JOIN main.arrival AS arrival ON arrival.object = instance.object
        WHERE is_missing = 0 \(condition) ORDER BY instance.id
        """
    ).map(ArrivedObject.init)
  }

  /// Throws `DamagedFile` for a file that is not what arrived, or is no object.
  func record(in store: ObjectStore) throws -> InstanceRecord {
    let path = store.path(of: key)
    let file: Part10File
    do {
      file = try Part10File(path: path, stoppingBefore: .pixelData)
    } catch {
      throw DamagedFile(error, path: path)
    }
    guard let sopClass = file.dataSet.string(.sopClassUID), let sopInstance = file.dataSet.string(.sopInstanceUID)
    else { throw DamagedFile(fault: .wrongDigest, description: "it has no SOP Class or SOP Instance UID") }
    let (found, size) = try StoredFile.digest(ofDataSetIn: path, from: file.dataSetOffset)
    if let digest, digest != found { throw DamagedFile(fault: .wrongDigest, description: "other bytes than arrived") }
    do {
      return try InstanceRecord(
        file.dataSet,
        announcement: Announcement(
          sopClassUID: sopClass, sopInstanceUID: sopInstance,
          transferSyntaxUID: file.meta.transferSyntaxUID ?? file.transferSyntax.uid,
          callingAETitle: callingAETitle ?? file.meta.sourceApplicationEntityTitle ?? ""),
        object: key, digest: found, size: size, sender: sender)
    } catch {
      throw DamagedFile(fault: .wrongDigest, description: error.description)
    }
  }
}

/// A file that cannot be indexed, and how that is called.
struct DamagedFile: Error, CustomStringConvertible {
  let fault: StoredFile.Fault
  let description: String

  init(fault: StoredFile.Fault, description: String) {
    self.fault = fault
    self.description = description
  }

  /// A disk that fails for the moment says nothing about the file.
  init(_ error: ReadingError, path: String) {
    description = "\(error.reason)"
    guard case .cannotOpen = error.reason else {
      fault = .wrongDigest
      return
    }
    fault = access(path, F_OK) == 0 ? .unreadable : .missing
  }
}
