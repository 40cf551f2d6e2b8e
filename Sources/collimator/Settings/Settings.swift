// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import ArgumentParser
import Configuration
import Foundation
import Logging
import NIOCore
import Node
import SystemPackage
import UpperLayer

/// Each setting's value, and where it comes from.
struct Settings {
  struct Value: Encodable {
    let name: String
    let value: String
    let origin: String
    let meaning: String
  }

  private let values: [Setting: Value]
  private let furtherKeys: [FurtherKey]

  /// Throws for a file that cannot be read or has a key that is none, and for a value out of its range.
  init(flags: SettingOptions, directory: String) async throws {
    let path = directory + "/collimator.json"
    let given = flags.given
    let environment = EnvironmentVariablesProvider()
    try Self.noteUnknownVariables(ProcessInfo.processInfo.environment.keys, environment)
    let file = try await Self.file(path)
    var values: [Setting: Value] = [:]
    for setting in Setting.allCases {
      let (value, origin) =
        try given[setting].map { ($0, "flag") }
        ?? Self.value(of: setting, in: environment, "the environment", key: setting.environmentKey).map {
          ($0.value, "environment \($0.key)")
        }
        ?? Self.value(of: setting, in: file, "'\(path)'", key: [setting.rawValue]).map { ($0.value, path) }
        ?? (setting.defaultValue, "default")
      try setting.require(value, origin: origin)
      values[setting] = Value(name: setting.rawValue, value: value, origin: origin, meaning: setting.meaning)
    }
    self.values = values
    // Whoever shows the settings refuses what whoever serves by them refuses.
    let further = values[.furtherKeys]
    furtherKeys = try FurtherKeyList(further?.value ?? "", from: further?.origin ?? "").keys
    try requireTwoPorts()
  }

  private func requireTwoPorts() throws {
    guard let tlsPort = Int(text(.tlsPort)), tlsPort != 0, tlsPort == number(.port) else { return }
    throw ValidationError(
      "port (\(values[.port]?.origin ?? "")) and tlsPort (\(values[.tlsPort]?.origin ?? "")) are both \(tlsPort): with TLS and "
        + "without are two ports; set tlsPort to another, 2762 is DICOM's")
  }

  var all: [Value] { Setting.allCases.compactMap { values[$0] } }

  func text(_ setting: Setting) -> String { values[setting]?.value ?? setting.defaultValue }

  /// Checked when it was read.
  func number(_ setting: Setting) -> Int { Int(text(setting)) ?? 0 }

  var logLevel: Logger.Level { Logger.Level(rawValue: text(.logLevel)) ?? .info }

  func configuration(directory: String) throws -> NodeConfiguration {
    var limits = UpperLayerLimits()
    limits.artimTimeout = .seconds(Int64(number(.requestTimeout)))
    limits.idleTimeout = .seconds(Int64(number(.idleTimeout)))
    limits.pduTimeout = .seconds(Int64(number(.pduTimeout)))
    limits.writeTimeout = .seconds(Int64(number(.writeTimeout)))
    limits.dataGracePeriod = .seconds(Int64(number(.dataGracePeriod)))
    limits.maximumLengthTolerance = UInt32(clamping: number(.maximumPDULengthTolerance))
    limits.minimumThroughput = number(.minimumThroughput)
    let requestMemory = number(.requestMemory) << 20
    limits.requestBudget = RequestBudget(
      limit: requestMemory, share: max(requestMemory / 4, number(.maximumRequestLength)))
    limits.maximumLength = UInt32(clamping: number(.maximumPDULength))
    limits.associatePDULimit = UInt32(clamping: number(.maximumRequestLength))
    return try NodeConfiguration(
      directory: directory, aeTitle: text(.aeTitle), bindAddress: text(.bind), port: number(.port),
      gracePeriod: .seconds(number(.grace)), limits: limits,
      associationLimits: AssociationLimits(
        connections: number(.maximumConnections),
        connectionsPerAddress: number(.maximumConnectionsPerAddress), associations: number(.maximumAssociations),
        associationsPerPeer: number(.maximumAssociationsPerPeer), reserved: number(.reservedAssociations),
        retrieves: number(.maximumRetrieves), retrievesPerPeer: number(.maximumRetrievesPerPeer),
        calls: number(.maximumOutgoingAssociations), callsPerPeer: number(.maximumOutgoingAssociationsPerPeer)),
      tls: try tls(),
      archive: ArchiveOptions(
        reserve: number(.reserve) << 20, furtherKeys: furtherKeys),
      checks: CheckSchedule(interval: .seconds(3600 * number(.checkInterval)), megabytesPerSecond: number(.checkRate)),
      assumesGetRoles: text(.getRoles) == "assumed", audit: try audit(), settings: unusual,
      associationKeepTime: .seconds(number(.keepAssociations)), answersWithin: .seconds(Int64(number(.answerTimeout))))
  }

