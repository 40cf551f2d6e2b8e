// SPDX-License-Identifier: Apache-2.0

// The importer of C files some structs of Glibc under this module where crypto packages are imported too.
import CoreFoundation
import DICOMData
import Glibc

/// A DICOMDIR that was read (PS3.3 annex F): the files that it names. Its offsets are not followed, so that none can lead
/// astray; every record in use counts, in whatever order.
package struct MediaDirectory: Sendable {
  package struct Entry: Sendable {
    /// Referenced File ID (0004,1500), as it is written there.
    package let fileID: [String]
    package let recordType: String
    package let sopInstanceUID: String?
  }

  package static let storageSOPClassUID = "1.2.840.10008.1.3.10"

  package let entries: [Entry]
  private let folder: String

  /// Throws for a file that is no DICOMDIR.
  package init(path: String) throws {
    let file = try Part10File(path: path)
    guard file.meta.mediaStorageSOPClassUID == Self.storageSOPClassUID || file.dataSet[.directoryRecordSequence] != nil
    else { throw ArchiveError("'\(path)' is no DICOMDIR") }
    folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    entries = file.dataSet.items(.directoryRecordSequence).compactMap { record in
      // 0000H: a record that was deleted.
      guard record.integer(.recordInUseFlag) != 0 else { return nil }
      let fileID = record.strings(.referencedFileID)
      guard !fileID.isEmpty else { return nil }
      return Entry(
        fileID: fileID, recordType: record.string(.directoryRecordType) ?? "",
        sopInstanceUID: record.string(.referencedSOPInstanceUIDInFile))
    }
  }

  package static func isOne(path: String) -> Bool {
    guard let file = try? Part10File(path: path, stoppingBefore: Tag(0x0004, 0x1220)) else { return false }
    return file.meta.mediaStorageSOPClassUID == storageSOPClassUID
  }

  /// Where the file of an entry is, however its medium was mounted; throws where it is not there, and for a File ID that
  /// leads out of the DICOMDIR's folder, by its components or by a link.
  package func path(of entry: Entry) throws -> String {
    guard entry.fileID.count <= 64, entry.fileID.allSatisfy(Self.isName) else {
      throw ArchiveError("File ID '\(Self.shown(entry.fileID))' names no file below the DICOMDIR (PS3.10 §8.2)")
    }
    var path = folder
    for (depth, component) in entry.fileID.enumerated() {
      guard let name = Self.find(component, in: path) else {
        throw ArchiveError("'\(Self.shown(entry.fileID))' is not there")
      }
      path += "/\(name)"
      var status = stat()
      let wanted = depth == entry.fileID.count - 1 ? Glibc.S_IFREG : S_IFDIR
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == wanted else {
        throw ArchiveError("'\(Self.shown(entry.fileID))' is no file (links are not followed)")
      }
    }
    return path
  }

  private static func isName(_ component: String) -> Bool {
    !component.isEmpty && component.utf8.count <= 255 && component != "." && component != ".."
      && component.utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") && $0 != 0x7F }
  }

  /// ISO 9660 may be mounted in lower case, or with a version or a final dot.
  private static func find(_ component: String, in folder: String) -> String? {
    var status = stat()
    if lstat("\(folder)/\(component)", &status) == 0 { return component }
    let wanted = component.lowercased()
    let names = (try? FileObjectStore.names(in: folder)) ?? []
    return names.sorted().first { name in
      var plain = name.lowercased()
      if plain.hasSuffix(";1") { plain.removeLast(2) }
      if plain.hasSuffix(".") { plain.removeLast() }
      return plain == wanted
    }
  }

  private static func shown(_ fileID: [String]) -> String {
    let text = fileID.prefix(10).joined(separator: "\\").prefix(200)
    return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
  }
}

extension Tag {
  static let fileSetID = Tag(0x0004, 0x1130)
  static let firstRootRecordOffset = Tag(0x0004, 0x1200)
  static let lastRootRecordOffset = Tag(0x0004, 0x1202)
  static let fileSetConsistencyFlag = Tag(0x0004, 0x1212)
  static let directoryRecordSequence = Tag(0x0004, 0x1220)
  static let nextRecordOffset = Tag(0x0004, 0x1400)
  static let recordInUseFlag = Tag(0x0004, 0x1410)
  static let lowerLevelOffset = Tag(0x0004, 0x1420)
  static let directoryRecordType = Tag(0x0004, 0x1430)
  static let referencedFileID = Tag(0x0004, 0x1500)
  static let referencedSOPClassUIDInFile = Tag(0x0004, 0x1510)
  static let referencedSOPInstanceUIDInFile = Tag(0x0004, 0x1511)
  static let referencedTransferSyntaxUIDInFile = Tag(0x0004, 0x1512)
}
