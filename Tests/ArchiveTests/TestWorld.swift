// SPDX-License-Identifier: Apache-2.0

import Access

@testable import Archive

/// Few names and many objects, so that things meet.
enum TestWorld {
  private static let patients = [("P1", ""), ("P1", "A"), ("P1", "B"), ("P2", "A"), ("", ""), ("p1", "A")]

  static func objects(_ random: inout SeededGenerator) -> [TestObject] {
    (0..<40).map { number in
      let study = Int.random(in: 0..<12, using: &random)
      // A study has one patient here; the other case has a test of its own.
      let (id, issuer) = patients[study % patients.count]
      let series = Int.random(in: 0..<3, using: &random)
      return TestObject(
        instance: "9.\(number)", series: "1.\(study).\(series)", study: "1.\(study)", patientID: id, issuer: issuer)
    }
  }

  static func scope(_ random: inout SeededGenerator) -> GrantScope {
    switch Int.random(in: 0..<5, using: &random) {
    case 0: return .everything
    case 1, 2: return .study(uid: "1.\(Int.random(in: 0..<14, using: &random))")
    default:
      let (id, issuer) = patients[Int.random(in: 0..<4, using: &random)]
      return .patient(id: id, issuer: issuer.isEmpty ? nil : issuer)
    }
  }

  static func opens(_ scope: GrantScope, _ object: TestObject) -> Bool {
    switch scope {
    case .everything: true
    case .study(let uid): object.study == uid
    case .series(let uid): object.series == uid
    case .patient(let id, let issuer): object.patientID == id && object.issuer == (issuer ?? "") && !id.isEmpty
    }
  }
}

/// SplitMix64: the same seed, the same world.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
