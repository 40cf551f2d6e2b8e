// SPDX-License-Identifier: Apache-2.0

package import Archive
package import Logging

/// What a running node does with its audit beside keeping it.
package struct AuditSettings: Sendable {
  /// Where records are forwarded; nil for nowhere.
  let destination: AuditDestination?
  let tls: TLSClientSettings
  /// How long records are kept; zero is for ever.
  let retention: Duration

  package init(
    destination: AuditDestination? = nil, tls: TLSClientSettings = TLSClientSettings(), retention: Duration = .zero
  ) {
    self.destination = destination
    self.tls = tls
    self.retention = retention
  }

  /// Until cancelled. What is still to be forwarded stays.
  package func prune(_ archive: Archive, logger: Logger) async throws {
    guard retention > .zero else { return }
    while true {
      do {
        let count = try await archive.pruneAudit(
          olderThan: Double(retention.components.seconds), keepingFor: destination?.description)
        if count > 0 { logger.info("audit records pruned", metadata: ["records": "\(count)"]) }
      } catch {
        logger.error("the audit could not be pruned", metadata: ["error": "\(error)"])
      }
      try await Task.sleep(for: .seconds(3600))
    }
  }
}

/// A syslog server: RFC 5425 over TLS; in the clear RFC 6587 over TCP, RFC 5426 over UDP.
package struct AuditDestination: Sendable, Hashable, CustomStringConvertible {
  enum Transport: String, Sendable { case tls, tcp, udp }

  let transport: Transport
  let host: String
  let port: Int

  /// Of `tls://HOST:PORT`, `tcp://…` or `udp://…`; throws what is wrong with it.
  package init(_ text: String) throws(OperationError) {
    let wrong = OperationError(
      "'\(text)' is no syslog server: tls://HOST:6514, or in the clear tcp://HOST:PORT or udp://HOST:PORT")
    let parts = text.components(separator: "://")
    guard parts.count == 2, let transport = Transport(rawValue: parts[0]) else { throw wrong }
    var (host, port) = (parts[1], "")
    if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]"),
      host.hasPrefix("[") || host.count(where: { $0 == ":" }) == 1
    {
      port = String(host[host.index(after: colon)...])
      host = String(host[..<colon])
    }
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard !host.isEmpty, let number = port.isEmpty ? transport.defaultPort : Int(port), (1...65_535).contains(number)
    else { throw wrong }
    self.transport = transport
    self.host = host
    self.port = number
  }

  package var description: String { "\(transport.rawValue)://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}

extension AuditDestination.Transport {
  /// RFC 5425 §4.1, RFC 5426 §3.3; plain TCP has none of its own.
  fileprivate var defaultPort: Int? {
    switch self {
    case .tls: 6514
    case .udp: 514
    case .tcp: nil
    }
  }
}

extension String {
  fileprivate func components(separator: String) -> [String] {
    guard let found = firstRange(of: separator) else { return [self] }
    return [String(self[..<found.lowerBound]), String(self[found.upperBound...])]
  }
}

/// Whether all can be recorded, and how forwarding goes on.
package struct AuditStatus: Codable, Sendable {
  package struct Forwarding: Codable, Sendable {
    package let destination: String
    package internal(set) var isConnected = false
    /// Records since the node started.
    package internal(set) var forwarded = 0
    package internal(set) var waiting = 0
    /// Why the last attempt failed; nil while all is well.
    package internal(set) var failure: String?
  }

  /// Why nothing can be recorded, and so nothing is shown; nil while all is well.
  package let failure: String?
  /// nil where nothing is forwarded.
  package let forwarding: Forwarding?
}
