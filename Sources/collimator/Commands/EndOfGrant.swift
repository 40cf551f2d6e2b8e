// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Foundation

/// The end of a grant as a person writes it: a date means the end of that day where the command runs.
struct EndOfGrant {
  let secondsSince1970: Double

  init?(_ text: String) {
    // The formatter takes the year 27, and a day without its zero.
    let day = text.prefix(10).split(separator: "-", omittingEmptySubsequences: false)
    guard day.map(\.utf8.count) == [4, 2, 2], DICOMDate(day.joined()) != nil else { return nil }
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.isLenient = false
    formatter.dateFormat = "yyyy-MM-dd"
    if let day = formatter.date(from: text), let next = Calendar.current.date(byAdding: .day, value: 1, to: day) {
      secondsSince1970 = next.timeIntervalSince1970
      return
    }
    for format in [
      "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mmXXXXX", "yyyy-MM-dd'T'HH:mm:ssXXXXX",
    ] {
      formatter.dateFormat = format
      if let moment = formatter.date(from: text) {
        secondsSince1970 = moment.timeIntervalSince1970
        return
      }
    }
    return nil
  }
}
