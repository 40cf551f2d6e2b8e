// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import Node

struct RetentionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retention",
    abstract: "Rules by which old studies go; nothing goes before a plan was seen and applied.",
    discussion: """
      Example: collimator retention add --older-than 3650 --by access --modality CT,MR
               collimator retention plan       # what would go, and a number
               collimator retention apply 1    # at most that
      """,
    subcommands: [Add.self, List.self, Remove.self, Plan.self, Apply.self])
}

extension RetentionRule.Basis: ExpressibleByArgument {
  public init?(argument: String) {
    self.init(rawValue: argument == "study-date" ? "studyDate" : argument)
  }

  public static var allValueStrings: [String] { ["study-date", "arrival", "access"] }
}

extension RetentionCommand {
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Add a rule. By itself it deletes nothing.")

    @Option(help: "Days.")
    var olderThan: Int

    @Option(
      help: "What counts: study-date, arrival (of the newest object) or access (last retrieved, exported or added to).")
    var by: RetentionRule.Basis

    @Option(help: "Only studies all of whose series are of these modalities, separated by commas.")
    var modality: String?

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      let rule = RetentionRule(days: olderThan, basis: by, modalities: modality?.commaSeparated ?? [])
      try await archive.perform(.addRetentionRule(rule)).printOutcome()
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the rules.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .retentionRules(let rules) = try await archive.perform(.listRetentionRules) else { return }
      guard !listing.json else { return try Output.print(json: rules) }
      var table = Table("NUMBER", "OLDER THAN", "BY", "MODALITIES")
      for rule in rules {
        table.add(
          String(rule.number), "\(rule.days) days", rule.basis.rawValue,
          rule.modalities.isEmpty ? "any" : rule.modalities.joined(separator: " "))
      }
      Output.print(table.text)
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove a rule.")

    @Argument(help: "The rule's number.")
    var number: Int

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.removeRetentionRule(number: number)).printOutcome()
    }
  }

  struct Plan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show what the rules would delete now; delete nothing.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .retentionPlan(let plan) = try await archive.perform(.planRetention) else { return }
      guard !listing.json else { return try Output.print(json: plan) }
      var table = Table("STUDY INSTANCE UID", "STUDY DATE", "RULE", "INSTANCES", "SIZE")
      for study in plan.studies {
        table.add(
          study.studyInstanceUID, study.studyDate, String(study.rule), String(study.instances),
          ByteCount.text(study.bytes))
      }
      Output.print(table.text)
      Output.print(
        "plan \(plan.number): \(plan.studies.count) studies, \(plan.instances) instances, \(ByteCount.text(plan.bytes)); "
          + "\(plan.held) more are held. Nothing was deleted: collimator retention apply \(plan.number) does it.")
    }
  }

  struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Delete what a plan said, except what was held, used or added to since.")

    @Argument(help: "The plan's number.")
    var plan: Int

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .retention(let report) = try await archive.perform(.applyRetention(plan: plan)) else { return }
      guard !listing.json else { return try Output.print(json: report) }
      Output.print(
        "\(report.studies) studies, \(report.instances) instances (\(ByteCount.text(report.bytes))) deleted; "
          + "\(report.kept) of the plan are kept")
    }
  }
}
