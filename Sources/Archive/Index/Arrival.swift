// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Foundation
import GRDB

/// What is remembered of how an object came and is not in its data set: with it the index can be made again. It stands in
/// the index's arrivals and, for when these are lost, at the head of the object's own file.
struct Arrival: Sendable {
  let sender: String
  let callingAETitle: String
  /// Seconds since 1970.
  let time: Double
  /// The issuer of the Patient ID where the object names none; empty where it was not needed.
  let defaultIssuer: String
  /// Who sent it; 0 for an operator, and for what earlier versions recorded.
  let principal: Int64
  /// For which principal it is kept aside, 0 for none; nil until that is judged.
  let aside: Int64?
  /// Who sent it, while the association lasts: by whose grants it may be added to a study.
  let caller: Caller?

  init(
    sender: String, callingAETitle: String, time: Double, defaultIssuer: String, principal: Int64 = 0,
    aside: Int64? = nil, caller: Caller? = nil
  ) {
    self.principal = caller?.principal ?? principal
    self.aside = aside
    self.caller = caller
    self.sender = sender
    self.callingAETitle = callingAETitle
    self.time = time
    self.defaultIssuer = MatchingForm.storable(defaultIssuer)
  }

  /// As the file's head remembers it; of a file that this node did not write, as little as is known.
  init(of meta: FileMetaInformation, time: Double) {
    let note = meta.ownPrivateInformation.flatMap { try? JSONDecoder().decode(Note.self, from: Data($0)) }
    self.init(
      sender: note?.sender ?? "recovery", callingAETitle: meta.sourceApplicationEntityTitle ?? "",
      time: note?.arrivedAt ?? time, defaultIssuer: note?.defaultIssuer ?? "", principal: note?.principal ?? 0)
  }

  private struct Note: Codable {
    let sender: String
    let arrivedAt: Double
    let defaultIssuer: String
    /// Absent where it is nobody's number.
    var principal: Int64?
    /// SHA-256 of the data set, so that a file can be told to be whole by itself; absent in files of earlier versions.
    var dataSetDigest: String?
  }

  /// Where the digest goes, which is known only once all has arrived.
  static let unknownDigest = String(repeating: "0", count: 64)

  /// Where in a note the digest goes: it has no other such row of zeros before it, for its names are sorted.
  static func digestOffset(inNote note: [UInt8]) -> Int? {
    var zeros = 0
    for (offset, byte) in note.enumerated() {
      zeros = byte == UInt8(ascii: "0") ? zeros + 1 : 0
      if zeros == unknownDigest.utf8.count { return offset + 1 - zeros }
    }
    return nil
  }

  /// Whether the data set is the one that the head was written for; nil where the head does not say.
  static func confirms(_ digest: [UInt8], _ meta: FileMetaInformation) -> Bool? {
    let note = meta.ownPrivateInformation.flatMap { try? JSONDecoder().decode(Note.self, from: Data($0)) }
    return note?.dataSetDigest.map { $0 == hex(digest) }
  }

  static func hex(_ digest: [UInt8]) -> String {
    String(unsafeUninitializedCapacity: 2 * digest.count) { room in
      for (place, byte) in digest.enumerated() {
        for (offset, half) in [byte >> 4, byte & 15].enumerated() {
          room[2 * place + offset] = half < 10 ? 0x30 + half : 0x57 + half
        }
      }
      return 2 * digest.count
    }
  }

  /// For the file's head: JSON, of an even length, with room for the digest.
  var note: [UInt8] {
    let bytes = plainNote ?? encodedNote
    return bytes.count % 2 == 0 ? bytes : bytes + [UInt8(ascii: " ")]
  }

  /// The same, of a data set with this digest.
  func note(confirming digest: [UInt8]) -> [UInt8] {
    var note = note
    if let offset = Self.digestOffset(inNote: note) {
      note.replaceSubrange(offset..<offset + Self.unknownDigest.utf8.count, with: Self.hex(digest).utf8)
    }
    return note
  }

  /// As the encoder writes it; nil where a text has characters that JSON writes otherwise. One is made for each object.
  private var plainNote: [UInt8]? {
    let isPlain = { (text: String) in
      text.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x2F && $0 != 0x5C }
    }
    guard isPlain(sender), isPlain(defaultIssuer), (1...1e12).contains(time) else { return nil }
    let seconds = time.rounded() == time ? "\(Int(time))" : "\(time)"
    let principal = principal == 0 ? "" : "\"principal\":\(principal),"
    return Array(
      """
      {"arrivedAt":\(seconds),"dataSetDigest":"\(Self.unknownDigest)","defaultIssuer":"\(defaultIssuer)",\
      \(principal)"sender":"\(sender)"}
      """.utf8)
  }

  var encodedNote: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let note = Note(
      sender: sender, arrivedAt: time, defaultIssuer: defaultIssuer, principal: principal == 0 ? nil : principal,
      dataSetDigest: Self.unknownDigest)
    return (try? encoder.encode(note)).map { Array($0) } ?? []
  }

  func applied(to header: DataSet) -> Arrival {
    let isNeeded = header.string(.patientID) != nil && header.string(.issuerOfPatientID) == nil
    return Arrival(
      sender: sender, callingAETitle: callingAETitle, time: time, defaultIssuer: isNeeded ? defaultIssuer : "",
      principal: principal, aside: aside, caller: caller)
  }

  /// Returns its number: that of the instance too. One that was recorded before keeps the number that it has.
  /// `digest` and `size`: of the bytes, for one that was recorded without them too.
  func insert(
    object: ObjectKey, digest: [UInt8], size: Int, aside: Int64, in database: Database
  ) throws -> Int64 {
    var row = RowValues(columns: 9, size: 256)
    row.add(object.name)
    row.add(sender)
    row.add(callingAETitle)
    row.add(time)
    row.add(defaultIssuer)
    row.add(principal)
    row.add(aside)
    row.add(blob: digest)
    row.add(Int64(size))
    let number = try DirectStatement(Self.insertion, in: database).perform(row)
    return number ?? database.lastInsertedRowID
  }

  private static let insertion = """
    INSERT INTO arrival
      (object, sender, calling, arrived_at, default_issuer, principal, aside, content_digest, content_size)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (object) DO UPDATE SET content_digest = coalesce(content_digest, excluded.content_digest),
      content_size = iif(content_digest IS NULL, excluded.content_size, content_size)
    RETURNING number
    """
}
