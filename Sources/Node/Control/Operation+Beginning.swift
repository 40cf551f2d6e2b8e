// SPDX-License-Identifier: Apache-2.0

// Which operations may be the first that a data directory sees: those that set a node up. All others are about what is there.

extension Operation {
  /// Whether an archive is made for it where there is none.
  package var mayBegin: Bool {
    switch self {
    case .addPeer, .addGroup, .addGrant, .addUser, .addIssuer, .importFile: true
    case .access(let operation): operation.mayBegin
    case .sharing(let operation): operation.mayBegin
    case .listPeers, .setPeer, .setAnswers, .removePeer, .listKnocks, .listGroups, .removeGroup, .listGrants,
      .revokeGrant, .listUsers, .setPassword, .addCertificate, .removeCertificate, .lockUser, .unlockUser, .removeUser,
      .listIssuers, .removeIssuer, .deliveries, .records, .archive, .picture, .status, .reload,
      .standAside:
      false
    }
  }
}

extension AccessOperation {
  fileprivate var mayBegin: Bool {
    switch self {
    case .importGrants(_, let dryRun): !dryRun
    case .recordConsent: true
    case .changeGrant, .extendGrant, .setRoles, .setAttribute, .linkPatient, .unlinkPatient, .setGroupKind, .addMember,
      .removeMember, .listConsents, .withdrawConsent, .explain, .query, .access, .listAside, .admitAside:
      false
    }
  }
}

extension SharingOperation {
  fileprivate var mayBegin: Bool {
    switch self {
    case .addRule(_, let dryRun): !dryRun
    case .openCode: true
    case .emergencyLaw(let overridesVetoes): overridesVetoes != nil
    case .listRules, .removeRule, .testRule, .backfillRules, .listCodes, .redeemCode, .openEmergency: false
    }
  }
}

extension ArchiveOperation {
  /// Whether it needs the index, or looks at the files for themselves.
  var needsIndex: Bool {
    switch self {
    case .check, .reindex: false
    case .export, .previewDeletion, .delete, .listDeletions, .liftDeletion, .backup, .statistics, .addHold, .listHolds,
      .releaseHold, .addRetentionRule, .listRetentionRules, .removeRetentionRule, .planRetention, .applyRetention,
      .audit:
      true
    }
  }
}
