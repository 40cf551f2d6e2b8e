// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// The files that a person means by a list of files and folders, in a stable order.
struct FileWalk {
  let files: [String]

  init(_ paths: [String]) throws {
    files = try paths.flatMap(Self.files(at:))
  }

  private static func files(at path: String) throws -> [String] {
    let absolute = URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
    guard FileManager.default.fileExists(atPath: absolute) else {
      throw ValidationError("there is no file or folder '\(path)'")
    }
    guard isFolder(absolute) else { return [absolute] }
    // Hidden files are what operating systems leave behind, never objects.
    var found: [String] = []
    // A folder that cannot be opened is passed on: reading it fails, and says so.
    let walk = FileManager.default.enumerator(
      at: URL(filePath: absolute), includingPropertiesForKeys: [.isRegularFileKey], options: [.skipsHiddenFiles]
    ) { url, _ in
      found.append(url.path(percentEncoded: false))
      return true
    }
    while let next = walk?.nextObject() as? URL {
      // So is a file whose name is no UTF-8: it cannot be named, and one such name is no reason to leave out the others.
      guard (try? next.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile ?? true else { continue }
      found.append(next.path(percentEncoded: false))
    }
    return found.sorted()
  }

  static func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
  }
}
