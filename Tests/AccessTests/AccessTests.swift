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

  @Test(
    arguments: [
      ("10.0.4.5/24", "10.0.4.0/24"), ("10.0.4.5", "10.0.4.5"), ("2001:db8::5/64", "2001:db8::/64"),
      ("10.0.4.5/33", nil),
      ("10.0.4", nil),
    ] as [(String, String?)])
  func aSlipOfAnAddressIsUnderstood(text: String, network: String?) {
    #expect(Network(enclosing: text)?.description == network)
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

  @Test(
    arguments: [
      ("", ""), ("  ", ""), ("CT1", "CT1"), (" Ä 1 ", "\u{FFFD} 1"), ("ABCDEFGHIJKLMNOPQ", nil), ("A\nB", nil),
      ("A\0", nil),
    ] as [(String, String?)])
  func oddTitlesAreAsTheyAreReceived(text: String, title: String?) {
    #expect(AETitle(tolerating: text)?.description == title)
  }

  @Test func rightsHaveNames() {
    #expect(Rights(names: ["store", "query"]) == [.store, .query])
    #expect(Rights(names: ["store", "everything"]) == nil)
    #expect(Rights([.retrieve, .store]).names == ["store", "retrieve"])
  }

  /// However it is printed, and whatever holds it.
  @Test func aSecretIsNeverShown() throws {
    let secret = Secret("planted")
    var dumped = ""
    dump(secret, to: &dumped)
    var texts = ["\(secret)", String(reflecting: secret), dumped, "\([secret])", "\(Optional(secret) as Any)"]
    for credential in [
      .username("planted"), .usernameAndPasscode("planted", passcode: secret), .kerberos(secret), .saml(secret),
      .jwt(secret),
    ] as [Credential] {
      var dumped = ""
      dump(credential, to: &dumped)
      texts += ["\(credential)", String(reflecting: credential), dumped, "\([credential])"]
    }
    for text in texts {
      #expect(!text.contains("planted"))
      #expect(!text.contains("112"), "its first byte: \(text)")
    }
  }

  @Test func fingerprintsAreReadAsTheyAreWritten() throws {
    let digits = String(repeating: "0aF1", count: 16)
    let fingerprint = try #require(CertificateFingerprint(digits))
    #expect(fingerprint.description == digits.lowercased())
    let colons = stride(from: 0, to: 64, by: 2).map { digits.dropFirst($0).prefix(2) }.joined(separator: ":")
    #expect(CertificateFingerprint(colons) == fingerprint)
    for text in ["", String(digits.dropLast()), digits + "00", String(repeating: "g", count: 64)] {
      #expect(CertificateFingerprint(text) == nil)
    }
  }

  @Test func theLadderHasAnOrder() {
    #expect(
      IdentityAssurance.allCases.shuffled().sorted() == [
        .aeTitleAlone, .aeTitleWithAddress, .password, .token, .certificate,
      ])
  }
}
