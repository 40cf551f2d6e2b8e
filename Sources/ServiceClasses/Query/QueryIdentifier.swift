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
  /// A zone without Timezone query adjustment: no key is matched in it, and the answers say so by FF01 and by their own zones.
  let ignoresTimezone: Bool

  /// PS3.4 C.6 names some fifty keys; the dictionary has five thousand.
  private static let mostElements = 1000
  /// PS3.3 C.12.1.1.2 defines fewer.
  private static let mostCharacterSets = 32

  package init(
    reading bytes: [UInt8], transferSyntax: TransferSyntax, model: InformationModel,
    negotiated: QueryNegotiation = QueryNegotiation()
  ) throws(ServiceFailure) {
    let dataSet = try Self.dataSet(bytes, transferSyntax)
    let level = try Self.level(of: dataSet, in: model)
    let rules = KeyRules(negotiated: negotiated)
    var keys: [MatchingKey] = []
    var requested: [(tag: Tag, vr: VR)] = []
    var requestedMembers: [Tag: [(tag: Tag, vr: VR)]] = [:]
    for element in dataSet.topLevelElements where !Self.describesTheIdentifierItself(element.tag) {
      // PS3.4 C.2.2.2: it "is not matched if Timezone query adjustment is negotiated". Where it is not, it stays the word of
      // who asks on how to read the keys (C.4.1.1.3.1): to match it would hide whatever names another zone, or none.
      if element.tag == .timezoneOffsetFromUTC {
        if !negotiated.adjustsTimezones { requested.append((element.tag, element.vr)) }
        continue
      }
      requested.append((element.tag, element.vr))
      // What nobody knows is not judged: the answer says that it was not looked at (PS3.4 C.4.1.1.4).
      if element.tag.isPrivate { continue }
      if element.vr == .sq {
        let members = try Self.members(of: element, in: dataSet, rules)
        let known = members.compactMap { member in
          member.matching.map { MatchingKey(tag: member.tag, matching: $0) }
        }
        keys.append(MatchingKey(tag: element.tag, matching: .sequence(known)))
        requestedMembers[element.tag] = members.map { ($0.tag, $0.vr) }
      } else {
        keys.append(MatchingKey(tag: element.tag, matching: try rules.matching(of: element, in: dataSet)))
      }
    }
    if !negotiated.isRelational { try Self.requireUniqueKeys(above: level, in: model, among: keys) }
    query = FindQuery(
      informationModel: model, level: level, keys: keys,
      returning: requested.map(\.tag) + (negotiated.adjustsTimezones ? [.timezoneOffsetFromUTC] : []),
      options: try Self.options(dataSet, negotiated))
    self.requested = requested
    self.requestedMembers = requestedMembers
    characterSetTerms = Self.characterSetTerms(of: dataSet)
    ignoresTimezone = !negotiated.adjustsTimezones && dataSet.string(.timezoneOffsetFromUTC)?.isEmpty == false
  }

  private static func dataSet(
    _ bytes: [UInt8], _ transferSyntax: TransferSyntax
  ) throws(ServiceFailure) -> DataSet {
    do {
      var options = ReadingOptions.lenient
      options.longestIndex = mostElements
      return try DataSet(reading: bytes, transferSyntax: transferSyntax, options: options)
    } catch  where error.reason == .tooManyElements(limit: mostElements) {
      throw ServiceFailure(.refusedOutOfResources, "the identifier has more than \(mostElements) elements")
    } catch {
      throw ServiceFailure(.cannotUnderstand, "the identifier cannot be read: \(error.reason)")
    }
  }

  /// What a peer lists beside them, or too often, no answer is written in: each would have to repeat it.
  private static func characterSetTerms(of dataSet: DataSet) -> [String] {
    let terms = dataSet.strings(.specificCharacterSet)
    return terms.count <= mostCharacterSets && SpecificCharacterSet(terms).unknownTerms.isEmpty ? terms : []
  }

  private static func options(
    _ dataSet: DataSet, _ negotiated: QueryNegotiation
  ) throws(ServiceFailure) -> MatchingOptions {
    var options = MatchingOptions()
    options.combinesDateAndTime = negotiated.combinesDateAndTime
    options.matchesNamesBySound = negotiated.matchesNamesBySound
    options.namesTimezone = negotiated.adjustsTimezones
    guard negotiated.adjustsTimezones, let text = dataSet.string(.timezoneOffsetFromUTC) else { return options }
    guard let offset = TimezoneOffset.minutes(text) else {
      throw ServiceFailure(
        .dataSetDoesNotMatchSOPClass, "Timezone Offset From UTC is none, such as +0100",
        offendingElements: [.timezoneOffsetFromUTC])
    }
    options.timezone = offset
    return options
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
      let key = keys.first { $0.tag == above.uniqueKey }
      switch key?.matching {
      case .singleValue?: continue
      case .uidList(let uids)? where uids.count == 1: continue
      default:
        throw ServiceFailure(
          .dataSetDoesNotMatchSOPClass, "the unique key of level \(above.rawValue) needs one value",
          offendingElements: [above.uniqueKey])
      }
    }
  }

  private static func describesTheIdentifierItself(_ tag: Tag) -> Bool {
    switch tag {
    case .specificCharacterSet, .queryRetrieveLevel, .retrieveAETitle, .instanceAvailability: true
    default: tag.element == 0 || tag.isPrivateCreator
    }
  }

  /// PS3.4 C.2.2.2.6: the one item of a sequence has the keys that an item of the match has to have. The archive has nothing of
  /// sequences in sequences: such a key has no matching, and the answer says that it was not looked at.
  private static func members(
    of element: Element, in dataSet: DataSet, _ rules: KeyRules
  ) throws(ServiceFailure) -> [(tag: Tag, vr: VR, matching: MatchingKey.Matching?)] {
    let items = dataSet.items(of: element)
    guard items.count <= 1 else {
      throw ServiceFailure(
        .dataSetDoesNotMatchSOPClass, "a sequence in an identifier has one item at most",
        offendingElements: [element.tag])
    }
    var members: [(tag: Tag, vr: VR, matching: MatchingKey.Matching?)] = []
    for item in items {
      for member in item.topLevelElements where !describesTheIdentifierItself(member.tag) {
        let isUnknown = member.vr == .sq || member.tag.isPrivate
        members.append((member.tag, member.vr, isUnknown ? nil : try rules.matching(of: member, in: item)))
      }
    }
    return members
  }
}

extension InformationModel {
  /// From the top down (PS3.4 C.6.1, C.6.2, annex Y).
  package var levels: [QueryRetrieveLevel] {
    switch self {
    case .patientRoot: [.patient, .study, .series, .image]
    case .studyRoot: [.study, .series, .image]
    case .patientStudyOnly: [.patient, .study]
    case .compositeInstanceRoot: [.image]
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
