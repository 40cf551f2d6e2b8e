// SPDX-License-Identifier: Apache-2.0

/// What was agreed for a query or retrieve SOP class beyond the usual (PS3.4 C.5.1.1, C.5.2.1, C.5.3.1).
package struct QueryNegotiation: Sendable, Hashable {
  /// Levels above need no unique key.
  package var isRelational = false
  package var combinesDateAndTime = false
  package var matchesNamesBySound = false
  package var adjustsTimezones = false
  package var matchesEmptyValues = false
  package var matchesMultipleValues = false

  package init() {}
}
