// SPDX-License-Identifier: Apache-2.0

package import DICOMData
import Glibc

/// The codecs as the node uses them: a few child processes of the same executable that hold nothing worth stealing. A frame that
/// ends its worker costs that worker, which is replaced, and nothing else.
package actor CodecPool: FrameCoding {
  package struct Settings: Sendable {
    /// The program that has `codec-worker`; of a running node itself.
    package var executable = "/proc/self/exe"
    package var workers = max(Int(sysconf(CInt(_SC_NPROCESSORS_ONLN))), 1)
    /// What a frame of no size may take; the slowest codec's time for its bytes comes on top.
    package var deadline = Duration.seconds(10)
    package var startLimit = Duration.seconds(10)
    package var longestQueue = 1024

    /// With this and no more of work behind it a worker gives way to a fresh one; its limit of processor time is above both.
    static let longestDeadline = Duration.seconds(240)
    static let longestWork = Duration.seconds(300)

    package init() {}

    /// JPEG 2000 does 16 MB/s on one core; on a busy machine a quarter of that is to be enough.
    func deadline(for request: CodecRequest, inputCount: Int) -> Duration {
      min(deadline + .milliseconds((inputCount + request.outputLimit) / 4000), Self.longestDeadline)
    }
  }

  package struct Statistics: Sendable {
    package let replaced: Int
    package let poisoned: Int
    /// From the first step towards a worker until it said that it is ready, at worst.
    package let longestStart: Duration
    package let processes: [Int32]
    /// The walls around the workers, by CLinux; those that all of them have.
    package let walls: Int
  }

  private let settings: Settings
  private let slots: [CodecWorkerSlot]
  private var idle: [CodecWorkerSlot]
  private var waiting: [CheckedContinuation<CodecWorkerSlot, Never>] = []
  private var poisoned = PoisonedFrames()
  private var replaced = 0

  package init(_ settings: Settings = Settings()) {
    self.settings = settings
    // A pipe to a worker that is gone answers with an error, not with a signal that ends the node.
    signal(SIGPIPE, SIG_IGN)
    slots = (0..<max(settings.workers, 1)).map { CodecWorkerSlot(number: $0, settings: settings) }
    idle = slots
  }

  /// Starts all workers; throws where one cannot be.
  package func warm() async throws(PixelError) {
    for slot in slots { try await slot.warm() }
  }

  package func perform(_ request: CodecRequest, on input: Bytes) async throws(PixelError) -> [UInt8] {
    guard !poisoned.contains(request, input) else { throw .poisoned(request.codec) }
    var hasTriedAnother = false
    while true {
      let slot = try await freeSlot()
      let outcome: CodecWorkerSlot.Outcome
      do throws(PixelError) {
        outcome = try await slot.perform(request, on: input)
      } catch {
        release(slot)
        throw error
      }
      switch outcome {
      case .done(let bytes):
        release(slot)
        return bytes
      case .refused(let error):
        release(slot)
        throw error
      case .lost(let error, let mayBeTheFormer):
        replace(slot)
        // What an earlier frame broke is not this one's fault: a fresh worker tells.
        if mayBeTheFormer, !hasTriedAnother {
          hasTriedAnother = true
          continue
        }
        poisoned.insert(request, input)
        throw error
      }
    }
  }

  package func statistics() async -> Statistics {
    var processes: [Int32] = []
    var walls = ~0
    var longestStart = Duration.zero
    for slot in slots {
      longestStart = max(longestStart, await slot.longestStart)
      guard let process = await slot.process else { continue }
      processes.append(process)
      walls &= await slot.walls
    }
    return Statistics(
      replaced: replaced, poisoned: poisoned.count, longestStart: longestStart, processes: processes,
      walls: processes.isEmpty ? 0 : walls)
  }

  private func freeSlot() async throws(PixelError) -> CodecWorkerSlot {
    if let slot = idle.popLast() { return slot }
    guard waiting.count < settings.longestQueue else { throw .tooManyWaiting(limit: settings.longestQueue) }
    return await withCheckedContinuation { waiting.append($0) }
  }

  private func release(_ slot: CodecWorkerSlot) {
    guard waiting.isEmpty else { return waiting.removeFirst().resume(returning: slot) }
    idle.append(slot)
  }

  /// The slot comes back with a worker in it; who waits for an answer does not wait for that.
  private func replace(_ slot: CodecWorkerSlot) {
    replaced += 1
    Task {
      // Where none can be started, whoever asks next is told why.
      try? await slot.warm()
      release(slot)
    }
  }
}
