// SPDX-License-Identifier: Apache-2.0

/// What PS3.10 §7.1 asks of group 0002 as a whole, and of a deflated data set's first byte.
struct MetaValidator {
  private let file: Part10File

  init(_ file: Part10File) {
    self.file = file
  }

  var deviations: [Deviation] {
    guard let meta = file.meta.elements else { return [] }
    return missing(in: meta) + contradictions + zlibHeader
  }

  private func missing(in meta: DataSet) -> [Deviation] {
    let required: [Tag] = [
      .fileMetaInformationVersion, .mediaStorageSOPClassUID, .mediaStorageSOPInstanceUID, .transferSyntaxUID,
      .implementationClassUID,
    ]
    return required.filter { meta[$0].map { $0.length == 0 } ?? true }.map { tag in
      Deviation(
        .incompleteFileMetaInformation, offset: file.head.groupOffset, tagPath: [tag],
        detail: DataDictionary.entry(for: tag)?.name ?? "")
    }
  }

  private var contradictions: [Deviation] {
    let pairs: [(Tag, String?, Tag)] = [
      (.mediaStorageSOPClassUID, file.meta.mediaStorageSOPClassUID, .sopClassUID),
      (.mediaStorageSOPInstanceUID, file.meta.mediaStorageSOPInstanceUID, .sopInstanceUID),
    ]
    return pairs.compactMap { tag, said, own in
      guard let said, let actual = file.dataSet.string(own), said != actual else { return nil }
      return Deviation(
        .contradictoryFileMetaInformation, offset: file.head.groupOffset, tagPath: [tag],
        detail: "'\(said)', the data set says '\(actual)'")
    }
  }

  private var zlibHeader: [Deviation] {
    guard file.transferSyntax.isDeflated, let first = file.firstDataSetByte, Inflater.beginsZlibHeader(first) else {
      return []
    }
    return [Deviation(.zlibHeader, offset: file.dataSetOffset)]
  }
}
