// SPDX-License-Identifier: Apache-2.0

package import DICOMData

/// A Grayscale Softcopy Presentation State (PS3.3 §A.33.1): how images of its study are to be shown, in place of what they say
/// themselves.
package struct PresentationState: Sendable {
  let dataSet: DataSet

  package static let sopClassUID = "1.2.840.10008.5.1.4.1.1.11.1"

  /// Refuses what would be shown otherwise than it says: other kinds of presentation states, and subtraction.
  package init(_ dataSet: DataSet) throws(PixelError) {
    let sopClass = dataSet.string(.sopClassUID) ?? ""
    guard sopClass == Self.sopClassUID else {
      let name = UIDRegistry.entry(for: sopClass)?.name ?? "SOP class '\(sopClass.prefix(64))'"
      throw .cannotRender(why: "\(name) is no Grayscale Softcopy Presentation State, the kind that is rendered")
    }
    guard dataSet.items(Tag(0x0028, 0x6100)).isEmpty else {
      throw .cannotRender(why: "the presentation state subtracts frames (Mask Module), which is not rendered")
    }
    self.dataSet = dataSet
  }

  /// SOP Instance UIDs of the images that it is about, as often as they stand there.
  package var images: [String] {
    dataSet.items(Tag(0x0008, 0x1115)).flatMap { $0.items(Self.referencedImages) }.compactMap {
      $0.string(Self.instance)
    }
  }

  /// The presentation of one frame, counted from 0. Throws where the state is not about it.
  func presentation(of image: DataSet, frame: Int) throws(PixelError) -> FramePresentation {
    let uid = image.string(.sopInstanceUID) ?? ""
    let references = dataSet.items(Tag(0x0008, 0x1115)).flatMap { $0.items(Self.referencedImages) }
    guard references.contains(where: { Self.isAbout($0, uid, frame) }) else {
      throw .cannotRender(why: "the presentation state is not about frame \(frame + 1) of \(uid)")
    }
    return FramePresentation(state: dataSet, image: uid, frame: frame)
  }

  static let referencedImages = Tag(0x0008, 0x1140)
  static let instance = Tag(0x0008, 0x1155)

  /// PS3.3 §10.3: without numbers of frames a reference is to all of them.
  static func isAbout(_ reference: DataSet, _ uid: String, _ frame: Int) -> Bool {
    guard reference.string(instance) == uid else { return false }
    let frames = reference.strings(Tag(0x0008, 0x1160))
    return frames.isEmpty || frames.contains { Int($0) == frame + 1 }
  }
}

/// What a presentation state says of one frame.
struct FramePresentation {
  let state: DataSet
  let image: String
  /// From 0 on.
  let frame: Int
  /// By name; the first of those that share one.
  private let layers: [String: GraphicLayer]

  init(state: DataSet, image: String, frame: Int) {
    self.state = state
    self.image = image
    self.frame = frame
    layers = Dictionary(
      state.items(Tag(0x0070, 0x0060)).compactMap { item in
        item.string(Tag(0x0070, 0x0002)).map { ($0, GraphicLayer(item)) }
      }, uniquingKeysWith: { first, _ in first })
  }

  /// The items of a sequence that hold for the frame: those that name it, and those that name none.
  func items(of sequence: Tag) -> [DataSet] {
    state.items(sequence).filter { item in
      let references = item.items(PresentationState.referencedImages)
      return references.isEmpty || references.contains { PresentationState.isAbout($0, image, frame) }
    }
  }

  /// The grey of a graphic layer (PS3.3 §C.10.7); white where it says none.
  func grey(ofLayer name: String?) -> UInt8 { name.flatMap { layers[$0] }?.grey ?? 255 }

  /// Where it stands among the layers: those with a higher number are drawn over those with a lower.
  func order(ofLayer name: String?) -> Int { name.flatMap { layers[$0] }?.order ?? 0 }
}

/// PS3.3 §C.10.7.
private struct GraphicLayer {
  let grey: UInt8
  let order: Int

  init(_ item: DataSet) {
    let value = item.integer(Tag(0x0070, 0x0066)).flatMap(UInt16.init(exactly:))
    grey = value.map { UInt8(truncatingIfNeeded: $0 >> 8) } ?? 255
    order = item.integer(Tag(0x0070, 0x0062)) ?? 0
  }
}
