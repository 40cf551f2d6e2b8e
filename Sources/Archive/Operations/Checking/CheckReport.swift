// SPDX-License-Identifier: Apache-2.0

/// How an archive is to be checked.
package struct CheckOrder: Codable, Sendable {
  /// 0 is without limit.
  package let bytesPerSecond: Int
  /// Goes on where the last check that was interrupted ended, instead of from the beginning.
  package let continues: Bool

  package init(bytesPerSecond: Int = 0, continues: Bool = false) {
    self.bytesPerSecond = bytesPerSecond
    self.continues = continues
  }
}

/// Something that is not as it has to be.
package struct CheckFault: Codable, Sendable, Hashable {
  package enum Kind: String, Codable, Sendable {
    /// The file of an instance is gone.
    case missing
    /// The file is there and cannot be read now; that need not be so for ever.
    case unreadable
    /// The file is not what was received: it is in quarantine now and is not served.
    case corrupt
    /// What stands before the data set is damaged; the data set is whole.
    case damagedHead
    /// A file that the index does not know.
    case strayFile
    /// The file of something that was deleted was back; it is removed again.
    case deletedFileWasBack
    /// The index contradicts the arrival record, or itself: a reindex sets it right.
    case index
    /// SQLite finds its own file damaged: only a backup helps.
    case database
  }

  package let kind: Kind
  /// The file's name without folder and suffix; nil where no file is meant.
  package let object: String?
  package let sopInstanceUID: String?
  package let detail: String
}

package struct CheckReport: Codable, Sendable {
  package fileprivate(set) var instances = 0
  package fileprivate(set) var bytes = 0
  /// What had been flagged before and is as it was received again.
  package fileprivate(set) var healed = 0
  package fileprivate(set) var faults: [CheckFault] = []
  /// All of them; the list names at most so many.
  package fileprivate(set) var faultCount = 0

  private static let mostNamed = 10_000

  package var isClean: Bool { faultCount == 0 }

  mutating func add(_ kind: CheckFault.Kind, object: String? = nil, instance: String? = nil, _ detail: String) {
    faultCount += 1
    guard faults.count < Self.mostNamed else { return }
    faults.append(CheckFault(kind: kind, object: object, sopInstanceUID: instance, detail: detail))
  }

  mutating func count(_ size: Int) {
    instances += 1
    bytes += size
  }

  mutating func addHealed() {
    healed += 1
  }
}
