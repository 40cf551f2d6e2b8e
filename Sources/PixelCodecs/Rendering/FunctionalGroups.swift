// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// Where an attribute of one frame stands: in its own functional groups, in the shared ones, or in the data set itself
/// (PS3.3 §C.7.6.16).
struct FunctionalGroups {
  private let dataSet: DataSet
  private let own: DataSet?
  private let shared: DataSet?

  init(_ dataSet: DataSet, frame: Int) {
    self.dataSet = dataSet
    let frames = dataSet.items(Tag(0x5200, 0x9230))
    own = frames.indices.contains(frame) ? frames[frame] : nil
    shared = dataSet.items(Tag(0x5200, 0x9229)).first
  }

  /// The item of a macro's sequence that holds for the frame; the data set where there is none.
  func item(of sequence: Tag) -> DataSet {
    own?.items(sequence).first ?? shared?.items(sequence).first ?? dataSet
  }
}

extension DataSet {
  /// Decimal strings and floats alike.
  func decimals(_ tag: Tag) -> [Double] {
    strings(tag).compactMap { Double($0) }.filter(\.isFinite)
  }
}
