// swift-tools-version: 6.2
// A program of your own that decides with an exported policy: all it needs of Strikeforge is the product `Inference`, plain Swift and C.
import PackageDescription

let package = Package(
  name: "decide-from-swift",
  dependencies: [
    // Where a clone of Strikeforge lies. The name is given because a clone's folder may have any.
    .package(name: "Strikeforge", path: "../../..")
  ],
  targets: [
    .executableTarget(name: "decide", dependencies: [.product(name: "Inference", package: "Strikeforge")])
  ]
)
