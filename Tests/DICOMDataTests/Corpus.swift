// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Real files of many vendors with an independent expected parse of each, where they are at hand.
enum Corpus {
  struct File: Decodable, Sendable, CustomTestStringConvertible {
    let id: String
    let file: String
    let verdict: String
    let size: Int

    var path: String { "\(Corpus.root)/\(file)" }
    var testDescription: String { file }
  }

  private struct Index: Decodable {
    let files: [File]
  }

  static let root =
    ProcessInfo.processInfo.environment["COLLIMATOR_CORPUS"]
    ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/corpus").standardized.path

  static let files: [File] = {
    let index = URL(filePath: "\(root)/oracle/shared/index.json")
    guard let data = try? Data(contentsOf: index) else { return [] }
    return (try? JSONDecoder().decode(Index.self, from: data).files) ?? []
  }()

  static var isThere: Bool { !files.isEmpty }
}
