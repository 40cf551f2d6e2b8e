// SPDX-License-Identifier: Apache-2.0

import Archive
import Foundation

/// The files that an import means. A DICOMDIR that is named stands for the files that it names; one that is found in a
/// folder is left out, for the folder's files are imported anyway.
struct ImportSources {
  private(set) var files: [String] = []
  /// What a DICOMDIR names and is not there, or lies outside its folder.
  private(set) var missing: [(path: String, reason: String)] = []

  init(_ paths: [String]) throws {
    for path in paths {
      let found = try FileWalk([path]).files
      if FileWalk.isFolder(path) {
        files += found.filter { !Self.isDirectory($0) }
      } else {
        for file in found { Self.isDirectory(file) ? try follow(file) : files.append(file) }
      }
    }
  }

  private mutating func follow(_ path: String) throws {
    let directory = try MediaDirectory(path: path)
    var known: Set<String> = []
    for entry in directory.entries {
      do {
        let file = try directory.path(of: entry)
        if known.insert(file).inserted { files.append(file) }
      } catch {
        missing.append((path, "\(error)"))
      }
    }
  }

  private static func isDirectory(_ path: String) -> Bool {
    guard let name = path.split(separator: "/").last, name.uppercased().hasPrefix("DICOMDIR") else { return false }
    return MediaDirectory.isOne(path: path)
  }
}
