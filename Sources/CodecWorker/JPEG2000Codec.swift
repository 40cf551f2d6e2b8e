// SPDX-License-Identifier: Apache-2.0

import COpenJPEG
import PixelCodecs

/// JPEG 2000 and High-Throughput JPEG 2000 (ISO/IEC 15444-1, -15) with OpenJPEG.
enum JPEG2000Codec {
  static func decode(
    _ input: UnsafeRawBufferPointer, layout: FrameLayout, into output: UnsafeMutableRawBufferPointer
  ) throws(PixelError) {
    let codestream = try JPEG2000Codestream(input)
    try codestream.check(against: layout)
    guard let codec = opj_create_decompress(OPJ_CODEC_J2K) else {
      throw .codecFailed(.jpeg2000, why: "OpenJPEG cannot start")
    }
    defer { opj_destroy_codec(codec) }
    var parameters = opj_dparameters_t()
    opj_set_default_decoder_parameters(&parameters)
    guard opj_setup_decoder(codec, &parameters) == 1 else {
      throw .codecFailed(.jpeg2000, why: "it takes no parameters")
    }
    let source = MemoryStream(reading: codestream.bytes)
    defer { source.close() }
    guard let stream = source.stream else { throw .codecFailed(.jpeg2000, why: "no stream") }
    var image: UnsafeMutablePointer<opj_image_t>?
    defer { opj_image_destroy(image) }
    guard opj_read_header(stream, codec, &image) == 1 else { throw .malformed(.jpeg2000, why: "its main header") }
    guard opj_decode(codec, stream, image) == 1 else { throw .malformed(.jpeg2000, why: "its tiles") }
    guard let image else { throw .codecFailed(.jpeg2000, why: "no image came out") }
    try copy(image.pointee, layout: layout, into: output)
  }

  private static func copy(
    _ image: opj_image_t, layout: FrameLayout, into output: UnsafeMutableRawBufferPointer
  ) throws(PixelError) {
    guard Int(image.numcomps) == layout.samplesPerPixel, let components = image.comps else {
      throw .codecFailed(.jpeg2000, why: "\(image.numcomps) components came out")
    }
    let colours = layout.samplesPerPixel
    for colour in 0..<colours {
      let component = components[colour]
      guard Int(component.w) == layout.columns, Int(component.h) == layout.rows, let data = component.data else {
        throw .codecFailed(.jpeg2000, why: "a component of \(component.w) × \(component.h) came out")
      }
      let samples = UnsafeBufferPointer(start: data, count: layout.pixelCount)
      let start = layout.isPlanar ? colour * layout.pixelCount : colour
      let stride = layout.isPlanar ? 1 : colours
      var place = start * layout.bytesPerSample
      // A stream may take unsigned what the data set has signed: the stored bits are the same.
      for value in samples {
        switch layout.bytesPerSample {
        case 1: output[place] = UInt8(truncatingIfNeeded: value)
        case 2:
          output.storeBytes(of: UInt16(truncatingIfNeeded: value).littleEndian, toByteOffset: place, as: UInt16.self)
        default: output.storeBytes(of: value.littleEndian, toByteOffset: place, as: Int32.self)
        }
        place += stride * layout.bytesPerSample
      }
    }
  }

