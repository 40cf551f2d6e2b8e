// SPDX-License-Identifier: Apache-2.0

/// What is known of something, by name, so that a record says what it was or what became of it. Nothing that is a secret is one.
struct AuditFacts {
  private var names: [String] = []
  private var values: [String: String] = [:]

  init() {}

  /// What is nil or empty is not known.
  init(_ facts: [(name: String, value: String?)]) {
    for (name, value) in facts { add(name, value) }
  }

  mutating func add(_ name: String, _ value: String?) {
    guard let value, !value.isEmpty else { return }
    if values.updateValue(value, forKey: name) == nil { names.append(name) }
  }

  /// Empty where nothing is known.
  var words: String { names.map { "\($0) '\(values[$0] ?? "")'" }.joined(separator: ", ") }

  /// Behind other words.
  var more: String { names.isEmpty ? "" : "; \(words)" }

  func changes(to later: AuditFacts) -> String {
    let all = names + later.names.filter { values[$0] == nil }
    let changed = all.filter { values[$0] != later.values[$0] }.map { name in
      "\(name) from \(values[name].map { "'\($0)'" } ?? "none") to \(later.values[name].map { "'\($0)'" } ?? "none")"
    }
    return changed.isEmpty ? "as it was" : changed.joined(separator: ", ")
  }
}

extension AuditFacts {
  /// A length of time for a person.
  static func length(_ seconds: Double) -> String {
    for (unit, name) in [(86_400.0, "days"), (3600, "hours"), (60, "minutes")] where seconds >= 2 * unit {
      let count = (seconds / unit * 100).rounded() / 100
      return count == count.rounded() ? "\(Int(min(count, 1e9))) \(name)" : "\(count) \(name)"
    }
    return "\(Int(min(max(seconds, 0), 120))) seconds"
  }
}
