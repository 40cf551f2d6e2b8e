// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DICOMData
import Foundation
import GRDB

/// access-benchmark FOLDER [STUDIES]: makes an index of so many studies (rows alone, no objects), with 10,000 principals and
/// 100,000 grants, and measures what each caller waits for a query; and what the same rows cost where nobody asks who asks.
@main
struct AccessBenchmark {
  /// What a caller asks: the keys, and the same as SQL over `patient` and `study`.
  struct Asked {
    let name: String
    let keys: [MatchingKey]
    let sql: String
    let values: [any DatabaseValueConvertible]
  }

  static let returning: [DICOMData.Tag] = [
    .patientName, .patientID, .issuerOfPatientID, .studyInstanceUID, .studyDate, .accessionNumber, .studyDescription,
    .modalitiesInStudy, .numberOfStudyRelatedInstances,
  ]

  /// Of each kind of query, by each caller.
  static let turns = 400
  static let warmingTurns = 40

  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count >= 2 else { exit(64) }
    let world = BenchmarkWorld(
      folder: arguments[1], studies: arguments.count > 2 ? Int(arguments[2]) ?? 1_000_000 : 1_000_000)
    if !FileManager.default.fileExists(atPath: world.folder + "/index.sqlite") {
      let begin = ContinuousClock.now
      try await world.make()
      print("made in \(begin.duration(to: .now))")
    }
    let archive = try Archive.open(directory: world.folder)
    let plain = try DatabasePool(path: world.folder + "/index.sqlite")
    try await compare(archive, plain, world)
    try await worst(archive, world)
    try await explain(archive, world)
    try await archive.close()
  }

  private static func asked(_ number: Int) -> [Asked] {
    let patient = number / 4
    let day = BenchmarkWorld.date(number)
    return [
      Asked(
        name: "study UID",
        keys: [MatchingKey(tag: .studyInstanceUID, matching: .uidList([BenchmarkWorld.uid(number)]))],
        sql: "study.v_0020000d IN (SELECT value FROM json_each(?))", values: ["[\"\(BenchmarkWorld.uid(number))\"]"]),
      Asked(
        name: "patient ID", keys: [MatchingKey(tag: .patientID, matching: .singleValue("P\(patient)"))],
        sql: "patient.patient_id = ?", values: ["P\(patient)"]),
      Asked(
        name: "accession number", keys: [MatchingKey(tag: .accessionNumber, matching: .singleValue("A\(number)"))],
        sql: "study.v_00080050 = ?", values: ["A\(number)"]),
      Asked(
        name: "name and day",
        keys: [
          MatchingKey(tag: .patientName, matching: .singleValue("NAME\(patient)^FIRST")),
          MatchingKey(tag: .studyDate, matching: .range(from: day, to: day)),
        ],
        sql: """
          study.id IN (SELECT study FROM patient_name_key WHERE form = 0 AND key = ?)
            AND study.k_00080020 >= ? AND study.k_00080020 <= ?
          """, values: ["name\(patient)^first", day, day]),
    ]
  }

  /// The same rows with and without asking who asks, turn by turn; then all of it as one mix.
  private static func compare(_ archive: Archive, _ plain: DatabasePool, _ world: BenchmarkWorld) async throws {
    var mix: (with: [Double], without: [Double]) = ([], [])
    for title in ["ALL", "MANY", "VETOED", "GROUP"] {
      let caller = try await world.caller(title, archive)
      for kind in asked(0).indices {
        var with: [Double] = []
        var without: [Double] = []
        var rows = (0, 0)
        // Only what this caller may see is asked for. The first turns fill both sides' caches, and do not count.
        for turn in 0..<(warmingTurns + turns) {
          let asked = Self.asked(world.open(to: title, turn))[kind]
          let begin = ContinuousClock.now
          let found = try await find(asked, archive, caller)
          let middle = ContinuousClock.now
          let foundPlainly = try await findPlainly(asked, plain)
          guard turn >= warmingTurns else { continue }
          with.append(begin.duration(to: middle) / .milliseconds(1))
          without.append(middle.duration(to: .now) / .milliseconds(1))
          rows = (rows.0 + found, rows.1 + foundPlainly)
        }
        print("\(title), \(asked(0)[kind].name): \(comparison(with, without)); \(rows.0) and \(rows.1) rows")
        // Where the filter hides rows, its answer is less work: that says nothing of its cost.
        if rows.0 == rows.1 { mix = (mix.with + with, mix.without + without) }
      }
    }
    print("The mix, \(mix.with.count) queries answered by the same rows: \(comparison(mix.with, mix.without))")
  }

  private static func comparison(_ with: [Double], _ without: [Double]) -> String {
    let (a, b) = (Quantiles(with), Quantiles(without))
    let each = Quantiles(zip(with, without).map { $0 / $1 })
    return "\(a) with, \(b) without: \(ratio(a.median, b.median)) and \(ratio(a.p95, b.p95)) times, "
      + "\(String(format: "%.2f", each.median)) at the median of pairs"
  }

  private static func worst(_ archive: Archive, _ world: BenchmarkWorld) async throws {
    for (title, what) in [("ONE", "one study"), ("PHYSICIAN", "500 patients"), ("MANY", "20,000 studies")] {
      let caller = try await world.caller(title, archive)
      var all: [Double] = []
      var count = 0
      for _ in 0..<(title == "MANY" ? 20 : 200) {
        let begin = ContinuousClock.now
        count += try await find(
          Asked(name: "", keys: [], sql: "", values: []), archive, caller, isFirstPageEnough: true)
        all.append(begin.duration(to: .now) / .milliseconds(1))
      }
      print("\(title) (\(what)), all studies, first page: \(Quantiles(all)); \(count / all.count) rows")
    }
  }

  private static func explain(_ archive: Archive, _ world: BenchmarkWorld) async throws {
    let administration = archive.administration(as: .current)
    for title in ["MANY", "PHYSICIAN", "GROUP"] {
      let caller = try await world.caller(title, archive)
      var all: [Double] = []
      for turn in 0..<100 {
        let begin = ContinuousClock.now
        _ = try await administration.explain(caller, study: BenchmarkWorld.uid(world.open(to: title, turn)))
        all.append(begin.duration(to: .now) / .milliseconds(1))
      }
      print("explain a study to \(title): \(Quantiles(all))")
    }
    var all: [Double] = []
    var named = 0
    for turn in 0..<100 {
      let begin = ContinuousClock.now
      let patient = "P\(world.open(to: "PHYSICIAN", turn) / 4)"
      named += try await administration.access(toPatient: patient, issuer: "HOSPITAL", at: nil).entries.count
      all.append(begin.duration(to: .now) / .milliseconds(1))
    }
    print("who sees a patient (\(named / 100) each): \(Quantiles(all))")
  }

  private static func find(
    _ asked: Asked, _ archive: Archive, _ caller: Caller, isFirstPageEnough: Bool = false
  ) async throws -> Int {
    let query = FindQuery(informationModel: .studyRoot, level: .study, keys: asked.keys, returning: returning)
    var count = 0
    for try await page in archive.reading(as: caller).find(query) {
      count += page.rows.count
      if isFirstPageEnough { break }
    }
    return count
  }

  /// As the archive asks, but for who asks.
  private static func findPlainly(_ asked: Asked, _ plain: DatabasePool) async throws -> Int {
    let sql = """
      SELECT study.id, study.v_0020000d, study.v_00100010, patient.patient_id, patient.issuer, study.v_0020000d,
        study.v_00080020, study.v_00080050, study.v_00081030,
        (SELECT replace(group_concat(DISTINCT NULLIF(series.v_00080060, '')), ',', '\\') FROM series
          JOIN instance ON instance.series = series.id AND instance.fault = 0 WHERE series.study = study.id),
        (SELECT COUNT(DISTINCT instance.v_00080018) FROM series
          JOIN instance ON instance.series = series.id AND instance.fault = 0 WHERE series.study = study.id)
      FROM patient JOIN study ON study.patient = patient.id
      WHERE study.id > ? AND \(asked.sql) ORDER BY study.id LIMIT 256
      """
    let arguments = StatementArguments([0.databaseValue] + asked.values.map(\.databaseValue))
    return try await plain.read { database in
      var rows: [[DICOMData.Tag: [String]]] = []
      let cursor = try Row.fetchCursor(database.cachedStatement(sql: sql), arguments: arguments)
      while let row = try cursor.next() {
        var values: [DICOMData.Tag: [String]] = [:]
        for (index, tag) in returning.enumerated() {
          let text = (row[index + 2] as DatabaseValue).description
          values[tag] = text.split(separator: "\\", omittingEmptySubsequences: false).map(String.init)
        }
        rows.append(values)
      }
      return rows.count
    }
  }

  private static func ratio(_ one: Double, _ other: Double) -> String { String(format: "%.2f", one / other) }
}

/// Of many figures, in milliseconds.
struct Quantiles: CustomStringConvertible {
  let median: Double
  let p95: Double
  let p99: Double

  init(_ all: [Double]) {
    let sorted = all.sorted()
    let at = { (part: Double) in sorted[min(Int(Double(sorted.count) * part), sorted.count - 1)] }
    (median, p95, p99) = (at(0.5), at(0.95), at(0.99))
  }

  var description: String { String(format: "%.3f ms (p95 %.3f, p99 %.3f)", median, p95, p99) }
}
