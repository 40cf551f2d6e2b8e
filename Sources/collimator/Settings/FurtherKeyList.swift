// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import DICOMData

/// `SERIES:ScanningSequence,IMAGE:00180050`: attributes to index, each at its level.
struct FurtherKeyList {
  let keys: [FurtherKey]

  /// `origin`: where the text comes from, for whoever has to change it there.
  init(_ text: String, from origin: String) throws {
    keys = try text.commaSeparated.filter { !$0.isEmpty }.map { entry in
      let parts = entry.split(separator: ":", maxSplits: 1).map(String.init)
      guard parts.count == 2, let level = QueryRetrieveLevel(rawValue: parts[0].uppercased()) else {
        throw ValidationError("furtherKeys (\(origin)): '\(entry)' is not LEVEL:TAG, as in SERIES:ScanningSequence")
      }
      guard let tag = DataDictionary.tag(keyword: parts[1]) ?? Tag(hex: parts[1]), let key = FurtherKey(tag, at: level)
      else {
        throw ValidationError(
          "furtherKeys (\(origin)): '\(parts[1])' is no attribute of the dictionary that a key could match")
      }
      return key
    }
  }
}
