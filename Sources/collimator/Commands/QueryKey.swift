// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DICOMData

/// A key as a person writes it.
struct QueryKey {
  let tag: Tag
  let vr: VR
  let name: String
  let value: String

  init(_ text: String) throws {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let name = parts.first ?? ""
    let digits = name.filter { $0 != "," && $0 != "(" && $0 != ")" }
    guard let tag = DataDictionary.tag(keyword: name) ?? Tag(hex: digits) else {
      throw ValidationError("'\(name)' is no keyword of PS3.6, such as PatientName, and no tag, such as 00100010")
    }
    self.tag = tag
    self.name = DataDictionary.entry(for: tag)?.keyword ?? tag.description
    vr = DataDictionary.vr(of: tag) ?? .un
    value = parts.count == 2 ? parts[1] : ""
  }
}
