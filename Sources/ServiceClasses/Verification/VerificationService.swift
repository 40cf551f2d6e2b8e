// SPDX-License-Identifier: Apache-2.0

package import DIMSE

/// The Verification Service Class as SCP (PS3.4 annex A): whoever was let in hears that this node is alive.
package enum VerificationService {
  package static func response(to request: CommandSet) -> CommandSet {
    .response(to: request, status: .success)
  }
}
