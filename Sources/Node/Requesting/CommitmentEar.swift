// SPDX-License-Identifier: Apache-2.0

import DICOMData
import DIMSE
import Glibc
import NIOCore
import NIOPosix
import ServiceClasses
import Synchronization
import UpperLayer

/// Listens for storage commitment reports that come on associations of the other node's own.
final class CommitmentEar: Sendable {
  private let server: any Channel
  private let reports: AsyncStream<CommitmentReport>

  init(port: Int, address: String, aeTitle: String) async throws {
    let (reports, report) = AsyncStream.makeStream(of: CommitmentReport.self)
    self.reports = reports
    do {
      server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.configureDIMSE(role: .acceptor)
            let connection = try AssociationChannel(on: channel)
            Task { await Self.serve(connection, aeTitle: aeTitle) { report.yield($0) } }
          }
        }
        .bind(host: address, port: port).get()
    } catch let error as IOError {
      throw OperationError("cannot listen on \(address):\(port): \(String(cString: strerror(error.errnoCode)))")
    }
  }

  func close() {
    server.close(promise: nil)
  }

  /// Throws `AssociationEnd.timedOut` where none comes.
  func report(on transactionUID: String, within time: Duration) async throws -> CommitmentReport {
    try await withThrowingTaskGroup(of: CommitmentReport?.self) { group in
      group.addTask { [reports] in
        for await report in reports where report.transactionUID == transactionUID { return report }
        return nil
      }
      group.addTask {
        try await Task.sleep(for: time)
        return nil
      }
      defer { group.cancelAll() }
      guard let report = try await group.next() ?? nil else {
        throw AssociationEnd.timedOut("no storage commitment report in \(time)")
      }
      return report
    }
  }

  private static func serve(
    _ connection: AssociationChannel, aeTitle: String, take: @escaping @Sendable (CommitmentReport) -> Void
  ) async {
    try? await connection.executeThenClose { messages, writer in
      let association = try await Association.accept(messages, writer) { request in
        .success(acceptance(of: request))
      }
      guard let association else { return }
      while let message = try await messages.next() {
        if let report = try await CommitmentListener.answer(message, on: association) { take(report) }
      }
      try await writer.send(.releaseResponse)
      await messages.untilClosed()
    }
  }

  /// Nothing but reports: the other node as the SCP of storage commitment.
  private static func acceptance(of request: AssociateRQ) -> AssociateAC {
    let syntaxes = OfferedService.commitment.transferSyntaxes.map(\.uid)
    let contexts = request.presentationContexts.map { proposed in
      let syntax = proposed.transferSyntaxes.first(where: syntaxes.contains)
      let isOurs = proposed.abstractSyntax == UIDRegistry.storageCommitmentPushModel
      return PresentationContextResult(
        id: proposed.id,
        result: !isOurs ? .abstractSyntaxNotSupported : syntax == nil ? .transferSyntaxesNotSupported : .acceptance,
        transferSyntax: syntax ?? proposed.transferSyntaxes.first ?? "")
    }
    let roles = request.userInformation.roleSelections.filter {
      $0.sopClassUID == UIDRegistry.storageCommitmentPushModel
    }
    return AssociateAC(
      answering: request, presentationContexts: contexts,
      userInformation: UserInformation(
        maximumLength: UpperLayerLimits().maximumLength, implementationClassUID: Implementation.classUID,
        implementationVersionName: Implementation.versionName, roleSelections: roles))
  }
}
