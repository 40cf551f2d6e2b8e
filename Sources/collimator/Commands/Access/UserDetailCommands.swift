// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

extension UserCommand {
  struct Roles: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what a user is: administrator, physician, patient, guardian, technologist, service.",
      discussion: "Example: collimator user roles weber physician")

    @Argument(help: "The user's name.")
    var name: String

    @Argument(help: "The roles, in place of those that the user has.")
    var roles: [String] = []

    @Flag(help: "Take away all roles.")
    var none = false

    @OptionGroup var archive: DataDirectoryOptions

    func validate() throws {
      guard roles.isEmpty == none else {
        throw ValidationError("say the roles, or --none; which there are tells collimator user show")
      }
    }

    func run() async throws {
      try await archive.perform(.access(.setRoles(roles, user: name))).printOutcome()
    }
  }

  struct Attribute: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remember something of a peer, user or group: practice, registration number, province, e-mail, phone …",
      discussion: "Example: collimator user attribute weber registration-number 12345")

    @Argument(help: "The name of the peer, user or group.")
    var name: String

    @Argument(help: "The attribute's name.")
    var attribute: String

    @Argument(help: "Its value; none takes it away.")
    var value: String = ""

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.access(.setAttribute(name: attribute, value: value, of: name))).printOutcome()
    }
  }

  struct Link: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say that a user is a patient, or the parent, child or guardian of one.",
      discussion: """
        The grant that it gives is pending until it is approved. Example:
          collimator user link anna --patient 4711 --as self
          collimator user link anna --patient 4712 --as child --ends-at-age 16
        Said again, for another age or birth date, it is in place of the former link, whose grant ends.
        """)

    @Argument(help: "The user's name.")
    var name: String

    @Option(help: "The Patient ID.")
    var patient: String

    @Option(help: "The Issuer of Patient ID.")
    var issuer: String?

    @Option(name: .customLong("as"), help: "What the patient is to the user: self, child, parent or guardian.")
    var relationship: String

    @Option(help: "It ends on the birthday on which the patient is so old.")
    var endsAtAge: Int?

    @Option(help: "When the patient was born, where no study says it, or says it wrong: YYYYMMDD.")
    var birthDate: String?

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func validate() throws {
      guard birthDate == nil || endsAtAge != nil else {
        throw ValidationError("--birth-date says when the patient is of an age: it goes with --ends-at-age")
      }
    }

    func run() async throws {
      let draft = PatientLinkDraft(
        user: name, id: patient, issuer: issuer, relationship: relationship, endsAtAge: endsAtAge,
        birthDate: birthDate)
      guard case .access(.linked(let grant, let sentence)) = try await archive.perform(.access(.linkPatient(draft)))
      else { return }
      if listing.json { try Output.print(json: grant) } else { Output.print(sentence) }
      for remark in grant.remarks ?? [] { Output.note("note: \(remark)") }
    }
  }

  struct Unlink: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say that a user has nothing to do with a patient; the grants of it end.",
      discussion: "All that the user has on the patient as self, child, parent or guardian, and what was shared by it.")

    @Argument(help: "The user's name.")
    var name: String

    @Option(help: "The Patient ID.")
    var patient: String

    @Option(help: "The Issuer of Patient ID.")
    var issuer: String?

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.access(.unlinkPatient(user: name, id: patient, issuer: issuer))).printOutcome()
    }
  }
}

extension GroupCommand {
  struct Kind: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a group that is a practice, a clinic or a department, or say so of one.")

    @Argument(help: "The group's name.")
    var name: String

    @Argument(help: "practice, clinic or department.")
    var kind: String

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.access(.setGroupKind(name: name, kind: kind))).printOutcome()
    }
  }

  struct Join: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a peer or user belong to a group, from a day or until a day if that is said.")

    @Argument(help: "The peer's or user's name.")
    var member: String

    @Option(help: "The group.")
    var group: String

    @Option(help: "From when.")
    var from: String?

    @Option(help: "Until when.")
    var until: String?

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      let operation = AccessOperation.addMember(
        member, group: group, since: try from.map(EndOfGrant.beginning), until: try until.map(EndOfGrant.seconds))
      try await archive.perform(.access(operation)).printOutcome()
    }
  }

  struct Leave: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a peer or user belong to a group no longer.")

    @Argument(help: "The peer's or user's name.")
    var member: String

    @Option(help: "The group.")
    var group: String

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.access(.removeMember(member, group: group))).printOutcome()
    }
  }
}
