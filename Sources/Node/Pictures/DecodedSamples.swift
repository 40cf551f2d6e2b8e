// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import PixelCodecs

/// Decodes for the archive, which compares what comes under one SOP Instance UID.
struct DecodedSamples<Coding: FrameCoding>: SampleReading {
  let codecs: Coding

  func giveDecoded(_ file: [UInt8], _ give: ([UInt8]) throws -> Void) async -> SampleReadingOutcome {
    do {
      let part10 = try Part10File(reading: Bytes(file))
      try await codecs.giveNative(part10.dataSet, named: part10.meta.transferSyntax, give)
      return .given
    } catch let error as PixelError {
      switch error {
      case .workerUnavailable, .tooManyWaiting: return .notNow
      default: return .undecodable
      }
    } catch {
      return .undecodable
    }
  }
}
