// SPDX-License-Identifier: Apache-2.0

/// How much a reader bears and how much it takes.
package struct ReadingOptions: Sendable {
  /// PS3.5 sets no limit; real objects stay below ten.
  package var nestingLimit = 64
  /// What a push reader keeps of a single value before the header's end; a longer one is passed over.
  package var longestKeptValue = 1 << 20
  /// What a push reader keeps in all.
  package var longestHeader = 64 << 20
  /// How far a deflated data set may grow in all, in bytes.
  package var inflatedLimit = 4 << 30
  /// How far it may grow whatever arrived (an image of nothing but air shrinks to a thousandth), and beyond that as a
  /// multiple of what arrived: no tissue comes near.
  package var freeInflation = 64 << 20
  package var inflationRatioLimit = 200
  /// Elements, items and fragments of one data set; each costs 32 bytes beside its own. A whole slide image has as many
  /// fragments as frames.
  package var longestIndex = 16 << 20
  /// How many deviations are named; further ones are borne in silence.
  package var longestDeviationList = 1000

  /// What of a wrong structure is read all the same. Without one of these, its first occurrence is an error.
  package var tolerated: Set<Deviation.Kind> = Self.structural
  /// Whatever else `Validator` would name is an error too.
  package var isStrict = false

  package init() {}

  /// Deflate gives no more than 1032 bytes for one (zlib's technical details); a little is left for what begins and ends it.
  private static let steepestDeflation = 1040

  /// No less than what `count` bytes of a deflated data set become, and no more than `longest`.
  package func mostInflated(from count: Int, atMost longest: Int) -> Int {
    func times(_ factor: Int, _ more: Int) -> Int {
      let (product, overflow) = max(count, 0).multipliedReportingOverflow(by: factor)
      let (sum, overflow2) = product.addingReportingOverflow(more)
      return overflow || overflow2 ? .max : sum
    }
    return min(
      times(Self.steepestDeflation, 1024), times(inflationRatioLimit, freeInflation), inflatedLimit, longest)
  }

  package static let lenient = ReadingOptions()

  package static let strict: ReadingOptions = {
    var options = ReadingOptions()
    options.tolerated = []
    options.isStrict = true
    return options
  }()

  /// What the parser itself has to decide about.
  private static let structural: Set<Deviation.Kind> = [
    .strayDelimiter, .zerosBehindTheEnd, .shortContainer, .longContainer, .undefinedLengthWithoutSequence,
    .implicitItem,
  ]
}
