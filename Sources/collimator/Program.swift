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
      await perform()
      exit(0)
    }
    dispatchMain()
  }

  /// How a command is to be called is said to whoever called it wrongly, not to whoever was refused something.
  private static func perform() async {
    do {
      var command = try Collimator.parseAsRoot()
      do {
        if var command = command as? any AsyncParsableCommand {
          try await command.run()
        } else {
          try command.run()
        }
      } catch let refusal as ValidationError {
        Output.note("Error: \(refusal.message)")
        Collimator.exit(withError: ExitCode.validationFailure)
      } catch let end where !(end is ExitCode) && Collimator.exitCode(for: end) != .success {
        // It may quote what another node or a file said. Help that was asked for is a success.
        Output.note(Collimator.fullMessage(for: end))
        Collimator.exit(withError: Collimator.exitCode(for: end))
      }
    } catch {
      Collimator.exit(withError: error)
    }
  }
}
