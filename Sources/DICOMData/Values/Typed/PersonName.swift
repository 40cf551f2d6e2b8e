// SPDX-License-Identifier: Apache-2.0

/// A PN (PS3.5 §6.2.1): up to three groups of up to five components. `text` is the value as written.
package struct PersonName: Sendable, Hashable, CustomStringConvertible {
  package struct Group: Sendable, Hashable {
    /// Family, given, middle, prefix, suffix; more only where a device wrote more.
    package let components: [String]

    package var family: String { component(0) }
    package var given: String { component(1) }
    package var middle: String { component(2) }
    package var prefix: String { component(3) }
    package var suffix: String { component(4) }
    package var isEmpty: Bool { components.allSatisfy(\.isEmpty) }

    private func component(_ index: Int) -> String {
      components.indices.contains(index) ? components[index] : ""
    }
  }

  package let text: String

  package init(_ text: some StringProtocol) {
    self.text = String(text)
  }

  /// As written by the characters of its language, by ideographs, and by sound; more only where a device wrote more.
  package var groups: [Group] {
    text.split(separator: "=", omittingEmptySubsequences: false).map { group in
      Group(components: group.split(separator: "^", omittingEmptySubsequences: false).map { String($0.withoutPadding) })
    }
  }

  package var alphabetic: Group { group(0) }
  package var ideographic: Group { group(1) }
  package var phonetic: Group { group(2) }
  package var description: String { text }

  private func group(_ index: Int) -> Group {
    let groups = self.groups
    return groups.indices.contains(index) ? groups[index] : Group(components: [])
  }
}
