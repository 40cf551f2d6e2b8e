// SPDX-License-Identifier: Apache-2.0

import Foundation

/// `dicom-dict/*.tsv` → `Sources/DICOMData/Dictionary/Generated/*.swift`. Run it from the package's folder.
///
/// A table becomes one string: an array literal of this many structs takes the compiler minutes and gigabytes.
@main
struct DictionaryGenerator {
  private static let tables = [
    TableSource(file: "data-elements", type: "DataElementTable", columns: 6),
    TableSource(file: "private-elements", type: "PrivateElementTable", columns: 5),
    TableSource(file: "uids", type: "UIDTable", columns: 5),
  ]

  static func main() {
    do {
      try run()
    } catch {
      FileHandle.standardError.write(Data("dictionary-generator: \(error)\n".utf8))
      exit(1)
    }
  }

  private static func run() throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard arguments.allSatisfy({ $0 == "--check" }) else {
      throw GeneratorError("usage: dictionary-generator [--check]")
    }
    var stale: [String] = []
    for table in tables {
      let generated = try table.swiftSource()
      let committed = try? String(contentsOfFile: table.output, encoding: .utf8)
      guard committed != generated else { continue }
      if arguments.isEmpty {
        try generated.write(toFile: table.output, atomically: true, encoding: .utf8)
        print("wrote \(table.output)")
      } else {
        stale.append(table.output)
      }
    }
    guard stale.isEmpty else {
      throw GeneratorError("not what dicom-dict says: \(stale.joined(separator: ", ")); run dictionary-generator")
    }
    if !arguments.isEmpty { print("the dictionary is what dicom-dict says") }
  }
}

struct GeneratorError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
