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
    let node = try remote.node(answeringWithin: remote.timeout)
    do {
      let status = try await node.withAssociation(proposing: [proposed]) { association in
        var user = ServiceUser(association)
        do {
          return try await user.echo()
        } catch let failure as ServiceFailure {
          throw remote.explained(failure, asking: UIDRegistry.verification, on: association)
        }
      }
      guard status == .success else { throw OperationError("\(remote.called) answered \(status)") }
      Output.print("\(remote.called) at \(remote.host):\(remote.port) is alive")
    } catch let end as AssociationEnd {
      throw remote.explained(end, by: node)
    }
  }
}
