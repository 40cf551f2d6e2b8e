// SPDX-License-Identifier: Apache-2.0

import Archive
import Synchronization

/// Which of the objects that are sent next are open, asked for many at once and while those before are on their way. An
/// answer is believed for as long as nothing changes; past that it is asked for anew.
final class OpenAhead: Sendable {
  /// Asks for those at the places; one answer for each, and since when it holds.
  typealias Question = @Sendable (Range<Int>) async throws -> Answer

  struct Answer: Sendable {
    let moment: ReadingMoment
    let places: Range<Int>
    let areOpen: [Bool]

    func isOpen(_ place: Int) -> Bool { places.contains(place) && areOpen[place - places.lowerBound] }
  }

  private struct State {
    var answer: Answer?
    var next: (places: Range<Int>, asking: Task<Answer, any Error>)?
    /// How many are asked for at once.
    var count = 1
  }

  private static let most = 192

  private let total: Int
  private let archive: Archive
  private let question: Question
  private let state = Mutex(State())

  init(of total: Int, in archive: Archive, _ question: @escaping Question) {
    self.total = total
    self.archive = archive
    self.question = question
  }

  /// What somebody else asked about already.
  func know(_ answer: Answer) { state.withLock { $0.answer = answer } }

  /// What is known of it by an answer that still holds; nil where it has to be asked for.
  func knows(_ place: Int) -> Bool? {
    state.withLock { state in
      guard let answer = state.answer, answer.places.contains(place), archive.isStill(answer.moment) else { return nil }
      askAhead(of: place, answer, &state)
      return answer.isOpen(place)
    }
  }

  /// Where this says no, the one is to be asked for by itself.
  func isOpen(_ place: Int) async throws -> Bool {
    if let known = knows(place) { return known }
    let asking = state.withLock { state in state.next.flatMap { $0.places.contains(place) ? $0.asking : nil } }
    // Where it cannot be answered ahead, each object has its own question: one moment's trouble is not that of many.
    if let asking, let answer = try? await asking.value {
      note(answer)
      if archive.isStill(answer.moment) { return answer.isOpen(place) }
    }
    let places = state.withLock { wanted(from: place, &$0) }
    let answer = try await question(places)
    note(answer)
    return answer.isOpen(place) && archive.isStill(answer.moment)
  }

  private func note(_ answer: Answer) {
    state.withLock { state in
      state.answer = answer
      if state.next?.places == answer.places { state.next = nil }
    }
  }

  /// When half of an answer is used.
  private func askAhead(of place: Int, _ answer: Answer, _ state: inout State) {
    let (used, end) = (place - answer.places.lowerBound, answer.places.upperBound)
    guard state.next == nil, end < total, used >= answer.places.count / 2 else { return }
    state.count = min(state.count * 4, Self.most)
    let places = end..<min(end + state.count, total)
    state.next = (places, Task { [question] in try await question(places) })
  }

  /// Where much changes, or little is used before its time is over, little is asked for in vain.
  private func wanted(from place: Int, _ state: inout State) -> Range<Int> {
    state.next = nil
    if let answer = state.answer {
      if archive.hasChanged(since: answer.moment) {
        state.count = max(state.count / 4, 1)
      } else if place >= answer.places.upperBound {
        state.count = min(state.count * 4, Self.most)
      } else {
        state.count = min(max((place - answer.places.lowerBound) * 2, 1), Self.most)
      }
    }
    return place..<min(place + state.count, total)
  }
}
