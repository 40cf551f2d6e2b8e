// SPDX-License-Identifier: Apache-2.0

extension DataSetBuilder {
  /// The data set in a transfer syntax: native ones of either byte order, deflated, or encapsulated (whose elements are
  /// Explicit VR Little Endian). Pixel data stay what they are: no codec works here.
  package func encoded(as syntax: TransferSyntax) -> [UInt8] {
    var writer = ElementWriter(syntax: syntax)
    write(to: &writer, characterSet: writtenCharacterSet)
    return syntax.isDeflated ? Deflater.deflated(writer.bytes) : writer.bytes
  }

  private func write(to writer: inout ElementWriter, characterSet: SpecificCharacterSet, isItem: Bool = false) {
    let isRewritten = characterSet != self.characterSet
    if let prefix, writer.writes(as: prefix.syntax) { writer.writeAsRead(prefix.bytes) }
    if isRewritten, !isItem, !characterSet.terms.isEmpty, !members.contains(where: { $0.tag == .specificCharacterSet })
    {
      var named = self
      named.set(.specificCharacterSet, .cs, characterSet.terms)
      return named.write(to: &writer, characterSet: characterSet)
    }
    for member in members {
      if member.tag == .specificCharacterSet, isRewritten {
        let terms = characterSet.terms.joined(separator: "\\")
        writer.write(member.tag, .cs, Array(terms.utf8))
      } else {
        write(member, to: &writer, characterSet: characterSet)
      }
    }
  }

  private func write(_ member: Member, to writer: inout ElementWriter, characterSet: SpecificCharacterSet) {
    switch member.value {
    case .text(let values):
      writer.write(member.tag, member.vr, encode(values, vr: member.vr, in: characterSet))
    case .bytes(let bytes):
      writer.write(member.tag, member.vr, writer.ordered(Bytes(bytes), vr: member.vr, isBigEndian: false))
    case .integers(let values):
      writer.write(member.tag, member.vr, writer.bytes(of: values, vr: member.vr))
    case .decimals(let values):
      let bytes = values.flatMap { value in
        member.vr == .fl ? writer.ordered(Float(value).bitPattern) : writer.ordered(value.bitPattern)
      }
      writer.write(member.tag, member.vr, bytes)
    case .items(let items):
      writer.writeContainer(member.tag, isUndefined: false) { writer in
        for item in items {
          writer.writeContainer(.item, isUndefined: false, vr: nil) { writer in
            item.write(to: &writer, characterSet: item.writtenCharacterSet(in: characterSet), isItem: true)
          }
        }
      }
    case .fragments(let fragments):
      writer.writeContainer(member.tag, isUndefined: true, vr: member.vr) { writer in
        for fragment in fragments { writer.writeFragment(fragment) }
      }
    case .read(let element, let dataSet):
      writer.write(element, of: dataSet, characterSet: characterSet)
    }
  }

  private func encode(_ values: [String], vr: VR, in characterSet: SpecificCharacterSet) -> [UInt8] {
    let text = values.joined(separator: "\\")
    let set = vr.usesSpecificCharacterSet ? characterSet : .default
    if let bytes = set.encode(text, vr: vr) { return bytes }
    // VRs that have no character set are read as Latin-1 where they go beyond ASCII, and so written.
    let isLatin = !vr.usesSpecificCharacterSet
    return text.unicodeScalars.map { scalar in
      scalar.isASCII || (isLatin && scalar.value <= 0xFF) ? UInt8(truncatingIfNeeded: scalar.value) : UInt8(ascii: "?")
    }
  }
}

extension DataSetBuilder {
  /// Its own, unless that lacks a character and UTF-8 may stand in.
  private var writtenCharacterSet: SpecificCharacterSet {
    fallback == .questionMarks || holdsAllText(in: characterSet) ? characterSet : .utf8
  }

  /// An item that names no character set has that of what holds it (PS3.5 §6.1.2.3).
  private func writtenCharacterSet(in outer: SpecificCharacterSet) -> SpecificCharacterSet {
    let namesItsOwn = members.contains { $0.tag == .specificCharacterSet }
    return namesItsOwn ? writtenCharacterSet : outer
  }

  private func holdsAllText(in characterSet: SpecificCharacterSet) -> Bool {
    members.allSatisfy { member in
      switch member.value {
      case .text(let values) where member.vr.usesSpecificCharacterSet:
        values.allSatisfy { characterSet.encode($0, vr: member.vr) != nil }
      case .items(let items):
        items.allSatisfy { item in
          item.members.contains { $0.tag == .specificCharacterSet } || item.holdsAllText(in: characterSet)
        }
      default: true
      }
    }
  }
}
