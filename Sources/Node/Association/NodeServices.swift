// SPDX-License-Identifier: Apache-2.0

import Archive
import ServiceClasses

/// The service classes that a node offers, the same for all its associations.
struct NodeServices: Sendable {
  let archive: Archive
  let storage: StorageService
  let find: FindService
  let retrieve: RetrieveService
  /// Whether who asks by C-GET and proposes no role gets objects all the same.
  let assumesGetRoles: Bool

  init(configuration: NodeConfiguration, archive: Archive) {
    self.archive = archive
    storage = StorageService(archive: archive)
    find = FindService(archive: archive, aeTitle: configuration.aeTitle)
    retrieve = RetrieveService(
      archive: archive, conversion: ObjectConversion(),
      connecting: MoveCalls(callingAETitle: configuration.aeTitle))
    assumesGetRoles = configuration.assumesGetRoles
  }
}
