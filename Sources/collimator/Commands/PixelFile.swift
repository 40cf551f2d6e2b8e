// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
// The importer of C files `struct stat` under this module where NIO's packages are imported beside Glibc.
import CoreFoundation
import DICOMData
import Foundation
import Glibc
import PixelCodecs

/// What the commands on pixels have in common: a file, the codecs behind their walls, and where results go.
enum PixelFile {
  static func read(_ path: String) throws -> Part10File {
    do throws(ReadingError) {
      return try Part10File(path: path)
    } catch {
      throw ValidationError("\(path): \(error)")
    }
  }

  /// Workers for a command that has so many frames to do.
  static func codecs(frames: Int) -> CodecPool {
    var settings = CodecPool.Settings()
    settings.workers = min(max(frames, 1), settings.workers)
    return CodecPool(settings)
  }

  /// In one step: nobody sees half a file. "-" is standard output; what is no file, such as /dev/null, is written to and
  /// stays what it is.
  static func write(_ bytes: [UInt8], to path: String) throws {
    do {
      if path == "-" {
        try FileHandle.standardOutput.write(contentsOf: Data(bytes))
      } else if isSomethingElse(path) {
        try FileHandle(forWritingTo: URL(filePath: path)).write(contentsOf: Data(bytes))
      } else {
        try Data(bytes).write(to: URL(filePath: path).resolvingSymlinksInPath(), options: .atomic)
      }
    } catch {
      throw OutputError(path: path, cause: error)
    }
  }

  /// A device, a pipe, a directory: nothing that a file may take the place of.
  private static func isSomethingElse(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
  }
}

/// A result that could not be written where it was to go.
struct OutputError: Error, CustomStringConvertible {
  let description: String

  init(path: String, cause: any Error) {
    let reasons = sequence(first: cause as NSError) {
      ($0.userInfo[NSUnderlyingErrorKey] as? any Error).map { $0 as NSError }
    }
    let code = reasons.first { $0.domain == NSPOSIXErrorDomain }?.code
    let why = code.map { String(cString: strerror(CInt(truncatingIfNeeded: $0))) } ?? cause.localizedDescription
    description = "cannot write '\(path)': \(why)"
  }
}

/// Frames as people count them, from 1 on, or all.
struct FrameChoice: ExpressibleByArgument {
  let number: Int?

  static let all = FrameChoice(number: nil)

  private init(number: Int?) {
    self.number = number
  }

  init?(argument: String) {
    if argument == "all" {
      number = nil
    } else if let number = Int(argument), number > 0 {
      self.number = number
    } else {
      return nil
    }
  }

  func indices(of count: Int) throws(PixelError) -> Range<Int> {
    guard let number else { return 0..<count }
    guard number <= count else { throw .noSuchFrame(number: number, count: count) }
    return number - 1..<number
  }
}

/// A transfer syntax as people name it: a UID, a keyword of PS3.6, or a short name.
struct SyntaxName: ExpressibleByArgument {
  let syntax: TransferSyntax

  static let shortNames = [
    ("implicit", "1.2.840.10008.1.2"), ("explicit", "1.2.840.10008.1.2.1"), ("big-endian", "1.2.840.10008.1.2.2"),
    ("deflated", "1.2.840.10008.1.2.1.99"), ("encapsulated", "1.2.840.10008.1.2.1.98"), ("rle", "1.2.840.10008.1.2.5"),
    ("jpeg-lossless", "1.2.840.10008.1.2.4.70"), ("jpeg-ls", "1.2.840.10008.1.2.4.80"),
    ("jpeg-2000", "1.2.840.10008.1.2.4.90"), ("deflated-frames", "1.2.840.10008.1.2.8.1"),
  ]

  init?(argument: String) {
    let uid = Self.shortNames.first { $0.0 == argument }?.1 ?? argument
    guard let syntax = TransferSyntax(uid: uid) ?? TransferSyntax(keyword: argument) else { return nil }
    self.syntax = syntax
  }
}
