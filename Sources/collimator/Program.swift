// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CodecWorker
import Dispatch
import Foundation

/// Where the executable begins: as a codec worker before any thread is started, else as the command line.
@main
enum Program {
  static func main() {
    if CodecWorkerProcess.isAsked { CodecWorkerProcess.run() }
    Task {
      await Collimator.main()
      exit(0)
    }
    dispatchMain()
  }
}
