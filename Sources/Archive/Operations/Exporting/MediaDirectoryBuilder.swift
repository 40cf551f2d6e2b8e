// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// A DICOMDIR in the making (PS3.3 annex F, PS3.10 §8): patients, their studies, series and objects, one record each.
final class MediaDirectoryBuilder {
  private final class Node {
    var record: DataSetBuilder
    var below: [Node] = []
    var offset = 0
    let size: Int

    init(_ record: DataSetBuilder) {
      self.record = record
      // Offsets are binary: what they say does not change what they take.
      size = 8 + record.encoded(as: .explicitVRLittleEndian).count
    }
  }

  private let fileSetID: String
  private var roots: [Node] = []
  private var patients: [Int64: Node] = [:]
  private var studies: [Int64: Node] = [:]
  private var series: [Int64: Node] = [:]
  private(set) var fileIDs: [[String]] = []

  init(fileSetID: String) throws {
    let isValid = fileSetID.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || byte == 0x20 || byte == 0x5F
    }
    guard isValid, fileSetID.utf8.count <= 16 else {
      throw ArchiveError("a File-set ID has up to 16 characters of A-Z, 0-9, space and underscore (PS3.10 §8.1)")
    }
    self.fileSetID = fileSetID
  }

  /// Returns what had to be made up for the directory's sake.
  func add(_ instance: SelectedInstance, header: DataSet, fileID: [String]) -> [String] {
    let type = DirectoryRecordType(sopClassUID: instance.sopClassUID, header: header)
    guard type.isOfPatient == (instance.place != nil), type != .none else {
      return ["\(instance.sopInstanceUID) is exported, but annex F of PS3.3 has no record for its SOP class"]
    }
    var madeUp: [String] = []
    let parent = instance.place.map { place in
      self.series(of: place, header, &madeUp)
    }
    var record = DirectoryRecord(type, of: header)
    record.refer(to: fileID, instance)
    madeUp += record.madeUp
    let node = Node(record.builder)
    if let parent { parent.below.append(node) } else { roots.append(node) }
    fileIDs.append(fileID)
    return madeUp.map { "\(instance.sopInstanceUID): \($0)" }
  }

  private func series(of place: SelectedInstance.Place, _ header: DataSet, _ madeUp: inout [String]) -> Node {
    // As received: the directory says what its files say, whatever was corrected since.
    if let known = series[place.receivedSeries] { return known }
    let patient = patients[place.receivedPatient] ?? make(.patient, header, &madeUp)
    if patients.updateValue(patient, forKey: place.receivedPatient) == nil { roots.append(patient) }
    let study = studies[place.receivedStudy] ?? make(.study, header, &madeUp)
    if studies.updateValue(study, forKey: place.receivedStudy) == nil { patient.below.append(study) }
    let node = make(.series, header, &madeUp)
    series[place.receivedSeries] = node
    study.below.append(node)
    return node
  }

  private func make(_ type: DirectoryRecordType, _ header: DataSet, _ madeUp: inout [String]) -> Node {
    let record = DirectoryRecord(type, of: header)
    madeUp += record.madeUp
    return Node(record.builder)
  }

  /// The whole file. Throws where it would be larger than its offsets can say.
  func encoded() throws -> [UInt8] {
    let head = FileMetaInformation.encoded(
      sopClassUID: MediaDirectory.storageSOPClassUID, sopInstanceUID: Self.newUID(),
      transferSyntaxUID: TransferSyntax.explicitVRLittleEndian.uid, sourceAETitle: "")
    // The sequence's own header takes 12 bytes (PS3.5 §7.1.2).
    let begin = head.count + fileSet(first: 0, last: 0).count + 12
    let end = place(roots, from: begin)
    guard end <= Int(UInt32.max) else { throw ArchiveError("a DICOMDIR of more than 4 GiB cannot be (PS3.3 §F.2)") }
    link(roots)
    var writer: [UInt8] = head + fileSet(first: roots.first?.offset ?? 0, last: roots.last?.offset ?? 0)
    writer += Self.little(UInt16(0x0004)) + Self.little(UInt16(0x1220)) + Array("SQ".utf8) + [0, 0]
    writer += Self.little(UInt32(end - begin))
    append(roots, to: &writer)
    return writer
  }

  private func fileSet(first: Int, last: Int) -> [UInt8] {
    var builder = DataSetBuilder()
    builder.set(.fileSetID, .cs, fileSetID)
    builder.setIntegers(.firstRootRecordOffset, .ul, [first])
    builder.setIntegers(.lastRootRecordOffset, .ul, [last])
    builder.setIntegers(.fileSetConsistencyFlag, .us, [0])
    return builder.encoded(as: .explicitVRLittleEndian)
  }

  /// Each record before those below it. Returns where the last ends.
  private func place(_ nodes: [Node], from begin: Int) -> Int {
    var position = begin
    for node in nodes {
      node.offset = position
      position = place(node.below, from: position + node.size)
    }
    return position
  }

  private func link(_ nodes: [Node]) {
    for (index, node) in nodes.enumerated() {
      let next = index + 1 < nodes.count ? nodes[index + 1].offset : 0
      node.record.setIntegers(.nextRecordOffset, .ul, [next])
      node.record.setIntegers(.lowerLevelOffset, .ul, [node.below.first?.offset ?? 0])
      link(node.below)
    }
  }

  private func append(_ nodes: [Node], to bytes: inout [UInt8]) {
    for node in nodes {
      let record = node.record.encoded(as: .explicitVRLittleEndian)
      bytes += Self.little(UInt16(0xFFFE)) + Self.little(UInt16(0xE000)) + Self.little(UInt32(clamping: record.count))
      bytes += record
      append(node.below, to: &bytes)
    }
  }

  private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  /// From a UUID (PS3.5 §B.2).
  private static func newUID() -> String {
    var generator = SystemRandomNumberGenerator()
    return "2.25.\(UInt128(generator.next()) << 64 | UInt128(generator.next()))"
  }
}
