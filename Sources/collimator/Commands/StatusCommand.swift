// SPDX-License-Identifier: Apache-2.0

import Archive
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
    let limits = status.limits
    for (peer, count) in limits.associationsByPeer.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }).prefix(10) {
      table.add("  of \(peer)", "\(count)", "\(limits.associationsPerPeer)")
    }
    table.add("  of each peer", "", "\(limits.associationsPerPeer)")
    table.add("retrieves", "\(limits.retrievesNow)", "\(limits.retrieves)")
    table.add("  of each peer", "", "\(limits.retrievesPerPeer)")
    table.add("associations that it opened to send", "\(limits.outgoingNow)", "\(limits.outgoing)")
    table.add("  to each peer", "", "\(limits.outgoingPerPeer)")
    table.add("accepted since the start", "\(counts.accepted)", "")
    table.add("refused since the start", "\(counts.refusals)", "")
    table.add("reserved for this machine, of both", "", "\(limits.reserved)")
    table.add(
      "memory for long requests", Self.bytes(limits.requestMemory.taken), Self.bytes(limits.requestMemory.atMost))
    table.add("  of one address", "", Self.bytes(limits.requestMemory.perAddress))
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
    Output.print(Self.rules(limits))
    if let room = status.room, room <= 0, status.reserve > 0 {
      Output.print("refuses objects until there is space again: the disk has less free than the reserve")
    }
    if let aside = status.aside, aside.studies > 0 {
      Output.print(
        "\(aside.objects) objects for \(aside.studies) studies that others began are kept aside, and seen by nobody but their "
          + "sender: see collimator aside list")
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

  private static func rules(_ limits: LimitsInEffect) -> String {
    var table = Table("A CALLER HAS", "AT MOST", "")
    table.add("to say who it is", "\(limits.requestTimeout) s", "in \(bytes(Int(limits.maximumRequestLength)))")
    if let timeout = limits.tlsHandshakeTimeout { table.add("for the TLS handshake", "\(timeout) s", "") }
    table.add("to do nothing", "\(limits.idleTimeout) s", "")
    table.add("for a PDU without data", "\(limits.pduTimeout) s", "")
    table.add("to read what is sent to it", "\(limits.writeTimeout) s", "")
    table.add("to answer an object or a report", "\(limits.answerTimeout) s", "")
    table.add(
      "for each object or query", limits.minimumThroughput == 0 ? "no bound" : "\(limits.dataGracePeriod) s",
      limits.minimumThroughput == 0 ? "" : "and then as long as it brings \(limits.minimumThroughput) bytes a second")
    table.add(
      "in a PDU with data", bytes(Int(limits.maximumPDULength)),
      "and \(bytes(Int(limits.maximumPDULengthTolerance))) more are borne")
    return table.text
  }

  private static func bytes(_ count: Int) -> String {
    switch count {
    case 1 << 20..<Int.max where count % (1 << 20) == 0: "\(count >> 20) MiB"
    case 1024..<Int.max: "\(count >> 10) KiB"
    default: "\(count) bytes"
    }
  }
}
