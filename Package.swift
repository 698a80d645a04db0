// swift-tools-version: 6.2
// The picture of Sources/README.md as a manifest: one line per room, arrows in `uses`.
import Glibc
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("MemberImportVisibility"),  // a file may use only what it imports itself
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
]

/// A C library installed by the system, with the Debian package that brings it.
func clibrary(_ name: String, pkgConfig: String, apt: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

/// The page of a room that has one: no source.
func page(of folder: String) -> [String] {
  access("\(Context.packageDirectory)/\(folder)/README.md", R_OK) == 0 ? ["README.md"] : []
}

func library(_ name: String, uses: [String] = [], path: String? = nil) -> Target {
  .target(
    name: name, dependencies: uses.map { .byName(name: $0) }, path: path, exclude: page(of: path ?? "Sources/" + name),
    swiftSettings: strict)
}

func tool(_ name: String, uses: [String], path: String) -> Target {
  .executableTarget(
    name: name, dependencies: uses.map { .byName(name: $0) }, path: path, exclude: page(of: path), swiftSettings: strict
  )
}

func tests(of name: String, uses: [String] = []) -> Target {
  .testTarget(
    name: name + "Tests",
    dependencies: ([name, "TestSupport"] + uses).map { .byName(name: $0) },
    swiftSettings: strict)
}

let package = Package(
  name: "Strikeforge",
  products: [
    // With the rooms whose types stand in its public signatures.
    .library(name: "Inference", targets: ["AgentInterface", "Inference", "Text"]),
    .executable(name: "strikeforge", targets: ["strikeforge"]),
    .executable(name: "strikeforge-serve", targets: ["strikeforge-serve"]),
    .executable(name: "benchmark", targets: ["benchmark"]),
  ],
  targets: [
    // C libraries: each has exactly one Swift owner.
    clibrary("CBLAS", pkgConfig: "openblas", apt: "libopenblas-dev"),
    clibrary("CLAPACKE", pkgConfig: "lapacke", apt: "liblapacke-dev"),
    clibrary("CHDF5", pkgConfig: "hdf5", apt: "libhdf5-dev"),
    clibrary("CZLIB", pkgConfig: "zlib", apt: "zlib1g-dev"),
    clibrary("CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),

    // Ground and hallway.
    .target(name: "CProcessor"),
    .target(name: "CKernels", dependencies: ["CProcessor"]),
    library("Kernels", uses: ["CKernels", "CProcessor"]),
    .target(name: "CDigest", dependencies: ["CProcessor"]),
    library("Text", uses: ["CDigest"]),
    library("AgentInterface", uses: ["Kernels"]),

    // World.
    .target(name: "CPricing", dependencies: ["CKernels"], cSettings: [.headerSearchPath("../CKernels")]),
    library("Pricing", uses: ["CPricing", "Kernels"]),
    library("Market", uses: ["Pricing", "Text"]),
    library("Trading", uses: ["Kernels", "Market", "Pricing", "Text"]),
    .target(
      name: "CPairRules", dependencies: ["CKernels", "CProcessor"], cSettings: [.headerSearchPath("../CKernels")]),
    library(
      "Environments",
      uses: ["AgentInterface", "CPairRules", "Kernels", "Market", "Pricing", "Text", "Trading"]),

    // Agent.
    library("Inference", uses: ["AgentInterface", "Kernels", "Text"]),
    library("Networks", uses: ["CBLAS", "CLAPACKE", "Inference", "Kernels"]),
    library("Algorithms", uses: ["AgentInterface", "Inference", "Kernels", "Networks", "Text"]),

    // Roof.
    library("Configuration", uses: ["CYAML", "Text"]),
    library("Storage", uses: ["CHDF5", "CZLIB", "AgentInterface", "Kernels", "Market", "Text"]),
    library(
      "Evaluation", uses: ["AgentInterface", "Environments", "Inference", "Kernels", "Market", "Text", "Trading"]),
    library(
      "Training",
      uses: [
        "AgentInterface", "Algorithms", "Configuration", "Environments", "Evaluation", "Inference", "Kernels", "Market",
        "Networks", "Storage", "Text",
      ]),
    library(
      "Release",
      uses: [
        "AgentInterface", "Algorithms", "Configuration", "Environments", "Evaluation", "Inference", "Kernels", "Market",
        "Networks", "Storage", "Text", "Trading", "Training",
      ]),
    library("Serving", uses: ["AgentInterface", "Inference", "Text"]),

    // Doors.
    library(
      "Workstation",
      uses: [
        "Algorithms", "Configuration", "Environments", "Evaluation", "Inference", "Kernels", "Market", "Pricing",
        "Release",
        "Storage",
        "Text", "Trading", "Training",
      ]),
    tool("strikeforge", uses: ["Training", "Workstation"], path: "Sources/Strikeforge"),
    tool("strikeforge-serve", uses: ["Inference", "Kernels", "Serving", "Text"], path: "Sources/PolicyServer"),
    library("Programs", uses: ["strikeforge", "strikeforge-serve"]),
    tool(
      "benchmark",
      uses: [
        "AgentInterface", "Algorithms", "CAllocations", "CDesk", "Configuration", "Environments", "Inference",
        "Kernels",
        "Market", "Networks", "OpCases", "Pricing", "ProvingGrounds", "Release", "Storage", "Text", "Trading",
        "Training",
      ],
      path: "benchmarks/Benchmark"),
    .target(name: "CAllocations", path: "benchmarks/CAllocations"),
    .target(name: "CDesk", path: "benchmarks/CDesk"),

    // Known tasks for the learner, outside the product's programs.
    library(
      "ProvingGrounds",
      uses: [
        "AgentInterface", "Algorithms", "Environments", "Evaluation", "Inference", "Kernels", "Networks", "Text",
        "Training",
      ],
      path: "benchmarks/ProvingGrounds"),
    tool(
      "proving-grounds", uses: ["Kernels", "ProvingGrounds", "Text", "Training"],
      path: "benchmarks/ProvingGroundsProgram"),

    // Each operation's cases, declared once: for tests and `benchmark`.
    library("OpCases", uses: ["Inference", "Kernels", "Networks"], path: "Tests/OpCases"),

    // Tests.
    .target(
      name: "TestSupport",
      dependencies: [
        "AgentInterface", "Algorithms", "Environments", "Evaluation", "Inference", "Kernels", "Market", "Networks",
        "OpCases", "Text", "Trading",
      ],
      path: "Tests/TestSupport", swiftSettings: strict),
    // Small runs for the tests of those who train and release.
    library(
      "RunSupport", uses: ["Algorithms", "Environments", "Market", "Storage", "TestSupport", "Training"],
      path: "Tests/RunSupport"),
    // Damaged files for every reader; `scripts/fuzz` runs it, and the tests replay what it once found.
    tool(
      "fuzz",
      uses: [
        "AgentInterface", "Algorithms", "Configuration", "Environments", "Inference", "Kernels", "Market", "Pricing",
        "RunSupport",
        "Storage",
        "TestSupport",
        "Text", "Trading", "Training", "Workstation",
      ],
      path: "Tests/Fuzz"),
    // Appends to a log from a process of its own.
    tool("ledger-writer", uses: ["Storage", "Text"], path: "Tests/LedgerWriter"),
    // The product with a toy environment and a toy algorithm more: a line each.
    tool("toy-strikeforge", uses: ["TestSupport", "Training", "Workstation"], path: "Tests/ToyProgram"),
    .testTarget(name: "KernelsTests", dependencies: ["Kernels", "OpCases"], swiftSettings: strict),
    .testTarget(name: "TextTests", dependencies: ["Text", "Kernels"], swiftSettings: strict),
    .testTarget(name: "AgentInterfaceTests", dependencies: ["AgentInterface"], swiftSettings: strict),
    tests(of: "Pricing", uses: ["Kernels", "Market", "Storage", "Workstation"]),
    tests(of: "Market", uses: ["Kernels", "Pricing", "Text"]),
    tests(of: "Trading", uses: ["Kernels", "Market", "Pricing", "Storage", "Text", "Workstation"]),
    tests(
      of: "Environments",
      uses: ["AgentInterface", "Evaluation", "Inference", "Kernels", "Market", "Pricing", "Text", "Trading"]),
    tests(of: "Inference", uses: ["AgentInterface", "Kernels", "Text"]),
    tests(of: "Networks", uses: ["AgentInterface", "Inference", "Kernels", "OpCases"]),
    tests(of: "Algorithms", uses: ["AgentInterface", "Inference", "Kernels", "Networks", "OpCases"]),
    tests(of: "Storage", uses: ["AgentInterface", "Kernels", "Market", "Pricing", "Text"]),
    tests(
      of: "Evaluation",
      uses: [
        "AgentInterface", "Algorithms", "Environments", "Inference", "Kernels", "Market", "Pricing", "Text", "Trading",
      ]),
    tests(
      of: "Training",
      uses: [
        "AgentInterface", "Algorithms", "Configuration", "Environments", "Evaluation", "Inference", "Kernels", "Market",
        "Networks", "OpCases", "RunSupport", "Storage", "Text", "Trading",
      ]),
    tests(
      of: "Release",
      uses: [
        "AgentInterface", "Algorithms", "Configuration", "Environments", "Evaluation", "Inference", "Kernels", "Market",
        "Networks",
        "RunSupport", "Storage", "Text", "Training",
      ]),
    .testTarget(
      name: "ServingTests", dependencies: ["Serving", "AgentInterface", "Inference", "Kernels", "Text"],
      swiftSettings: strict),
    tests(
      of: "ProvingGrounds",
      uses: ["AgentInterface", "Algorithms", "Environments", "Evaluation", "Inference", "Kernels", "Text"]),
    // The programs from outside. The rooms are there to write what the programs read, and to read what they write.
    .testTarget(
      name: "AcceptanceTests",
      dependencies: [
        "TestSupport", "AgentInterface", "Evaluation", "Inference", "Kernels", "Market", "Storage", "Text",
      ],
      swiftSettings: strict),
  ]
)
