// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What a script says whose variable is not set: taken for nothing said, it would narrow nothing.
enum EmptyValue {
  static func refuse(in options: KeyValuePairs<String, String?>) throws {
    for (name, value) in options where value?.allSatisfy({ $0 == " " || $0 == "," }) ?? false {
      throw ValidationError("\(name) is empty: say something, or leave it out")
    }
  }
}
