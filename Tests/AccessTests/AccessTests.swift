// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Access

@Suite struct AccessTests {
  @Test(arguments: [
    ("10.0.4.17", "10.0.4.17", true), ("10.0.4.17", "10.0.4.18", false), ("10.0.4.0/24", "10.0.4.255", true),
    ("10.0.4.0/24", "10.0.5.0", false), ("10.0.0.0/9", "10.127.1.1", true), ("10.0.0.0/9", "10.128.1.1", false),
    ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false), ("2001:db8::/32", "2001:db8:1::9", true),
    ("2001:db8::/32", "2001:db9::1", false), ("127.0.0.1", "::ffff:127.0.0.1", true), ("::1", "127.0.0.1", false),
    ("10.0.4.17", "no address", false), ("10.0.4.17", "", false),
  ])
  func networksHoldTheirAddresses(network: String, address: String, holds: Bool) throws {
    #expect(try #require(Network(network)).contains(address) == holds)
  }

  @Test(arguments: ["", "10.0.4", "10.0.4.0/33", "10.0.4.0/-1", "10.0.4.5/24", "::1/129", "a/b", "10.0.0.0/8/8", "/8"])
  func whatIsNoNetworkIsRefused(text: String) {
    #expect(Network(text) == nil)
  }

  @Test(arguments: [("CT1", "CT1"), ("  CT 1 ", "CT 1"), ("ABCDEFGHIJKLMNOP", "ABCDEFGHIJKLMNOP")])
  func titlesAreTrimmed(text: String, title: String) {
    #expect(AETitle(text)?.description == title)
  }

  @Test(arguments: ["", "   ", "ABCDEFGHIJKLMNOPQ", "A\\B", "A\nB", "Ä", "A\0"])
  func whatIsNoTitleIsRefused(text: String) {
    #expect(AETitle(text) == nil)
  }

  @Test func rightsHaveNames() {
    #expect(Rights(names: ["store", "query"]) == [.store, .query])
    #expect(Rights(names: ["store", "everything"]) == nil)
    #expect(Rights([.retrieve, .store]).names == ["store", "retrieve"])
  }
}
