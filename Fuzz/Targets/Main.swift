// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One program for all targets; FUZZ_TARGET says which.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

private let target: @Sendable ([UInt8]) -> Void = {
  let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
  switch name {
  case "Reader": return fuzzReader
  case "PushReader": return fuzzPushReader
  case "Writer": return fuzzWriter
  case "CharacterSets": return fuzzCharacterSets
  case "JSON": return fuzzJSON
  case "Frames": return fuzzFrames
  default: preconditionFailure("FUZZ_TARGET is one of Reader, PushReader, Writer, CharacterSets, JSON, Frames")
  }
}()
