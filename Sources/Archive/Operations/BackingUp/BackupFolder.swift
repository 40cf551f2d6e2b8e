// SPDX-License-Identifier: Apache-2.0

// The importer of C files some structs of Glibc under this module where crypto packages are imported too.
import CoreFoundation
import Foundation
import Glibc

/// `DIR/objects` holds each object's file once, under its key, whatever number of backups has it; `DIR/backups/NAME` holds
/// a copy of the database and says that all its objects are there. Files never change, so a file that is there is the file,
/// until somebody reads it and finds that it is not: then it has another name.
struct BackupFolder: Sendable {
  let folder: OwnedFolder

  init(_ path: String, outside dataDirectory: String?, isRead: Bool = false) throws {
    folder = try OwnedFolder(path, outside: dataDirectory, isRead: isRead)
  }

  var objects: String { folder.path + "/objects" }
  var backups: String { folder.path + "/backups" }

  func prepare() throws {
    _ = try folder.make("backups")
    for shelf in 0..<256 {
      _ = try folder.make("objects/\(shelf < 16 ? "0" : "")\(String(shelf, radix: 16))")
    }
    for name in try FileObjectStore.names(in: backups) where name.hasSuffix(Self.partial) { remove(backup: name) }
    try FileObjectStore.syncDirectory(objects)
    try FileObjectStore.syncDirectory(folder.path)
  }

  static let partial = ".partial"
  /// Behind the name of a file that was found damaged: the next backup copies the object anew.
  static let damaged = ".damaged"

  func shelf(of key: ObjectKey) -> String { "\(objects)/\(key.name.prefix(2))" }
  func path(of key: ObjectKey) -> String { "\(shelf(of: key))/\(key.name).dcm" }

  func damagedPath(of key: ObjectKey) -> String { path(of: key) + Self.damaged }

  /// False where it cannot be named otherwise, as on a medium that is only read.
  func setAside(_ key: ObjectKey) -> Bool {
    guard rename(path(of: key), damagedPath(of: key)) == 0 else { return false }
    return (try? FileObjectStore.syncDirectory(shelf(of: key))) != nil
  }

  /// Finished ones, the oldest first; their names are times.
  func names() throws -> [String] {
    try FileObjectStore.names(in: backups).filter { name in
      !name.hasSuffix(Self.partial) && access("\(backups)/\(name)/manifest.json", R_OK) == 0
    }.sorted()
  }

  /// Those too of which something is lost, the oldest first: whatever is not being made or removed.
  func allNames() throws -> [String] {
    try FileObjectStore.names(in: backups).filter { name in
      var status = stat()
      return !name.hasSuffix(Self.partial) && stat("\(backups)/\(name)", &status) == 0
        && status.st_mode & S_IFMT == S_IFDIR
    }.sorted()
  }

  func index(of name: String) -> String { "\(backups)/\(name)/index.sqlite" }

  func manifest(of name: String) throws -> BackupManifest {
    let data = try Data(contentsOf: URL(filePath: "\(backups)/\(name)/manifest.json"))
    let manifest = try JSONDecoder().decode(BackupManifest.self, from: data)
    guard manifest.format == 1 else { throw ArchiveError("the backup '\(name)' is of a later version than this one") }
    return manifest
  }

  /// Killed in between, it is one that was not finished: the next backup removes the rest.
  func remove(backup name: String) {
    let path = name.hasSuffix(Self.partial) ? "\(backups)/\(name)" : "\(backups)/\(name)\(Self.partial)"
    if !name.hasSuffix(Self.partial), rename("\(backups)/\(name)", path) != 0 { return }
    for file in (try? FileObjectStore.names(in: path)) ?? [] { unlink("\(path)/\(file)") }
    rmdir(path)
  }
}
