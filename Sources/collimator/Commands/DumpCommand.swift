// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Crypto
import DICOMData
import Foundation

struct DumpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump", abstract: "Show what a DICOM file says, as text or as the DICOM JSON model.")

  /// What stands in for binary values in JSON.
  enum BulkData: String, ExpressibleByArgument, CaseIterable {
    case inline, hash, omit
  }

  @Argument(help: "The file.")
  var file: String

  @Flag(help: "The DICOM JSON model (PS3.18 annex F).")
  var json = false

  @Option(help: "Binary values in JSON: in full (inline), their length and SHA-256 (hash), or left out (omit).")
  var bulkData = BulkData.inline

  func run() throws {
    let part10 = try Part10File(path: file)
    guard json else { return Output.print(TextDump(part10).text) }
    Output.print(JSONModel(bulkData: bulkDataPolicy).text(of: part10))
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
