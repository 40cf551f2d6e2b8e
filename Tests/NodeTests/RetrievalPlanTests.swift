// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import Testing
import UpperLayer

@testable import Node

/// What a C-GET proposes, and how it is split where one association has not the contexts.
@Suite struct RetrievalPlanTests {
  private static let model = UIDRegistry.studyRootGet
  private static let storage = "1.2.840.10008.5.1.4.1.1."
  private static let ct = storage + "2"
  private static let mr = storage + "4"
  private static let us = storage + "6.1"
  private static let sr = storage + "88.11"

  /// Images in every syntax that there is, each by itself; what has no pixels in those without compression, or with that of the
  /// whole data set.
  @Test(arguments: [([ct, sr], 1), ([ct, mr, sr], 1), ([ct, mr, us, sr], 2), ([ct, "1.3.6.1.4.1.5962.9"], 1)])
  func everySyntaxStandsByItself(classes: [String], associations: Int) throws {
    let made = RetrievalContexts.associations(of: Self.model, for: classes, in: RetrievalContexts.every(of:))
    #expect(made.count == associations)
    #expect(made.flatMap(\.sopClassUIDs) == classes)
    for contexts in made {
      #expect(contexts.proposed.count <= 128 && contexts.proposed.first?.abstractSyntax == Self.model)
      #expect(contexts.proposed.enumerated().allSatisfy { Int($0.element.id) == 2 * $0.offset + 1 })
      #expect(contexts.proposed.dropFirst().allSatisfy { $0.transferSyntaxes.count == 1 })
      #expect(contexts.roles.map(\.sopClassUID) == contexts.sopClassUIDs)
      #expect(contexts.roles.allSatisfy { $0.supportsSCP && !$0.supportsSCU })
    }
    let all = made.flatMap(\.proposed)
    for (uid, count) in [(Self.ct, TransferSyntax.storable.count), (Self.sr, 4)] where classes.contains(uid) {
      #expect(Set(all.filter { $0.abstractSyntax == uid }.flatMap(\.transferSyntaxes)).count == count)
    }
  }

  /// Without a list all SOP classes have their turn, the most usual in the first, and each in one association alone.
  @Test func everySOPClassHasItsTurn() {
    let made = RetrievalContexts.associations(
      of: Self.model, for: RetrievalContexts.allSOPClasses, in: RetrievalContexts.usual(of:))
    #expect(made.count < 16)
    #expect(made.allSatisfy { $0.proposed.count <= 128 })
    let classes = made.flatMap(\.sopClassUIDs)
    #expect(Set(classes).count == classes.count && classes.count > 150)
    #expect(Set([Self.ct, Self.mr, Self.us, Self.sr]).isSubset(of: made[0].sopClassUIDs))
    let ofCT = made[0].proposed.filter { $0.abstractSyntax == Self.ct }.flatMap(\.transferSyntaxes)
    for syntax in ["1.2.4.50", "1.2.4.70", "1.2.4.80", "1.2.4.90", "1.2.5", "1.2.1", "1.2"] {
      #expect(ofCT.contains("1.2.840.10008.\(syntax)"))
    }
  }

  /// One association asks as the person did.
  @Test func whatFitsIsAskedForAsItWas() throws {
    let wanted = WantedObjects(patientID: "4711", studyInstanceUIDs: [])
    let plan = RetrievalPlan(
      of: wanted, listed: [Self.listed("1", "1.1", Self.ct, "1.1.1")], model: UIDRegistry.patientRootGet)
    #expect(plan.parts.count == 1 && plan.parts.first?.wanted.count == 1)
    #expect(plan.parts.first?.wanted.first?.level == .patient)
    #expect(plan.parts.first?.wanted.first?.patientID == "4711")
  }

  /// Studies and series whole where all of it is taken on an association, and object by object where only some is.
  @Test func noObjectIsAskedForWhereItIsNotTaken() throws {
    let many = (0..<250).map { Self.listed("1", "1.3", Self.us, "1.3.\($0)") }
    let listed = Set(
      [
        Self.listed("1", "1.1", Self.ct, "1.1.1"), Self.listed("1", "1.2", Self.mr, "1.2.1"),
        Self.listed("1", "1.3", Self.ct, "1.3.1000"), Self.listed("2", "2.1", Self.ct, "2.1.1"),
      ] + many)
    let plan = RetrievalPlan(of: WantedObjects(studyInstanceUIDs: ["1", "2"]), listed: listed, model: Self.model)
    let asked = plan.parts.map { part in
      part.wanted.map { "\($0.level.rawValue) \($0.seriesInstanceUIDs.first ?? "") \($0.sopInstanceUIDs.count)" }
    }
    #expect(
      asked == [
        ["SERIES 1.1 0", "SERIES 1.2 0", "IMAGE 1.3 1", "STUDY  0"],
        ["IMAGE 1.3 100", "IMAGE 1.3 100", "IMAGE 1.3 50"],
      ])
    // What was named by series, or one by one, is not widened.
    let series = WantedObjects(studyInstanceUIDs: ["2"], seriesInstanceUIDs: ["2.1"])
    let three = Set([Self.ct, Self.mr, Self.us].map { Self.listed("2", "2.1", $0, "2.1.\($0)") })
    let narrow = RetrievalPlan(of: series, listed: three, model: Self.model)
    #expect(narrow.parts.flatMap(\.wanted).allSatisfy { $0.level == .image && $0.seriesInstanceUIDs == ["2.1"] })
  }

  private static func listed(
    _ study: String, _ series: String, _ sopClass: String, _ instance: String
  ) -> RemoteObjects.Listed {
    RemoteObjects.Listed(
      studyInstanceUID: study, seriesInstanceUID: series, sopClassUID: sopClass, sopInstanceUID: instance)
  }
}
