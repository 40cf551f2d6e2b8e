// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Flag, environment, file, default: in this order, and each value says where it is from.
@Suite struct SettingsTests {
  private struct Value: Decodable, Equatable {
    let name: String
    let value: String
    let origin: String
  }

  @Test(
    arguments: [
      ([:], "", [], "11112", "default"),
      ([:], #"{"port": 4242}"#, [], "4242", "collimator.json"),
      (["COLLIMATOR_PORT": "4243"], #"{"port": 4242}"#, [], "4243", "environment"),
      (["COLLIMATOR_PORT": "4243"], #"{"port": 4242}"#, ["--port", "4244"], "4244", "flag"),
    ] as [([String: String], String, [String], String, String)])
  func theNearerOriginDecides(
    environment: [String: String], file: String, flags: [String], value: String, origin: String
  ) async throws {
    let result = try await config(environment: environment, file: file, flags: flags)
    let values = try JSONDecoder().decode([Value].self, from: Data(result.output.utf8))
    let port = try #require(values.first { $0.name == "port" })
    #expect(port.value == value)
    #expect(port.origin.contains(origin), "\(port.origin)")
  }

  @Test(
    arguments: [
      ([:], #"{"prot": 4242}"#, "prot"),
      ([:], #"{"port": "many"}"#, "port"),
      ([:], #"{"port": 70000}"#, "port"),
      ([:], #"{"idleTimeout": true}"#, "idleTimeout, as"),
      ([:], #"{"idleTimeout": true}"#, "true or false, not a whole number"),
      ([:], #"{"idleTimeout": "60"}"#, "a text, not a whole number"),
      ([:], #"{"aeTitle": 5}"#, "a number, not 1 to 16 characters"),
      ([:], #"{"aeTitle": ["A"]}"#, "neither a text nor a number, not 1 to 16"),
      ([:], "port = 4242", "collimator.json"),
      ([:], #"{"furtherKeys": "PATIENT:00102202"}"#, "collimator.json"),
      ([:], #"{"furtherKeys": "PATIENT:00102202"}"#, "'00102202' is no attribute of the dictionary"),
      (["COLLIMATOR_FURTHER_KEYS": "ScanningSequence"], "{}", "furtherKeys (environment COLLIMATOR_FURTHER_KEYS)"),
      (["COLLIMATOR_GRACE": "-1"], "{}", "grace"),
      (["COLLIMATOR_PORT": "abc"], "{}", "COLLIMATOR_PORT, as the environment"),
    ] as [([String: String], String, String)])
  func whatMakesNoSenseIsRefusedByName(environment: [String: String], file: String, name: String) async throws {
    let result = try await config(environment: environment, file: file, flags: [])
    #expect(result.status != 0)
    #expect(result.errors.contains(name), "\(result.errors)")
    #expect(!result.errors.contains("Usage:"), "\(result.errors)")
  }

  /// How a command is called is told to whoever calls it wrongly.
  @Test func onlyWhoCallsItWronglyIsToldHowToCallIt() async throws {
    let result = try await config(environment: [:], file: "{}", flags: ["--prot", "1"])
    #expect(result.status == 64)
    #expect(result.errors.contains("Usage:"), "\(result.errors)")
  }

  @Test func aMisspeltVariableIsNamed() async throws {
    let result = try await config(environment: ["COLLIMATOR_PROT": "1", "COLLIMATOR_PORT": "2"], file: "{}", flags: [])
    #expect(result.status == 0)
    #expect(result.errors.contains("COLLIMATOR_PROT"), "\(result.errors)")
    #expect(!result.errors.contains("COLLIMATOR_PORT"), "\(result.errors)")
  }

  /// `maximumPDULength` is --maximum-pdu-length and COLLIMATOR_MAXIMUM_PDU_LENGTH.
  @Test func eachVariableIsNamedAsItsFlag() async throws {
    let plain = try await config(environment: [:], file: "{}", flags: [])
    let settings = try JSONDecoder().decode([Value].self, from: Data(plain.output.utf8))
    #expect(settings.count > 40)
    let names = settings.map { setting in
      let words = setting.name.replacing(/[a-z](?=[A-Z])|[A-Z](?=[A-Z][a-z])/) { "\($0.output)_" }
      return (setting, "COLLIMATOR_\(words.uppercased())")
    }
    let environment = names.map { ($1, $0.name == "tlsPort" ? "0" : $0.value) }
    let result = try await config(
      environment: Dictionary(uniqueKeysWithValues: environment), file: "{}", flags: ["--maximum-pdu-length", "4096"])
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    let values = try JSONDecoder().decode([Value].self, from: Data(result.output.utf8))
    for (setting, name) in names {
      let origin = setting.name == "maximumPDULength" ? "flag" : "environment \(name)"
      #expect(values.first { $0.name == setting.name }?.origin == origin)
    }
  }

  /// What is wrong, in which file, what is expected, and what to do; no words of a library.
  @Test(
    arguments: [
      (#"{"port": 104, "aeTitle": "A \"port\": ", "port": 11112}"#, [], ["collimator.json' sets port twice"]),
      (#"{"port": 104, "p\u006frt": 11112}"#, [], ["collimator.json' sets port twice"]),
      (#"{"port": "many"}"#, [], ["port", "collimator.json'", "a whole number from 0 to 65535", "default is '11112'"]),
      (#"{"tlsClientCertificates": 3}"#, [], ["tlsClientCertificates", "collimator.json'", "none, accept, require"]),
      (#"{"bind": []}"#, [], ["bind", "collimator.json'", "a text in quotes"]),
      (#"{"bind": ""}"#, [], ["bind is empty", "collimator.json", "127.0.0.1"]),
      (#"{"port": null}"#, [], ["collimator.json'", "port to null"]),
      (#"{"port": 1"#, [], ["collimator.json'", "no JSON object", #"{"port": 11112}"#]),
      ("[]", [], ["collimator.json'", "no JSON object"]),
      (#"{"aeTitle": "SEVENTEEN_LETTERS"}"#, [], ["aeTitle", "SEVENTEEN_LETTERS", "collimator.json", "1 to 16"]),
      (#"{"aeTitle": ""}"#, [], ["aeTitle", "collimator.json", "1 to 16"]),
      (#"{"port": 2762, "tlsPort": 2762}"#, [], ["port", "tlsPort", "both 2762", "collimator.json"]),
      (#"{"tlsPort": 2762}"#, ["--port", "2762"], ["port (flag)", "both 2762"]),
    ] as [(String, [String], [String])])
  func aSettingThatIsNoneIsExplained(file: String, flags: [String], words: [String]) async throws {
    let result = try await config(environment: [:], file: file, flags: flags)
    #expect(result.status != 0)
    for word in words { #expect(result.errors.contains(word), "\(result.errors)") }
    for library in ["Provider", "Snapshot", "ConfigKey", "NSCocoa", "Swift."] {
      #expect(!result.errors.contains(library), "\(result.errors)")
    }
  }

  @Test func anAddressThatIsNoneIsExplained() async throws {
    let folder = try TemporaryFolder()
    let result = try await Tool.run(
      Tool.collimator, ["serve", "--data", "\(folder.path)/data", "--port", "0", "--bind", "999.1.1.1"])
    #expect(result.status == 1)
    #expect(result.errors.contains("cannot listen on '999.1.1.1'"), "\(result.errors)")
    #expect(!result.errors.contains("SocketAddressError"), "\(result.errors)")
  }

  private func config(environment: [String: String], file: String, flags: [String]) async throws -> Tool.Result {
    let folder = try TemporaryFolder()
    if !file.isEmpty { try Data(file.utf8).write(to: URL(filePath: "\(folder.path)/collimator.json")) }
    let variables = environment.map { "\($0)=\($1)" }
    return try await Tool.run(
      "/usr/bin/env", variables + [Tool.collimator, "config", "--json", "--data", folder.path] + flags)
  }
}
