// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// An instance with all that its file can be judged by.
struct CheckedInstance: Sendable {
  let id: Int64
  let object: ObjectKey
  let sopInstanceUID: String
  let size: Int
  let isMissing: Bool
  /// The index is not what it was when the object arrived.
  let contradictsItsArrival: Bool
  private let sopClassUID: String
  private let transferSyntaxUID: String
  private let arrival: Arrival?
  private let digest: [UInt8]

  private init(_ row: Row) {
    id = row["id"]
    object = ObjectKey(name: row["object"])
    sopClassUID = row["sop_class"]
    sopInstanceUID = row["sop_instance"]
    transferSyntaxUID = row["transfer_syntax"]
    isMissing = (row["fault"] as Int) != 0
    arrival = (row["sender"] as String?).map { sender in
      Arrival(
        sender: sender, callingAETitle: row["calling"], time: row["arrived_at"], defaultIssuer: row["default_issuer"],
        principal: row["principal"])
    }
    let indexed = Array(row["digest"] as Data)
    // The arrival record was never rebuilt: where it knows better, it does.
    digest = (row["arrival_digest"] as Data?).map(Array.init) ?? indexed
    size = row["arrival_size"] as Int? ?? row["size"]
    contradictsItsArrival = digest != indexed || size != row["size"]
  }

  func file(at path: String) -> StoredFile {
    StoredFile(
      path: path, sopClassUID: sopClassUID, sopInstanceUID: sopInstanceUID, transferSyntaxUID: transferSyntaxUID,
      arrival: arrival, digest: digest, size: size)
  }

  private static let select = """
    SELECT instance.id AS id, instance.object AS object, instance.v_00080016 AS sop_class,
      instance.v_00080018 AS sop_instance, instance.transfer_syntax AS transfer_syntax, instance.digest AS digest,
      instance.size AS size, instance.fault AS fault, arrival.calling AS calling,
      arrival.sender AS sender, arrival.arrived_at AS arrived_at, arrival.principal AS principal, arrival.default_issuer AS default_issuer,
      arrival.content_digest AS arrival_digest, arrival.content_size AS arrival_size
    FROM instance LEFT JOIN arrival ON arrival.object = instance.object
    """

  static func page(after id: Int64, in database: Database) throws -> [CheckedInstance] {
    try Row.fetchAll(
      database, sql: "\(select) WHERE instance.id > ? ORDER BY instance.id LIMIT 64", arguments: [id]
    ).map(CheckedInstance.init)
  }

  static func one(_ id: Int64, in database: Database) throws -> CheckedInstance? {
    try Row.fetchOne(database, sql: "\(select) WHERE instance.id = ?", arguments: [id]).map(CheckedInstance.init)
  }
}
