// SPDX-License-Identifier: Apache-2.0

package import DICOMData

/// Which instances are wanted: those that have each of what is named here; an empty list names nothing.
package struct InstanceSelection: Sendable, Hashable {
  package let patient: PatientIdentity?
  package let studyInstanceUIDs: [String]
  package let seriesInstanceUIDs: [String]
  package let sopInstanceUIDs: [String]
  /// These and no other versions of them: what another version is served as says nothing of them.
  private(set) var objects: [ObjectKey] = []

  package init(
    patient: PatientIdentity? = nil, studyInstanceUIDs: [String] = [], seriesInstanceUIDs: [String] = [],
    sopInstanceUIDs: [String] = []
  ) {
    self.patient = patient
    self.studyInstanceUIDs = studyInstanceUIDs
    self.seriesInstanceUIDs = seriesInstanceUIDs
    self.sopInstanceUIDs = sopInstanceUIDs
  }

  /// Just these objects, of all versions that there may be.
  package init(exactly instances: some Sequence<ServedInstance>) {
    self.init(sopInstanceUIDs: instances.map(\.sopInstanceUID))
    objects = instances.map(\.object)
  }
}

/// Some of the instances, read in one statement together with the grants that open them.
package struct InstancePage: Sendable {
  package let instances: [ServedInstance]
  /// Where the next page begins; nil for the last.
  let next: PageMark?
  /// What the audit has to say of it.
  package let disclosure: AuditDisclosure

  init(instances: [ServedInstance], next: PageMark?, disclosure: AuditDisclosure = .nothing) {
    self.instances = instances
    self.next = next
    self.disclosure = disclosure
  }

  package var isLast: Bool { next == nil }
}

/// An instance that a caller may have: of several versions the one that is served to this caller.
package struct ServedInstance: Sendable, Hashable {
  package enum Fault: Int, Sendable, Hashable {
    case none = 0
    /// The file is gone: it is answered with a failure, not as if there were nothing.
    case missing = 1
    /// The file is not what was received.
    case damaged = 2
  }

  /// Shared by its copies, of which there are many for each object that is sent.
  final class Content: Sendable, Hashable {
    let object: ObjectKey
    let sopClassUID: String
    let sopInstanceUID: String
    let seriesInstanceUID: String
    let studyInstanceUID: String
    let transferSyntaxUID: String
    let size: Int
    let digest: [UInt8]
    let fault: Fault
    let patient: PatientIdentity
    let coercion: PatientCoercion?

    init(
      object: ObjectKey, sopClassUID: String, sopInstanceUID: String, seriesInstanceUID: String,
      studyInstanceUID: String, transferSyntaxUID: String, size: Int, digest: [UInt8], fault: Fault,
      patient: PatientIdentity, coercion: PatientCoercion?
    ) {
      self.object = object
      self.sopClassUID = sopClassUID
      self.sopInstanceUID = sopInstanceUID
      self.seriesInstanceUID = seriesInstanceUID
      self.studyInstanceUID = studyInstanceUID
      self.transferSyntaxUID = transferSyntaxUID
      self.size = size
      self.digest = digest
      self.fault = fault
      self.patient = patient
      self.coercion = coercion
    }

    static func == (one: Content, other: Content) -> Bool {
      one === other
        || one.object == other.object && one.sopInstanceUID == other.sopInstanceUID
          && one.sopClassUID == other.sopClassUID && one.seriesInstanceUID == other.seriesInstanceUID
          && one.studyInstanceUID == other.studyInstanceUID && one.transferSyntaxUID == other.transferSyntaxUID
          && one.size == other.size && one.digest == other.digest && one.fault == other.fault
          && one.patient == other.patient && one.coercion == other.coercion
    }

    func hash(into hasher: inout Hasher) { hasher.combine(object) }
  }

  private let content: Content

  init(_ content: Content) { self.content = content }

  var object: ObjectKey { content.object }
  package var sopClassUID: String { content.sopClassUID }
  package var sopInstanceUID: String { content.sopInstanceUID }
  package var seriesInstanceUID: String { content.seriesInstanceUID }
  package var studyInstanceUID: String { content.studyInstanceUID }
  package var transferSyntaxUID: String { content.transferSyntaxUID }
  /// Bytes of the file, head and data set.
  package var size: Int { content.size }
  /// SHA-256 of the data set, as it was received.
  var digest: [UInt8] { content.digest }
  package var fault: Fault { content.fault }
  /// As callers are told, corrections included.
  package var patient: PatientIdentity { content.patient }
  /// What a copy has to say of its patient where a correction changed that; nil for one to be sent as received.
  package var coercion: PatientCoercion? { content.coercion }
}

/// What a correction makes of the patient in a copy of an object; the file stays as it was received.
package struct PatientCoercion: Sendable, Hashable {
  struct Value: Sendable, Hashable {
    let attribute: IndexedAttribute
    let values: [String]
  }

  let patient: PatientIdentity
  let values: [Value]

  /// Replaces all that the object says of its patient's identity; what the right patient's objects do not say is removed.
  package func apply(to copy: inout DataSetBuilder) {
    copy.set(.patientID, .lo, patient.id)
    if patient.issuer.isEmpty {
      copy.remove(.issuerOfPatientID)
    } else {
      copy.set(.issuerOfPatientID, .lo, patient.issuer)
    }
    for value in values where value.attribute.sequence == nil {
      let attribute = value.attribute
      if value.values.isEmpty {
        // Type 2 in the Patient Module (PS3.3 C.7.1.1).
        let isType2 = [Tag.patientName, .patientBirthDate, .patientSex].contains(attribute.tag)
        if isType2 { copy.setEmpty(attribute.tag, attribute.vr) } else { copy.remove(attribute.tag) }
      } else {
        copy.set(attribute.tag, attribute.vr, value.values)
      }
    }
    for (sequence, members) in Dictionary(grouping: values, by: \.attribute.sequence) {
      guard let sequence else { continue }
      let items = Self.items(members)
      if items.isEmpty { copy.remove(sequence) } else { copy.setSequence(sequence, items) }
    }
  }

  private static func items(_ members: [Value]) -> [DataSetBuilder] {
    (0..<(members.map(\.values.count).max() ?? 0)).map { index in
      var item = DataSetBuilder(characterSet: .utf8)
      for member in members.sorted(by: { $0.attribute.tag < $1.attribute.tag }) where index < member.values.count {
        if !member.values[index].isEmpty { item.set(member.attribute.tag, member.attribute.vr, member.values[index]) }
      }
      return item
    }
  }
}
