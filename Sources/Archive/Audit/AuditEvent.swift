// SPDX-License-Identifier: Apache-2.0

/// A code with its scheme (PS3.16 CID 400 to 405, or RFC 3881's own).
struct AuditCode {
  let code: String
  var scheme = "DCM"
  let meaning: String

  var attributes: [(String, String)] {
    [("csd-code", code), ("codeSystemName", scheme), ("originalText", meaning)]
  }

  static let studyInstanceUID = AuditCode(code: "110180", meaning: "Study Instance UID")
  static let sopClassUID = AuditCode(code: "110181", meaning: "SOP Class UID")
  static let patientNumber = AuditCode(code: "2", scheme: "RFC-3881", meaning: "Patient Number")
  static let uri = AuditCode(code: "12", scheme: "RFC-3881", meaning: "URI")
  static let source = AuditCode(code: "110153", meaning: "Source Role ID")
  static let destination = AuditCode(code: "110152", meaning: "Destination Role ID")
  static let sourceMedia = AuditCode(code: "110155", meaning: "Source Media")
  static let destinationMedia = AuditCode(code: "110154", meaning: "Destination Media")
  static let application = AuditCode(code: "110150", meaning: "Application")
  static let mediaURI = AuditCode(code: "110037", meaning: "URI")
}

/// What is recorded of emergency access: by its acts it is told from other grants (PS3.16 CID 403).
enum EmergencyAct {
  static let begun = "grant for an emergency"
  static let ended = "grant for an emergency revoked"
}

/// What a record is in the terms of PS3.15 A.5.3.
struct AuditEvent {
  enum Object {
    case patients, query, auditLog, named, nothing
  }

  let id: AuditCode
  var type: AuditCode?
  /// C, R, U, D or E.
  let action: String
  let object: Object
  private let record: AuditRecord

  var isAboutPatients: Bool { object == .patients }

  /// A.5.1: 0 is success, 4 a minor failure, 8 a serious one.
  var outcomeIndicator: String {
    switch record.outcome {
    case "success", "began": "0"
    case "failed": "8"
    default: "4"
    }
  }

  private init(
    _ record: AuditRecord, _ code: String, _ meaning: String, _ action: String, _ object: Object,
    type: (String, String)? = nil
  ) {
    self.record = record
    id = AuditCode(code: code, meaning: meaning)
    self.action = action
    self.object = object
    self.type = type.map { AuditCode(code: $0.0, meaning: $0.1) }
  }

  init(_ record: AuditRecord) {
    switch record.kind {
    case "node":
      let isStart = record.act == "node started"
      self.init(
        record, "110100", "Application Activity", "E", .nothing,
        type: isStart ? ("110120", "Application Start") : ("110121", "Application Stop"))
    case "association":
      self.init(
        record, "110114", "User Authentication", "E", .nothing, type: ("110126", "Node Authentication"))
    case "login": self.init(record, "110114", "User Authentication", "E", .nothing, type: ("110122", "Login"))
    case "query": self.init(record, "110112", "Query", "E", .query)
    case "retrieve" where record.outcome == "began":
      self.init(record, "110102", "Begin Transferring DICOM Instances", "E", .patients)
    case "retrieve": self.init(record, "110104", "DICOM Instances Transferred", "R", .patients)
    case "store" where record.actor == "operator": self.init(record, "110107", "Import", "C", .patients)
    case "store": self.init(record, "110104", "DICOM Instances Transferred", "C", .patients)
    case "commitment": self.init(record, "110103", "DICOM Instances Accessed", "R", .patients)
    case "view" where record.subjects.contains { !$0.instances.isEmpty }:
      self.init(record, "110103", "DICOM Instances Accessed", "R", .patients)
    // A list of many patients is one message without them, as the answers of a query are: each would be one of its own.
    case "view" where Set(record.subjects.map { [$0.patientID, $0.issuer] }).count == 1:
      self.init(record, "110110", "Patient Record", "R", .patients)
    case "export": self.init(record, "110106", "Export", "R", .patients)
    case "delete": self.init(record, "110105", "DICOM Study Deleted", "D", .patients)
    case "correction" where record.subjects.isEmpty:
      self.init(record, "110113", "Security Alert", "E", .named, type: ("110132", "Use of Restricted Function"))
    case "correction": self.init(record, "110110", "Patient Record", "U", .patients)
    case "audit" where record.act == AuditCut.act: self.init(record, "110101", "Audit Log Used", "D", .auditLog)
    case "audit": self.init(record, "110101", "Audit Log Used", "R", .auditLog)
    case "change":
      self.init(record, "110113", "Security Alert", "E", .named, type: Self.changeType(record.act))
    default:
      self.init(record, "110113", "Security Alert", "E", .named, type: ("110132", "Use of Restricted Function"))
    }
  }

