// SPDX-License-Identifier: Apache-2.0

/// A data set in the making, or one that was read and is being changed. What is not changed is written as it was read, byte
/// for byte; what is new is written by PS3.5 §7: in ascending order, with even lengths.
package struct DataSetBuilder: Sendable {
  enum Value: Sendable {
    case text([String])
    case bytes([UInt8])
    case integers([Int])
    case decimals([Double])
    case items([DataSetBuilder])
    /// The Basic Offset Table first (PS3.5 annex A.4).
    case fragments([[UInt8]])
    case read(Element, in: DataSet)
  }

  struct Member: Sendable {
    let tag: Tag
    let vr: VR
    let value: Value
  }

  /// What becomes of text that the character set does not have.
  package enum Fallback: Sendable {
    /// The data set is written in UTF-8, and says so.
    case utf8
    /// Question marks, where no element can name a character set: commands, group 0002.
    case questionMarks
  }

  let characterSet: SpecificCharacterSet
  let fallback: Fallback
  private(set) var members: [Member] = []
  /// What stands before the first element, nothing but delimiters that belong nowhere and zeros; only where it came from
  /// does it mean nothing.
  let prefix: (bytes: Bytes, syntax: TransferSyntax)?

  package init(characterSet: SpecificCharacterSet = .default, fallback: Fallback = .utf8) {
    self.characterSet = characterSet
    self.fallback = fallback
    prefix = nil
  }

  /// Throws where a value was passed over in reading and so cannot be written.
  package init(_ dataSet: DataSet) throws(ReadingError) {
    if let omitted = dataSet.entries[dataSet.range].first(where: \.isOmitted) {
      throw ReadingError(.valueNotKept, offset: omitted.headerOffset, tagPath: [omitted.tag])
    }
    characterSet = dataSet.characterSet
    fallback = .utf8
    members = dataSet.topLevelElements.map { Member(tag: $0.tag, vr: $0.vr, value: .read($0, in: dataSet)) }
    prefix = dataSet.bytesBeforeFirstElement.map { ($0, dataSet.transferSyntax) }
  }

  package mutating func set(_ tag: Tag, _ vr: VR, _ value: String) {
    set(tag, vr, [value])
  }

  package mutating func set(_ tag: Tag, _ vr: VR, _ values: [String]) {
    put(tag, vr, .text(values))
  }

  /// Numbers of a binary VR; one that does not fit is written as the nearest that does.
  package mutating func setIntegers(_ tag: Tag, _ vr: VR, _ values: [Int]) {
    put(tag, vr, .integers(values))
  }

  /// FL or FD.
  package mutating func setDecimals(_ tag: Tag, _ vr: VR, _ values: [Double]) {
    put(tag, vr, .decimals(values))
  }

  /// Little endian bytes of any VR.
  package mutating func setBytes(_ tag: Tag, _ vr: VR, _ bytes: [UInt8]) {
    put(tag, vr, .bytes(bytes))
  }

  package mutating func setEmpty(_ tag: Tag, _ vr: VR) {
    put(tag, vr, vr == .sq ? .items([]) : .bytes([]))
  }

  package mutating func setSequence(_ tag: Tag, _ items: [DataSetBuilder]) {
    put(tag, .sq, .items(items))
  }

  /// An element as another data set has it, if it has it.
  package mutating func copy(_ tag: Tag, from dataSet: DataSet) {
    guard let element = dataSet[tag], !element.isOmitted else { return }
    put(tag, element.vr, .read(element, in: dataSet))
  }

  package mutating func remove(_ tag: Tag) {
    members.removeAll { $0.tag == tag }
  }

  /// In place of the first with this tag, else before the first with a higher one.
  mutating func put(_ tag: Tag, _ vr: VR, _ value: Value) {
    let member = Member(tag: tag, vr: vr, value: value)
    // Built in ascending order, as nearly always.
    guard let last = members.last, last.tag >= tag else { return members.append(member) }
    guard let index = members.firstIndex(where: { $0.tag >= tag }) else { return members.append(member) }
    guard members[index].tag == tag else { return members.insert(member, at: index) }
    members[index] = member
    while index + 1 < members.count, members[index + 1].tag == tag { members.remove(at: index + 1) }
  }
}
