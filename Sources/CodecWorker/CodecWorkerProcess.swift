// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import PixelCodecs

/// `collimator codec-worker`: the process that decoders live in. It is started by `CodecPool`, not by people: messages come on
/// descriptor 0 and go on 1, frames lie in the shared memory that is 3.
package enum CodecWorkerProcess {
  /// Beside what is shared, enough for a decoder that holds the largest frame's samples twice, as 32 bit numbers.
  private static let addressSpace = UInt64(CodecArena.size) + (3 << 30)

  /// A worker whose node is gone and that goes round for ever ends too; one that works is replaced long before.
  private static let processorSeconds: UInt64 = 600

  /// Whether this process was started as one; asked before anything that may start a thread.
  package static var isAsked: Bool {
    CommandLine.arguments.count == 2 && CommandLine.arguments[1] == "codec-worker"
  }

  /// Confines itself, says so, and answers until nobody asks any more.
  package static func run() -> Never {
    guard let arena = mapArena() else { end("no shared memory: this command is not for people") }
    guard isSingleThreaded else { end("a second thread exists: walls would stand around one of them only") }
    let walls = clinux_confine(addressSpace, processorSeconds)
    guard walls >= 0 else { end("it could not be confined") }
    FrameCodecs.start()
    send(.ready(walls: Int(walls)))
    while let message = receive() {
      guard let request = CodecMessage.Request(message) else { exit(3) }
      send(answer(to: request, arena))
    }
    exit(0)
  }

  private static func answer(
    to message: CodecMessage.Request, _ arena: UnsafeMutableRawBufferPointer
  ) -> CodecMessage.Response {
    let request = message.request
    let room = CodecArena.laneSize - CodecArena.outputOffset
    guard message.inputCount <= CodecArena.outputOffset, request.outputLimit <= room else {
      return .failed(.codecFailed, why: "the frame is larger than the memory that is shared")
    }
    let start = message.lane * CodecArena.laneSize
    let output = start + CodecArena.outputOffset
    let input = UnsafeRawBufferPointer(rebasing: arena[start..<start + message.inputCount])
    let place = UnsafeMutableRawBufferPointer(rebasing: arena[output..<output + room])
    do throws(PixelError) {
      return .done(outputCount: try FrameCodecs.perform(request, input: input, output: place))
    } catch {
      let (failure, why) = error.codecFailure
      return .failed(failure, why: why)
    }
  }

  private static func mapArena() -> UnsafeMutableRawBufferPointer? {
    var status = stat()
    guard fstat(3, &status) == 0, status.st_size == CodecArena.size else { return nil }
    let mapping = mmap(nil, CodecArena.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, 3, 0)
    guard let mapping, mapping != MAP_FAILED else { return nil }
    return UnsafeMutableRawBufferPointer(start: mapping, count: CodecArena.size)
  }

  private static var isSingleThreaded: Bool {
    guard let tasks = opendir("/proc/self/task") else { return false }
    defer { closedir(tasks) }
    var count = 0
    while readdir(tasks) != nil { count += 1 }
    // "." and ".." are entries too.
    return count == 3
  }

  private static func receive() -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: CodecMessage.byteCount)
    var filled = 0
    while filled < bytes.count {
      let got = bytes.withUnsafeMutableBytes { room in
        read(0, room.baseAddress.map { $0 + filled }, room.count - filled)
      }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { return nil }
      filled += got
    }
    return bytes
  }

  private static func send(_ response: CodecMessage.Response) {
    let bytes = response.bytes
    // Shorter than a pipe holds.
    let sent = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
    if sent != bytes.count { exit(4) }
  }

  private static func end(_ why: String) -> Never {
    let line = Array("collimator codec-worker: \(why)\n".utf8)
    _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    exit(2)
  }
}
