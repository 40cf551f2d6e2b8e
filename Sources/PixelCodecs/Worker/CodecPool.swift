// SPDX-License-Identifier: Apache-2.0

import DICOMData
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
    /// Bytes that frames may take at once, here and in the workers, by what their layouts say; a frame that takes more is worked
    /// on alone. A quarter of the machine's memory.
    package var memoryLimit = max(Int(sysconf(CInt(_SC_PHYS_PAGES))) * Int(sysconf(CInt(_SC_PAGESIZE))) / 4, 1 << 30)

    /// With this and no more of work behind it a worker gives way to a fresh one; its limit of processor time is above both.
    static let longestDeadline = Duration.seconds(240)
    static let longestWork = Duration.seconds(300)
    /// Frames, and bytes of them, that one worker is given at once.
    static let longestBatch = 8
    static let largestBatch = 64 << 20

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
    /// The most that frames were promised at once.
    package let mostMemory: Int
    /// The walls around the workers, by CLinux; those that all of them have.
    package let walls: Int
  }

  private let settings: Settings
  private let slots: [CodecWorkerSlot]
  private var idle: [CodecWorkerSlot]
  private var queue: CodecQueue<CheckedContinuation<CodecWorkerSlot, Never>>
  private var mostMemory = 0
  private var poisoned = PoisonedFrames()
  private var replaced = 0

  package init(_ settings: Settings = Settings()) {
    self.settings = settings
    // A pipe to a worker that is gone answers with an error, not with a signal that ends the node.
    signal(SIGPIPE, SIG_IGN)
    slots = (0..<max(settings.workers, 1)).map { CodecWorkerSlot(number: $0, settings: settings) }
    idle = slots
    queue = CodecQueue(workers: slots.count, memoryLimit: settings.memoryLimit, longest: settings.longestQueue)
  }

  /// The same workers, asked with another priority.
  package nonisolated func at(_ priority: CodecPriority) -> PrioritisedCodecs {
    PrioritisedCodecs(pool: self, priority: priority)
  }

  /// Starts all workers; throws where one cannot be.
  package func warm() async throws(PixelError) {
    for slot in slots { try await slot.warm() }
  }

  package func perform(_ jobs: [CodecJob]) async -> [Result<[UInt8], PixelError>] {
    await perform(jobs, .ordinary)
  }

  func perform(_ jobs: [CodecJob], _ priority: CodecPriority) async -> [Result<[UInt8], PixelError>] {
    var results: [Result<[UInt8], PixelError>] = []
    // The frame that is tried once more, where the first worker may have been broken by an earlier one.
    var triedAgain: Int?
    while results.count < jobs.count {
      let next = results.count
      guard !poisoned.contains(jobs[next]) else {
        results.append(.failure(.poisoned(jobs[next].request.codec)))
        continue
      }
      do throws(PixelError) {
        for outcome in try await outcomes(of: batch(jobs[next...]), priority) {
          switch outcome {
          case .done(let bytes): results.append(.success(bytes))
          case .refused(let error): results.append(.failure(error))
          case .lost(_, mayBeTheFormer: true) where triedAgain != results.count: triedAgain = results.count
          case .lost(let error, _):
            poisoned.insert(jobs[results.count])
            results.append(.failure(error))
          }
        }
      } catch {
        // No worker can be had: not for the others either.
        results += jobs[results.count...].map { _ in .failure(error) }
      }
    }
    return results
  }

  /// As many as one worker is given at once: who else waits is to have a turn, and a worker its limit of time.
  private func batch(_ jobs: ArraySlice<CodecJob>) -> ArraySlice<CodecJob> {
    var end = jobs.startIndex
    var bytes = 0
    while end < jobs.endIndex, end - jobs.startIndex < Settings.longestBatch {
      bytes += jobs[end].input.count + jobs[end].request.outputLimit
      if end > jobs.startIndex, bytes > Settings.largestBatch || poisoned.contains(jobs[end]) { break }
      end += 1
    }
    return jobs[..<end]
  }

  private func outcomes(
    of jobs: ArraySlice<CodecJob>, _ priority: CodecPriority
  ) async throws(PixelError) -> [CodecWorkerSlot.Outcome] {
    // One is worked on while the next is brought.
    let memory = CodecArena.lanes * (jobs.map(\.memory).max() ?? 0)
    let claim = CodecQueue<CheckedContinuation<CodecWorkerSlot, Never>>.Claim(priority: priority, memory: memory)
    let slot = try await freeSlot(claim)
    let outcomes: [CodecWorkerSlot.Outcome]
    do throws(PixelError) { outcomes = try await slot.perform(jobs) } catch {
      queue.finish(claim)
      release(slot)
      throw error
    }
    queue.finish(claim)
    if case .lost = outcomes.last { replace(slot) } else { release(slot) }
    return outcomes
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
      mostMemory: mostMemory, walls: processes.isEmpty ? 0 : walls)
  }

  private func freeSlot(
    _ claim: CodecQueue<CheckedContinuation<CodecWorkerSlot, Never>>.Claim
  ) async throws(PixelError) -> CodecWorkerSlot {
    guard !queue.isFull else { throw .tooManyWaiting(limit: settings.longestQueue) }
    return await withCheckedContinuation { continuation in
      queue.append(continuation, claim)
      handOut()
    }
  }

  private func release(_ slot: CodecWorkerSlot) {
    idle.append(slot)
    handOut()
  }

  /// Free workers to those whose turn it is.
  private func handOut() {
    while let slot = idle.last, let next = queue.next() {
      idle.removeLast()
      mostMemory = max(mostMemory, queue.memoryPromised)
      next.waiter.resume(returning: slot)
    }
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
