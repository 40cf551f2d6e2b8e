// SPDX-License-Identifier: Apache-2.0

/// A data set in the making: elements by tag, written in ascending order with even lengths (PS3.5 §7.1).
package struct DataSetBuilder: Sendable {
  private enum Value: Sendable {
    case bytes([UInt8])
    case integers([Int])
    case items([DataSetBuilder])
  }

  private let characterSet: SpecificCharacterSet
  private var elements: [Tag: (vr: VR, value: Value)] = [:]

  package init(characterSet: SpecificCharacterSet = .default) {
    self.characterSet = characterSet
  }

  package mutating func set(_ tag: Tag, _ vr: VR, _ value: String) {
    set(tag, vr, [value])
  }

  /// Text; what the character set does not have is written as question marks.
  package mutating func set(_ tag: Tag, _ vr: VR, _ values: [String]) {
    let text = values.joined(separator: "\\")
    let bytes =
      characterSet.encode(text) ?? text.unicodeScalars.map { $0.isASCII ? UInt8($0.value) : UInt8(ascii: "?") }
    elements[tag] = (vr, .bytes(bytes))
  }

  /// Numbers of a binary VR; one that does not fit is written as the nearest that does.
  package mutating func setIntegers(_ tag: Tag, _ vr: VR, _ values: [Int]) {
    elements[tag] = (vr, .integers(values))
  }

  package mutating func setBytes(_ tag: Tag, _ vr: VR, _ bytes: [UInt8]) {
    elements[tag] = (vr, .bytes(bytes))
  }

  package mutating func setEmpty(_ tag: Tag, _ vr: VR) {
    elements[tag] = (vr, vr == .sq ? .items([]) : .bytes([]))
  }

  package mutating func setSequence(_ tag: Tag, _ items: [DataSetBuilder]) {
    elements[tag] = (.sq, .items(items))
  }

  /// In one of the three native transfer syntaxes, with defined lengths.
  package func encoded(as syntax: TransferSyntax) -> [UInt8] {
    var writer = ElementWriter(syntax: syntax)
    for (tag, element) in elements.sorted(by: { $0.key < $1.key }) {
      switch element.value {
      case .bytes(let bytes): writer.write(tag, element.vr, bytes)
      case .integers(let values): writer.write(tag, element.vr, writer.bytes(of: values, vr: element.vr))
      case .items(let items):
        var content = ElementWriter(syntax: syntax)
        for item in items { content.writeItem(item.encoded(as: syntax)) }
        writer.write(tag, .sq, content.bytes)
      }
    }
    return writer.bytes
  }
}
