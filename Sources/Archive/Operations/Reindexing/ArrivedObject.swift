// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Foundation
import GRDB

/// An object whose arrival is recorded: its number is its instance's.
struct ArrivedObject: Sendable {
  let number: Int64
  let key: ObjectKey
  let isIndexed: Bool
  private let arrival: Arrival
  /// As it was when it arrived; nil where nobody knows.
  private let digest: [UInt8]?

  private init(_ row: Row) {
    number = row["number"]
    key = ObjectKey(name: row["object"])
    isIndexed = row["is_indexed"]
    digest = (row["digest"] as Data?).map { Array($0) }
    arrival = Arrival(
      sender: row["sender"], callingAETitle: row["calling"], time: row["arrived_at"],
      defaultIssuer: row["default_issuer"], principal: row["principal"], aside: row["aside"])
  }

  private static let select = """
    SELECT arrival.number AS number, arrival.object AS object, sender, calling, arrived_at, default_issuer, principal, aside,
      instance.object IS NOT NULL AS is_indexed, COALESCE(arrival.content_digest, instance.digest) AS digest
    FROM main.arrival AS arrival LEFT JOIN main.instance AS instance ON instance.id = arrival.number
    """

  /// In the order of arrival.
  static func page(after number: Int64, in database: Database) throws -> [ArrivedObject] {
    try Row.fetchAll(
      database, sql: "\(select) WHERE arrival.number > ? ORDER BY arrival.number LIMIT 256", arguments: [number]
    ).map(ArrivedObject.init)
  }

  static func all(_ numbers: [Int64], in database: Database) throws -> [ArrivedObject] {
    try Row.fetchAll(
      database, sql: "\(select) WHERE arrival.number IN (SELECT value FROM json_each(?)) ORDER BY arrival.number",
      arguments: [IndexTables.json(numbers)]
    ).map(ArrivedObject.init)
  }

  /// Throws `DamagedFile` for a file that is not what arrived, or is no object. Blocks.
  func record(in store: FileObjectStore, layout: IndexLayout, now: Double) throws -> InstanceRecord {
    do {
      let record = try StoredObject(key, in: store).record(layout: layout, arrival: arrival, now: now)
      guard digest.map({ $0 == record.digest }) ?? true else {
        throw DamagedFile(fault: .wrongDigest, description: "other bytes than arrived")
      }
      return record
    } catch let error as FileError {
      throw DamagedFile(fault: error.code == ENOENT ? .missing : .unreadable, description: error.description)
    } catch let error as ReadingError {
      throw DamagedFile(fault: .wrongDigest, description: "\(error.reason)")
    } catch let error as ReceptionError {
      throw DamagedFile(fault: .wrongDigest, description: error.description)
    }
  }
}

/// A file that cannot be indexed, and how that is called.
struct DamagedFile: Error, CustomStringConvertible {
  let fault: StoredFile.Fault
  let description: String
}
