// SPDX-License-Identifier: Apache-2.0

@main struct DictionaryGenerator {
  static func main() {}
}
