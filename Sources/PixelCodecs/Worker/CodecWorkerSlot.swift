// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// One place in the pool: a worker at a time, and a thread that may wait for it.
actor CodecWorkerSlot {
  private let thread: CodecThread
  private let settings: CodecPool.Settings
  private var arena: CodecArena?
  private var worker: CodecProcess?
  private(set) var walls = 0
  /// From the first step towards a worker until it said that it is ready, at worst.
  private(set) var longestStart = Duration.zero
  /// What the worker has behind it.
  private var work = Duration.zero

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  init(number: Int, settings: CodecPool.Settings) {
    thread = CodecThread(number: number)
    self.settings = settings
  }

  var process: Int32? { worker?.process }

  /// How a frame ended: with its bytes, with a codec's refusal, or with the worker.
  enum Outcome: Sendable {
    case done([UInt8])
    case refused(PixelError)
    /// The worker is gone; another may be asked where this one had worked before.
    case lost(PixelError, mayBeTheFormer: Bool)
  }

  /// Frames in their order, up to the one that cost the worker. While it works on one, the next is brought and the one before
  /// is fetched.
  func perform(_ jobs: ArraySlice<CodecJob>) throws(PixelError) -> [Outcome] {
    let arena = try ownArena()
    try start(with: arena)
    guard let worker else { throw .workerUnavailable(why: "it did not start") }
    var outcomes: [Outcome] = []
    var sent = jobs.startIndex
    do throws(CodecProcess.Silence) {
      for (index, job) in zip(jobs.indices, jobs) {
        while sent < jobs.endIndex, sent < index + CodecArena.lanes {
          try bring(jobs[sent], toLane: sent % CodecArena.lanes, of: arena, for: worker)
          sent += 1
        }
        guard job.fits else {
          outcomes.append(.refused(job.tooLarge))
          continue
        }
        let began = ContinuousClock.now
        let deadline = began + settings.deadline(for: job.request, inputCount: job.input.count)
        let response = try worker.answer(until: deadline)
        work += ContinuousClock.now - began
        outcomes.append(try outcome(response, of: job, from: arena, lane: index % CodecArena.lanes))
      }
    } catch {
      let isFirst = worker.framesDone == 0
      self.worker = nil
      arena.clear()
      if outcomes.count < jobs.count {
        outcomes.append(loss(error, of: jobs[jobs.startIndex + outcomes.count], isFirst: isFirst))
      }
    }
    return outcomes
  }

  private func bring(
    _ job: CodecJob, toLane lane: Int, of arena: CodecArena, for worker: CodecProcess
  ) throws(CodecProcess.Silence) {
    guard job.fits else { return }
    arena.write(job.input, toLane: lane)
    try worker.send(CodecMessage.Request(job.request, inputCount: job.input.count, lane: lane).bytes)
  }

  private func loss(_ silence: CodecProcess.Silence, of job: CodecJob, isFirst: Bool) -> Outcome {
    let codec = job.request.codec
    switch silence {
    case .ended(let why): return .lost(.workerEnded(codec, why: why), mayBeTheFormer: !isFirst)
    case .lied: return .lost(.workerEnded(codec, why: "its answer made no sense"), mayBeTheFormer: !isFirst)
    case .late:
      let allowed = settings.deadline(for: job.request, inputCount: job.input.count)
      return .lost(.deadlineExceeded(codec, milliseconds: Int(allowed / .milliseconds(1))), mayBeTheFormer: false)
    }
  }

  private func outcome(
    _ response: CodecMessage.Response, of job: CodecJob, from arena: CodecArena, lane: Int
  ) throws(CodecProcess.Silence) -> Outcome {
    let request = job.request
    switch response {
    case .ready: throw .lied
    case .failed(let failure, let why):
      arena.trim(lane, after: max(job.input.count, request.outputLimit))
      return .refused(PixelError(failure, request.codec, why: why))
    case .done(let count):
      let isWhole = request.operation == .decode ? count == request.outputLimit : count <= request.outputLimit
      guard isWhole else { throw .lied }
      let bytes = arena.output(count: count, ofLane: lane)
      arena.trim(lane, after: max(job.input.count, count))
      return .done(bytes)
    }
  }

  /// So that the next frame finds a worker waiting.
  func warm() throws(PixelError) {
    let arena = try ownArena()
    try start(with: arena)
  }

  private func ownArena() throws(PixelError) -> CodecArena {
    if let arena { return arena }
    let made = try CodecArena()
    arena = made
    return made
  }

  private func start(with arena: CodecArena) throws(PixelError) {
    if work > CodecPool.Settings.longestWork { worker = nil }
    guard worker == nil else { return }
    work = .zero
    let began = ContinuousClock.now
    let started = try CodecProcess.started(settings.executable, arena: arena)
    do throws(CodecProcess.Silence) {
      guard case .ready(let walls) = try started.receive(until: .now + settings.startLimit) else { throw .lied }
      self.walls = walls
      worker = started
      longestStart = max(longestStart, ContinuousClock.now - began)
    } catch {
      switch error {
      case .ended(let why): throw .workerUnavailable(why: "it ended at once: \(why)")
      case .late: throw .workerUnavailable(why: "it did not say that it is ready")
      case .lied: throw .workerUnavailable(why: "it is no worker")
      }
    }
  }
}

extension PixelError {
  init(_ failure: CodecMessage.Failure, _ codec: PixelCodec, why: String) {
    switch failure {
    case .malformed: self = .malformed(codec, why: why)
    case .codecFailed: self = .codecFailed(codec, why: why)
    case .cannotEncode: self = .cannotEncode(codec, why: why)
    }
  }

  package var codecFailure: (CodecMessage.Failure, why: String) {
    switch self {
    case .malformed(_, let why): (.malformed, why)
    case .codecFailed(_, let why): (.codecFailed, why)
    case .cannotEncode(_, let why): (.cannotEncode, why)
    default: (.codecFailed, description)
    }
  }
}
