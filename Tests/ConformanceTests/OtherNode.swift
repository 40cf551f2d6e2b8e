// SPDX-License-Identifier: Apache-2.0

import ChildProcesses
import Foundation
import Synchronization
import Testing

/// A server of somebody else's as a child process, on a free port of this machine.
final class OtherNode {
  enum Kind: String, CaseIterable, CustomTestStringConvertible {
    case storescp, dcmqrscp
    case orthanc = "Orthanc"
    case pynetdicom

    var executable: String {
      switch self {
      case .storescp, .dcmqrscp: "/usr/bin/\(rawValue)"
      case .orthanc: "/usr/sbin/Orthanc"
      case .pynetdicom: Tool.python
      }
    }

    var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: executable) }
    var canBeQueried: Bool { self == .dcmqrscp || self == .orthanc }
    var testDescription: String { rawValue }

    static var installed: [Kind] { allCases.filter(\.isInstalled) }
  }

  let kind: Kind
  let port: String
  /// Orthanc's REST interface: how its objects are had back without asking over DICOM.
  let httpPort: String
  let title = "OTHER"
  private let folder: TemporaryFolder
  private let process = ChildProcess()

  init(_ kind: Kind) async throws {
    self.kind = kind
    folder = try TemporaryFolder()
    port = try String(Self.freePort())
    httpPort = try String(Self.freePort())
    process.executableURL = URL(filePath: kind.executable)
    process.arguments = try arguments()
    process.environment = ProcessInfo.processInfo.environment.merging(["TCP_NODELAY": "1"]) { _, new in new }
    process.currentDirectoryURL = URL(filePath: folder.path)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    try await answering()
  }

  deinit {
    process.endAtOnce()
  }

  /// What `collimator` says to this node.
  func command(_ name: String, _ arguments: [String] = []) async throws -> Tool.Result {
    try await Tool.run(Tool.collimator, [name, "--port", port, "--called", title] + arguments)
  }

  /// What Orthanc answers to a request with a JSON body.
  @discardableResult
  func rest(_ method: String, _ path: String, _ body: String = "") async throws -> String {
    let data = body.isEmpty ? [] : ["-d", body]
    return try await Tool.run("/usr/bin/curl", ["-s", "-X", method, "http://127.0.0.1:\(httpPort)\(path)"] + data)
      .output
  }

  /// The data sets that it holds, as it wrote them.
  func dataSets() async throws -> [Data] {
    guard kind == .orthanc else {
      return try FileManager.default.subpathsOfDirectory(atPath: folder.path).map { "\(folder.path)/\($0)" }
        .filter { (try? FileHandle(forReadingAtPath: $0)?.read(upToCount: 132))?.suffix(4) == Data("DICM".utf8) }
        .map { try DataSetOfFile(path: $0).bytes }
    }
    let listing = try await Tool.run("/usr/bin/curl", ["-s", "http://127.0.0.1:\(httpPort)/instances"])
    let identifiers = try JSONDecoder().decode([String].self, from: Data(listing.output.utf8))
    var dataSets: [Data] = []
    for identifier in identifiers {
      let path = "\(folder.path)/had-back-\(identifier)"
      try await Tool.run(
        "/usr/bin/curl", ["-s", "-o", path, "http://127.0.0.1:\(httpPort)/instances/\(identifier)/file"])
      dataSets.append(try DataSetOfFile(path: path).bytes)
    }
    return dataSets
  }

  private func arguments() throws -> [String] {
    switch kind {
    case .storescp: return ["--bit-preserving", "-aet", title, "-od", folder.path, port]
    case .pynetdicom:
      return ["-m", "pynetdicom", "storescp", "-q", port, "-aet", title, "-od", folder.path]
    case .dcmqrscp:
      let text = """
        NetworkTCPPort = \(port)
        MaxPDUSize = 131072
        MaxAssociations = 16
        HostTable BEGIN
        HostTable END
        VendorTable BEGIN
        VendorTable END
        AETable BEGIN
        \(title) \(folder.path) RW (500, 1024mb) ANY
        AETable END

        """
      return ["-c", try written(text, "qr.cfg"), port]
    case .orthanc:
      let text = """
        {"StorageDirectory": "\(folder.path)", "IndexDirectory": "\(folder.path)", "Plugins": [], "DicomAet": "\(title)",
         "DicomPort": \(port), "HttpPort": \(httpPort), "RemoteAccessAllowed": false, "AuthenticationEnabled": false,
         "DicomAlwaysAllowEcho": true, "DicomAlwaysAllowStore": true, "DicomAlwaysAllowFind": true, "DicomAlwaysAllowGet": true}
        """
      return [try written(text, "orthanc.json")]
    }
  }

  private func written(_ text: String, _ name: String) throws -> String {
    let path = "\(folder.path)/\(name)"
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
  }

  /// Waits until it listens, and then asks: its start takes what it takes.
  private func answering() async throws {
    let waiting = """
      for round in {1..600}; do (exec 3<>/dev/tcp/127.0.0.1/\(port)) 2>/dev/null && exit 0; sleep 0.2; done; exit 1
      """
    try await Tool.run("/bin/bash", ["-c", waiting])
    for _ in 0..<10 where process.isRunning {
      if try await command("echo").status == 0 { return }
    }
    Issue.record("\(kind) does not answer")
  }

  /// Of another process a port can only be wished; the system gives it to nobody else so soon.
  /// Never the same twice: tests beside each other would take each other's peers for theirs.
  static func freePort() throws -> UInt16 {
    for _ in 0..<1000 {
      let port = try anyPort()
      if given.withLock({ $0.insert(port).inserted }) { return port }
    }
    throw POSIXError(.EADDRINUSE)
  }

  private static let given = Mutex<Set<UInt16>>([])

  private static func anyPort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(descriptor, $0, length)
        _ = getsockname(descriptor, $0, &length)
      }
    }
    return UInt16(bigEndian: address.sin_port)
  }
}
