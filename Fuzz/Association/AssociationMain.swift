// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An association without the network: what a peer sends goes in, what it would be answered comes out.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  fuzzAssociation(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

/// A precondition that says what it was, also where the optimizer leaves the words of others out.
func require(_ holds: Bool, _ what: @autoclosure () -> String) {
  if !holds { failed(what()) }
}

func failed(_ what: String) -> Never {
  let line = Array("\(what)\n".utf8)
  write(2, line, line.count)
  abort()
}
