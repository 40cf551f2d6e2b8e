// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// Jobs that are run when they are told to, on the thread that tells: a task without a second thread.
private final class ByHand: TaskExecutor {
  private let jobs = Mutex<[UnownedJob]>([])

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
  }

  func runAll() {
    while let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
      job.runSynchronously(on: asUnownedTaskExecutor())
    }
  }
}

/// The one task that owns an association's messages, as a service reads them.
final class ReadMessages {
  private let executor = ByHand()
  private let indications = IndicationQueue()
  private let state: State

  private final class State: Sendable {
    let told = Mutex<[String]>([])
    let isDone = Atomic(false)

    func tell(_ what: String) { told.withLock { $0.append(what) } }
  }

  /// What was read, in words.
  var told: [String] { state.told.withLock { $0 } }
  var isDone: Bool { state.isDone.load(ordering: .acquiring) }

  init(_ reading: MessagesConduct.Reading) {
    let state = State()
    self.state = state
    Task(executorPreference: executor, operation: Self.task(indications, reading, state))
    executor.runAll()
  }

  func hear(_ indication: DIMSEIndication) {
    indications.append(indication)
  }

  func readOn() {
    executor.runAll()
  }

  func finish() {
    indications.finish()
    executor.runAll()
  }

  private static func task(
    _ indications: IndicationQueue, _ reading: MessagesConduct.Reading, _ state: State
  ) -> @Sendable () async -> Void {
    {
      await read(indications, reading, state)
      state.isDone.store(true, ordering: .releasing)
    }
  }

  private static func read(
    _ indications: IndicationQueue, _ reading: MessagesConduct.Reading, _ state: State
  ) async {
    let messages = MessageReader(indications)
    do {
      guard try await messages.nextAssociateRequest() != nil else { return state.tell("nobody") }
      var count: UInt8 = 0
      while let message = try await messages.next() {
        state.tell("\(message.command.commandField) on \(message.contextID)")
        count &+= 1
        let way = reading == .byTurns ? MessagesConduct.Reading(rawValue: count % 3) ?? .nothing : reading
        try await readDataSet(messages, way, state)
      }
      state.tell("release")
    } catch {
      state.tell("\(error)")
    }
  }

  private static func readDataSet(
    _ messages: MessageReader, _ reading: MessagesConduct.Reading, _ state: State
  ) async throws {
    switch reading {
    case .nothing, .byTurns: break
    case .upToALimit:
      do {
        state.tell("\(try await messages.dataSet(upTo: 100).readableBytes) bytes")
      } catch is MessageTooLong {
        state.tell("too long")
      }
    case .everything:
      var count = 0
      while let fragment = try await messages.nextFragment() { count += fragment.readableBytes }
      state.tell("\(count) bytes to the end")
    }
  }
}
