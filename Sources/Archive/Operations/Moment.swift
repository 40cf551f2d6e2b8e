// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Seconds since 1970 as ISO 8601 in UTC.
enum Moment {
  static func text(_ seconds: Double) -> String {
    Date(timeIntervalSince1970: seconds).formatted(.iso8601)
  }

  /// nil for what is none.
  static func seconds(_ text: some StringProtocol) -> Double? {
    (try? Date(String(text), strategy: .iso8601))?.timeIntervalSince1970
  }
}
