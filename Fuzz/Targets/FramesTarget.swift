// SPDX-License-Identifier: Apache-2.0

/// A bare data set behind four bytes, in a syntax that the first of them chooses: its frames cut out, shown, and their streams walked as far as Swift
/// goes. The libraries behind that are not fuzzed here: they run behind walls.
func fuzzFrames(_ input: [UInt8]) {
  let syntaxes = [
    "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.8.1",
  ]
  guard let first = input.first, let syntax = TransferSyntax(uid: syntaxes[Int(first) % syntaxes.count]),
    let dataSet = try? DataSet(reading: Array(input.dropFirst(4)), transferSyntax: syntax),
    let source = try? FrameSource(dataSet), source.decodedLayout.byteCount < 1 << 20
  else { return }
  for index in [0, source.count - 1] {
    guard let frame = try? source.frame(index), let bytes = decoded(frame) else { continue }
    precondition(bytes.count == source.decodedLayout.byteCount)
    let samples = DecodedFrame(layout: frame.layout, bytes: bytes)
    precondition(samples.arranged(isPlanar: true).arranged(isPlanar: frame.layout.isPlanar) == samples)
    for values in [RenderingOptions.ValuesOfInterest.asStored, .allValues, .lookupTable(0)] {
      var options = RenderingOptions()
      options.valuesOfInterest = values
      options.showsOverlays = true
      options.size = 5
      guard let image = try? Renderer(dataSet, source: source, options: options).image(of: samples, index: index) else {
        continue
      }
      precondition(image.pixels.count == image.width * image.height * image.channels)
    }
  }
}

/// Through those decoders that are ours; of the others nothing but the walk through the stream, and grey.
private func decoded(_ frame: EncodedFrame) -> [UInt8]? {
  var bytes = [UInt8](repeating: 0, count: frame.layout.byteCount)
  let isDone = Array(frame.bytes).withUnsafeBytes { input in
    bytes.withUnsafeMutableBytes { output in
      switch frame.codec {
      case .native, .encapsulatedUncompressed:
        guard input.count >= output.count else { return false }
        output.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[0..<output.count]))
        return true
      case .rle: return (try? RLECodec.decode(input, layout: frame.layout, into: output)) != nil
      case .deflatedFrame: return (try? DeflatedFrameCodec.decode(input, layout: frame.layout, into: output)) != nil
      case .jpeg, .jpegLS:
        return (try? JPEGMarkers(input, codec: frame.codec).check(against: frame.layout, codec: frame.codec)) != nil
      case .jpeg2000: return (try? JPEG2000Codestream(input).check(against: frame.layout)) != nil
      }
    }
  }
  return isDone ? bytes : nil
}
