// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show how the running node is doing: its callers, and its limits.")

  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func run() async throws {
    let status = try await DataDirectory(path: archive.path()).status()
    guard !listing.json else { return try Output.print(json: status) }
    var table = Table("WHAT", "NOW", "AT MOST")
    let counts = status.associations
    table.add("connections", "\(counts.connections)", "\(counts.mostConnections)")
    table.add("associations", "\(counts.live.count)", "\(counts.mostAssociations)")
    table.add("accepted since the start", "\(counts.accepted)", "")
    table.add("refused since the start", "\(counts.refusals)", "")
    table.add("memory", "\(status.residentKiB / 1024) MiB", "")
    table.add("open files", "\(status.openFiles)", "\(status.mostOpenFiles)")
    if let room = status.room {
      table.add("room for objects", ByteCount.text(max(room, 0)), "")
    }
    table.add("kept free (reserve)", ByteCount.text(status.reserve), "")
    Output.print("'\(status.aeTitle)' listens on \(status.address):\(status.port), process \(status.process)")
    if let tls = status.tls {
      let expires = tls.certificateExpires.map { ", its certificate expires \($0)" } ?? ""
      Output.print("TLS on port \(tls.port)\(expires)")
    }
    Output.print(table.text)
    if let room = status.room, room <= 0, status.reserve > 0 {
      Output.print("refuses objects until there is space again: the disk has less free than the reserve")
    }
    if let forwarding = status.audit.forwarding {
      let state = forwarding.isConnected ? "connected" : forwarding.failure ?? "not connected yet"
      Output.print(
        "audit records go to \(forwarding.destination): \(state); \(forwarding.forwarded) forwarded since the start, "
          + "\(forwarding.waiting) waiting")
    }
    if let failure = status.audit.failure { Output.print("nothing is shown to anybody: \(failure)") }
    if let reason = status.readOnly { Output.print("takes no objects until it is started anew: \(reason)") }
  }
}
