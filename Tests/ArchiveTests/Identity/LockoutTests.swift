// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB
import Testing

@testable import Archive

@Suite struct LockoutTests {
  private static let right = "right password"

  private func open(_ test: TestArchive) async throws -> Archive {
    let archive = try test.open()
    try await archive.addPeer(addresses: ["10.0.0.0/8", "2001:db8::/32"], demand: .password)
    try await archive.administration(as: .current).addUser("weber", password: Secret(Self.right))
    return archive
  }

  /// Each from another machine, so that only the user's own lock is seen.
  private func guess(
    _ passcode: String, in archive: Archive, from number: Int = 0, user: String = "weber"
  ) async throws -> IdentityRefusal.Kind? {
    try await archive.identify([.password(user, passcode)], from: "10.0.0.\(number)").refusal?.kind
  }

  @Test func fiveWrongPasswordsLockTheUserAlsoAcrossARestart() async throws {
    let test = TestArchive()
    do {
      let archive = try await open(test)
      for number in 0..<Lockout.toleratedFailures {
        #expect(try await guess("wrong", in: archive, from: number) == .wrongPassword)
      }
      #expect(try await guess(Self.right, in: archive) == .lockedOut)
      try await archive.close()
    }
    let archive = try test.open()
    #expect(try await guess(Self.right, in: archive) == .lockedOut)
    #expect(try await archive.administration(as: .current).users().first?.lockedUntil == test.clock.now + 300)
    test.clock.advance(by: 299)
    #expect(try await guess(Self.right, in: archive) == .lockedOut)
    test.clock.advance(by: 2)
    #expect(try await guess("wrong", in: archive) == .wrongPassword)
    // One more after a lock is a longer one.
    test.clock.advance(by: 599)
    #expect(try await guess(Self.right, in: archive) == .lockedOut)
    test.clock.advance(by: 2)
    #expect(try await guess(Self.right, in: archive) == nil)
    // The right one forgives all.
    #expect(try await guess("wrong", in: archive) == .wrongPassword)
    #expect(try await guess(Self.right, in: archive) == nil)
    #expect(try await archive.administration(as: .current).users().first?.failedLogins == 0)
    try await archive.close()
  }

  /// What goes on at the same time is counted too.
  @Test func manyGuessesAtOnceAreNoMoreThanFive() async throws {
    let test = TestArchive()
    let archive = try await open(test)
    let kinds = try await withThrowingTaskGroup(of: IdentityRefusal.Kind?.self) { group in
      for number in 0..<8 { group.addTask { try await guess("wrong", in: archive, from: number) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(kinds.count { $0 == .wrongPassword } == Lockout.toleratedFailures)
    #expect(kinds.count { $0 == .lockedOut } == 3)
    try await archive.close()
  }

  /// One password on many names: the address runs dry, and what leaks out of the bucket comes back.
  @Test func anAddressGetsNoMoreThanItsRate() async throws {
    let test = TestArchive()
    do {
      let archive = try await open(test)
      for number in 0..<Int(AddressTable.tolerated) {
        #expect(try await guess("wrong", in: archive, user: "name\(number)") == .unknownUser)
      }
      let hashed = archive.identities.passwords.hashed
      #expect(try await guess(Self.right, in: archive) == .lockedOut)
      // Refused for the address alone, before anything is hashed.
      #expect(archive.identities.passwords.hashed == hashed)
      #expect(try await guess(Self.right, in: archive, from: 1) == nil)
      try await archive.close()
    }
    let archive = try test.open()
    #expect(try await guess(Self.right, in: archive) == .lockedOut)
    test.clock.advance(by: 61)
    #expect(try await guess("wrong", in: archive, user: "name") == .unknownUser)
    #expect(try await guess(Self.right, in: archive) == .lockedOut)
    test.clock.advance(by: 61)
    #expect(try await guess(Self.right, in: archive) == nil)
    try await archive.close()
  }

  /// One machine has a whole /64 of IPv6.
  @Test func addressesOfOneMachineAreOneAddress() async throws {
    let test = TestArchive()
    let archive = try await open(test)
    func kind(_ address: String) async throws -> IdentityRefusal.Kind? {
      try await archive.identify([.password("nobody", "wrong")], from: address).refusal?.kind
    }
    for number in 0..<Int(AddressTable.tolerated) { #expect(try await kind("2001:db8::\(number)") == .unknownUser) }
    #expect(try await kind("2001:db8::ffff:ffff:1") == .lockedOut)
    #expect(try await kind("2001:db8:0:1::1") == .unknownUser)
    try await archive.close()
  }

  /// No oracle: who exists cannot be told by the work that is done, nor by what is written.
  @Test func anUnknownUserCostsWhatAWrongPasswordCosts() async throws {
    let test = TestArchive()
    let archive = try await open(test)
    try await archive.administration(as: .current).addUser("tokenonly", password: nil)
    try await archive.administration(as: .current).addUser("locked", password: Secret(Self.right))
    try await archive.administration(as: .current).lockUser("locked")
    for (number, name) in ["weber", "nobody", "tokenonly", "locked", "", "WS"].enumerated() {
      let hashed = archive.identities.passwords.hashed
      #expect(try await guess("wrong", in: archive, from: number, user: name) != nil)
      #expect(archive.identities.passwords.hashed == hashed + 1, "'\(name)'")
      let written = try await archive.database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM failed_login") }
      #expect(written == number + 1, "'\(name)'")
    }
    try await archive.close()
  }

  @Test func anAdministratorLocksAndUnlocks() async throws {
    let test = TestArchive()
    let archive = try await open(test)
    let administration = archive.administration(as: .current)
    try await administration.lockUser("weber")
    #expect(try await guess(Self.right, in: archive) == .lockedUser)
    try await administration.unlockUser("weber")
    #expect(try await guess(Self.right, in: archive) == nil)
    for number in 0..<5 { _ = try await guess("wrong", in: archive, from: number) }
    #expect(try await guess(Self.right, in: archive) == .lockedOut)
    try await administration.setPassword(Secret("another password"), ofUser: "weber")
    #expect(try await guess(Self.right, in: archive) == .wrongPassword)
    #expect(try await guess("another password", in: archive) == nil)
    await #expect(throws: ArchiveError.self) { try await administration.lockUser("nobody") }
    await #expect(throws: ArchiveError.self) { try await administration.setPassword(Secret("short"), ofUser: "weber") }
    await #expect(throws: ArchiveError.self) { try await administration.addUser("WS", password: nil) }
    try await archive.close()
  }

  /// A peer that asks by the thousand waits behind itself, and others do not.
  @Test func theQueueOfPasswordsIsBounded() async throws {
    var options = IdentityOptions()
    // Dear enough that a busy machine asks faster than it answers.
    options.passwordCost = ScryptCost(rounds: 1 << 16, blockSize: 8, parallelism: 1)
    let test = TestArchive()
    let archive = try test.open(options)
    try await archive.addPeer(demand: .password)
    let kinds = try await withThrowingTaskGroup(of: IdentityRefusal.Kind?.self) { group in
      for _ in 0..<100 {
        group.addTask { try await archive.identify([.password("nobody", "wrong")]).refusal?.kind }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(kinds.contains(.busy))
    #expect(kinds.allSatisfy { [.busy, .unknownUser, .lockedOut].contains($0) })
    try await archive.close()
  }
}
