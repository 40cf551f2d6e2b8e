// SPDX-License-Identifier: Apache-2.0

/// Any bytes in any character set: decoding is never fatal, and the escaped text makes the very bytes again.
func fuzzCharacterSets(_ input: [UInt8]) {
  guard input.count > 2 else { return }
  let terms = [
    "", "ISO_IR 100", "ISO_IR 101", "ISO_IR 109", "ISO_IR 110", "ISO_IR 144", "ISO_IR 127", "ISO_IR 126", "ISO_IR 138",
    "ISO_IR 148", "ISO_IR 13", "ISO_IR 166", "ISO_IR 203", "ISO_IR 192", "GB18030", "GBK", "ISO 2022 IR 6",
    "ISO 2022 IR 100", "ISO 2022 IR 144", "ISO 2022 IR 13", "ISO 2022 IR 87", "ISO 2022 IR 159", "ISO 2022 IR 149",
    "ISO 2022 IR 58", "ISO-IR 100", "UTF-8", "nonsense",
  ]
  let chosen = [Int(input[0]), Int(input[1])].map { terms[$0 % terms.count] }
  let set = SpecificCharacterSet(input[0] & 0x80 == 0 ? chosen : [chosen[0]])
  let vr: VR = input[1] & 0x80 == 0 ? .pn : .lt
  let bytes = Array(input[2...])
  _ = set.decode(bytes, vr: vr)
  let text = set.decode(bytes, vr: vr, undecodable: .escaped)
  precondition(set.encode(text, vr: vr) == bytes, "the bytes are lost")
  if let encoded = set.encode(set.decode(bytes, vr: vr), vr: vr) { _ = set.decode(encoded, vr: vr) }
}
