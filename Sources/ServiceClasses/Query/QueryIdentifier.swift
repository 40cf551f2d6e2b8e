// SPDX-License-Identifier: Apache-2.0

package import Archive
package import DICOMData
import DIMSE

/// The identifier of a C-FIND-RQ (PS3.4 C.4.1.1.2), judged against the information model's rules before the archive sees it.
package struct QueryIdentifier: Sendable {
  package let query: FindQuery
  /// What was asked for, in the order of the identifier, with the VR in which it is answered.
  let requested: [(tag: Tag, vr: VR)]
  /// The same of the items of sequences; none asks for all that there is.
  let requestedMembers: [Tag: [(tag: Tag, vr: VR)]]
  let characterSetTerms: [String]

  /// PS3.4 C.6 names some fifty keys; the dictionary has five thousand.
  private static let mostElements = 1000

  package init(
    reading bytes: [UInt8], transferSyntax: TransferSyntax, model: InformationModel
  ) throws(ServiceFailure) {
    let dataSet: DataSet
    do {
      var options = ReadingOptions.lenient
      options.longestIndex = Self.mostElements
      dataSet = try DataSet(reading: bytes, transferSyntax: transferSyntax, options: options)
    } catch  where error.reason == .tooManyElements(limit: Self.mostElements) {
      throw ServiceFailure(.refusedOutOfResources, "the identifier has more than \(Self.mostElements) elements")
    } catch {
      throw ServiceFailure(.cannotUnderstand, "the identifier cannot be read: \(error.reason)")
    }
    let level = try Self.level(of: dataSet, in: model)
    var keys: [MatchingKey] = []
    var requested: [(tag: Tag, vr: VR)] = []
    var requestedMembers: [Tag: [(tag: Tag, vr: VR)]] = [:]
    for element in dataSet.topLevelElements where !Self.describesTheIdentifierItself(element.tag) {
      requested.append((element.tag, element.vr))
      keys.append(MatchingKey(tag: element.tag, matching: Self.matching(of: element, in: dataSet)))
      guard element.vr == .sq else { continue }
      let members = try Self.sequenceKeys(of: element, in: dataSet)
      keys += members.map(\.key)
      requestedMembers[element.tag] = members.map { ($0.key.tag, $0.vr) }
    }
    try Self.requireUniqueKeys(above: level, in: model, among: keys)
    query = FindQuery(informationModel: model, level: level, keys: keys, returning: requested.map(\.tag))
    self.requested = requested
    self.requestedMembers = requestedMembers
    characterSetTerms = dataSet.strings(.specificCharacterSet)
  }

  static func level(
    of dataSet: DataSet, in model: InformationModel
  ) throws(ServiceFailure) -> QueryRetrieveLevel {
    guard let text = dataSet.string(.queryRetrieveLevel) else {
      throw ServiceFailure(
        .dataSetDoesNotMatchSOPClass, "Query/Retrieve Level is missing", offendingElements: [.queryRetrieveLevel])
    }
    guard let level = QueryRetrieveLevel(rawValue: text), model.levels.contains(level) else {
      throw ServiceFailure(
        .dataSetDoesNotMatchSOPClass, "this information model has no such Query/Retrieve Level",
        offendingElements: [.queryRetrieveLevel])
    }
    return level
  }

  /// PS3.4 C.4.1.2.1: without relational queries each level above needs its unique key, with one value.
  private static func requireUniqueKeys(
    above level: QueryRetrieveLevel, in model: InformationModel, among keys: [MatchingKey]
  ) throws(ServiceFailure) {
    for above in model.levels.prefix(while: { $0 != level }) {
      let key = keys.first { $0.tag == above.uniqueKey && $0.sequence == nil }
      switch key?.matching {
      case .singleValue: continue
      case .uidList(let uids) where uids.count == 1: continue
      default:
        throw ServiceFailure(
          .dataSetDoesNotMatchSOPClass, "the unique key of level \(above.rawValue) needs one value",
          offendingElements: [above.uniqueKey])
      }
    }
  }

  private static func describesTheIdentifierItself(_ tag: Tag) -> Bool {
    switch tag {
    case .specificCharacterSet, .queryRetrieveLevel, .retrieveAETitle, .instanceAvailability, .timezoneOffsetFromUTC:
      true
    default: tag.element == 0 || tag.isPrivate
    }
  }

  /// PS3.4 C.2.2.2.6: the one item of a sequence has the keys that an item of the match has to have.
  private static func sequenceKeys(
    of element: Element, in dataSet: DataSet
  ) throws(ServiceFailure) -> [(key: MatchingKey, vr: VR)] {
    let items = dataSet.items(of: element)
    guard items.count <= 1 else {
      throw ServiceFailure(
        .dataSetDoesNotMatchSOPClass, "a sequence in an identifier has one item at most",
        offendingElements: [element.tag])
    }
    return items.flatMap { item in
      item.topLevelElements.filter { $0.vr != .sq && !describesTheIdentifierItself($0.tag) }.map { member in
        (MatchingKey(tag: member.tag, in: element.tag, matching: matching(of: member, in: item)), member.vr)
      }
    }
  }

  /// PS3.4 C.2.2.2: which kind of matching the value of a key asks for.
  private static func matching(of element: Element, in dataSet: DataSet) -> MatchingKey.Matching {
    guard element.vr != .sq else { return .universal }
    let values = element.strings(in: dataSet.characterSet).filter { !$0.isEmpty }
    guard let first = values.first else { return .universal }
    if element.vr == .ui { return .uidList(values) }
    let value = values.count == 1 ? first : values.joined(separator: "\\")
    if element.vr.isDateOrTime { return range(value) }
    guard element.vr.allowsWildcards, value.contains(where: { $0 == "*" || $0 == "?" }) else {
      return .singleValue(value)
    }
    return value.allSatisfy { $0 == "*" } ? .universal : .wildcard(value)
  }

  /// PS3.4 C.2.2.2.5: `from-to`, `from-` and `-to`.
  private static func range(_ value: String) -> MatchingKey.Matching {
    let parts = value.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let from = parts.first, let to = parts.last else { return .singleValue(value) }
    if from.isEmpty && to.isEmpty { return .universal }
    return .range(from: from.isEmpty ? nil : from, to: to.isEmpty ? nil : to)
  }
}

extension InformationModel {
  /// From the top down (PS3.4 C.6.1, C.6.2).
  package var levels: [QueryRetrieveLevel] {
    switch self {
    case .patientRoot: [.patient, .study, .series, .image]
    case .studyRoot: [.study, .series, .image]
    }
  }
}

extension QueryRetrieveLevel {
  package var uniqueKey: Tag {
    switch self {
    case .patient: .patientID
    case .study: .studyInstanceUID
    case .series: .seriesInstanceUID
    case .image: .sopInstanceUID
    }
  }
}

extension VR {
  fileprivate var isDateOrTime: Bool { self == .da || self == .tm || self == .dt }

  /// PS3.4 C.2.2.2.4 excludes dates, times, numbers and UIDs.
  fileprivate var allowsWildcards: Bool {
    [.ae, .cs, .lo, .lt, .pn, .sh, .st, .uc, .ur, .ut].contains(self)
  }
}
