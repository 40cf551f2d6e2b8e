// SPDX-License-Identifier: Apache-2.0

@main struct Collimator {
  static func main() {}
}