  private var unusual: [StartSetting] {
    Setting.allCases.compactMap { setting in
      guard let value = values[setting], value.value != setting.defaultValue else { return nil }
      return StartSetting(name: value.name, value: value.value, origin: value.origin)
    }
  }

  /// nil without a TLS port; throws where only half of it is said.
  private func tls() throws -> TLSServerSettings? {
    guard let port = Int(text(.tlsPort)) else {
      let others: [Setting] = [.tlsCertificate, .tlsKey, .tlsClientCA, .tlsRevocationList]
      guard let idle = others.first(where: { !text($0).isEmpty }) else { return nil }
      throw ValidationError("\(idle.rawValue) is set, and there is no TLS port: set tlsPort (--tls-port 2762)")
    }
    guard let certificate = file(.tlsCertificate), let key = file(.tlsKey) else {
      throw ValidationError("tlsPort needs tlsCertificate and tlsKey (--tls-certificate FILE --tls-key FILE)")
    }
    return try TLSServerSettings(
      port: port, certificateFile: certificate, keyFile: key,
      clientCertificates: TLSServerSettings.ClientCertificates(rawValue: text(.tlsClientCertificates)) ?? .require,
      clientCAFile: file(.tlsClientCA), revocationListFile: file(.tlsRevocationList),
      minimumVersion: TLSProtocolVersion(rawValue: text(.tlsMinimumVersion)) ?? .tls13,
      handshakeTimeout: .seconds(Int64(number(.tlsHandshakeTimeout))))
  }

  private func audit() throws -> AuditSettings {
    let (certificate, key) = (file(.auditForwardCertificate), file(.auditForwardKey))
    guard (certificate == nil) == (key == nil) else {
      throw ValidationError("auditForwardCertificate and auditForwardKey go together")
    }
    return AuditSettings(
      destination: try file(.auditForward).map { try AuditDestination($0) },
      tls: TLSClientSettings(caFile: file(.auditForwardCA), certificateFile: certificate, keyFile: key),
      retention: .seconds(86_400 * number(.auditRetention)))
  }

  private func file(_ setting: Setting) -> String? {
    text(setting).isEmpty ? nil : text(setting)
  }

  private static func file(_ path: String) async throws -> FileProvider<JSONSnapshot> {
    do {
      if let data = FileManager.default.contents(atPath: path) { try requireKnownKeys(data, path) }
      return try await FileProvider<JSONSnapshot>(filePath: FilePath(path), allowMissing: true)
    } catch let error as ValidationError {
      throw error
    } catch {
      let reason = (error as NSError).userInfo["NSDebugDescription"] as? String ?? error.localizedDescription
      throw ValidationError("'\(path)' is no JSON object of settings, such as {\"port\": 11112}: \(reason)")
    }
  }

  /// A misspelt key would otherwise be a default that nobody sees, the first of two the same, and `true` a 1.
  private static func requireKnownKeys(_ data: Data, _ path: String) throws {
    let object: [String: FileValue]
    do { object = try JSONDecoder().decode([String: FileValue].self, from: data) } catch {
      throw ValidationError("'\(path)' is no JSON object of settings, such as {\"port\": 11112}")
    }
    let unknown = object.keys.filter { Setting(rawValue: $0) == nil }.sorted()
    guard unknown.isEmpty else {
      throw ValidationError(
        "'\(path)' sets what is no setting: \(unknown.joined(separator: ", ")); `collimator config` lists all")
    }
    for (key, value) in object.sorted(by: { $0.key < $1.key }) {
      guard let setting = Setting(rawValue: key), value != setting.kind.fileValue else { continue }
      guard value != .null else {
        throw ValidationError(
          "'\(path)' sets \(key) to null, which is no value: leave out what is to be as it is by default")
      }
      throw ValidationError(
        "\(key), as '\(path)' sets it, is \(value.rawValue), not \(setting.expectation): \(setting.meaning); its "
          + "default is " + (setting.defaultValue.isEmpty ? "none" : "'\(setting.defaultValue)'"))
    }
    if let twice = keySetTwice(in: data) {
      throw ValidationError("'\(path)' sets \(twice) twice: leave one of them out")
    }
  }

