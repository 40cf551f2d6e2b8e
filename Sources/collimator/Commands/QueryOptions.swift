// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import DICOMData

/// What is asked for, the same in each command that asks.
struct QueryOptions: ParsableArguments {
  @Option(help: "The Query/Retrieve Level: PATIENT is of the Patient Root information model.")
  var level = QueryRetrieveLevel.study

  @Option(
    name: .shortAndLong,
    help: """
      A key: KEYWORD=VALUE or TAG=VALUE to match, KEYWORD alone to be told. Repeatable. A backslash separates values.
      """)
  var key: [String] = []

  func keys() throws(ValidationError) -> [QueryKey] {
    var keys: [QueryKey] = []
    for text in key { keys.append(try QueryKey(text)) }
    return keys
  }

  /// The identifier of a C-FIND (PS3.4 C.4.1.1.3), in UTF-8 where it takes more than ASCII.
  func identifier(_ keys: [QueryKey]) -> DataSetBuilder {
    var identifier = DataSetBuilder(characterSet: .utf8)
    if !keys.allSatisfy(\.isASCII) { identifier.set(.specificCharacterSet, .cs, "ISO_IR 192") }
    identifier.set(.queryRetrieveLevel, .cs, level.rawValue)
    for key in keys { key.set(in: &identifier) }
    return identifier
  }
}

extension QueryRetrieveLevel: ExpressibleByArgument {
  package init?(argument: String) {
    self.init(rawValue: argument.uppercased())
  }
}
