// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// Every room is compiled under the same rules: Swift 6, nothing re-exported by accident, no warning left standing.
let houseRules: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

/// A room: `Sources/NAME`, and what it may know.
func room(_ name: String, knows dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: houseRules)
}

/// The tests of a room: `Tests/NAMETests`.
func tests(of name: String, with dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, swiftSettings: houseRules)
}

/// What measures a room: `Benchmarks/NAME`, beside its peers and the script that runs them all.
func benchmark(_ name: String, knows dependencies: [Target.Dependency], beside peers: [String]) -> Target {
  .executableTarget(
    name: "\(name.lowercased())-benchmark", dependencies: dependencies, path: "Benchmarks/\(name)",
    exclude: peers, sources: ["\(name)Benchmark.swift"], swiftSettings: houseRules)
}

let package = Package(
  name: "collimator",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "collimator", targets: ["collimator"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
  ],
  targets: [
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    room("DICOMData", knows: ["CZlib"]),
    room("UpperLayer", knows: ["DICOMData", nioCore]),
    room("DIMSE", knows: ["UpperLayer", "DICOMData", nioCore]),
    room("Access", knows: ["DICOMData"]),
    room("Archive", knows: ["DICOMData", "Access", grdb, crypto]),
    room(
      "ServiceClasses",
      knows: ["DIMSE", "UpperLayer", "Archive", "Access", "DICOMData", nioCore, logging]),
    room(
      "Node",
      knows: [
        "ServiceClasses", "DIMSE", "UpperLayer", "Archive", "Access", "DICOMData", nioCore, nioPosix, logging,
        lifecycle,
      ]),
    .executableTarget(
      name: "collimator",
      dependencies: [
        "Node", "ServiceClasses", "DIMSE", "UpperLayer", "Archive", "Access", "DICOMData", nioCore, nioPosix, crypto,
        logging, lifecycle, unixSignals, argumentParser, configuration,
      ],
      swiftSettings: houseRules),
    .executableTarget(name: "dictionary-generator", swiftSettings: houseRules),
    benchmark(
      "Reading", knows: ["DICOMData"],
      beside: ["compare.py", "dcmtk_reading.cpp", "generate.py", "pydicom_reading.py", "run"]),
    // What the fault harness has go wrong: see Tests/Faults/sweep.
    .executableTarget(
      name: "fault-scenario", dependencies: ["Archive", "Access", "DICOMData"], path: "Tests/Faults",
      exclude: ["faults.c", "first-light.sql", "order", "powercut", "sweep", "verify.py"],
      sources: ["FaultScenario.swift"],
      swiftSettings: houseRules),

    tests(of: "DICOMData"),
    tests(of: "UpperLayer", with: ["DICOMData", nioCore, nioEmbedded]),
    tests(of: "DIMSE", with: ["UpperLayer", "DICOMData", nioCore, nioEmbedded]),
    tests(of: "Access", with: ["DICOMData"]),
    tests(of: "Archive", with: ["Access", "DICOMData", grdb, crypto]),
    tests(of: "ServiceClasses", with: ["DIMSE", "UpperLayer", "Archive", "Access", "DICOMData", nioCore]),
    tests(
      of: "Node",
      with: ["ServiceClasses", "DIMSE", "UpperLayer", "Archive", "Access", "DICOMData", nioCore, nioPosix, logging]),
    // What outside judges say: DCMTK's tools and pynetdicom against the built executable.
    .testTarget(
      name: "ConformanceTests", dependencies: ["collimator"], exclude: ["Peers"], swiftSettings: houseRules),
  ]
)
