// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Runs a connection's task on the connection's own event loop: between a message and its answer no other thread has to wake
/// up. What may block or takes long does not belong there.
package final class EventLoopExecutor: TaskExecutor {
  private let eventLoop: any EventLoop

  package init(_ eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
