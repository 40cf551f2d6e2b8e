// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Writes records as DICOM audit messages (PS3.15 A.5): XML by the schema of A.5.1, filled in as A.5.3 says of each event.
package struct AuditMessageFormat: Sendable {
  private let source: String
  private let namesInstances: Bool

  /// `source`: what this node calls itself; `namesInstances`: each object by its UID, or only how many there were.
  package init(source: String, namesInstances: Bool = true) {
    self.source = source
    self.namesInstances = namesInstances
  }

  /// One message, or one for each patient: a message is about one alone (A.5.3.7).
  package func messages(of record: AuditRecord) -> [String] {
    let event = AuditEvent(record)
    guard event.isAboutPatients, record.subjects.count > 1 else { return [message(record, event, record.subjects)] }
    var order: [[String]] = []
    var groups: [[String]: [AuditRecord.Subject]] = [:]
    for subject in record.subjects {
      let patient = [subject.patientID, subject.issuer, subject.patientID.isEmpty ? subject.studyInstanceUID : ""]
      if groups[patient] == nil { order.append(patient) }
      groups[patient, default: []].append(subject)
    }
    return order.map { message(record, event, groups[$0] ?? []) }
  }

  private func message(_ record: AuditRecord, _ event: AuditEvent, _ subjects: [AuditRecord.Subject]) -> String {
    var xml = XMLText()
    xml.open("AuditMessage")
    identification(record, event, &xml)
    for participant in AuditParticipant.all(of: record, source: source) { participant.write(to: &xml) }
    xml.open("AuditSourceIdentification", [("AuditSourceID", source)])
    xml.empty("AuditSourceTypeCode", [("csd-code", "4")])
    xml.close("AuditSourceIdentification")
    switch event.object {
    case .patients: patient(subjects, record, &xml)
    case .query: query(record, &xml)
    case .auditLog: log(&xml)
    case .named: named(record, &xml)
    case .nothing: break
    }
    xml.close("AuditMessage")
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" + xml.text
  }

  private func identification(_ record: AuditRecord, _ event: AuditEvent, _ xml: inout XMLText) {
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    xml.open(
      "EventIdentification",
      [
        ("EventActionCode", event.action),
        ("EventDateTime", Date(timeIntervalSince1970: record.time).formatted(style)),
        ("EventOutcomeIndicator", event.outcomeIndicator),
      ])
    xml.empty("EventID", event.id.attributes)
    if let type = event.type { xml.empty("EventTypeCode", type.attributes) }
    let words = [record.act, record.outcome, record.detail].filter { !$0.isEmpty }.joined(separator: "; ")
    xml.element("EventOutcomeDescription", words)
    xml.close("EventIdentification")
  }

  /// The patient, then each study with what moved of it.
  private func patient(_ subjects: [AuditRecord.Subject], _ record: AuditRecord, _ xml: inout XMLText) {
    for subject in subjects where !subject.studyInstanceUID.isEmpty || !subject.instances.isEmpty {
      open(.studyInstanceUID, id: subject.studyInstanceUID, type: "2", role: "3", &xml)
      xml.element("ParticipantObjectName", subject.studyInstanceUID)
      detail("Grants", record.grants.map(String.init).joined(separator: ","), &xml)
      xml.open("ParticipantObjectDescription")
      for (sopClass, uids) in subject.instances.sorted(by: { $0.key < $1.key }) {
        xml.open("SOPClass", [("UID", sopClass), ("NumberOfInstances", String(uids.count))])
        if namesInstances { for uid in uids { xml.empty("Instance", [("UID", uid)]) } }
        xml.close("SOPClass")
      }
      xml.close("ParticipantObjectDescription")
      xml.close("ParticipantObjectIdentification")
    }
    guard let first = subjects.first(where: { !$0.patientID.isEmpty }) else { return }
    // HL7's CX: the ID, and who gave it.
    let id = first.issuer.isEmpty ? first.patientID : "\(first.patientID)^^^\(first.issuer)"
    open(.patientNumber, id: id, type: "1", role: "1", &xml)
    xml.element("ParticipantObjectName", first.patientID)
    xml.close("ParticipantObjectIdentification")
  }

  /// A.5.3.10: the SOP class that was asked by, and the identifier as it came.
  private func query(_ record: AuditRecord, _ xml: inout XMLText) {
    let isPatientRoot = record.detail.hasPrefix("Patient Root")
    let sopClass = "1.2.840.10008.5.1.4.1.2.\(isPatientRoot ? 1 : 2).1"
    open(.sopClassUID, id: sopClass, type: "2", role: "3", &xml)
    xml.element("ParticipantObjectQuery", Data(record.identifier ?? Array(record.detail.utf8)).base64EncodedString())
    let syntax = record.detail.components(separatedBy: "; transfer syntax ")
    if record.identifier != nil, syntax.count > 1 {
      detail("TransferSyntax", String(syntax[1].prefix { $0 != ";" }), &xml)
    }
    detail("Rows", record.count.map(String.init) ?? "", &xml)
    detail("Grants", record.grants.map(String.init).joined(separator: ","), &xml)
    xml.close("ParticipantObjectIdentification")
  }

  private func log(_ xml: inout XMLText) {
    open(.uri, id: "collimator:audit", type: "2", role: "13", &xml)
    xml.element("ParticipantObjectName", "Security Audit Log")
    xml.close("ParticipantObjectIdentification")
  }

  /// What was changed, in words.
  private func named(_ record: AuditRecord, _ xml: inout XMLText) {
    open(.uri, id: "collimator:\(record.act.replacing(" ", with: "-"))", type: "2", role: "13", &xml)
    xml.element("ParticipantObjectName", record.detail.isEmpty ? record.act : record.detail)
    detail("Grants", record.grants.map(String.init).joined(separator: ","), &xml)
    xml.close("ParticipantObjectIdentification")
  }

  private func open(_ kind: AuditCode, id: String, type: String, role: String, _ xml: inout XMLText) {
    xml.open(
      "ParticipantObjectIdentification",
      [("ParticipantObjectID", id), ("ParticipantObjectTypeCode", type), ("ParticipantObjectTypeCodeRole", role)])
    xml.empty("ParticipantObjectIDTypeCode", kind.attributes)
  }

  private func detail(_ type: String, _ value: String, _ xml: inout XMLText) {
    guard !value.isEmpty else { return }
    xml.empty("ParticipantObjectDetail", [("type", type), ("value", Data(value.utf8).base64EncodedString())])
  }
}

/// XML as it is written, with what a peer says made harmless.
struct XMLText {
  private(set) var text = ""

  mutating func open(_ name: String, _ attributes: [(String, String)] = []) {
    text += "<\(name)\(Self.written(attributes))>"
  }

  mutating func empty(_ name: String, _ attributes: [(String, String)] = []) {
    text += "<\(name)\(Self.written(attributes))/>"
  }

  mutating func element(_ name: String, _ content: String) {
    text += "<\(name)>\(Self.escaped(content))</\(name)>"
  }

  mutating func close(_ name: String) { text += "</\(name)>" }

  private static func written(_ attributes: [(String, String)]) -> String {
    attributes.map { " \($0)=\"\(escaped($1))\"" }.joined()
  }

  /// XML 1.0 §2.2 has no place for most control characters, escaped or not.
  static func escaped(_ value: String) -> String {
    var escaped = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "\t", "\n", "\r": escaped += "&#\(scalar.value);"
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: escaped += "\u{FFFD}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
