// SPDX-License-Identifier: Apache-2.0

extension Status: CustomStringConvertible {
  package var description: String { "\(hex) (\(meaning))" }

  /// In words; where services give one code several meanings, all of them.
  package var meaning: String {
    if let meaning = Self.meanings[rawValue] { return meaning }
    return switch rawValue {
    case 0xA700...0xA7FF: Self.meanings[0xA700] ?? ""
    case 0xA900...0xA9FF: Self.meanings[0xA900] ?? ""
    case 0xC000...0xCFFF: Self.meanings[0xC000] ?? ""
    default: isWarning ? "warning" : "failure"
    }
  }

  /// PS3.7 annex C, and the tables of the services of PS3.4.
  private static let meanings: [UInt16: String] = [
    0x0000: "success",
    0x0001: "requested optional attributes are not supported",
    0x0105: "no such attribute",
    0x0106: "invalid attribute value",
    0x0107: "attribute list error",
    0x0110: "processing failure",
    0x0111: "duplicate SOP instance",
    0x0112: "no such SOP instance",
    0x0113: "no such event type",
    0x0114: "no such argument",
    0x0115: "invalid argument value",
    0x0116: "attribute value out of range",
    0x0117: "invalid SOP instance",
    0x0118: "no such SOP class",
    0x0119: "class-instance conflict",
    0x0120: "missing attribute",
    0x0121: "missing attribute value",
    0x0122: "SOP class not supported",
    0x0123: "no such action",
    0x0124: "refused: not authorized",
    0x0210: "duplicate invocation",
    0x0211: "unrecognized operation",
    0x0212: "mistyped argument",
    0x0213: "resource limitation",
    0xA510: "an Initiate Media Creation action has already been received for this SOP Instance",
    0xA700: "refused: out of resources",
    0xA701: "out of resources: cannot count the matches",
    0xA702: "out of resources: cannot perform sub-operations",
    0xA710: "invalid prior record key",
    0xA801: "move destination unknown",
    0xA900: "the data set does not match the SOP class",
    0xAA00: "none of the frames requested were found in the SOP instance",
    0xAA01: "unable to create new object for this SOP class",
    0xAA02: "unable to extract frames",
    0xAA03: "time-based request received for a non-time-based original SOP Instance",
    0xAA04: "invalid request",
    0xB000: "coercion of data elements, or sub-operations complete with failures or warnings",
    0xB001: "response limit reached: another request may bring further matches",
    0xB006: "elements discarded",
    0xB007: "the data set does not match the SOP class, and was stored",
    0xB010: "attribute list error - One or more of Key Attributes are not supported for matching",
    0xB101: "specified Synchronization Frame of Reference UID doesn't match SCP Synchronization Frame of Reference",
    0xB102: "study Instance UID coercion; event logged under a different Study Instance UID",
    0xB104: "IDs inconsistent in matching a current study; event logged",
    0xB300: "the UPS was created with modifications",
    0xB301: "deletion lock not granted",
    0xB304: "the UPS is already in the requested state of CANCELED",
    0xB305: "coerced invalid values to valid values",
    0xB306: "the UPS is already in the requested state of COMPLETED",
    0xB600: "memory allocation not supported",
    0xB601: "film session printing (collation) is not supported",
    0xB602: "film Session SOP Instance hierarchy does not contain Image Box SOP Instances (empty page)",
    0xB603: "film Box SOP Instance hierarchy does not contain Image Box SOP Instances (empty page)",
    0xB604: "image size is larger than image box size, the image has been demagnified",
    0xB605: """
    requested minimum density or maximum density outside of printer's operating range. The print will \
    use its respective minimum or maximum density value instead
    """,
    0xB609: "image size is larger than the image box size, the image has been cropped to fit",
    0xB60A: """
    image size or Combined Print Image size is larger than the image box size, image or combined print \
    image has been decimated to fit
    """,
    0xC000: "cannot understand, or unable to process",
    0xC100: "more than one match found",
    0xC101: "procedural logging not available for specified Study Instance UID",
    0xC102: "event Information doesn't match template",
    0xC103: "cannot match event to a current study",
    0xC104: "IDs inconsistent in matching a current study; event not logged",
    0xC10E: "operator not authorized to add entry to Medication Administration Record",
    0xC110: "patient cannot be identified from Patient ID (0010,0020) or Admission ID (0038,0010)",
    0xC111: "update of Medication Administration Record failed",
    0xC112: "no such object instance - applicable Machine Verification instance not found",
    0xC200: "unable to support requested template",
    0xC201: "media creation request already completed",
    0xC202: "media creation request already in progress and cannot be interrupted",
    0xC203: "cancellation denied for unspecified reason",
    0xC221: "the Referenced Fraction Group Number does not exist in the referenced plan",
    0xC222: "no beams exist within the referenced fraction group",
    0xC223: "SCU already verifying and cannot currently process this request",
    0xC224: "referenced Beam Number not found within the referenced Fraction Group",
    0xC225: "referenced device or accessory not supported",
    0xC226: "referenced device or accessory not found within the referenced beam",
    0xC227: "no such object instance - Referenced RT Plan not found",
    0xC300: "the UPS may no longer be updated",
    0xC301: "the correct Transaction UID was not provided",
    0xC302: "the UPS is already IN PROGRESS",
    0xC303: "the UPS may only become SCHEDULED via N-CREATE, not N-SET or N-ACTION",
    0xC304: "the UPS has not met final state requirements for the requested state change",
    0xC307: "specified SOP Instance UID does not exist or is not a UPS Instance managed by this SCP",
    0xC308: "receiving AE-TITLE is unknown to this SCP",
    0xC309: "the provided value of UPS State was not SCHEDULED",
    0xC310: "the UPS is not yet in the IN PROGRESS state",
    0xC311: "the UPS is already COMPLETED",
    0xC312: "the performer cannot be contacted",
    0xC313: "performer chooses not to cancel",
    0xC314: "specified action is not appropriate for specified instance",
    0xC315: "SCP does not support Event Reports",
    0xC600: "film Session SOP Instance hierarchy does not contain Film Box SOP Instances",
    0xC601: "unable to create Print Job SOP Instance; print queue is full",
    0xC602: "unable to create Print Job SOP instance; print queue is full",
    0xC603: "image size is larger than image box size",
    0xC605: "insufficient memory in printer to store the image",
    0xC613: "combined print image size is larger than the image box size",
    0xC616: """
    there is an existing film box that has not been printed and N-ACTION at the film session level is \
    not supported. A new film box will not be created when a previous film box has not been printed
    """,
    0xFE00: "cancelled",
    0xFF00: "pending",
    0xFF01: "pending, with optional keys that are not supported",
  ]
}
