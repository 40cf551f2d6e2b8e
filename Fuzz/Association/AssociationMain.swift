// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An association without the network: what a peer sends goes in, what it would be answered comes out. FUZZ_TARGET says whether
/// it is looked at as PS3.8 does, or with its messages (PS3.7).
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

private let target: @Sendable ([UInt8]) -> Void = {
  switch getenv("FUZZ_TARGET").map({ String(cString: $0) }) {
  case "Association": return fuzzAssociation
  case "Messages": return fuzzMessages
  default: failed("FUZZ_TARGET is one of Association, Messages")
  }
}()

/// A precondition that says what it was, also where the optimizer leaves the words of others out.
func require(_ holds: Bool, _ what: @autoclosure () -> String) {
  if !holds { failed(what()) }
}

func failed(_ what: String) -> Never {
  let line = Array("\(what)\n".utf8)
  write(2, line, line.count)
  abort()
}
