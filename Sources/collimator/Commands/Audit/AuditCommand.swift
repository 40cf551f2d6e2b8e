// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import Node

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Who did what, and who was shown what.",
    discussion: """
      Every association, login, query, retrieval, store, refusal and change is a record, and each record carries the hash of \
      the one before it. Given a checkpoint that was kept elsewhere, 'audit verify' finds what was changed, removed or cut \
      off since.

      Example: collimator audit who-saw 4711 --issuer CITYHOSPITAL
               collimator audit list --who DRWEBER --from 2027-01-01
               collimator audit checkpoint --to /mnt/elsewhere/checkpoints
               collimator audit verify --checkpoint /mnt/elsewhere/checkpoints
      """,
    subcommands: [
      AuditListCommand.self, AuditWhoSawCommand.self, AuditReportCommand.self, AuditVerifyCommand.self,
      AuditCheckpointCommand.self, AuditExportCommand.self, AuditPruneCommand.self,
    ])
}

extension DataDirectoryOptions {
  func perform(_ order: AuditOrder) async throws -> AuditAnswer {
    guard case .audit(let answer) = try await perform(.audit(order)) else {
      throw OperationError("the node answered something else")
    }
    return answer
  }
}
