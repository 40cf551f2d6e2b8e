// SPDX-License-Identifier: Apache-2.0

/// A transfer syntax of PS3.6 annex A and what it says about the bytes (PS3.5 §10, annex A).
package struct TransferSyntax: Hashable, Sendable {
  package let uid: String

  private init(known uid: String) {
    self.uid = uid
  }

  /// nil for what the Standard does not register.
  package init?(uid: String) {
    guard let known = Self.byUID[uid] else { return nil }
    self = known
  }

  /// Some writers put the keyword of PS3.6 where the UID belongs.
  package init?(keyword: String) {
    let entry = UIDRegistry.entries.first { $0.type == "Transfer Syntax" && $0.keyword == keyword }
    guard let entry else { return nil }
    uid = entry.uid
  }

  package static let implicitVRLittleEndian = TransferSyntax(known: "1.2.840.10008.1.2")
  package static let explicitVRLittleEndian = TransferSyntax(known: "1.2.840.10008.1.2.1")
  package static let deflatedExplicitVRLittleEndian = TransferSyntax(known: "1.2.840.10008.1.2.1.99")
  package static let explicitVRBigEndian = TransferSyntax(known: "1.2.840.10008.1.2.2")

  package var isExplicit: Bool { self != .implicitVRLittleEndian && uid != Self.papyrus3 }
  package var isBigEndian: Bool { self == .explicitVRBigEndian }
  /// The data set as a whole; in Deflated Image Frame Compression each frame is, and the data set is not.
  package var isDeflated: Bool { uid == Self.deflatedExplicitVRLittleEndian.uid || Self.deflatedJPIP.contains(uid) }
  package var isEncapsulated: Bool { !Self.native.contains(uid) }

  /// What a sender would have to compress with loss for.
  package var isLossy: Bool { Self.lossy.contains(uid) }

  package var name: String { UIDRegistry.name(of: uid) ?? uid }

  package static let all: [TransferSyntax] = UIDRegistry.entries
    .filter { $0.type == "Transfer Syntax" }.map { TransferSyntax(known: $0.uid) }

  /// All in which an object can be kept whole: not those whose pixels are elsewhere (JPIP), that are a stream (ST 2110), or
  /// that are no data set (RFC 2557, XML, Papyrus 3).
  package static let storable: [TransferSyntax] = all.filter { syntax in
    let keyword = UIDRegistry.entry(for: syntax.uid)?.keyword ?? ""
    return !["JPIP", "SMPTE", "RFC2557", "XMLEncoding", "Papyrus3"].contains { keyword.hasPrefix($0) }
  }

  private static let byUID = Dictionary(uniqueKeysWithValues: all.map { ($0.uid, $0) })

  private static let papyrus3 = "1.2.840.10008.1.20"
  private static let deflatedJPIP: Set = ["1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"]
  private static let native: Set = [
    "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.204", "1.2.840.10008.1.2.4.205",
    "1.2.840.10008.1.20",
  ]
  /// JPEG processes but 14, 15, 28 and 29; near-lossless JPEG-LS; JPEG 2000, HTJ2K and JPEG XL where not "lossless only".
  /// Video is not among them: who has it holds nothing else, and a sender that chose another syntax could not send it.
  private static let lossy: Set<String> = Set(
    [50, 51, 52, 53, 54, 55, 56, 59, 60, 61, 62, 63, 64, 81, 91, 93, 112, 203].map { "1.2.840.10008.1.2.4.\($0)" })
}

extension TransferSyntax: CustomStringConvertible {
  package var description: String { "\(name) (\(uid))" }
}
