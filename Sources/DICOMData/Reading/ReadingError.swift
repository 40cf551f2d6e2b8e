// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not a data set, and where.
package struct ReadingError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Reason: Sendable, Hashable {
    case notDICOM
    case truncated
    case valueExceedsItsContainer
    case expectedItem
    case unexpectedDelimiter
    case unexpectedZeros
    case valueNotKept
    case tooManyElements(limit: Int)
    case deviates(Deviation.Kind)
    case nestedTooDeeply(limit: Int)
    case undefinedLengthNotAllowed
    case headerTooLong(limit: Int)
    case unknownTransferSyntax(String)
    case notDeflated
    case inflatesTooMuch
    case cannotOpen(String)
  }

  package let reason: Reason
  /// Bytes from the beginning of what was read: of the file, or of a bare data set.
  package let offset: Int
  /// The element and those that hold it, from the outside in.
  package let tagPath: [Tag]

  package init(_ reason: Reason, offset: Int, tagPath: [Tag] = []) {
    self.reason = reason
    self.offset = offset
    self.tagPath = tagPath
  }

  func moved(by distance: Int) -> ReadingError {
    ReadingError(reason, offset: offset + distance, tagPath: tagPath)
  }

  package var description: String {
    let place = tagPath.isEmpty ? "" : ", in \(tagPath.map(\.description).joined(separator: "/"))"
    return "\(reason) (at byte \(offset)\(place))"
  }
}

extension ReadingError.Reason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notDICOM: "not DICOM: neither 'DICM' after a preamble nor a data set"
    case .truncated: "the data end inside an element"
    case .valueExceedsItsContainer: "a value is longer than the item or sequence that holds it"
    case .expectedItem: "something that is no item stands in a sequence"
    case .unexpectedDelimiter: "an item or delimiter stands where an element is expected"
    case .unexpectedZeros: "zeros stand where an element is expected"
    case .valueNotKept: "a value was too long to be kept"
    case .tooManyElements(let limit): "there are more than \(limit) elements"
    case .deviates(let kind): "\(kind.meaning) [\(kind.reference)]"
    case .nestedTooDeeply(let limit): "sequences are nested more than \(limit) deep"
    case .undefinedLengthNotAllowed: "an undefined length where PS3.5 allows none"
    case .headerTooLong(let limit): "the elements before the pixels take more than \(limit) bytes"
    case .unknownTransferSyntax(let uid): "transfer syntax '\(uid)' is not one of the Standard"
    case .notDeflated: "the deflated data set cannot be inflated"
    case .inflatesTooMuch: "the deflated data set inflates beyond what is allowed"
    case .cannotOpen(let why): "cannot be read: \(why)"
    }
  }
}
