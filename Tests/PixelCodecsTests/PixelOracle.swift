// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import Testing

/// Real files of many vendors, and what other decoders make of their pixels, where they are at hand.
enum PixelOracle {
  struct File: Sendable, CustomTestStringConvertible {
    let id: String
    let path: String
    /// native, lossless, lossy, undecodable.
    let status: String
    let expected: Expected

    var testDescription: String { "\(id.prefix(8)) \(path.split(separator: "/").last ?? "")" }
  }

  struct Expected: Decodable, Sendable {
    struct Variant: Decodable, Sendable {
      let allSha256: String?
    }

    let allSha256: String?
    let frames: [String]?
    let byPixelAllSha256: String?
    let byPixelFrames: [String]?
    let asRgb: Variant?
    let others: [String: Variant]?
    let len: Int?
    let nframes: Int?
    let tolerance: Int?

    /// What decoders gave for the whole, colours in whatever form; of lossy streams those within the oracle's tolerance of
    /// each other.
    var wholes: Set<String> {
      let others = tolerance == nil ? [] : (others ?? [:]).values.map(\.allSha256)
      return Set(([allSha256, byPixelAllSha256, asRgb?.allSha256] + others).compactMap { $0 })
    }
  }

  private struct Index: Decodable {
    struct File: Decodable {
      let id: String
      let file: String
      let pixels: String?
    }

    let files: [File]
  }

  private struct Oracle: Decodable {
    struct Pixels: Decodable {
      let expected: Expected
    }

    let pixels: Pixels?
  }

  static let root =
    ProcessInfo.processInfo.environment["COLLIMATOR_CORPUS"]
    ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/corpus").standardized.path

  static let files: [File] = {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let data = try? Data(contentsOf: URL(filePath: "\(root)/oracle/shared/index.json")),
      let index = try? decoder.decode(Index.self, from: data)
    else { return [] }
    return index.files.compactMap { file in
      guard let status = file.pixels,
        let data = try? Data(contentsOf: URL(filePath: "\(root)/oracle/shared/\(file.id).json")),
        let oracle = try? decoder.decode(Oracle.self, from: data), let pixels = oracle.pixels
      else { return nil }
      return File(id: file.id, path: "\(root)/\(file.file)", status: status, expected: pixels.expected)
    }
  }()

  static var isThere: Bool { !files.isEmpty }

  static func sha256(_ bytes: some Sequence<UInt8>) -> String {
    SHA256.hash(data: Array(bytes)).map { byte in
      let hex = String(byte, radix: 16)
      return hex.count == 1 ? "0" + hex : hex
    }.joined()
  }
}
