// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

extension UserCommand {
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the users, and by what they are known.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .users(let users) = try await archive.perform(.listUsers) else { return }
      guard !listing.json else { return try Output.print(json: users) }
      var table = Table("NAME", "ROLES", "PASSWORD", "CERTIFICATES", "GROUPS", "STATE")
      for user in users {
        table.add(
          user.name, user.roles.joined(separator: " "), user.hasPassword ? "yes" : "no", "\(user.certificates.count)",
          user.groups.joined(separator: " "),
          user.state)
      }
      Output.print(table.text)
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show one user, certificates and all.")

    @Argument(help: "The user's name.")
    var name: String

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .users(let users) = try await archive.perform(.listUsers) else { return }
      guard let user = users.first(where: { $0.name == name }) else {
        throw OperationError("there is no user '\(name)': see collimator user list")
      }
      guard !listing.json else { return try Output.print(json: user) }
      var table = Table("WHAT", "")
      table.add("name", user.name)
      table.add("state", user.state)
      table.add("password", user.hasPassword ? "yes" : "no")
      table.add("wrong passwords in a row", "\(user.wrongPasswords)")
      table.add("roles", user.roles.joined(separator: " "))
      for (name, value) in user.attributes.sorted(by: { $0.key < $1.key }) { table.add(name, value) }
      for patient in user.patients {
        let name = patient.issuer.map { "\(patient.id) of \($0)" } ?? patient.id
        table.add(patient.relationship, name + (patient.grant.map { ", grant \($0)" } ?? ""))
      }
      table.add("groups", user.memberships.map(\.words).joined(separator: " "))
      table.add("added", "\(user.created) by \(user.createdBy)")
      for certificate in user.certificates {
        table.add("certificate", "\(certificate.subject), until \(certificate.notAfter)")
        table.add("  SHA-256", certificate.fingerprint)
      }
      Output.print(table.text)
    }
  }
}

extension UserListing {
  fileprivate var state: String {
    if isLocked { return "locked" }
    return lockedUntil.map { "locked until \($0) after \(wrongPasswords) wrong passwords" } ?? "may call"
  }
}
