// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import Node
import ServiceLifecycle
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Run the node: receive, keep, and answer by grant, until SIGTERM or Ctrl-C.")

  @OptionGroup(title: "Settings (all of them: collimator config)") var settings: SettingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func run() async throws {
    let directory = try archive.path()
    let settings = try await Settings(flags: settings, directory: directory)
    let logger = Logger.toStandardError(label: "collimator", level: settings.logLevel)
    let configuration = try settings.configuration(directory: directory)
    let aeTitle = settings.text(.aeTitle)
    let node = DICOMNode(configuration: configuration, logger: logger) { started in
      Output.print("\(aeTitle) is listening on \(started.address):\(started.port)")
      if let port = started.tlsPort {
        Output.print("\(aeTitle) is listening with TLS on \(started.address):\(port)")
      }
      if started.hasNoPeers { Output.print(Self.firstPeer(directory: directory)) }
    }
    let group = ServiceGroup(
      configuration: .init(services: [node], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    let reloading = await Self.reloadOnHangUp(directory: directory, logger: logger)
    defer { reloading.cancel() }
    try await group.run()
  }

  /// SIGHUP takes the way of `collimator reload`.
  private static func reloadOnHangUp(directory: String, logger: Logger) async -> Task<Void, Never> {
    let signals = await UnixSignalsSequence(trapping: .sighup)
    return Task {
      for await _ in signals {
        do {
          _ = try await DataDirectory(path: directory).reload()
        } catch {
          logger.error("SIGHUP: \(error)")
        }
      }
    }
  }

  private static func firstPeer(directory: String) -> String {
    """
    Nobody is allowed to call this node yet. Let the first modality in, with its AE title and address:
      collimator peer add MODALITY --address 192.0.2.10 --may store --data '\(directory)'
    """
  }
}

extension Logger {
  /// Logs belong to standard error; standard output carries what a command answers.
  static func toStandardError(label: String, level: Level) -> Logger {
    var logger = Logger(label: label) { QuotingLogHandler(label: $0) }
    logger.logLevel = level
    return logger
  }
}
