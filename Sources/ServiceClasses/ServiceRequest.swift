// SPDX-License-Identifier: Apache-2.0

package import Archive
package import DICOMData
package import DIMSE

/// One request on an association, as a service sees it: what is asked, in which syntax, and who asks.
package struct ServiceRequest: Sendable {
  package let command: CommandSet
  package let abstractSyntax: String
  package let transferSyntax: TransferSyntax
  package let caller: Caller
  package let callingAETitle: String
  package let negotiated: QueryNegotiation

  package init(
    command: CommandSet, abstractSyntax: String, transferSyntax: TransferSyntax, caller: Caller, callingAETitle: String,
    negotiated: QueryNegotiation = QueryNegotiation()
  ) {
    self.command = command
    self.abstractSyntax = abstractSyntax
    self.transferSyntax = transferSyntax
    self.caller = caller
    self.callingAETitle = callingAETitle
    self.negotiated = negotiated
  }
}
