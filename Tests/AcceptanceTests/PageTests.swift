// The pages: short where a stranger begins, links that lead somewhere, numbers that were found, and tables that say what the program says.

import FoundationEssentials
import TestSupport
import Testing

@Suite struct PageTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// Every page of the repository by its path.
  private static func pages() throws -> [String: String] {
    // Below these two lie runs and data, and no more pages.
    var pages = try ["README.md", "checkpoints/README.md", "datasets/README.md"].reduce(into: [String: String]()) {
      $0[$1] = try text($1)
    }
    func collect(_ folder: String) throws {
      for name in try FileManager.default.contentsOfDirectory(atPath: root + "/" + folder) where !name.hasPrefix(".") {
        let path = folder + "/" + name
        var isFolder = false
        _ = FileManager.default.fileExists(atPath: root + "/" + path, isDirectory: &isFolder)
        if isFolder { try collect(path) } else if name.hasSuffix(".md") { pages[path] = try text(path) }
      }
    }
    for folder in ["Sources", "Tests", "benchmarks", "scripts"] { try collect(folder) }
    return pages
  }

  private static func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: root + "/" + path)), as: UTF8.self)
  }

  private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: root + "/" + path) }

  /// The lines that are not inside a block of code.
  private static func prose(_ page: String) -> [Substring] {
    var isCode = false
    return page.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
      if line.hasPrefix("```") { isCode.toggle() }
      return !isCode && !line.hasPrefix("```")
    }
  }

  /// The names under which a page's headings are linked.
  private static func anchors(_ page: String) -> Set<String> {
    Set(
      prose(page).filter { $0.hasPrefix("#") }.map { line in
        String(
          line.drop { $0 == "#" }.drop { $0 == " " }.lowercased().compactMap { character -> Character? in
            if character == " " { return "-" }
            return character.isLetter || character.isNumber || character == "-" || character == "_" ? character : nil
          })
      })
  }

  /// Links within the repository that lead nowhere. `pages`: by path.
  private static func brokenLinks(_ pages: [String: String], exists: (String) -> Bool) -> [String] {
    var broken: [String] = []
    for (page, text) in pages.sorted(by: { $0.key < $1.key }) {
      for line in prose(text) {
        for match in line.matches(of: /\]\(([^)\s]+)\)/) {
          let link = match.output.1
          guard !link.contains("://") else { continue }
          let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
          var place = page.split(separator: "/").dropLast()
          for name in parts[0].split(separator: "/") {
            if name == ".." { _ = place.popLast() } else { place.append(name) }
          }
          let target = parts[0].isEmpty ? page : place.joined(separator: "/")
          if !exists(target) {
            broken.append("\(page): \(link): there is no \(target)")
          } else if parts.count == 2, pages[target].map({ anchors($0).contains(String(parts[1])) }) != true {
            broken.append("\(page): \(link): \(target) has no such heading")
          }
        }
      }
    }
    return broken
  }

  /// Numbers that a page takes from a part of the proofs (bold, in a line that links there), and whether the part has them.
  private static func quotations(_ page: String, proofs: String) -> [(number: String, part: String, isThere: Bool)] {
    page.split(separator: "\n").flatMap { line in
      guard let link = line.firstMatch(of: /\]\(benchmarks\/proofs\.md#([a-z0-9-]+)\)/) else {
        return [] as [(String, String, Bool)]
      }
      let part = String(link.output.1)
      let section =
        proofs.split(separator: "\n## \(part)\n", maxSplits: 1, omittingEmptySubsequences: false).dropFirst().first?
        .split(separator: "\n## ").first ?? ""
      return line.matches(of: /\*\*([^*]+)\*\*/).map { (String($0.output.1), part, section.contains($0.output.1)) }
    }
  }

  @Test func `the first page is short`() throws {
    let bytes = try Self.text("README.md").utf8.count
    #expect(
      bytes <= 8192, "README.md has \(bytes) bytes; move what a stranger does not need to the folder it speaks of")
  }

  @Test func `every link leads somewhere`() throws {
    let pages = try Self.pages()
    #expect(pages.count >= 12 && pages["Sources/Algorithms/README.md"] != nil)
    #expect(Self.brokenLinks(pages, exists: Self.exists) == [])
  }

  @Test func `a link that leads nowhere is found`() {
    let pages = [
      "README.md":
        "[a](Sources/a.md#one-two) [b](Sources/b.md) [c](#three) [d](https://example.org/x)\n```\n[e](e)\n```\n",
      "Sources/a.md": "# One `two`\n[up](../README.md) [far](../../Elsewhere)\n```\n# three\n```\n[self](#three)",
    ]
    #expect(
      Self.brokenLinks(pages) { pages[$0] != nil } == [
        "README.md: Sources/b.md: there is no Sources/b.md", "README.md: #three: README.md has no such heading",
        "Sources/a.md: ../../Elsewhere: there is no Elsewhere",
        "Sources/a.md: #three: Sources/a.md has no such heading",
      ])
  }

  /// The first page's numbers are those of the table of proofs.
  @Test func `numbers on the first page were found`() throws {
    let proofs = try Self.text("benchmarks/proofs.md")
    let quotations = Self.quotations(try Self.text("README.md"), proofs: proofs)
    #expect(quotations.count >= 3)
    for one in quotations {
      #expect(one.isThere, "README.md says \(one.number), and \(one.part) in benchmarks/proofs.md does not")
    }
    let line = "| **3.46** and **9.99** | [part](benchmarks/proofs.md#speed-lstm64) |"
    #expect(Self.quotations(line, proofs: "\n## speed-lstm64\n3.46\n## more\n9.99").map(\.isThere) == [true, false])
  }

  @Test func `the table of settings is what the program says`() throws {
    let outcome = try Program.start(
      Self.root + "/scripts/configurations/generate", named: "generate",
      ["--check", "--program", Program.strikeforge.path]
    ).wait()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
  }
}