  private static func changeType(_ act: String) -> (String, String) {
    switch act.split(separator: " ").first {
    case _ where act == EmergencyAct.begun: ("110127", "Emergency Override Started")
    case _ where act == EmergencyAct.ended: ("110128", "Emergency Override Stopped")
    case "user", "password", "certificate": ("110137", "User Security Attributes Changed")
    case "group": ("110136", "Security Roles Changed")
    case "grant", "grants", "consent": ("110135", "Object Security Attributes Changed")
    default: ("110129", "Security Configuration")
    }
  }
}

/// Somebody who took part in an event (A.5.1, ActiveParticipant).
struct AuditParticipant {
  let userID: String
  var alternativeUserID: String?
  let isRequestor: Bool
  var role: AuditCode?
  var address: String?
  /// The media by which objects came or left; its role is the media's.
  var isMedia = false

  func write(to xml: inout XMLText) {
    var attributes = [("UserID", userID)]
    if let alternativeUserID { attributes.append(("AlternativeUserID", alternativeUserID)) }
    attributes.append(("UserIsRequestor", isRequestor ? "true" : "false"))
    if let address, !address.isEmpty {
      attributes += [("NetworkAccessPointID", address), ("NetworkAccessPointTypeCode", "2")]
    }
    xml.open("ActiveParticipant", attributes)
    if let role { xml.empty("RoleIDCode", role.attributes) }
    if isMedia {
      xml.open("MediaIdentifier")
      xml.empty("MediaType", AuditCode.mediaURI.attributes)
      xml.close("MediaIdentifier")
    }
    xml.close("ActiveParticipant")
  }

  /// Who asked, this node, and where that is somebody else, where objects went.
  static func all(of record: AuditRecord, source: String) -> [AuditParticipant] {
    let requestor = AuditParticipant(
      userID: record.principal.isEmpty ? (record.actor == "node" ? source : "unknown") : record.principal,
      alternativeUserID: record.aeTitle.isEmpty ? nil : "AETITLES=\(record.aeTitle)", isRequestor: true,
      role: requestorRole(record), address: record.address)
    guard record.actor != "node" else { return [requestor] }
    let node = AuditParticipant(userID: source, isRequestor: false, role: nodeRole(record))
    var all = [requestor, node]
    if let destination = record.destination {
      let isFolder = record.actor == "operator"
      all.append(
        AuditParticipant(
          userID: destination, isRequestor: false, role: isFolder ? .destinationMedia : .destination, isMedia: isFolder)
      )
    } else if record.kind == "store", record.actor == "operator" {
      all.append(AuditParticipant(userID: "file", isRequestor: false, role: .sourceMedia, isMedia: true))
    }
    return all
  }

  private static func requestorRole(_ record: AuditRecord) -> AuditCode? {
    switch record.kind {
    case "node": .application
    case "query", "store": record.actor == "operator" ? nil : .source
    case "retrieve": record.destination == nil ? .destination : nil
    default: nil
    }
  }

  private static func nodeRole(_ record: AuditRecord) -> AuditCode? {
    switch record.kind {
    case "query", "store": .destination
    case "retrieve", "export": .source
    default: nil
    }
  }
}
