// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Logging
import Node
import ServiceLifecycle
import UnixSignals

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Start a node in a temporary folder, send it studies, and ask the same question as two callers.")

  @Flag(help: "End at once instead of keeping the node for trying it with one's own tools.")
  var exit = false

  @Option(help: "The folder of DICOM files to send.")
  var fixtures = "Fixtures"

  func run() async throws {
    let files = try FileWalk([fixtures]).files.filter { $0.hasSuffix(".dcm") }
    guard !files.isEmpty else {
      throw ValidationError("there are no .dcm files in '\(fixtures)'; give --fixtures FOLDER")
    }
    let folder = FileManager.default.temporaryDirectory.appending(path: "collimator-demo-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let directory = folder.path(percentEncoded: false)
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let node = DICOMNode(
      configuration: try NodeConfiguration(
        directory: directory, aeTitle: "COLLIMATOR", port: 0, gracePeriod: .seconds(1)),
      logger: .toStandardError(label: "collimator", level: .error)
    ) { started in
      port.yield(started.port)
    }
    let show = DemoShow(directory: directory, files: files, staysUp: !exit, ports: ports)
    let services: [ServiceGroupConfiguration.ServiceConfiguration] = [
      .init(service: node),
      .init(service: show, successTerminationBehavior: .gracefullyShutdownGroup),
    ]
    var configuration = ServiceGroupConfiguration(
      services: services, logger: .toStandardError(label: "demo", level: .critical))
    configuration.gracefulShutdownSignals = [.sigterm, .sigint]
    try await ServiceGroup(configuration: configuration).run()
  }
}
