// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// A file that the index does not know.
struct Orphan {
  let key: ObjectKey
  let arrivedAt: Double
  private let store: FileObjectStore
  private let layout: IndexLayout
  private let now: Double

  init(_ key: ObjectKey, in store: FileObjectStore, layout: IndexLayout, now: Double) {
    self.key = key
    self.store = store
    self.layout = layout
    self.now = now
    let head = try? Part10Head(reading: store.readNow(0..<Part10Head.enoughBytes, of: key))
    arrivedAt = head.map { Arrival(of: $0.meta, time: now).time } ?? now
  }

  /// Whether the power went before all of it was on the disk: it was never acknowledged.
  var isHalf: Bool {
    (try? StoredObject(key, in: store).isConfirmed()) == false
  }

  /// nil for what is no object; throws where the disk fails for the moment, which says nothing about the file.
  func record() throws -> InstanceRecord? {
    do {
      return try StoredObject(key, in: store).record(layout: layout, now: now)
    } catch is ReceptionError {
      return nil
    } catch  where error.saysThatTheFileIsNoObject {
      return nil
    }
  }
}

extension Error {
  fileprivate var saysThatTheFileIsNoObject: Bool {
    guard let error = self as? ReadingError else { return false }
    if case .cannotOpen = error.reason { return false }
    return true
  }
}