  /// Of an object of strings and numbers: whatever stands before a colon is a key.
  private static func keySetTwice(in json: Data) -> String? {
    var met: Set<String> = []
    return String(decoding: json, as: UTF8.self).matches(of: /("(?:[^"\\]|\\.)*+")(\s*:)?/).lazy
      .filter { $0.2 != nil }
      // One key may be spelt in several ways.
      .compactMap { try? JSONDecoder().decode(String.self, from: Data($0.1.utf8)) }
      .first { !met.insert($0).inserted }
  }

  /// Not refused, as in the file: an environment is shared by many programs. `COLLIMATOR_DATA` is the data directory.
  private static func noteUnknownVariables(
    _ names: some Sequence<String>, _ environment: EnvironmentVariablesProvider
  ) throws {
    let known = try Set(
      Setting.allCases.map { setting in
        try environment.value(forKey: AbsoluteConfigKey(setting.environmentKey), type: .string).encodedKey
      })
    for name in names.sorted()
    where name.hasPrefix("COLLIMATOR_") && name != "COLLIMATOR_DATA" && !known.contains(name) {
      Output.note("The environment sets \(name), which is no setting: `collimator config` lists all.")
    }
  }

  private static func value(
    of setting: Setting, in provider: some ConfigProvider, _ origin: String, key: [String]
  ) throws -> (value: String, key: String)? {
    let key = AbsoluteConfigKey(key)
    do {
      switch setting.kind {
      case .text, .choice:
        let found = try provider.value(forKey: key, type: .string)
        guard case .string(let text)? = found.value?.content else { return nil }
        return (text, found.encodedKey)
      case .number:
        let found = try provider.value(forKey: key, type: .int)
        guard case .int(let number)? = found.value?.content else { return nil }
        return (String(number), found.encodedKey)
      }
    } catch {
      // A variable by its own name; a file's key is the setting's.
      let name = (try? provider.value(forKey: key, type: .string))?.encodedKey ?? setting.rawValue
      throw ValidationError(
        "\(name), as \(origin) sets it, is not \(setting.expectation): \(setting.meaning); its default is "
          + (setting.defaultValue.isEmpty ? "none" : "'\(setting.defaultValue)'"))
    }
  }
}

/// What stands in the file for a setting.
private enum FileValue: String, Decodable {
  case boolean = "true or false"
  case number = "a number"
  case text = "a text"
  case null
  case other = "neither a text nor a number"

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    guard !value.decodeNil() else {
      self = .null
      return
    }
    // In this order: a decoder that takes `true` for 1 is asked for the truth first.
    if (try? value.decode(Bool.self)) != nil {
      self = .boolean
    } else if (try? value.decode(Double.self)) != nil {
      self = .number
    } else {
      self = (try? value.decode(String.self)) != nil ? .text : .other
    }
  }
}

extension Setting.Kind {
  fileprivate var fileValue: FileValue {
    if case .number = self { .number } else { .text }
  }
}

extension Setting {
  /// A word begins where a small letter is followed by a capital: `maximumPDULength` is MAXIMUM_PDU_LENGTH, as its flag is.
  fileprivate var environmentKey: [String] { ["collimator", rawValue.replacing("PDU", with: "Pdu")] }

  /// What its value has to be, in words.
  fileprivate var expectation: String {
    switch kind {
    case .text where self == .aeTitle: "1 to 16 characters of ASCII, no backslash (PS3.5 §6.2)"
    case .text: "a text in quotes"
    case .choice(let choices): "one of \(choices.joined(separator: ", "))"
    case .number(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    }
  }

  fileprivate func require(_ value: String, origin: String) throws {
    if value.isEmpty, defaultValue.isEmpty { return }
    switch kind {
    case .choice(let choices):
      guard choices.contains(value) else {
        throw ValidationError("\(rawValue) is '\(value)' (\(origin)), not one of \(choices.joined(separator: ", "))")
      }
    case .number(let range):
      guard let number = Int(value), range.contains(number) else {
        throw ValidationError("\(rawValue) is '\(value)' (\(origin)), not \(range.lowerBound) to \(range.upperBound)")
      }
    case .text where self == .logLevel:
      guard Logger.Level(rawValue: value) != nil else {
        throw ValidationError("\(rawValue) is '\(value)' (\(origin)), not \(meaning)")
      }
    case .text where self == .aeTitle:
      guard AETitle(value) != nil else {
        throw ValidationError("\(rawValue) is '\(value)' (\(origin)), not \(expectation)")
      }
    case .text:
      guard !value.isEmpty else {
        throw ValidationError("\(rawValue) is empty (\(origin)): \(meaning); without it, it is '\(defaultValue)'")
      }
    }
  }
}
