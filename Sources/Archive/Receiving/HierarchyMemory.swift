// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Synchronization

/// What objects said of their patient, study and series, as the index has it: objects of one series say it in the same bytes,
/// and to take that apart is most of the work that there is with a small one.
final class HierarchyMemory: Sendable {
  /// All that a hierarchy follows from, by its bytes: texts that only look the same are not the same to the index.
  private struct Key: Hashable {
    let bytes: [UInt8]

    init(_ standing: [UInt8], _ arrival: Arrival) {
      var bytes = standing
      for text in [arrival.defaultIssuer, arrival.callingAETitle] {
        withUnsafeBytes(of: text.utf8.count) { bytes += $0 }
        bytes += text.utf8
      }
      self.bytes = bytes
    }

    /// All at once: an array would be hashed byte by byte.
    func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
  }

  private static let most = 256
  /// Bytes; of what is longer there would be too much to remember.
  private static let longest = 8 << 10

  private let layout: IndexLayout
  private let tags: Set<Tag>
  private let known = Mutex<[Key: InstanceRecord.Hierarchy]>([:])

  init(_ layout: IndexLayout) {
    self.layout = layout
    tags = Set(layout.attributes.filter { $0.level != .instance }.map { $0.sequence ?? $0.tag })
      .union(Referral.wantedElements)
      .union([
        .specificCharacterSet, .timezoneOffsetFromUTC, .patientID, .issuerOfPatientID, .studyInstanceUID,
        .seriesInstanceUID,
      ])
  }

  func hierarchy(_ place: InstanceRecord.Place, _ header: DataSet, _ arrival: Arrival) -> InstanceRecord.Hierarchy {
    guard let standing = header.standing(tags, atMost: Self.longest) else {
      return InstanceRecord.Hierarchy(place, header, arrival, layout: layout)
    }
    let key = Key(standing, arrival)
    if let same = known.withLock({ $0[key] }) { return same }
    let hierarchy = InstanceRecord.Hierarchy(place, header, arrival, layout: layout)
    known.withLock { known in
      if known.count >= Self.most { known = [:] }
      known[key] = hierarchy
    }
    return hierarchy
  }
}
