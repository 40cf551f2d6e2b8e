// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Glibc

/// This reader on files: reading-benchmark header|prefix|full|overview|memory FILE...  Prints what dcmtk_reading.cpp does.
@main
struct ReadingBenchmark {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard let mode = arguments.first, arguments.count > 1 else { exit(64) }
    let files = Array(arguments.dropFirst())
    _ = try Part10File(mapping: files[0], stoppingBefore: .pixelData)
    var elements = 0
    let clock = ContinuousClock()
    let begin = clock.now
    for file in files { elements += try count(read(file, mode)) }
    let spent = clock.now - begin
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    print(files.count, elements, spent / .seconds(1), usage.ru_maxrss)
  }

  /// `header` and `full` map the file, as the node may with its own; `prefix` and `memory` read it.
  private static func read(_ file: String, _ mode: String) throws -> Part10File {
    switch mode {
    case "header": try Part10File(mapping: file, stoppingBefore: .pixelData)
    case "prefix": try Part10File(path: file, stoppingBefore: .pixelData)
    case "full": try Part10File(mapping: file)
    case "overview": try overview(of: file)
    default: try Part10File(path: file)
    }
  }

  /// As DCMTK's loadFile: values beyond 4 KiB stay where they are.
  private static func overview(of file: String) throws -> Part10File {
    var options = ReadingOptions.lenient
    options.longestKeptValue = 4096
    let (read, failure) = try Part10File.overview(path: file, options: options)
    if let failure { throw failure }
    return read
  }

  private static func count(_ file: Part10File) -> Int {
    file.dataSet.elementCount
  }
}
