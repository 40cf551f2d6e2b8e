// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import GRDB

extension InstanceRecord {
  /// What an index says of an instance whose file says nothing any more, as it was received; nil where it does not know it.
  init?(carriedFrom number: Int64, layout: IndexLayout, in database: Database) throws {
    guard
      let instance = try Row.fetchOne(
        database, sql: "SELECT * FROM instance WHERE id = ?", arguments: [number]),
      let arrival = try Row.fetchOne(
        database, sql: "SELECT * FROM arrival WHERE number = ?", arguments: [number])
    else { return nil }
    object = ObjectKey(name: instance["object"])
    transferSyntaxUID = instance["transfer_syntax"]
    sopInstanceUID = instance["v_00080018"]
    digest = Array(instance["digest"] as Data)
    canonicalDigest = (instance["canonical_digest"] as Data?).map { Array($0) }
    size = instance["size"]
    sopClassUID = instance["v_00080016"]
    self.arrival = Arrival(
      sender: arrival["sender"], callingAETitle: arrival["calling"], time: arrival["arrived_at"],
      defaultIssuer: arrival["default_issuer"], principal: arrival["principal"], aside: arrival["aside"])
    values = layout.columns(of: "instance").map { instance[$0] }
    recordTypes = RecordTypes(rawValue: instance["record_type"])
    remarks = []
    hierarchy = try Self.hierarchy(of: instance, number, layout: layout, in: database)
  }

  private static func hierarchy(
    of instance: Row, _ own: Int64, layout: IndexLayout, in database: Database
  ) throws -> Hierarchy? {
    let number: Int64? = instance["folded_from"] ?? instance["series"]
    guard
      let series = try Row.fetchOne(database, sql: "SELECT * FROM series WHERE id = ?", arguments: [number]),
      let study = try Row.fetchOne(
        database, sql: "SELECT * FROM study WHERE id = ?", arguments: [series["received_study"] as Int64]),
      let patient = try Row.fetchOne(
        database, sql: "SELECT * FROM patient WHERE id = ?", arguments: [study["received_patient"] as Int64])
    else { return nil }
    // What a correction laid over it was not received, nor what another object said.
    let received = try (study["received_demographics"] as String?).map(Demographics.init(json:))
    let isGainsaying = try Int.fetchOne(
      database, sql: "SELECT 1 FROM contradiction WHERE instance = ?", arguments: [own])
    let voices = Voices(layout.voices, in: database)
    let saying = try isGainsaying.flatMap { _ in try voices.sayings(ofStudy: series["received_study"])[own] }
    let referral = Referral(json: series["referral"])
    return Hierarchy(
      patient: PatientIdentity(
        stored: patient["patient_id"], issuer: patient["issuer"], soleStudy: patient["sole_study"]),
      studyInstanceUID: study["v_0020000d"], seriesInstanceUID: series["v_0020000e"],
      study: saying?.study ?? layout.columns(of: "study").map { received?[$0] ?? study[$0] },
      series: saying?.series ?? layout.columns(of: "series").map { series[$0] },
      referral: referral, referralText: referral.json)
  }
}
