// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DICOMData

@Suite struct PersonNameTests {
  /// The examples of PS3.5 §6.2.1.1, and what is less or more than a name has.
  @Test(
    arguments: [
      ("Adams^John Robert Quincy^^Rev.^B.A. M.Div.", ["Adams", "John Robert Quincy", "", "Rev.", "B.A. M.Div."]),
      (
        "Morrison-Jones^Susan^^^Ph.D., Chief Executive Officer",
        ["Morrison-Jones", "Susan", "", "", "Ph.D., Chief Executive Officer"]
      ),
      ("Doe^John", ["Doe", "John", "", "", ""]),
      ("Smith^Fluffy", ["Smith", "Fluffy", "", "", ""]),
      ("ABC Farms^Running on Water", ["ABC Farms", "Running on Water", "", "", ""]),
      ("Doe ^ John ^", ["Doe", "John", "", "", ""]),
      ("^^^^", ["", "", "", "", ""]),
      ("a^b^c^d^e^f^g", ["a", "b", "c", "d", "e^f^g"]),
      // As characters, these delimiters would be one with the mark behind them.
      ("Doe^\u{0301}John", ["Doe", "\u{0301}John", "", "", ""]),
    ] as [(String, [String])])
  func componentsAreFound(value: String, components: [String]) {
    let name = PersonName(value)
    let group = name.alphabetic
    #expect([group.family, group.given, group.middle, group.prefix, group.suffix] == components)
    #expect(name.text.utf8.elementsEqual(value.utf8))
    #expect(name.groups.count == 1)
  }

  /// The examples of PS3.5 annexes H, I and J.
  @Test(
    arguments: [
      ("Yamada^Tarou=山田^太郎=やまだ^たろう", ["Yamada^Tarou", "山田^太郎", "やまだ^たろう"]),
      ("ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう", ["ﾔﾏﾀﾞ^ﾀﾛｳ", "山田^太郎", "やまだ^たろう"]),
      ("Hong^Gildong=洪^吉洞=홍^길동", ["Hong^Gildong", "洪^吉洞", "홍^길동"]),
      ("Wang^XiaoDong=王^小东=", ["Wang^XiaoDong", "王^小东", ""]),
      ("Wang^XiaoDong=王^小东", ["Wang^XiaoDong", "王^小东", ""]),
      ("=王^小东", ["", "王^小东", ""]),
      ("a=b=c=d", ["a", "b", "c=d"]),
      ("a=\u{0338}b", ["a", "\u{0338}b", ""]),
      ("", ["", "", ""]),
    ] as [(String, [String])])
  func groupsAreFound(value: String, groups: [String]) {
    let name = PersonName(value)
    #expect([name.alphabetic.text, name.ideographic.text, name.phonetic.text] == groups)
    #expect(name.description.utf8.elementsEqual(value.utf8))
  }

  @Test func familyAndGivenOfEachScript() {
    let name = PersonName("Yamada^Tarou=山田^太郎=やまだ^たろう")
    #expect(name.ideographic.family == "山田")
    #expect(name.phonetic.given == "たろう")
  }

  @Test(arguments: [
    ("", true), ("  \0", true), ("=", true), ("^^=^", true), (" ^ = ", true), ("==^x", false), ("Doe", false),
  ])
  func namesWithoutAnythingAreEmpty(value: String, isEmpty: Bool) {
    #expect(PersonName(value).isEmpty == isEmpty)
  }

  @Test(arguments: ["Doe^John ", "Doe^John\0", " Doe^John \0 ", "Doe^John"])
  func paddingIsNoPartOfIt(value: String) {
    #expect(PersonName(value).text == "Doe^John")
    #expect(PersonName(value) == PersonName("Doe^John"))
  }
}
