// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import Foundation
import PixelCodecs

/// Makes pictures of what is stored, decoding behind the codecs' walls.
struct PictureMaker<Coding: FrameCoding>: Sendable {
  let pictures: StoredPictures
  let codecs: Coding
  private let thread = PictureThread()

  init(pictures: StoredPictures, codecs: Coding) {
    self.pictures = pictures
    self.codecs = codecs
  }

  /// The longer side of a thumbnail.
  private static var thumbnailSize: Int { 192 }
  /// Bytes of a frame in its own size that a thumbnail is made of: one comes with each series that anybody sends.
  private static var largestThumbnailFrame: Int { 1 << 26 }
  /// What may be held of an object in memory.
  private static var longestObject: Int { 1 << 30 }
  /// Objects without a picture that are passed over before one is found.
  private static var mostTries: Int { 32 }

  func picture(_ order: PictureOrder) async throws -> Data {
    let state = try await presentationState(order)
    let instances = order.sopInstanceUID.map { [$0] } ?? state.map { Array($0.images.prefix(Self.mostTries)) } ?? []
    let selection = InstanceSelection(
      studyInstanceUIDs: [order.studyInstanceUID], seriesInstanceUIDs: order.seriesInstanceUID.map { [$0] } ?? [],
      sopInstanceUIDs: instances)
    var reason: PixelError?
    for object in try await pictures.objects(of: selection, as: order.caller).prefix(Self.mostTries) {
      do {
        return Data(try await order.isThumbnail ? thumbnail(of: object) : picture(of: object, order, state))
      } catch let error as PixelError {
        reason = reason ?? error
        // A report or a presentation state beside the images.
        guard error == .noPixelData else { throw OperationError("\(object.sopInstanceUID): \(error)") }
      }
    }
    guard reason != nil else { throw OperationError("there is nothing of the kind") }
    throw OperationError("none of these objects has pixels to show")
  }

  /// The one that is kept, or one that is made and kept.
  func thumbnail(of object: PicturedObject) async throws -> [UInt8] {
    if let kept = try await pictures.thumbnail(of: object) { return kept }
    var options = RenderingOptions()
    options.size = Self.thumbnailSize
    options.largestFrame = Self.largestThumbnailFrame
    let image = try await image(of: object, frame: 0, options)
    let thumbnail = try await codecs.jpeg(image, quality: 80)
    // One that cannot be kept is a thumbnail all the same.
    try? await pictures.keep(thumbnail, of: object)
    return thumbnail
  }

  /// The one that the order names: of the same study, and seen with the same eyes.
  private func presentationState(_ order: PictureOrder) async throws -> PresentationState? {
    guard let uid = order.presentationState, !order.isThumbnail else { return nil }
    let selection = InstanceSelection(studyInstanceUIDs: [order.studyInstanceUID], sopInstanceUIDs: [uid])
    guard let object = try await pictures.objects(of: selection, as: order.caller).first else {
      throw OperationError("there is no presentation state of the kind")
    }
    do {
      let state = try PresentationState(try await part10(of: object).dataSet)
      guard !state.images.isEmpty else {
        throw PixelError.cannotRender(why: "the presentation state is about no image")
      }
      return state
    } catch let error as PixelError {
      throw OperationError("\(uid): \(error)")
    }
  }

  private func picture(
    of object: PicturedObject, _ order: PictureOrder, _ state: PresentationState?
  ) async throws -> [UInt8] {
    var options = RenderingOptions()
    options.presentationState = state
    options.showsAnnotations = order.showsAnnotations
    options.size = order.size
    options.showsOverlays = order.showsOverlays
    switch order.valuesOfInterest {
    case .asStored: break
    case .allValues: options.valuesOfInterest = .allValues
    case .lookupTable(let place): options.valuesOfInterest = .lookupTable(place)
    case .window(let center, let width): options.valuesOfInterest = .window(.init(center: center, width: width))
    }
    let image = try await image(of: object, frame: order.frame - 1, options)
    return switch order.format {
    case .png: try await thread.run { image.png }
    case .jpeg: try await codecs.jpeg(image, quality: order.quality)
    }
  }

  private func image(
    of object: PicturedObject, frame: Int, _ options: RenderingOptions
  ) async throws -> RenderedImage {
    let part10 = try await part10(of: object)
    let source = try FrameSource(part10)
    let renderer = try Renderer(part10.dataSet, source: source, options: options)
    let decoded = try await codecs.decode(try source.frame(frame))
    return try await thread.run { try renderer.image(of: decoded, index: frame) }
  }

  private func part10(of object: PicturedObject) async throws -> Part10File {
    guard object.size <= Self.longestObject else {
      throw PixelError.frameTooLarge(bytes: object.size, limit: Self.longestObject)
    }
    let file = try await pictures.file(of: object)
    do throws(ReadingError) { return try Part10File(reading: Bytes(file)) } catch {
      throw OperationError("\(object.sopInstanceUID) cannot be read: \(error)")
    }
  }
}
