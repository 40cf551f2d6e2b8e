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
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let jwtKit: Target.Dependency = .product(name: "JWTKit", package: "jwt-kit")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let dcmtkLibraries = [
  "dcmjpls", "dcmtkcharls", "dcmjpeg", "ijg8", "ijg12", "ijg16", "dcmimage", "dcmimgle", "dcmdata", "oflog", "ofstd",
]

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
func benchmark(_ name: String, knows dependencies: [Target.Dependency], beside peers: [String], and more: [String] = [])
  -> Target
{
  .executableTarget(
    name: "\(name.lowercased())-benchmark", dependencies: dependencies, path: "Benchmarks/\(name)",
    exclude: peers, sources: ["\(name)Benchmark.swift"] + more, swiftSettings: houseRules)
}

let package = Package(
  name: "collimator",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "collimator", targets: ["collimator"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.0.0"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.10.0"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.3.0"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
  ],
  targets: [
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    .systemLibrary(name: "COpenJPEG", pkgConfig: "libopenjp2", providers: [.apt(["libopenjp2-7-dev"])]),
    // apt: libdcmtk-dev. DCMTK's own pkg-config file asks for a library that no package brings.
    .target(name: "CDCMTK", linkerSettings: dcmtkLibraries.map { .linkedLibrary($0) }),
    .target(name: "CLinux"),

    room("DICOMData", knows: ["CZlib"]),
    room("UpperLayer", knows: ["DICOMData", nioCore]),
    room("DIMSE", knows: ["UpperLayer", "DICOMData", nioCore]),
    room("Access", knows: ["DICOMData"]),
    room(
      "Archive", knows: ["DICOMData", "Access", "CLinux", grdb, grdbSQLite, crypto, cryptoExtras, jwtKit, x509, asn1]),
    room("PixelCodecs", knows: ["DICOMData", "CLinux", "CZlib"]),
    room("CodecWorker", knows: ["PixelCodecs", "DICOMData", "CDCMTK", "COpenJPEG", "CLinux", "CZlib"]),
    room(
      "ServiceClasses",
      knows: ["DIMSE", "UpperLayer", "Archive", "PixelCodecs", "Access", "DICOMData", nioCore, logging]),
    room(
      "Node",
      knows: [
        "ServiceClasses", "DIMSE", "UpperLayer", "Archive", "Access", "PixelCodecs", "DICOMData", nioCore, nioPosix,
        nioTLS, nioSSL, crypto, x509, asn1, logging, lifecycle,
      ]),
    .executableTarget(
      name: "collimator",
      dependencies: [
        "Node", "ServiceClasses", "DIMSE", "UpperLayer", "Archive", "Access", "DICOMData", "PixelCodecs", "CodecWorker",
        nioCore, nioPosix, crypto, logging, lifecycle, unixSignals, argumentParser, configuration,
      ],
      swiftSettings: houseRules),
    .executableTarget(name: "dictionary-generator", swiftSettings: houseRules),
    benchmark(
      "Reading", knows: ["DICOMData"],
      beside: ["compare.py", "dcmtk_reading.cpp", "generate.py", "pydicom_reading.py", "run"]),
    benchmark(
      "Associations", knows: ["DIMSE", "UpperLayer", "DICOMData", nioCore, nioPosix],
      beside: ["compare.py", "run"], and: ["CannedAnswers.swift", "LayersOnly.swift"]),
    // What the fault harness has go wrong: see Tests/Faults/sweep.
    .executableTarget(
      name: "fault-scenario", dependencies: ["Archive", "Access", "DICOMData"], path: "Tests/Faults",
      exclude: ["faults.c", "fulldisk", "order", "powercut", "sweep", "verify.py"],
      sources: ["FaultScenario.swift"],
      swiftSettings: houseRules),

    benchmark(
      "Access", knows: ["Archive", "Access", "DICOMData", grdb], beside: ["run"], and: ["BenchmarkWorld.swift"]),
    benchmark("Codecs", knows: ["CodecWorker", "PixelCodecs", "DICOMData"], beside: ["run", "thumbnail"]),

    // Programs that tests of several rooms run.
    .target(name: "CSpawn", path: "Tests/CSpawn"),
    .target(
      name: "ChildProcesses", dependencies: ["CSpawn"], path: "Tests/ChildProcesses", swiftSettings: houseRules),
    tests(of: "DICOMData", with: ["ChildProcesses"]),
    tests(of: "UpperLayer", with: ["DICOMData", nioCore, nioEmbedded]),
    tests(of: "DIMSE", with: ["UpperLayer", "DICOMData", nioCore, nioEmbedded, nioPosix]),
    tests(of: "Access", with: ["DICOMData"]),
    // What a caller hears is told by the services and the node above it.
    tests(
      of: "Archive",
      with: [
        "Access", "DICOMData", "Node", "ServiceClasses", "DIMSE", "UpperLayer", "PixelCodecs", nioCore, nioPosix, grdb,
        grdbSQLite, crypto, cryptoExtras, jwtKit, x509, asn1, logging,
      ]),
    tests(
      of: "ServiceClasses",
      with: [
        "DIMSE", "UpperLayer", "PixelCodecs", "Archive", "Access", "DICOMData", nioCore, nioPosix, logging, grdb,
      ]),
    tests(
      of: "Node",
      with: [
        "ServiceClasses", "DIMSE", "UpperLayer", "Archive", "Access", "DICOMData", nioCore, nioPosix, nioEmbedded,
        nioSSL, logging,
      ]),
    tests(of: "PixelCodecs", with: ["ChildProcesses", "CLinux", "collimator", "CodecWorker", "DICOMData", crypto]),
    // What outside judges say: DCMTK's tools and pynetdicom against the built executable.
    .testTarget(
      name: "ConformanceTests", dependencies: ["ChildProcesses", "collimator", crypto], exclude: ["Peers"],
      swiftSettings: houseRules),
  ]
)
