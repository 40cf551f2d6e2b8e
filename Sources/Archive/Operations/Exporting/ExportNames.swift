// SPDX-License-Identifier: Apache-2.0

import Crypto

/// Where an instance goes in an export: the same place each time, so that an export that was interrupted goes on. A UID
/// becomes a name only where it is one; whatever else a peer wrote there becomes a digest of it.
struct ExportNames {
  private let isFileSet: Bool

  /// `isFileSet`: names by PS3.10 §8.2, at most 8 characters of A–Z, 0–9 and underscore; else UIDs.
  init(isFileSet: Bool) {
    self.isFileSet = isFileSet
  }

  /// Relative, without the file itself.
  func folder(of instance: SelectedInstance) -> [String] {
    let place = instance.place.map { [$0.studyInstanceUID, $0.seriesInstanceUID] } ?? []
    guard isFileSet else { return place.isEmpty ? ["no-study"] : place.map(Self.uidName) }
    return ["DICOM"] + (place.isEmpty ? ["NOSTUDY"] : place.map { Self.short($0) })
  }

  /// The name to try, and those to try where another file has it.
  func file(of instance: SelectedInstance, attempt: Int) -> String {
    if isFileSet {
      return Self.short(instance.sopInstanceUID + (attempt == 0 ? "" : "\n\(attempt)"))
    }
    let name = Self.uidName(instance.sopInstanceUID)
    guard attempt > 0 else { return "\(name).dcm" }
    let digest = Self.hex(instance.digest.prefix(4))
    return "\(name)~\(digest)\(attempt == 1 ? "" : "-\(attempt)").dcm"
  }

  static let mostAttempts = 100

  /// PS3.5 §9.1; a digest in hexadecimal digits for anything else.
  static func uidName(_ uid: String) -> String {
    let components = uid.split(separator: ".", omittingEmptySubsequences: false)
    let isUID =
      (1...64).contains(uid.utf8.count) && components.allSatisfy { !$0.isEmpty }
      && uid.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) }
    return isUID ? uid : "uid-" + hex(Array(SHA256.hash(data: Array(uid.utf8))).prefix(16))
  }

  /// Forty bits of a digest as eight characters (RFC 4648 §6).
  static func short(_ text: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    let bits = SHA256.hash(data: Array(text.utf8)).prefix(5).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return String((0..<8).map { alphabet[Int(bits >> UInt64(35 - 5 * $0) & 31)] })
  }

  static func hex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
