// SPDX-License-Identifier: Apache-2.0

package struct BackupVerificationReport: Codable, Sendable {
  package struct Backup: Codable, Sendable {
    /// The name under `backups`.
    package let name: String
    package internal(set) var madeAt = ""
    /// Of which it has to have the bytes.
    package internal(set) var instances = 0
    package internal(set) var bytes = 0
    /// SOP Instance UIDs whose bytes the archive itself did not have when it was made.
    package internal(set) var withoutFile: [String] = []
    package fileprivate(set) var faults: [CheckFault] = []
    /// All of them; the list names at most so many.
    package fileprivate(set) var faultCount = 0

    private static let mostNamed = 10_000

    init(name: String) {
      self.name = name
    }

    mutating func add(_ kind: CheckFault.Kind, _ detail: String) { add(CheckFault(kind, detail)) }

    mutating func add(_ fault: StoredFile.Fault, _ instance: CheckedInstance, isSetAside: Bool) {
      let what = isSetAside ? "; set aside as .dcm.damaged, the next backup copies it anew" : ""
      let (kind, detail): (CheckFault.Kind, String) =
        switch fault {
        case .missing: (.missing, "its file is not in objects")
        case .unreadable: (.unreadable, "its file cannot be read now")
        case .wrongHead: (.damagedHead, "preamble or group 0002 are not as they were written; the data set is")
        case .wrongSize: (.corrupt, "its file is not as long as what was received")
        case .wrongDigest where !isSetAside:
          (.corrupt, "its file is not what was received: take it away, so that the next backup copies it anew")
        case .wrongDigest: (.corrupt, "its file is not what was received")
        }
      add(CheckFault(kind, object: instance.object.name, instance: instance.sopInstanceUID, detail + what))
    }

    private mutating func add(_ fault: CheckFault) {
      faultCount += 1
      if faults.count < Self.mostNamed { faults.append(fault) }
    }
  }

  package let folder: String
  /// The oldest first.
  package internal(set) var backups: [Backup] = []

  package var isClean: Bool { backups.allSatisfy { $0.faultCount == 0 } }

  init(folder: String) {
    self.folder = folder
  }
}

extension CheckFault {
  fileprivate init(_ kind: Kind, object: String? = nil, instance: String? = nil, _ detail: String) {
    self.init(kind: kind, object: object, sopInstanceUID: instance, detail: detail)
  }
}
