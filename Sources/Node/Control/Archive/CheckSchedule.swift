// SPDX-License-Identifier: Apache-2.0

import Archive
import Logging

/// When a running node reads all that it stores, and how fast.
package struct CheckSchedule: Sendable {
  /// Between the end of one check and the beginning of the next; zero is never.
  let interval: Duration
  let megabytesPerSecond: Int

  package init(interval: Duration = .zero, megabytesPerSecond: Int = 50) {
    self.interval = interval
    self.megabytesPerSecond = megabytesPerSecond
  }

  /// Until cancelled. A check that a stop interrupted goes on where it was at the next start.
  func run(on archive: Archive, logger: Logger) async throws {
    guard interval > .zero else { return }
    let operations = archive.operations(as: .current)
    while true {
      do {
        let wait = try await operations.timeUntilNextCheck(every: interval)
        guard wait <= .zero else {
          try await Task.sleep(for: min(wait, .seconds(600)))
          continue
        }
        let order = CheckOrder(bytesPerSecond: megabytesPerSecond * 1_000_000, continues: true)
        log(try await operations.check(order), to: logger)
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        logger.error("the stored files could not be checked", metadata: ["error": "\(error)"])
        try await Task.sleep(for: .seconds(600))
      }
    }
  }

  private func log(_ report: CheckReport, to logger: Logger) {
    for fault in report.faults.prefix(100) {
      logger.error(
        "check: \(fault.kind.rawValue): \(fault.detail)", metadata: ["object": "\(fault.object ?? "-")"])
    }
    logger.info("checked", metadata: ["instances": "\(report.instances)", "faults": "\(report.faultCount)"])
  }
}
