// The house's rules that the manifest cannot enforce: rooms that everybody knows, one owner a C library, arrows that are used, short files, and
// no Foundation where it does not belong.

import FoundationEssentials
import Testing

struct HouseTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private static func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: root.appending(path: path)), as: UTF8.self)
  }

  /// Every source file of the repository by its path, read once.
  private static let files = Result { try readFiles() }

  private static func readFiles() throws -> [String: String] {
    var files: [String: String] = [:]
    for place in House.places {
      for path in try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: place).path)
      where [".swift", ".c", ".h", ".inc", ".modulemap"].contains(where: { path.hasSuffix($0) }) {
        files[place + "/" + path] = try text(place + "/" + path)
      }
    }
    return files
  }

  /// The house as it stands; `change` is made to its manifest, its page and its files first.
  private static func house(
    _ change: (_ manifest: inout String, _ page: inout String, _ files: inout [String: String]) -> Void = { _, _, _ in }
  ) throws -> House {
    var (manifest, page, files) = (try text("Package.swift"), try text("Sources/README.md"), try files.get())
    change(&manifest, &page, &files)
    return try House(manifest: manifest, page: page, files: files)
  }

  private static let longest = 400
  /// How the manifest says what Trading may use.
  private static let trading = "    library(\"Trading\", uses: [\"Kernels\", \"Market\", \"Pricing\", \"Text\"]),\n"

  // MARK: The house as it stands. What is found is taken out first: a failure would print the house, and all its files

  @Test func `every room is in the manifest, the table, the picture and on the disk`() throws {
    let found = try Self.house().unknownRooms
    #expect(found == [])
  }

  @Test func `a C library has one owner`() throws {
    let found = try Self.house().wrongOwners
    #expect(found == [])
  }

  @Test func `every arrow is used and every use has an arrow`() throws {
    let found = try Self.house().wrongArrows
    #expect(found == [])
  }

  @Test func `no file passes 400 lines`() throws {
    let found = try Self.house().longFiles(limit: Self.longest)
    #expect(found == [])
  }

  /// What is chosen as a program is loaded cannot be held to the level that `STRIKEFORGE_INSTRUCTION_SET` allows.
  @Test func `no loop chooses its instructions past the limit`() throws {
    let chosen = try Self.files.get().filter { $0.key.hasPrefix("Sources/") && $0.value.contains("target_" + "clones") }
    #expect(chosen.keys.sorted() == [])
  }

  @Test func `ground, world, agent and server do without Foundation`() throws {
    let rooms = [
      "Kernels", "Text", "AgentInterface", "Pricing", "Market", "Trading", "Environments", "Inference", "Networks",
      "Algorithms",
      "PolicyServer", "Serving",
    ]
    let house = try Self.house()
    for name in rooms {
      let room = try #require(house.rooms.first { $0.path == "Sources/" + name })
      let foundation: Set<String> = ["Foundation", "FoundationEssentials", "FoundationInternationalization"]
      #expect(house.imports(of: room).isDisjoint(with: foundation), "\(name)")
    }
  }

  // MARK: What would be found

  @Test func `an unknown room is found`() throws {
    let house = try Self.house { manifest, page, files in
      manifest = manifest.replacing(Self.trading, with: "    library(\"Cellar\"),\n")
      page = page.replacing("| `Trading` |", with: "| `Attic` |")
      files["Sources/Shed/Shed.swift"] = "import Kernels\n"
      files["Sources/Cellar/Cellar.swift"] = ""
    }
    let found = house.unknownRooms
    #expect(
      found == [
        "Cellar is a target and no row of the table", "Attic is a row of the table and no target",
        "Sources/Shed is no target's folder", "Sources/Trading is no target's folder",
        "Sources/Cellar is not in the picture", "Sources/Shed is not in the picture",
      ])
  }

  @Test func `a C library of two owners is found`() throws {
    let house = try Self.house { manifest, page, files in
      manifest = manifest.replacing(
        "\"proving-grounds\", uses: [", with: "\"proving-grounds\", uses: [\"CHDF5\", ")
      files["Sources/Market/More.swift"] = "private import CZLIB\n"
      page = page.replacing("| `CBLAS` | ", with: "| `CLAS` | ")
    }
    let found = house.wrongOwners
    #expect(
      found == [
        "CBLAS stands either in the manifest or in the table of C libraries, not in both",
        "CLAS stands either in the manifest or in the table of C libraries, not in both",
        "proving-grounds may use CHDF5 of Storage", "Market imports CZLIB of Storage",
      ])
    let none = try Self.house { _, _, files in
      for path in files.keys where path.hasPrefix("Sources/Kernels/") {
        files[path] = files[path]?.replacing("import CKernels", with: "")
      }
    }
    let missing = none.wrongOwners
    #expect(missing == ["Kernels owns CKernels and does not import it"])
  }

  @Test func `a dead arrow and a way without one are found`() throws {
    let house = try Self.house { manifest, _, files in
      let more = Self.trading.replacing("[\"Kernels\"", with: "[\"AgentInterface\", \"Gone\", \"Kernels\"")
      manifest = manifest.replacing(Self.trading, with: more)
      files["Sources/Trading/More.swift"] = "@testable private import struct Storage.Checkpoint\n"
      files["Sources/CKernels/more.c"] = "#include \"cpairrules.h\"\n"
    }
    let found = house.wrongArrows
    #expect(
      found == [
        "CKernels uses CPairRules and may not", "Trading may use AgentInterface and does not",
        "Trading may use Gone and does not; it is no target", "Trading uses Storage and may not",
      ])
  }

  @Test func `a long file and an exception that is none are found`() throws {
    let line = "let one = 1\n"
    let house = try Self.house { _, _, files in
      files["Tests/KernelsTests/Long.swift"] = String(repeating: line, count: Self.longest + 1)
      files["Tests/KernelsTests/Just.swift"] = String(repeating: line, count: Self.longest)
      files["Tests/KernelsTests/Open.swift"] = String(repeating: line, count: Self.longest) + "let end = 1"
    }
    let exceptions: Set = ["Tests/KernelsTests/Just.swift"]
    #expect(
      house.longFiles(limit: Self.longest, exceptions: exceptions) == [
        "Tests/KernelsTests/Long.swift has 401 lines, more than 400",
        "Tests/KernelsTests/Open.swift has 401 lines, more than 400",
        "Tests/KernelsTests/Just.swift needs no exception any more",
      ])
  }

  @Test func `a manifest or a page of another form is not taken for an empty house`() throws {
    #expect(throws: HouseError.self) {
      try Self.house { manifest, _, _ in
        manifest = manifest.replacing("library(\"Trading\"", with: "barn(\"Trading\"")
      }
    }
    #expect(throws: HouseError.self) {
      try Self.house { manifest, _, _ in manifest = manifest.replacing("  targets: [\n", with: "  targets: barns + [\n")
      }
    }
    #expect(throws: HouseError.self) {
      try Self.house { _, page, _ in page = page.replacing("| C library |", with: "") }
    }
    #expect(throws: HouseError.self) { try Self.house { _, page, _ in page = page.replacing("```", with: "") } }
  }
}
