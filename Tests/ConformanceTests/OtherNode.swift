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
  /// nil where it speaks no TLS; otherwise it speaks nothing else, and asks who calls for a certificate.
  let certificates: TestCertificates?
  private let folder: TemporaryFolder
  private let known: String?
  private let options: [String]
  private let process = ChildProcess()
  /// Peers/receiver.py ends with it.
  private let input = Pipe()
  /// dcmqrscp speaks no TLS: it is behind one that does, and calls through another.
  private let tunnels: [Tunnel]
  private let innerPort: String

  /// `knowing`: the port at which this machine's COLLIMATOR is called by it. `options`: of its command line; pynetdicom's are
  /// those of Peers/receiver.py.
  init(
    _ kind: Kind, over certificates: TestCertificates? = nil, knowing known: String? = nil, options: [String] = []
  ) async throws {
    self.kind = kind
    self.certificates = certificates
    self.options = options
    folder = try TemporaryFolder()
    port = try String(Self.freePort())
    httpPort = try String(Self.freePort())
    if kind == .dcmqrscp, let certificates {
      innerPort = try String(Self.freePort())
      let inward = try await Tunnel(.server, certificates, from: port, to: innerPort)
      let outward: Tunnel? = if let known { try await Tunnel(.client, certificates, to: known) } else { nil }
      tunnels = [inward] + (outward.map { [$0] } ?? [])
      self.known = outward?.port
    } else {
      innerPort = port
      tunnels = []
      self.known = known
    }
    process.executableURL = URL(filePath: kind.executable)
    process.arguments = try arguments()
    process.standardInput = input
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
    let tls = certificates?.client("client") ?? []
    return try await Tool.run(Tool.collimator, [name, "--port", port, "--called", title] + tls + arguments)
  }

  /// The flags of `peer add` for this node.
  var address: [String] {
    ["--address", "127.0.0.1", "--port", port] + (certificates?.callOfAPeer ?? [])
  }

  /// What Peers/receiver.py says that it heard.
  var said: [String] {
    let text = (try? String(contentsOfFile: "\(folder.path)/said", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map(String.init)
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
    case .storescp:
      let tls = certificates?.dcmtk("server") ?? []
      return ["--bit-preserving", "-aet", title, "-od", folder.path] + tls + options + [port]
    case .pynetdicom:
      guard certificates != nil || !options.isEmpty else {
        return ["-m", "pynetdicom", "storescp", "-q", port, "-aet", title, "-od", folder.path]
      }
      return ["-W", "ignore", Tool.peer("receiver.py"), port, folder.path, certificates?.path ?? "-"] + options
    case .dcmqrscp:
      let text = """
        NetworkTCPPort = \(innerPort)
        MaxPDUSize = 131072
        MaxAssociations = 16
        HostTable BEGIN
        \(known.map { "node = (COLLIMATOR, localhost, \($0))" } ?? "")
        HostTable END
        VendorTable BEGIN
        VendorTable END
        AETable BEGIN
        \(title) \(folder.path) RW (500, 1024mb) ANY
        AETable END

        """
      return options + ["-c", try written(text, "qr.cfg"), innerPort]
    case .orthanc:
      let text = """
        {\(try orthancSettings())
         "StorageDirectory": "\(folder.path)", "IndexDirectory": "\(folder.path)", "Plugins": [], "DicomAet": "\(title)",
         "DicomPort": \(port), "HttpPort": \(httpPort), "RemoteAccessAllowed": false, "AuthenticationEnabled": false,
         "DicomAlwaysAllowEcho": true, "DicomAlwaysAllowStore": true, "DicomAlwaysAllowFind": true, "DicomAlwaysAllowGet": true}
        """
      return [try written(text, "orthanc.json")]
    }
  }

  /// As a client it shows the certificate that it has as a server.
  private func orthancSettings() throws -> String {
    var settings = ""
    if let certificates {
      settings += """
        "DicomTlsEnabled": true, "DicomTlsCertificate": "\(certificates.file("client-any-name.pem"))",
        "DicomTlsPrivateKey": "\(certificates.file("client-any-name.key"))",
        "DicomTlsTrustedCertificates": "\(certificates.file("ca.pem"))",
        """
    }
    guard let known else { return settings }
    return settings + """
      "DicomModalities": {"node": {"AET": "COLLIMATOR", "Host": "127.0.0.1", "Port": \(known), "UseDicomTls": \(certificates != nil)}},
      """
  }

  private func written(_ text: String, _ name: String) throws -> String {
    let path = "\(folder.path)/\(name)"
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
  }

  /// Waits until it listens, and then asks: its start takes what it takes.
  private func answering() async throws {
    try await Tool.listening(at: innerPort)
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
