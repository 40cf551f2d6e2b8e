// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DICOMData
import DIMSE
import Node
import ServiceClasses
import UpperLayer

struct EchoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "echo", abstract: "Ask a node whether it is alive (C-ECHO).")

  @OptionGroup var remote: RemoteOptions

  func run() async throws {
    let proposed = ProposedPresentationContext(
      id: 1, abstractSyntax: UIDRegistry.verification,
      transferSyntaxes: [TransferSyntax.explicitVRLittleEndian.uid, TransferSyntax.implicitVRLittleEndian.uid])
    do {
      let status = try await remote.node().withAssociation(proposing: [proposed]) { association in
        var user = ServiceUser(association)
        return try await user.echo()
      }
      guard status == .success else { throw OperationError("\(remote.called) answered \(status)") }
      Output.print("\(remote.called) at \(remote.host):\(remote.port) is alive")
    } catch let end as AssociationEnd {
      throw remote.explained(end)
    }
  }
}
