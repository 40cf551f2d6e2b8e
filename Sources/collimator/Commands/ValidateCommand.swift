// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import DICOMData

struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Name each place where DICOM files are not what PS3.5 and PS3.10 ask for.",
    discussion: """
      The exit status is 0 where nothing deviates, 1 where something does but the node would take every file, and 2 where \
      it would refuse one.
      """)

  @Argument(help: "Files, and folders whose files are all checked.")
  var path: [String]

  @OptionGroup var listing: ListingOptions

  func run() throws {
    var reports: [ValidationReport] = []
    for file in try FileListing(path).files {
      guard let report = ValidationReport(path: file.path, isNamed: file.isNamed) else { continue }
      reports.append(report)
      if !listing.json { report.printText() }
    }
    if listing.json { try Output.print(json: reports) }
    if reports.contains(where: { !$0.isAccepted }) { throw ExitCode(2) }
    if reports.contains(where: { !$0.deviations.isEmpty }) { throw ExitCode(1) }
  }
}

/// What is wrong with one file, and whether the node would take it.
private struct ValidationReport: Encodable {
  struct Place: Encodable {
    let offset: Int
    let path: [String]
    let kind: String
    let meaning: String
    let detail: String
    let reference: String

    init(_ deviation: Deviation) {
      offset = deviation.offset
      path = deviation.tagPath.map(\.description)
      kind = deviation.kind.rawValue
      meaning = deviation.kind.meaning
      detail = deviation.detail
      reference = deviation.kind.reference
    }
  }

  let path: String
  let isAccepted: Bool
  let refusal: String?
  let transferSyntax: String?
  let deviations: [Place]

  /// nil for a file that nobody said to be DICOM, and that is not.
  init?(path: String, isNamed: Bool) {
    self.path = path
    do throws(ReadingError) {
      let (file, failure) = try Part10File.readable(path: path)
      refusal = failure.map { "it cannot be read: \($0)" } ?? Acceptance.reasonToRefuse(file)
      transferSyntax = file.transferSyntax.name
      deviations = Validator.deviations(of: file).map(Place.init)
    } catch {
      guard isNamed || error.reason != .notDICOM else { return nil }
      refusal = "it cannot be read: \(error)"
      transferSyntax = nil
      deviations = []
    }
    isAccepted = refusal == nil
  }

  func printText() {
    let verdict = refusal.map { "the node would refuse it: \($0)" } ?? "the node would accept it"
    let count =
      deviations.isEmpty ? "no deviations" : deviations.count == 1 ? "1 deviation" : "\(deviations.count) deviations"
    // A file, and its name, must not drive the terminal.
    Output.print(Table.printable("\(path): \(count); \(verdict)"))
    for place in deviations.prefix(Self.mostShown) {
      let path = place.path.isEmpty ? "" : " " + place.path.joined(separator: "/")
      let detail = place.detail.isEmpty ? "" : ": \(place.detail)"
      Output.print("  byte \(place.offset)\(path): \(place.meaning)\(Table.printable(detail)) [\(place.reference)]")
    }
    if deviations.count > Self.mostShown {
      Output.print("  … and \(deviations.count - Self.mostShown) more; --json names all")
    }
  }

  private static let mostShown = 100
}
