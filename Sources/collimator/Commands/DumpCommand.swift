// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Crypto
import DICOMData
import Foundation

struct DumpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump", abstract: "Show what DICOM files say, as text or as the DICOM JSON model.",
    discussion: """
      Of a broken file everything before the error is shown; the error follows on standard error, and the exit status is 1. \
      Files in folders that are not DICOM are passed over.
      """)

  /// What stands in for binary values in JSON.
  enum BulkData: String, ExpressibleByArgument, CaseIterable {
    case inline, hash, omit
  }

  @Argument(help: "Files, and folders whose files are all shown.")
  var path: [String]

  @Option(
    help: ArgumentHelp(
      "Only this element, wherever it stands: a keyword (PatientName) or a tag (0010,0010). Can be repeated.",
      valueName: "element"))
  var tag: [ElementName] = []

  @Option(help: "Open sequences down to this level; 0 opens none.")
  var depth: Int?

  @Option(help: "Show of each value up to so many characters.")
  var width = 64

  @Option(help: "Colour the text: auto (on a terminal), always, never.")
  var color = ColourChoice.auto

  @Flag(help: "The DICOM JSON model (PS3.18 annex F); an array where there is more than one file.")
  var json = false

  @Option(help: "Binary values in JSON: in full (inline), their length and SHA-256 (hash), or left out (omit).")
  var bulkData = BulkData.inline

  func validate() throws {
    guard depth ?? 0 >= 0, width > 0 else { throw ValidationError("--depth and --width take positive numbers") }
  }

  func run() throws {
    let listing = try FileListing(path)
    var printed = 0
    var hasFailed = false
    for file in listing.files {
      do throws(ReadingError) {
        let (part10, failure) = try read(file.path)
        if json, listing.files.count > 1 { Output.write(printed == 0 ? "[\n" : ",\n", to: .standardOutput) }
        show(part10, path: listing.files.count > 1 ? file.path : nil)
        printed += 1
        if let failure { throw failure }
      } catch {
        if error.reason == .notDICOM, !file.isNamed { continue }
        hasFailed = true
        Output.note(Table.printable("\(file.path): \(error)"))
      }
    }
    if json, listing.files.count > 1 { Output.write(printed == 0 ? "[]\n" : "]\n", to: .standardOutput) }
    if hasFailed { throw ExitCode.failure }
  }

  /// Long values are read only where they are shown.
  private func read(_ path: String) throws(ReadingError) -> (file: Part10File, failure: ReadingError?) {
    if json, bulkData != .omit { return try Part10File.readable(path: path) }
    var options = ReadingOptions.lenient
    options.longestKeptValue = 1 << 20
    return try Part10File.overview(path: path, options: options)
  }

  private func show(_ file: Part10File, path: String?) {
    let selection = tag.isEmpty ? nil : Set(tag.map(\.tag))
    if json {
      return Output.print(jsonText: JSONModel(bulkData: bulkDataPolicy, selection: selection).text(of: file))
    }
    var options = TextDump.Options()
    options.depth = depth ?? .max
    options.selection = selection
    options.width = width
    options.isColoured = color.isOn
    if let path { Output.print(Table.printable("# \(path)")) }
    // It has colours of its own, and makes harmless what it quotes.
    Output.write(TextDump(file, options: options).text + "\n", to: .standardOutput)
  }

  private var bulkDataPolicy: JSONModel.BulkData {
    switch bulkData {
    case .inline: .inline
    case .omit: .omit
    case .hash:
      .hash { bytes in
        SHA256.hash(data: bytes).map { byte in
          let hex = String(byte, radix: 16)
          return hex.count == 1 ? "0" + hex : hex
        }.joined()
      }
    }
  }
}

/// An element as a person names it.
struct ElementName: ExpressibleByArgument {
  let tag: Tag

  init?(argument: String) {
    let hex = argument.filter { !"(), ".contains($0) }
    guard let tag = DataDictionary.tag(keyword: argument) ?? Tag(hex: hex) else { return nil }
    self.tag = tag
  }
}

enum ColourChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, always, never

  /// https://no-color.org
  var isOn: Bool {
    switch self {
    case .auto: Output.isTerminal && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
    case .always: true
    case .never: false
    }
  }
}
