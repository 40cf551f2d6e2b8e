// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// `collimator`: one executable, its subcommands are the product.
struct Collimator: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collimator",
    abstract:
      "A DICOM archive node that answers each caller from what was granted to them, as if nothing else existed.",
    version: "0.1.0",
    groupedSubcommands: [
      CommandGroup(
        name: "The node",
        subcommands: [
          ServeCommand.self, StatusCommand.self, AssociationsCommand.self, ReloadCommand.self,
          ConfigCommand.self, DemoCommand.self,
        ]),
      CommandGroup(
        name: "Who may see what",
        subcommands: [
          PeerCommand.self, UserCommand.self, IssuerCommand.self, GroupCommand.self, GrantCommand.self,
          RuleCommand.self, ConsentCommand.self, AsideCommand.self,
        ]),
      CommandGroup(
        name: "Who sees what, who saw it, and why",
        subcommands: [ExplainCommand.self, QueryCommand.self, AccessCommand.self, AuditCommand.self]),
      CommandGroup(
        name: "What is stored",
        subcommands: [
          StatisticsCommand.self, ConflictsCommand.self, PatientCommand.self, StudyCommand.self, ImportCommand.self,
          ExportCommand.self, DeleteCommand.self, DeletionCommand.self, HoldCommand.self, RetentionCommand.self,
        ]),
      CommandGroup(
        name: "Keeping it whole",
        subcommands: [CheckCommand.self, ReindexCommand.self, BackupCommand.self, RestoreCommand.self]),
      CommandGroup(
        name: "Files and pictures",
        subcommands: [
          DumpCommand.self, ValidateCommand.self, DecodeCommand.self, TranscodeCommand.self, RenderCommand.self,
        ]),
      CommandGroup(
        name: "Other nodes",
        subcommands: [
          EchoCommand.self, SendCommand.self, FindCommand.self, GetCommand.self, MoveCommand.self,
          CommitCommand.self, RedeemCommand.self, RemoteCommand.self, ForwardCommand.self, QueueCommand.self,
        ]),
    ])
}
