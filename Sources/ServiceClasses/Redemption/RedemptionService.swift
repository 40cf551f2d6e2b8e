// SPDX-License-Identifier: Apache-2.0

package import Access
package import Archive
import DICOMData
import DIMSE

/// Lets whoever is connected redeem a code for themselves: as the user they have proven to be, or as their peer.
package struct RedemptionService: Sendable {
  private let archive: Archive

  package init(archive: Archive) {
    self.archive = archive
  }

  /// The grant that it made. Throws what whoever brought it is to be told: of a code that is wrong, was used or has ended
  /// the same.
  package func redeem(_ request: ServiceRequest, action bytes: [UInt8]) async throws -> Grant {
    let command = request.command
    guard command.requestedSOPClassUID ?? Implementation.redemptionUID == Implementation.redemptionUID else {
      throw ServiceFailure(.noSuchSOPClass, "the SOP class is not that of the presentation context")
    }
    guard command.requestedSOPInstanceUID == Implementation.redemptionInstanceUID else {
      throw ServiceFailure(.noSuchSOPInstance, "Requested SOP Instance UID is not the well-known one")
    }
    guard command.actionTypeID == RedemptionAction.redeem else {
      throw ServiceFailure(.noSuchAction, "Action Type ID is not 1")
    }
    guard let code = RedemptionAction.text(reading: bytes, transferSyntax: request.transferSyntax) else {
      throw ServiceFailure(.invalidArgumentValue, "the request has no code")
    }
    do {
      return try await archive.redeem(code, as: request.caller)
    } catch let refusal as ArchiveError {
      throw ServiceFailure(.refusedNotAuthorized, refusal.description)
    }
  }
}
