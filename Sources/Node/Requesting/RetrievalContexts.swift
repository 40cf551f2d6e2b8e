// SPDX-License-Identifier: Apache-2.0

import DICOMData
import UpperLayer

/// What one association of a C-GET proposes: the C-GET itself, and for each SOP class a context of each transfer syntax.
///
/// An object goes out in the transfer syntax of a context that was accepted for its class, and each context has one: only where
/// every syntax stands by itself does the node find the object's own, and nothing is converted on the way.
struct RetrievalContexts: Equatable {
  let sopClassUIDs: [String]
  let proposed: [ProposedPresentationContext]

  /// The first is the C-GET's.
  private static let most = ProposedPresentationContext.mostOnOneAssociation - 1

  /// PS3.4 C.4.3.1: this node is the SCP of what it asks for.
  var roles: [RoleSelection] {
    sopClassUIDs.map { RoleSelection(sopClassUID: $0, supportsSCU: false, supportsSCP: true) }
  }

  /// As few as hold them, in this order; a SOP class has all its contexts on one.
  static func associations(
    of model: String, for sopClassUIDs: [String], in syntaxes: (String) -> [TransferSyntax]
  ) -> [RetrievalContexts] {
    var associations: [[(sopClassUID: String, syntaxes: [TransferSyntax])]] = []
    var count = most
    for uid in sopClassUIDs {
      let own = Array(syntaxes(uid).prefix(most))
      if count + own.count > most {
        associations.append([])
        count = 0
      }
      count += own.count
      associations[associations.count - 1].append((uid, own))
    }
    return associations.map { RetrievalContexts(model, $0) }
  }

  private init(_ model: String, _ classes: [(sopClassUID: String, syntaxes: [TransferSyntax])]) {
    sopClassUIDs = classes.map(\.sopClassUID)
    let pairs = classes.flatMap { own in own.syntaxes.map { (own.sopClassUID, $0.uid) } }
    proposed =
      [Self.ofModel(model)]
      + pairs.enumerated().map { index, pair in
        ProposedPresentationContext(
          id: UInt8(truncatingIfNeeded: 2 * index + 3), abstractSyntax: pair.0, transferSyntaxes: [pair.1])
      }
  }

  /// Of the query or the retrieve itself.
  static func ofModel(_ model: String) -> ProposedPresentationContext {
    ProposedPresentationContext(
      id: 1, abstractSyntax: model,
      transferSyntaxes: [TransferSyntax.explicitVRLittleEndian.uid, TransferSyntax.implicitVRLittleEndian.uid])
  }
}

/// In which transfer syntaxes objects of a SOP class are asked for.
extension RetrievalContexts {
  private static let plain: [TransferSyntax] = [
    .explicitVRLittleEndian, .implicitVRLittleEndian, .deflatedExplicitVRLittleEndian, .explicitVRBigEndian,
  ]

  /// What is seen in the field beside them: RLE, JPEG baseline, extended and lossless, JPEG-LS and JPEG 2000.
  private static let usual: [TransferSyntax] =
    [.explicitVRLittleEndian, .implicitVRLittleEndian] + compressed

  static let compressed: [TransferSyntax] = ["5", "4.50", "4.51", "4.57", "4.70", "4.80", "4.81", "4.90", "4.91"]
    .compactMap { TransferSyntax(uid: "1.2.840.10008.1.2.\($0)") }

  /// All, for a class of which it is known that the node has objects.
  static func every(of sopClassUID: String) -> [TransferSyntax] {
    mayHavePixels(sopClassUID) ? TransferSyntax.storable : plain
  }

  /// The usual, for a class of which it may have some.
  static func usual(of sopClassUID: String) -> [TransferSyntax] {
    mayHavePixels(sopClassUID) ? usual : Array(plain.prefix(2))
  }

  /// What has no pixels is compressed in no syntax but the deflated. A class that nobody knows may have some.
  static func mayHavePixels(_ sopClassUID: String) -> Bool {
    guard let keyword = UIDRegistry.entry(for: sopClassUID)?.keyword, !keyword.isEmpty else { return true }
    if keyword.contains("PresentationState") || keyword.contains("SRStorage") { return false }
    return ["Image", "Segmentation", "Map", "RTDose", "Volume", "DICOS", "RawData", "Overlay"]
      .contains { keyword.contains($0) }
  }

  /// Where a node lists nothing: what studies are made of first, so that the first association finds most of it; of the others
  /// the older ones, whose UIDs are shorter.
  static let allSOPClasses: [String] = {
    let first = [
      "2", "4", "1", "1.1", "6.1", "3.1", "7", "12.1", "1.2", "128", "11.1", "88.11", "88.22", "88.33", "88.59",
      "88.67", "104.1",
      "481.3", "481.5", "9.1.1",
    ].map { "1.2.840.10008.5.1.4.1.1.\($0)" }
    let others = UIDRegistry.storageSOPClasses
      .filter { UIDRegistry.entry(for: $0)?.isRetired == false && !UIDRegistry.nonPatientSOPClasses.contains($0) }
      .subtracting(first)
    return first + others.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
  }()
}
