// SPDX-License-Identifier: Apache-2.0

/// Brings an object that is kept into the index, as often as the index has to know more of it.
struct Indexing {
  let surroundings: ReceptionSurroundings

  /// When this returns the index has the object for good, or the object is gone again. `first`: what the index said already.
  nonisolated(nonsending) func add(
    _ original: InstanceRecord, _ kept: any KeptObject, first: Result<Addition, IndexError>? = nil
  ) async throws(ReceptionError) -> Receipt {
    let outcome = try await outcome(of: original, kept, first)
    if outcome == .stored { surroundings.arrivals.tell(of: original) }
    return Receipt(outcome: outcome, remarks: original.remarks)
  }

  nonisolated(nonsending) private func outcome(
    of original: InstanceRecord, _ kept: any KeptObject, _ first: Result<Addition, IndexError>?
  ) async throws(ReceptionError) -> Receipt.Outcome {
    var record = original
    var compared: [ObjectKey: [UInt8]] = [:]
    var said = first
    let comparison = VersionComparison(
      store: surroundings.store, samples: surroundings.samples, turn: surroundings.decodingTurn)
    while true {
      let addition: Addition
      do throws(IndexError) {
        addition =
          if let known = said { try known.get() } else {
            try await surroundings.index.add(record, compared: compared)
          }
        said = nil
      } catch {
        throw await notIndexed(error, kept)
      }
      switch addition {
      case .done(let outcome):
        guard outcome != .keptOut else {
          await kept.discard()
          throw ReceptionError(.keptOut, "the object was deleted here and is kept out: see collimator deletion list")
        }
        if outcome == .alreadyStored { await kept.discard() } else { await kept.settle() }
        return outcome
      case .replaced(let damaged):
        await kept.settle()
        // Left where it is it would be found without a row by the next start after a crash, which does the same.
        try? await surroundings.store.setAside(damaged)
        return .stored
      case .alreadyHere(let key, let digest):
        compared[key] = await comparison.isReadable(key, digest: digest) ? digest : []
      case .needsComparison(let others):
        // Each turn knows one version more; another can only come while this one looks.
        if record.canonicalDigest == nil {
          record.canonicalDigest = await comparison.canonicalDigest(of: record.object)
        }
        for key in others { compared[key] = await comparison.canonicalDigest(of: key) }
      }
    }
  }

  /// Where the row is certainly not on the disk, the file goes too: whoever tries again and again must not fill the disk.
  /// Where it may be, the file stays, and the next start sets it right.
  nonisolated(nonsending) private func notIndexed(_ error: IndexError, _ kept: any KeptObject) async -> ReceptionError {
    switch error.kind {
    case .untrustworthy: surroundings.gate.close(because: error.description)
    case .busy, .exhausted, .readOnly, .impossible: await kept.refuse()
    }
    return ReceptionError(.outOfResources, "the object cannot be taken now: \(error)")
  }
}
