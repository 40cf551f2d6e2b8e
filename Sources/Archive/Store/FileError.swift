// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file operation that the system refused.
struct FileError: Error, Sendable, CustomStringConvertible {
  let code: CInt
  let description: String
  private let operation: String

  /// `path` is put together only after `errno` was read.
  init(_ operation: String, _ path: @autoclosure () -> String) {
    code = errno
    self.operation = operation
    description = "cannot \(operation) '\(path())': \(String(cString: strerror(code)))"
  }
}

extension StoreError {
  init(_ error: FileError) {
    self.init(error.kind, error.description)
  }
}

extension FileError {
  var saysThatTheDiskIsFull: Bool { code == ENOSPC || code == EDQUOT }

  /// After a failed sync the kernel may have dropped what it could not write and tell nobody again: what was written is given
  /// up. Of a full disk that is all; else, or where it cannot be given up, nothing more is promised.
  fileprivate var kind: StoreError.Kind {
    switch code {
    case _ where operation == "cut back": .untrustworthy
    case ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM: .exhausted
    case EROFS, EACCES, EPERM: .readOnly
    case ENOENT: .missing
    case _ where operation == "sync" || code == EIO: .untrustworthy
    default: .failed
    }
  }
}
