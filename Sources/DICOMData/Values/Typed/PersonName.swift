// SPDX-License-Identifier: Apache-2.0

/// A Person Name (PN, PS3.5 §6.2.1): up to three component groups separated by `=`, the same name in other scripts.
///
/// Equal as written. What is too many stays in the last: a fourth group in the third, a sixth component in the fifth.
package struct PersonName: Sendable, Hashable {
  /// Five components separated by `^`, fewer where nothing follows; each without the spaces around it.
  package struct Group: Sendable, Hashable {
    /// As written, without padding.
    package let text: String
    /// As many as are written, at most five.
    package let components: [String]

    package init(_ value: some StringProtocol) {
      let value = value.withoutPadding
      text = String(value)
      components = value.parts(separatedBy: UInt8(ascii: "^"), atMost: 5).map { String($0.withoutPadding) }
    }

    package var family: String { component(0) }
    package var given: String { component(1) }
    package var middle: String { component(2) }
    package var prefix: String { component(3) }
    package var suffix: String { component(4) }

    /// No component says anything.
    package var isEmpty: Bool { components.allSatisfy(\.isEmpty) }

    private func component(_ index: Int) -> String {
      components.indices.contains(index) ? components[index] : ""
    }
  }

  /// As written, without padding.
  package let text: String
  /// As many as are written, one to three.
  package let groups: [Group]

  package init(_ value: some StringProtocol) {
    let value = value.withoutPadding
    text = String(value)
    groups = value.parts(separatedBy: UInt8(ascii: "="), atMost: 3).map { Group($0) }
  }

  package var alphabetic: Group { group(0) }
  package var ideographic: Group { group(1) }
  package var phonetic: Group { group(2) }

  /// No component of any group says anything.
  package var isEmpty: Bool { groups.allSatisfy(\.isEmpty) }

  private func group(_ index: Int) -> Group {
    groups.indices.contains(index) ? groups[index] : Group("")
  }
}

extension PersonName: CustomStringConvertible {
  package var description: String { text }
}

extension PersonName.Group: CustomStringConvertible {
  package var description: String { text }
}

extension Substring {
  /// By bytes: as characters, a delimiter with a combining mark behind it would be none.
  fileprivate func parts(separatedBy delimiter: UInt8, atMost count: Int) -> [Substring] {
    utf8.split(separator: delimiter, maxSplits: count - 1, omittingEmptySubsequences: false).map { Substring($0) }
  }
}
