// SPDX-License-Identifier: Apache-2.0

import Archive

/// The associations on which a node is asked for objects that it listed, and what it is asked for on each: only what the
/// contexts there take, so that no object is refused on one and had on another.
struct RetrievalPlan {
  struct Part {
    let contexts: RetrievalContexts
    let wanted: [WantedObjects]
  }

  /// More UIDs at once are more than some take in one identifier.
  private static let mostInstances = 100

  let parts: [Part]

  init(of wanted: WantedObjects, listed: Set<RemoteObjects.Listed>, model: String) {
    let classes = Set(listed.map(\.sopClassUID)).sorted()
    let associations = RetrievalContexts.associations(
      of: model, for: classes, in: RetrievalContexts.every(of:))
    guard associations.count > 1 else {
      parts = associations.map { Part(contexts: $0, wanted: [wanted]) }
      return
    }
    let studies = Dictionary(grouping: listed, by: \.studyInstanceUID).sorted { $0.key < $1.key }
    parts = associations.map { contexts in
      let taken = Set(contexts.sopClassUIDs)
      return Part(
        contexts: contexts, wanted: studies.flatMap { Self.wanted($0.value, of: $0.key, taken, within: wanted) })
    }
  }

  private static func wanted(
    _ objects: [RemoteObjects.Listed], of study: String, _ taken: Set<String>, within wanted: WantedObjects
  ) -> [WantedObjects] {
    let isAsked = { (object: RemoteObjects.Listed) in taken.contains(object.sopClassUID) }
    if wanted.seriesInstanceUIDs.isEmpty, objects.allSatisfy(isAsked) { return [wanted.narrowed(study: study)] }
    let series = Dictionary(grouping: objects, by: \.seriesInstanceUID).sorted { $0.key < $1.key }
    return series.flatMap { series, objects -> [WantedObjects] in
      if wanted.sopInstanceUIDs.isEmpty, objects.allSatisfy(isAsked) {
        return [wanted.narrowed(study: study, series: series)]
      }
      return oneByOne(Set(objects.filter(isAsked)), of: wanted)
    }
  }

  /// Objects by their own UIDs, with those of what they stand in.
  static func oneByOne(_ objects: Set<RemoteObjects.Listed>, of wanted: WantedObjects) -> [WantedObjects] {
    let places = Dictionary(grouping: objects) { [$0.studyInstanceUID, $0.seriesInstanceUID] }
    return places.sorted { $0.key.lexicographicallyPrecedes($1.key) }.flatMap { place, objects in
      let instances = objects.map(\.sopInstanceUID).sorted()
      return stride(from: 0, to: instances.count, by: mostInstances).map { start in
        wanted.narrowed(
          study: place[0], series: place[1], instances: Array(instances[start...].prefix(mostInstances)))
      }
    }
  }
}
