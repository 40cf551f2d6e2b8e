// SPDX-License-Identifier: Apache-2.0

package import Archive

/// An object that has arrived in full and is not kept yet. Others may arrive while the disk is waited for.
package struct ArrivedObject: Sendable {
  private let reception: Reception

  init(_ reception: Reception) {
    self.reception = reception
  }

  /// When this returns the object survives a power cut.
  package func commit() async throws(ServiceFailure) -> Receipt {
    do throws(ReceptionError) {
      return try await reception.commit()
    } catch {
      await reception.abandon()
      throw ServiceFailure(error)
    }
  }
}
