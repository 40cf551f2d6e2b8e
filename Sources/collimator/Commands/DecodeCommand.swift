// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DICOMData
import PixelCodecs

struct DecodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode", abstract: "Write the samples of frames, without any compression.",
    discussion: """
      Little endian, row by row, each sample in Bits Allocated bits, colours as the object has them; what they are is told on \
      standard error. Decoders run in a confined process.
      """)

  @Argument(help: "A DICOM file.")
  var file: String

  @Option(help: "Which frame, from 1 on, or all.")
  var frame = FrameChoice.all

  @Option(name: .shortAndLong, help: "Where the samples go; - is standard output.")
  var output: String

  func run() async throws {
    let source = try FrameSource(PixelFile.read(file))
    let indices = try frame.indices(of: source.count)
    let frames = try await PixelFile.codecs(frames: indices.count).decodeAll(indices, of: source)
    let isNative = source.codec == .native
    try PixelFile.write(isNative ? DecodedFrame.joined(frames) : frames.flatMap(\.bytes), to: output)
    let layout = source.decodedLayout
    Output.note(
      "\(frames.count) of \(source.count) frames, \(layout.columns) × \(layout.rows), \(layout.samplesPerPixel) × "
        + "\(layout.bitsAllocated) bits (\(layout.bitsStored) stored, \(layout.isSigned ? "signed" : "unsigned")), "
        + "\(layout.photometric.rawValue)\(layout.isPlanar ? ", by plane" : ""), from \(source.codec)")
  }
}