  static func encode(
    _ input: UnsafeRawBufferPointer, layout: FrameLayout, into output: UnsafeMutableRawBufferPointer
  ) throws(PixelError) -> Int {
    guard layout.bitsAllocated == 8 || layout.bitsAllocated == 16 else {
      throw .cannotEncode(.jpeg2000, why: "it takes samples of 8 or 16 bits, not \(layout.bitsAllocated)")
    }
    guard layout.rows > 1 || layout.columns > 1 || layout.samplesPerPixel == 1 else {
      throw .cannotEncode(.jpeg2000, why: "the image has but one pixel")
    }
    let samples = SampleReader(input, layout: layout)
    let precision = samples.fits(bits: layout.bitsStored) ? layout.bitsStored : layout.bitsAllocated
    guard let image = makeImage(samples, layout: layout, precision: precision) else {
      throw .codecFailed(.jpeg2000, why: "no room for the image")
    }
    defer { opj_image_destroy(image) }
    guard let codec = opj_create_compress(OPJ_CODEC_J2K) else {
      throw .codecFailed(.jpeg2000, why: "OpenJPEG cannot start")
    }
    defer { opj_destroy_codec(codec) }
    var parameters = losslessParameters(layout)
    guard opj_setup_encoder(codec, &parameters, image) == 1 else {
      throw .cannotEncode(.jpeg2000, why: "OpenJPEG does not take an image like it")
    }
    let target = MemoryStream(writing: output)
    defer { target.close() }
    guard let stream = target.stream, opj_start_compress(codec, image, stream) == 1, opj_encode(codec, stream) == 1,
      opj_end_compress(codec, stream) == 1
    else { throw .cannotEncode(.jpeg2000, why: "OpenJPEG gave up") }
    return target.length
  }

  private static func losslessParameters(_ layout: FrameLayout) -> opj_cparameters_t {
    var parameters = opj_cparameters_t()
    opj_set_default_encoder_parameters(&parameters)
    parameters.irreversible = 0
    parameters.tcp_numlayers = 1
    parameters.tcp_rates.0 = 0
    parameters.cp_disto_alloc = 1
    // A decomposition halves the image; OpenJPEG refuses more than it can be halved.
    let least = min(layout.rows, layout.columns)
    let halvings = Int.bitWidth - 1 - least.leadingZeroBitCount
    parameters.numresolution = Int32(min(6, halvings + 1))
    // The reversible colour transform goes with RGB and YBR_RCT alone (PS3.5 §8.2.4).
    let isRGB = layout.samplesPerPixel == 3 && (layout.photometric == .rgb || layout.photometric == .ybrRCT)
    parameters.tcp_mct = isRGB ? 1 : 0
    return parameters
  }

  private static func makeImage(
    _ samples: SampleReader, layout: FrameLayout, precision: Int
  ) -> UnsafeMutablePointer<opj_image_t>? {
    var component = opj_image_cmptparm_t()
    component.dx = 1
    component.dy = 1
    component.w = UInt32(layout.columns)
    component.h = UInt32(layout.rows)
    component.prec = UInt32(precision)
    component.sgnd = layout.isSigned ? 1 : 0
    var components = [opj_image_cmptparm_t](repeating: component, count: layout.samplesPerPixel)
    let space = layout.samplesPerPixel == 1 ? OPJ_CLRSPC_GRAY : OPJ_CLRSPC_SRGB
    guard let image = opj_image_create(UInt32(components.count), &components, space) else { return nil }
    image.pointee.x1 = UInt32(layout.columns)
    image.pointee.y1 = UInt32(layout.rows)
    for colour in 0..<layout.samplesPerPixel {
      guard let data = image.pointee.comps[colour].data else { return nil }
      for pixel in 0..<layout.pixelCount { data[pixel] = samples[pixel * layout.samplesPerPixel + colour] }
    }
    return image
  }
}

/// Samples of 8 or 16 bits as numbers.
private struct SampleReader {
  let bytes: UnsafeRawBufferPointer
  let layout: FrameLayout

  init(_ bytes: UnsafeRawBufferPointer, layout: FrameLayout) {
    self.bytes = bytes
    self.layout = layout
  }

  subscript(index: Int) -> Int32 {
    if layout.bytesPerSample == 1 {
      return layout.isSigned ? Int32(Int8(bitPattern: bytes[index])) : Int32(bytes[index])
    }
    let word = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
    return layout.isSigned ? Int32(Int16(bitPattern: word)) : Int32(word)
  }

  /// Bits above Bits Stored may hold an overlay or nonsense: they are kept too.
  func fits(bits: Int) -> Bool {
    let range = layout.isSigned ? -(Int32(1) << (bits - 1))...(Int32(1) << (bits - 1)) - 1 : 0...(Int32(1) << bits) - 1
    return (0..<layout.pixelCount * layout.samplesPerPixel).allSatisfy { range.contains(self[$0]) }
  }
}
