// SPDX-License-Identifier: Apache-2.0

/// Fuzzy semantic matching of names (PS3.4 C.2.2.2.1.1), which the Standard leaves to each node. Here a name matches where
/// each word of the key sounds like some word of the name, in whatever order and component they stand.
///
/// The sound of a word: without case and accents; ae, oe, ue are a, o, u; ph, v, w are f; sch, sh, tz, ts, z, ß are s; ck, ch,
/// c, q, g are k; th, dt, d are t; b is p; x is ks; h is mute; what repeats is said once; all vowels that follow each other,
/// y and j among them, are one. So Meier, Mayer and Maier, or Schmidt, Schmitt and Smith are the same.
enum PersonNameSound {
  /// One word of a key.
  struct Sought: Sendable, Hashable {
    let sound: String
    /// The key has it with a star behind it.
    let isPrefix: Bool
  }

  /// The sounds of the words in a name, or in several that are divided by backslashes.
  static func sounds(of names: String) -> [String] {
    words(of: MatchingForm.personName(names)).map(sound)
  }

  /// What a key looks for; nil where its wildcards leave no sound.
  static func sought(_ matching: MatchingKey.Matching) -> [Sought]? {
    let key: String
    switch matching {
    case .singleValue(let value), .wildcard(let value): key = value
    default: return nil
    }
    var sought: Set<Sought> = []
    for word in words(of: MatchingForm.personName(key)) where !word.allSatisfy({ $0 == "*" }) {
      let stem = word.last == "*" ? word.dropLast() : word
      guard !stem.contains(where: { $0 == "*" || $0 == "?" }) else { return nil }
      sought.insert(Sought(sound: sound(of: stem), isPrefix: word.last == "*"))
    }
    // Each once: those that a name has are then no more than it has itself, and the first that it lacks ends it.
    return sought.isEmpty ? nil : Array(sought)
  }

  /// `stored`: names as they are matched.
  static func matches(_ stored: String, _ sought: [Sought]) -> Bool {
    let sounds = sounds(of: stored)
    return sought.allSatisfy { word in
      sounds.contains { word.isPrefix ? $0.hasPrefix(word.sound) : $0 == word.sound }
    }
  }

  private static func words(of name: String) -> [Substring] {
    name.split { "^= \\-.,'".contains($0) }
  }

  private static let replacements = [
    ("ß", "s"), ("ø", "o"), ("æ", "a"), ("œ", "o"), ("ł", "l"), ("đ", "t"), ("ð", "t"), ("þ", "t"), ("ae", "a"),
    ("oe", "o"), ("ue", "u"), ("ph", "f"), ("sch", "s"), ("sh", "s"), ("tz", "s"), ("ts", "s"), ("cz", "s"),
    ("ck", "k"),
    ("ch", "k"), ("th", "t"), ("dt", "t"), ("x", "ks"),
  ].map { (Array($0.unicodeScalars), Array($1.unicodeScalars)) }

  private static let letters: [Unicode.Scalar: Unicode.Scalar] = [
    "v": "f", "w": "f", "z": "s", "c": "k", "q": "k", "g": "k", "d": "t", "b": "p", "e": "a", "i": "a", "o": "a",
    "u": "a", "y": "a", "j": "a",
  ]

  private static func sound(of word: Substring) -> String {
    var text = Array(String(word).unicodeScalars)
    for (from, to) in replacements where from.first.map(text.contains) == true {
      text = replacing(from, by: to, in: text)
    }
    var sound = String.UnicodeScalarView()
    for scalar in text where scalar != "h" {
      let said = letters[scalar] ?? scalar
      if sound.last != said { sound.append(said) }
    }
    return String(sound)
  }

  private static func replacing(
    _ old: [Unicode.Scalar], by new: [Unicode.Scalar], in text: [Unicode.Scalar]
  ) -> [Unicode.Scalar] {
    guard text.count >= old.count else { return text }
    var result: [Unicode.Scalar] = []
    var index = 0
    while index < text.count {
      if text[index...].starts(with: old) {
        result += new
        index += old.count
      } else {
        result.append(text[index])
        index += 1
      }
    }
    return result
  }
}
