// SPDX-License-Identifier: Apache-2.0

package import Access

/// What is to be recorded. No pixel, no secret, and nothing that the actor was not shown belongs in it.
package struct AuditEntry: Sendable {
  /// Seconds since 1970.
  package var time: Double
  package var kind: AuditKind
  /// The operation, in the Standard's words where it has some: `C-FIND`, `C-STORE`, `peer added`.
  package var act: String
  package var outcome: AuditOutcome
  package var actor: AuditActor
  /// A third party to whom objects went, or a folder.
  package var destination: String?
  /// The numbers of the grants that opened what is recorded, as far as they are known; ascending.
  package var grants: [Int] = []
  /// Rows that were returned, objects that were sent, stored or deleted, refusals that are one record; nil where nothing counts.
  package var count: Int?
  /// For a person: what was asked for, what was changed, why it was refused.
  package var detail: String
  /// The identifier of a query as it came, for the audit message's ParticipantObjectQuery.
  package var identifier: [UInt8]?
  /// The number of the record that says that this began.
  package var began: Int64?
  package var subjects: [AuditSubject] = []

  package init(
    at time: Double, _ kind: AuditKind, _ act: String, _ outcome: AuditOutcome = .success, by actor: AuditActor,
    destination: String? = nil, grants: [Int] = [], count: Int? = nil, detail: String = "",
    subjects: [AuditSubject] = []
  ) {
    self.time = time
    self.kind = kind
    self.act = act
    self.outcome = outcome
    self.actor = actor
    self.destination = destination
    self.grants = grants
    self.count = count
    self.detail = detail
    self.subjects = subjects
  }
}

/// Whose data a record is about: a patient, or one of their studies.
package struct AuditSubject: Sendable, Hashable {
  /// Empty where the study has no Patient ID.
  package let patientID: String
  package let issuer: String
  /// Empty where the patient alone was named.
  package let studyInstanceUID: String
  /// Objects by SOP class, where objects moved.
  package var instances: [String: [String]]

  package init(patientID: String, issuer: String, studyInstanceUID: String, instances: [String: [String]] = [:]) {
    self.patientID = patientID
    self.issuer = issuer
    self.studyInstanceUID = studyInstanceUID
    self.instances = instances
  }

  init(_ patient: PatientIdentity, studyInstanceUID: String = "", instances: [String: [String]] = [:]) {
    self.init(
      patientID: patient.id, issuer: patient.issuer,
      studyInstanceUID: studyInstanceUID.isEmpty ? patient.soleStudy : studyInstanceUID, instances: instances)
  }

  /// Two patients whose IDs only look the same are two.
  package static func == (one: AuditSubject, other: AuditSubject) -> Bool {
    one.patientID.isSpelt(as: other.patientID) && one.issuer.isSpelt(as: other.issuer)
      && one.studyInstanceUID.isSpelt(as: other.studyInstanceUID) && one.instances == other.instances
  }

  var instanceCount: Int { instances.values.reduce(0) { $0 + $1.count } }
}

extension [AuditSubject] {
  /// One for each study, with all of its objects, in the order in which they first came.
  package init(of instances: [ServedInstance]) {
    var subjects: [AuditSubject] = []
    var places: [AuditSubject: Int] = [:]
    // They come study by study: nearly always it is the one before.
    var last: (instance: ServedInstance, place: Int)?
    for instance in instances {
      let place: Int
      if let last, last.instance.isOfSameStudy(as: instance) {
        place = last.place
      } else {
        let subject = AuditSubject(instance.patient, studyInstanceUID: instance.studyInstanceUID)
        place = places[subject] ?? subjects.count
        places[subject] = place
        if place == subjects.count { subjects.append(subject) }
        last = (instance, place)
      }
      subjects[place].instances[instance.sopClassUID, default: []].append(instance.sopInstanceUID)
    }
    self = subjects
  }
}

extension ServedInstance {
  fileprivate func isOfSameStudy(as other: ServedInstance) -> Bool {
    studyInstanceUID.isSpelt(as: other.studyInstanceUID) && patient == other.patient
  }
}

extension AuditActor {
  package init(_ caller: Caller) {
    self.init(
      kind: caller.principal == caller.peer ? .peer : .user, principal: caller.identity.principalName,
      peer: caller.peerName, aeTitle: caller.aeTitle, address: caller.address,
      assurance: caller.identity.assurance.rawValue)
  }

  package init(_ user: Operator) {
    self.init(kind: .operator, principal: user.name)
  }

  init(_ sender: Sender, callingAETitle: String) {
    switch sender {
    case .peer(let caller): self.init(caller)
    case .operator(let user, _): self.init(user)
    }
  }
}
