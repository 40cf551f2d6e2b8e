// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DICOMData
import DIMSE
import Node
import ServiceClasses
import UpperLayer

/// Whoever has a code redeems it, from wherever they call.
struct RedeemCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "redeem", abstract: "Redeem a code at a node, for whoever calls.",
    discussion: """
      As the user that --user or --token proves, or else as the peer --calling. The code is asked for, or read from \
      standard input (behind the password, if there is one): what stands among the arguments, others on this machine can \
      read.

      Example: collimator redeem --host archive.example --port 2762 --tls --tls-ca ca.pem --calling CLINIC --user anna
      """)

  @Argument(
    help: "The code; case, spaces and hyphens do not count. Left out, it is asked for, or read from standard input.")
  var code: String?

  @OptionGroup var listing: ListingOptions
  @OptionGroup var remote: RemoteOptions

  private struct Redeemed: Encodable {
    let open: String
  }

  func run() async throws {
    let node = try remote.node()
    let code = try CodeEntry.code(self.code)
    let proposed = ProposedPresentationContext(
      id: 1, abstractSyntax: Implementation.redemptionUID,
      transferSyntaxes: [TransferSyntax.explicitVRLittleEndian.uid, TransferSyntax.implicitVRLittleEndian.uid])
    do {
      let (answer, open) = try await node.withAssociation(proposing: [proposed]) { association in
        var user = ServiceUser(association)
        do {
          return try await user.redeem(code)
        } catch let failure as ServiceFailure {
          throw remote.explained(failure, asking: Implementation.redemptionUID, on: association)
        }
      }
      guard answer.status == .success else {
        let status = answer.status.map { "\($0)" } ?? "no status"
        throw OperationError("\(remote.called) answered: \(answer.errorComment ?? status)")
      }
      let words = open ?? "it is open"
      if listing.json { try Output.print(json: Redeemed(open: words)) } else { Output.print("\(words).") }
    } catch let end as AssociationEnd {
      throw remote.explained(end, by: node)
    }
  }
}
