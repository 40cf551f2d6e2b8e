// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import DICOMData
import Foundation
import Node
import ServiceClasses
import UpperLayer

struct RemoteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remote", abstract: "Ask other archives of the table of peers, and bring studies in from them.",
    subcommands: [Find.self, Fetch.self])
}

extension RemoteCommand {
  /// The peer that is asked, as the node calls it.
  struct Called: ParsableArguments {
    @Argument(help: "The peer's name, as 'collimator peer list' shows it; it needs a port and the address of one host.")
    var name: String

    @OptionGroup var archive: DataDirectoryOptions

    /// Runs `body` with where the peer is called; that it is, for what, and what came of it is recorded. `body` returns with
    /// how many, and with what is missing.
    func call<Value>(
      for purpose: RemotePurpose, _ body: (PeerCallListing) async throws -> (Value, count: Int, failure: String?)
    ) async throws -> Value {
      let title = try await archive.aeTitle()
      guard
        case .deliveries(.peer(let peer)) = try await archive.perform(
          .deliveries(.callPeer(name: name, aeTitle: title, purpose: purpose)))
      else { throw OperationError("the node answered something else") }
      do {
        let (value, count, failure) = try await body(peer)
        try await note(purpose, peer, count, failure)
        return value
      } catch {
        let explained = (error as? AssociationEnd).map { peer.node.explained($0) } ?? error
        try? await note(purpose, peer, 0, "\(explained)")
        throw explained
      }
    }

    private func note(_ purpose: RemotePurpose, _ peer: PeerCallListing, _ count: Int, _ failure: String?) async throws
    {
      _ = try await archive.perform(
        .deliveries(
          .calledPeer(name: name, purpose: purpose, record: peer.record, count: count, failure: failure)))
    }
  }

  struct Find: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Ask another archive what it has (C-FIND, Study Root).",
      discussion: "Example: collimator remote find OLDPACS -k PatientID=4711 -k StudyDate -k StudyInstanceUID")

    @OptionGroup var called: Called

    @OptionGroup var query: QueryOptions
    @OptionGroup var listing: ListingOptions

    func validate() throws {
      guard query.level != .patient else {
        throw ValidationError("other archives are asked by Study Root, whose levels are STUDY, SERIES and IMAGE")
      }
    }

    func run() async throws {
      let keys = try query.keys()
      let asked = query.identifier(keys)
      let purpose = RemotePurpose.find(
        level: query.level.rawValue, identifier: asked.encoded(as: .implicitVRLittleEndian))
      let (matches, failure): ([DataSet], (any Error)?) = try await called.call(for: purpose) { peer in
        let (found, failure) = try await find(asked, in: peer)
        return ((found, failure), count: found.count, failure: failure.map { "\($0)" })
      }
      MatchOutput(keys: keys, matches: matches).print(asJSON: listing.json)
      if let failure { throw failure }
    }

    /// What came before the other archive gave up is an answer too, and so is why it did; where nothing came it throws.
    private func find(
      _ asked: DataSetBuilder, in peer: PeerCallListing
    ) async throws -> (found: [DataSet], failure: (any Error)?) {
      let progress = MatchProgress(of: "'\(peer.name)'")
      defer { progress.clear() }
      var found: [DataSet] = []
      do {
        try await RemoteStudies(of: peer.node).find(asked) {
          found.append($0)
          progress.draw(found.count)
        }
        return (found, nil)
      } catch {
        guard !found.isEmpty else { throw error }
        return (found, (error as? AssociationEnd).map { peer.node.explained($0) } ?? error)
      }
    }
  }

  struct Fetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Bring studies in from another archive, and verify that all of their objects arrived.",
      discussion: """
        By C-GET, on the association of the request; with --move by C-MOVE to this node, which the other archive has to know \
        and which has to let it store.

        Example: collimator remote fetch OLDPACS --study 1.2.840.99.1
        """)

    @OptionGroup var called: Called

    @Option(help: "A Study Instance UID. Repeatable.")
    var study: [String]

    @Flag(help: "By C-MOVE to this node, which has to be running.")
    var move = false

    @OptionGroup var listing: ListingOptions

    func run() async throws {
      let (arrived, left) = try await called.call(for: .fetch(studyInstanceUIDs: study)) { peer in
        guard let wanted = try await RemoteObjects(of: peer.node).objects(of: studies) else {
          throw OperationError("'\(peer.name)' takes no queries from this node (C-FIND, Study Root)")
        }
        guard !wanted.isEmpty else { throw OperationError("'\(peer.name)' has no such study for this node") }
        if move { try await have(peer) } else { try await get(wanted, from: peer) }
        let left = try await missing(of: wanted)
        let arrived = wanted.count - left.count
        return ((arrived, left), count: arrived, failure: left.isEmpty ? nil : "\(left.count) objects did not arrive")
      }
      try report(arrived, left)
    }

    private var studies: WantedObjects { WantedObjects(studyInstanceUIDs: study) }

    private func have(_ peer: PeerCallListing) async throws {
      let outcome = try await ObjectRetrieval(of: studies, from: peer.node).move(to: peer.callingAETitle) {
        RetrieveOptions.draw($0)
      }
      note(outcome, peer)
    }

    private func get(_ wanted: Set<RemoteObjects.Listed>, from peer: PeerCallListing) async throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: "collimator-fetch-\(UUID().uuidString)")
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      defer { try? FileManager.default.removeItem(at: folder) }
      let outcome = try await ObjectRetrieval(of: studies, from: peer.node).get(
        into: folder.path(percentEncoded: false), listed: wanted
      ) { RetrieveOptions.draw($0) }
      note(outcome, peer)
      try await DataDirectory(path: called.archive.path()).withOperations(as: .current, mayBegin: false) { perform in
        for file in outcome.files {
          guard case .imported(let imported) = try await perform(.importFile(path: file, issuer: nil)) else { continue }
          if imported.kind == .refused { Output.note("refused: \(imported.remarks.joined(separator: "; "))") }
        }
      }
    }

    private func note(_ outcome: RetrieveOutcome, _ peer: PeerCallListing) {
      if Output.noteIsTerminal { Output.write("\r\u{1B}[K", to: .standardError) }
      guard !outcome.isComplete else { return }
      Output.note("'\(peer.name)' answered \(outcome.status)" + (outcome.comment.map { ": \($0)" } ?? ""))
    }

    private struct Fetched: Encodable {
      let arrived: Int
      let missing: [String]
    }

    private func missing(of wanted: Set<RemoteObjects.Listed>) async throws -> [String] {
      let pairs = wanted.map { [$0.sopClassUID, $0.sopInstanceUID] }
      guard
        case .deliveries(.stored(let stored)) = try await called.archive.perform(.deliveries(.stored(pairs)))
      else { throw OperationError("the node answered something else") }
      return Set(wanted.map(\.sopInstanceUID)).subtracting(stored.map { $0.last ?? "" }).sorted()
    }

    private func report(_ arrived: Int, _ missing: [String]) throws {
      if listing.json {
        try Output.print(json: Fetched(arrived: arrived, missing: missing))
      } else {
        for uid in missing { Output.print("missing  \(uid)") }
        Output.print("\(arrived) of \(arrived + missing.count) objects are stored here")
      }
      if !missing.isEmpty { throw ExitCode.failure }
    }
  }
}
