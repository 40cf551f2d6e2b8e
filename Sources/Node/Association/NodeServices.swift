// SPDX-License-Identifier: Apache-2.0

import Archive
import NIOCore
import ServiceClasses

/// The service classes that a node offers, shared by all its associations.
final class NodeServices: Sendable {
  let archive: Archive
  let aeTitle: String
  let calls: PeerCalls
  let storage: StorageService
  let find: FindService
  let retrieve: RetrieveService
  let commitment: CommitmentService
  let redemption: RedemptionService
  let forwarding: ForwardingService
  /// Whether who asks by C-GET and proposes no role gets objects all the same.
  let assumesGetRoles: Bool
  /// What a peer has for each answer that this node awaits on its association.
  let answersWithin: TimeAmount
  let retrieves: Places

  /// `connecting`: how others are called in place of `calls`.
  init(
    configuration: NodeConfiguration, archive: Archive, conversion: ObjectConversion, calls: PeerCalls,
    retrieves: Places, connecting: (any MoveConnecting)? = nil
  ) {
    self.archive = archive
    aeTitle = configuration.aeTitle
    storage = StorageService(archive: archive)
    find = FindService(archive: archive, aeTitle: configuration.aeTitle)
    answersWithin = configuration.answersWithin
    self.retrieves = retrieves
    self.calls = calls
    retrieve = RetrieveService(archive: archive, conversion: conversion, connecting: connecting ?? calls)
    commitment = CommitmentService(archive: archive, aeTitle: configuration.aeTitle)
    redemption = RedemptionService(archive: archive)
    forwarding = ForwardingService(
      archive: archive, conversion: conversion, connecting: connecting ?? calls.kept ?? calls)
    assumesGetRoles = configuration.assumesGetRoles
  }
}
