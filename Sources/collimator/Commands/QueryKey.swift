// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DICOMData

/// A key as a person writes it.
struct QueryKey {
  private enum Value {
    /// Matches all, and is to be told (PS3.4 C.2.2.2.3).
    case empty
    case text(String)
    /// Numbers or tags, little endian.
    case bytes([UInt8])
  }

  let tag: Tag
  let name: String
  /// What it has to match, as it was written.
  let text: String
  private let vr: VR
  private let value: Value

  init(_ text: String) throws(ValidationError) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let name = parts.first ?? ""
    guard let tag = Self.tag(name) else {
      throw ValidationError("'\(name)' is no keyword of PS3.6, such as PatientName, and no tag, such as 00100010")
    }
    self.tag = tag
    self.name = DataDictionary.entry(for: tag)?.keyword ?? tag.description
    vr = DataDictionary.vr(of: tag) ?? .un
    self.text = parts.count == 2 ? parts[1] : ""
    value = try Self.value(self.text, of: vr, name: name)
  }

  var isASCII: Bool {
    text.utf8.allSatisfy { $0 < 0x80 }
  }

  func set(in identifier: inout DataSetBuilder) {
    switch value {
    case .empty: identifier.setEmpty(tag, vr)
    case .text(let text): identifier.set(tag, vr, text)
    case .bytes(let bytes): identifier.setBytes(tag, vr, bytes)
    }
  }

  /// A keyword, or eight hexadecimal digits with or without what they are usually set in.
  private static func tag(_ name: some StringProtocol) -> Tag? {
    DataDictionary.tag(keyword: String(name)) ?? Tag(hex: String(name.filter { $0 != "," && $0 != "(" && $0 != ")" }))
  }

  private static func value(_ text: String, of vr: VR, name: String) throws(ValidationError) -> Value {
    if text.isEmpty { return .empty }
    // What nobody knows goes as it is written.
    if vr.isText || vr == .un { return .text(text) }
    guard vr != .sq else { throw ValidationError("'\(name)' is a sequence: it can be asked for, without a value") }
    guard !vr.isBulk else { throw ValidationError("'\(name)' (\(vr)) has no value that could be matched") }
    var bytes: [UInt8] = []
    // Several values are separated by backslashes (PS3.5 §6.4).
    for word in text.split(separator: "\\", omittingEmptySubsequences: false) {
      guard let number = Self.bytes(of: word, as: vr) else {
        throw ValidationError("'\(word)' is no value of '\(name)', which is \(Self.kind(of: vr)) (\(vr))")
      }
      bytes += number
    }
    return .bytes(bytes)
  }

  /// One value of a binary VR; nil for what is none, or does not fit.
  private static func bytes(of word: Substring, as vr: VR) -> [UInt8]? {
    switch vr {
    case .us: UInt16(word).map(littleEndian)
    case .ss: Int16(word).map(littleEndian)
    case .ul: UInt32(word).map(littleEndian)
    case .sl: Int32(word).map(littleEndian)
    case .uv: UInt64(word).map(littleEndian)
    case .sv: Int64(word).map(littleEndian)
    case .at: tag(word).map { littleEndian($0.group) + littleEndian($0.element) }
    case .fl: Float(word).flatMap { $0.isFinite ? littleEndian($0.bitPattern) : nil }
    case .fd: Double(word).flatMap { $0.isFinite ? littleEndian($0.bitPattern) : nil }
    default: nil
    }
  }

  private static func kind(of vr: VR) -> String {
    switch vr {
    case .us: "a whole number from 0 to \(UInt16.max)"
    case .ss: "a whole number from \(Int16.min) to \(Int16.max)"
    case .ul: "a whole number from 0 to \(UInt32.max)"
    case .sl: "a whole number from \(Int32.min) to \(Int32.max)"
    case .uv: "a whole number from 0 to \(UInt64.max)"
    case .sv: "a whole number from \(Int64.min) to \(Int64.max)"
    case .at: "a keyword, or a tag such as 00100010"
    default: "a number"
    }
  }

  private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
