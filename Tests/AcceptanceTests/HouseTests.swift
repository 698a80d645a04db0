// The house's rules that the manifest cannot enforce: one owner a C library, and no Foundation where it does not belong.

import FoundationEssentials
import Testing

struct HouseTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Every Swift file below a folder of the repository, as (room, path, text).
  private static func sources(below folder: String) throws -> [(room: String, path: String, text: String)] {
    let base = root.appending(path: folder)
    return try FileManager.default.subpathsOfDirectory(atPath: base.path).filter { $0.hasSuffix(".swift") }.map {
      path in
      let room = folder == "Sources" ? String(path.prefix { $0 != "/" }) : folder
      return (room, path, try String(decoding: Data(contentsOf: base.appending(path: path)), as: UTF8.self))
    }
  }

  private static func imports(_ module: String, in text: String) -> Bool {
    text.split(separator: "\n").contains { line in
      let words = line.split(separator: " ")
      return words.last.map(String.init) == module && words.contains("import")
    }
  }

  @Test(
    arguments: [
      ("CBLAS", "Networks"), ("CLAPACKE", "Networks"), ("CHDF5", "Storage"), ("CZLIB", "Storage"),
      ("CYAML", "Training"), ("CKernels", "Kernels"),
      ("CAllocations", "benchmarks"),
    ])
  func `a C library has one owner`(library: String, owner: String) throws {
    let users = try (Self.sources(below: "Sources") + Self.sources(below: "benchmarks"))
      .filter { Self.imports(library, in: $0.text) }
    #expect(!users.isEmpty)
    #expect(Set(users.map(\.room)) == [owner], "\(library) is imported by \(users.map(\.path))")
  }

  @Test func `ground, world, agent and server do without Foundation`() throws {
    let rooms = [
      "Kernels", "Text", "AgentInterface", "Market", "Trading", "Environments", "Inference", "Networks", "Algorithms",
      "PolicyServer", "Serving",
    ]
    for source in try Self.sources(below: "Sources") where rooms.contains(source.room) {
      #expect(
        !["Foundation", "FoundationEssentials", "FoundationInternationalization"].contains {
          Self.imports($0, in: source.text)
        }, "\(source.path)")
    }
  }

  @Test func `no file passes 800 lines`() throws {
    for folder in ["Sources", "Tests", "benchmarks"] {
      for source in try Self.sources(below: folder) {
        #expect(source.text.split(separator: "\n", omittingEmptySubsequences: false).count <= 801, "\(source.path)")
      }
    }
  }
}
