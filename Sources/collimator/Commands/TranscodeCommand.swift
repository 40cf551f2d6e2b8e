// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DICOMData
import PixelCodecs

struct TranscodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "transcode", abstract: "Write an object in another transfer syntax, with the same samples.",
    discussion: """
      SYNTAX is a UID, a keyword of PS3.6, or one of \(SyntaxName.shortNames.map(\.0).joined(separator: ", ")). Nothing is \
      ever compressed with loss. Codecs run in a confined process.
      """)

  @Argument(help: "A DICOM file.")
  var file: String

  @Option(help: ArgumentHelp("The transfer syntax to write.", valueName: "syntax"))
  var to: SyntaxName

  @Option(name: .shortAndLong, help: "The file to write; - is standard output.")
  var output: String

  func run() async throws {
    let part10 = try PixelFile.read(file)
    let frames = max(part10.dataSet.integer(.numberOfFrames) ?? 1, 1)
    let transcoder = Transcoder(PixelFile.codecs(frames: frames))
    let dataSet = try await transcoder.transcoded(
      part10.dataSet, named: part10.meta.transferSyntax, to: to.syntax)
    let meta = FileMetaInformation.encoded(
      sopClassUID: part10.dataSet.string(.sopClassUID) ?? part10.meta.mediaStorageSOPClassUID ?? "",
      sopInstanceUID: part10.dataSet.string(.sopInstanceUID) ?? "",
      transferSyntaxUID: to.syntax.uid, sourceAETitle: part10.meta.sourceApplicationEntityTitle ?? "")
    try PixelFile.write(meta + dataSet.encoded(as: to.syntax), to: output)
  }
}
