// SPDX-License-Identifier: Apache-2.0

/// Files to look at, and whether each was named or only found in a folder: what is found need not be DICOM.
struct FileListing {
  struct File {
    let path: String
    let isNamed: Bool
  }

  let files: [File]

  init(_ paths: [String]) throws {
    files = try paths.flatMap { path in
      let found = try FileWalk([path]).files
      return found.map {
        File(path: found.count == 1 && !FileWalk.isFolder(path) ? path : $0, isNamed: !FileWalk.isFolder(path))
      }
    }
  }
}
