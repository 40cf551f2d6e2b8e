// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData

/// Performs operations on all that is stored, in the node or in a command that holds the directory itself.
struct ArchiveOperationPerformer: Sendable {
  let archive: Archive

  func perform(
    _ operation: ArchiveOperation, as user: Operator, _ progress: OperationProgress
  ) async throws -> ArchiveOperationResult {
    do {
      return try await result(of: operation, archive.operations(as: user), progress)
    } catch is CancellationError {
      throw OperationError("it was stopped before its end; it can be run again")
    } catch let error as OperationError {
      throw error
    } catch {
      throw OperationError("\(error)")
    }
  }

  private func result(
    of operation: ArchiveOperation, _ operations: ArchiveOperations, _ progress: OperationProgress
  ) async throws -> ArchiveOperationResult {
    switch operation {
    case .export(let draft, let folder, let writesDICOMDIR, let fileSetID):
      let order = try ExportOrder(
        selection: ArchiveSelection(draft), folder: folder, writesDICOMDIR: writesDICOMDIR, fileSetID: fileSetID)
      return .export(try await operations.export(order, progress))
    case .previewDeletion(let draft):
      return .deletionPreview(try await operations.deletionPreview(ArchiveSelection(draft)))
    case .delete(let draft, let order):
      return .deletion(try await operations.delete(ArchiveSelection(draft), order, progress))
    case .listDeletions: return .deletions(try await operations.deletions())
    case .liftDeletion(let number):
      try await operations.liftDeletion(number)
      return .done("What deletion \(number) kept out may come again.")
    case .check(let order): return .check(try await operations.check(order, progress))
    case .reindex: return .reindex(try await operations.reindex(progress))
    case .backup(let folder, let keeping):
      return .backup(try await operations.backup(to: folder, keeping: keeping, progress))
    case .statistics: return .statistics(try await operations.statistics())
    case .audit(let order): return .audit(try await operations.perform(order, progress))
    default: return try await keepingResult(of: operation, operations, progress)
    }
  }

  private func keepingResult(
    of operation: ArchiveOperation, _ operations: ArchiveOperations, _ progress: OperationProgress
  ) async throws -> ArchiveOperationResult {
    switch operation {
    case .addHold(let scope, let reason): return .holds([try await operations.addHold(scope, reason: reason)])
    case .listHolds: return .holds(try await operations.holds())
    case .releaseHold(let number, let reason):
      try await operations.releaseHold(number, reason: reason)
      return .done("Legal hold \(number) is released.")
    case .addRetentionRule(let rule):
      let number = try await operations.addRetentionRule(rule)
      return .done("Rule \(number) is kept; it deletes nothing until a plan is made and applied.")
    case .listRetentionRules: return .retentionRules(try await operations.retentionRules())
    case .removeRetentionRule(let number):
      try await operations.removeRetentionRule(number)
      return .done("Rule \(number) is removed.")
    case .planRetention: return .retentionPlan(try await operations.planRetention())
    case .applyRetention(let plan): return .retention(try await operations.applyRetention(plan, progress))
    default: throw OperationError("this version of the node does not know that operation")
    }
  }
}

extension ArchiveSelection {
  fileprivate init(_ draft: SelectionDraft) throws {
    switch draft {
    case .everything: self = .everything
    case .patient(let id, let issuer): self = .patient(id: id, issuer: issuer)
    case .study(let uid): self = .study(uid: uid)
    case .series(let uid): self = .series(uid: uid)
    case .instance(let uid): self = .instance(uid: uid)
    case .matching(let keys):
      guard !keys.isEmpty else { throw OperationError("a filter needs at least one key") }
      self = .matching(
        try keys.map { key in
          let tag = Tag(rawValue: key.tag)
          try Self.requireMoment(key.value, tag)
          guard let matching = MatchingKey.Matching(of: key.value, vr: DataDictionary.vr(of: tag) ?? .un) else {
            throw OperationError("'\(tag)' is given no value to match")
          }
          return MatchingKey(tag: tag, matching: matching)
        })
    }
  }

  /// What is no date selects something else than was meant, and a deletion would take it.
  private static func requireMoment(_ value: String, _ tag: Tag) throws(OperationError) {
    let (isOne, form): (Bool, String) =
      switch DataDictionary.vr(of: tag) {
      // A year alone can be read, and is compared with nothing.
      case .da:
        (DateRange(value)?.span() != nil && value.split(separator: "-").allSatisfy { $0.count >= 8 }, "YYYYMMDD")
      case .tm: (TimeRange(value)?.span() != nil, "HHMMSS")
      case .dt: (DateTimeRange(value)?.span() != nil, "YYYYMMDDHHMMSS")
      default: (true, "")
      }
    guard isOne else {
      throw OperationError(
        "'\(value)' is not \(form), \(form)-, -\(form), or one to another in order (PS3.4 C.2.2.2.5)")
    }
  }
}

extension MatchingKey.Matching {
  /// PS3.4 C.2.2.2; nil for universal matching, which would select everything.
  fileprivate init?(of value: String, vr: VR) {
    let values = value.split(separator: "\\").map(String.init).filter { !$0.isEmpty }
    guard let first = values.first else { return nil }
    switch vr {
    case .ui: self = .uidList(values)
    case .da, .tm, .dt:
      let ends = value.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard ends.count == 2, let from = ends.first, let to = ends.last else {
        self = .singleValue(value)
        return
      }
      guard !from.isEmpty || !to.isEmpty else { return nil }
      self = .range(from: from.isEmpty ? nil : from, to: to.isEmpty ? nil : to)
    default:
      guard !value.allSatisfy({ $0 == "*" }) else { return nil }
      self = value.contains(where: { $0 == "*" || $0 == "?" }) ? .wildcard(value) : .singleValue(first)
    }
  }
}
