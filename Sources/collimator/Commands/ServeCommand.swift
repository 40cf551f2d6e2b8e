// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import Node
import ServiceLifecycle
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Run the node: receive, keep, and answer by grant, until SIGTERM or Ctrl-C.")

  @Option(help: "This node's AE title: what callers must call it.")
  var aeTitle = "COLLIMATOR"

  @Option(help: "The address to listen on. The default is this machine alone; 0.0.0.0 is every network it is in.")
  var bind = "127.0.0.1"

  @Option(help: "The port to listen on; 0 takes a free one.")
  var port = 11112

  @Option(help: "Seconds that open associations get to finish when the node is told to stop.")
  var grace = 10

  @Option(help: "The least that is logged.")
  private var logLevel = LogLevel.info

  @OptionGroup(title: "TLS options") var tls: TLSServerOptions
  @OptionGroup var archive: DataDirectoryOptions

  func validate() throws {
    guard (0...65535).contains(port) else { throw ValidationError("--port \(port) is not a port (0 to 65535)") }
    guard (0...3600).contains(grace) else { throw ValidationError("--grace is 0 to 3600 seconds") }
  }

  func run() async throws {
    let logger = Logger.toStandardError(label: "collimator", level: logLevel.level)
    let directory = try archive.path()
    let configuration = try NodeConfiguration(
      directory: directory, aeTitle: aeTitle, bindAddress: bind, port: port, gracePeriod: .seconds(grace),
      tls: tls.settings)
    let node = DICOMNode(configuration: configuration, logger: logger) { started in
      Output.print("\(aeTitle) is listening on \(started.address):\(started.port)")
      if let port = started.tlsPort { Output.print("\(aeTitle) is listening for TLS on \(started.address):\(port)") }
      if started.hasNoPeers { Output.print(Self.firstPeer(directory: directory)) }
    }
    let group = ServiceGroup(
      configuration: .init(services: [node], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    try await group.run()
  }

  private static func firstPeer(directory: String) -> String {
    """
    Nobody is allowed to call this node yet. Let the first modality in, with its AE title and address:
      collimator peer add MODALITY --address 192.0.2.10 --may store --data '\(directory)'
    """
  }
}

/// The levels of swift-log as an argument.
private enum LogLevel: String, ExpressibleByArgument, CaseIterable {
  case trace, debug, info, notice, warning, error, critical

  var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}

extension Logger {
  /// Logs belong to standard error; standard output carries what a command answers.
  static func toStandardError(label: String, level: Level) -> Logger {
    var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = level
    return logger
  }
}
