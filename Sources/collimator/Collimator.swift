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
          RuleCommand.self,
          ConsentCommand.self, ExplainCommand.self, QueryCommand.self, AccessCommand.self, AsideCommand.self,
          AuditCommand.self,
        ]),
      CommandGroup(
        name: "What is stored", subcommands: [ConflictsCommand.self, PatientCommand.self, StudyCommand.self]),
      CommandGroup(name: "Files", subcommands: [ImportCommand.self, DumpCommand.self, ValidateCommand.self]),
      CommandGroup(
        name: "All that is stored",
        subcommands: [
          StatisticsCommand.self, ExportCommand.self, DeleteCommand.self, DeletionCommand.self, HoldCommand.self,
          RetentionCommand.self, CheckCommand.self, ReindexCommand.self, BackupCommand.self, RestoreCommand.self,
        ]),
      CommandGroup(
        name: "Pixels", subcommands: [DecodeCommand.self, TranscodeCommand.self, RenderCommand.self]),
      CommandGroup(
        name: "Asking other nodes",
        subcommands: [
          EchoCommand.self, SendCommand.self, FindCommand.self, GetCommand.self, MoveCommand.self,
          CommitCommand.self, RemoteCommand.self, ForwardCommand.self, QueueCommand.self,
        ]),
    ])
}
