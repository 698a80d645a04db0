// The house as data: the manifest, the page that draws it, and the files that stand in it.

import FoundationEssentials

/// A target of the manifest.
struct Room {
  let name: String
  /// Its folder, from the root of the repository.
  let path: String
  let uses: [String]
  /// Whether it is a C library that the system brings.
  let isSystemLibrary: Bool

  /// The last part of its folder: what `Sources/README.md` calls it.
  var folder: String { String(path.split(separator: "/").last ?? "") }
  var module: String { name.replacing("-", with: "_") }
}

/// What is wrong is said in sentences; a house that is in order gives none.
struct House {
  let rooms: [Room]
  /// The drawing at the head of the page.
  let picture: String
  /// First cells of the table of rooms.
  let tableOfRooms: [String]
  /// The table of C libraries: who owns each.
  let owners: [(library: String, owner: String)]
  /// Texts of the files by their paths from the root: Swift, C, and what makes a folder a C library.
  let files: [String: String]
  /// The modules that each Swift file imports.
  private let importsOfFiles: [String: [String]]

  /// Places of the folders that hold sources.
  static let places = ["Sources", "benchmarks", "Tests"]

  init(manifest: String, page: String, files: [String: String]) throws {
    rooms = try House.rooms(ofManifest: manifest)
    let parts = page.components(separatedBy: "```\n")
    guard parts.count > 2 else { throw HouseError(what: "Sources/README.md has no picture") }
    picture = parts[1]
    tableOfRooms = House.table(page, "room").map { $0[0] }
    owners = House.table(page, "C library").filter { $0.count > 1 }.map { ($0[0], $0[1]) }
    guard !tableOfRooms.isEmpty, !owners.isEmpty else {
      throw HouseError(what: "Sources/README.md has no table of rooms or none of C libraries")
    }
    self.files = files
    importsOfFiles = Dictionary(
      uniqueKeysWithValues: files.filter { $0.key.hasSuffix(".swift") }.map { ($0.key, House.imports($0.value)) })
  }

  // MARK: What can be wrong

  /// Rooms that only the manifest, only the table, only the picture or only the disk knows.
  var unknownRooms: [String] {
    let targets = rooms.filter { $0.path.hasPrefix("Sources/") }
    let swift = Set(targets.filter { !isC($0) }.map(\.folder))
    let table = Set(tableOfRooms)
    let drawn = Set(picture.split { !($0.isLetter || $0.isNumber) }.map(String.init))
    var folders: Set<String> = []
    for path in files.keys where path.hasPrefix("Sources/") {
      let parts = path.split(separator: "/")
      if parts.count > 2 { folders.insert(String(parts[1])) }
    }
    var problems: [String] = []
    for room in swift.subtracting(table).sorted() { problems.append("\(room) is a target and no row of the table") }
    for room in table.subtracting(swift).sorted() { problems.append("\(room) is a row of the table and no target") }
    for folder in folders.subtracting(targets.map(\.folder)).sorted() {
      problems.append("Sources/\(folder) is no target's folder")
    }
    for folder in folders.subtracting(drawn).sorted() { problems.append("Sources/\(folder) is not in the picture") }
    return problems
  }

  /// C libraries that have no owner, two, or another than the page says.
  var wrongOwners: [String] {
    let libraries = rooms.filter(isC)
    let named = owners.map(\.library)
    var problems: [String] = []
    for name in Set(libraries.map(\.name)).symmetricDifference(named).sorted() {
      problems.append("\(name) stands either in the manifest or in the table of C libraries, not in both")
    }
    for name in Set(named).sorted() where named.count(where: { $0 == name }) > 1 {
      problems.append("\(name) has two rows")
    }
    for library in libraries {
      guard let owner = owners.first(where: { $0.library == library.name })?.owner else { continue }
      for room in rooms where !isC(room) && room.folder != owner && room.name != owner {
        if room.uses.contains(library.name) { problems.append("\(room.name) may use \(library.name) of \(owner)") }
        if imports(of: room).contains(library.name) {
          problems.append("\(room.name) imports \(library.name) of \(owner)")
        }
      }
      if !rooms.contains(where: {
        ($0.folder == owner || $0.name == owner) && imports(of: $0).contains(library.name)
      }) {
        problems.append("\(owner) owns \(library.name) and does not import it")
      }
    }
    return problems
  }

  /// Arrows of the manifest that nobody goes along, and ways that are gone without an arrow.
  var wrongArrows: [String] {
    let names = Set(rooms.map(\.name))
    let modules = Dictionary(uniqueKeysWithValues: rooms.map { ($0.module, $0.name) })
    var problems: [String] = []
    for room in rooms where !room.isSystemLibrary {
      let reached = isC(room) ? included(by: room) : Set(imports(of: room).compactMap { modules[$0] })
      let others = reached.subtracting([room.name])
      for use in Set(room.uses).subtracting(others).sorted() {
        problems.append("\(room.name) may use \(use) and does not" + (names.contains(use) ? "" : "; it is no target"))
      }
      for use in others.subtracting(room.uses).sorted() { problems.append("\(room.name) uses \(use) and may not") }
    }
    return problems
  }

  /// Swift files of more than `limit` lines, but for `exceptions`; and exceptions that are none any more.
  func longFiles(limit: Int, exceptions: Set<String> = []) -> [String] {
    let long = files.mapValues(House.lineCount).filter { $0.key.hasSuffix(".swift") && $0.value > limit }
    var problems: [String] = []
    for (path, count) in long.sorted(by: { $0.key < $1.key }) where !exceptions.contains(path) {
      problems.append("\(path) has \(count) lines, more than \(limit)")
    }
    for path in exceptions.sorted() where long[path] == nil { problems.append("\(path) needs no exception any more") }
    return problems
  }

  // MARK: Files

  private func paths(of room: Room) -> [String] { files.keys.filter { $0.hasPrefix(room.path + "/") } }

  private func isC(_ room: Room) -> Bool {
    room.isSystemLibrary || !paths(of: room).contains { $0.hasSuffix(".swift") }
  }

  /// The modules that its Swift files import.
  func imports(of room: Room) -> Set<String> { Set(paths(of: room).flatMap { importsOfFiles[$0] ?? [] }) }

  /// Modules that a Swift text imports.
  static func imports(_ text: String) -> [String] {
    // Bytes, which are far faster to search than characters.
    text.utf8.split(separator: UInt8(ascii: "\n")).compactMap { line in
      guard let first = line.first(where: { $0 != UInt8(ascii: " ") }), "@ipf".utf8.contains(first) else { return nil }
      var words = Substring(line).split(separator: " ")
      while let first = words.first, first.hasPrefix("@") { words.removeFirst() }
      if let first = words.first, ["public", "package", "internal", "fileprivate", "private"].contains(first) {
        words.removeFirst()
      }
      guard words.first == "import", words.count > 1 else { return nil }
      let kinds: Set<Substring> = ["class", "enum", "func", "let", "protocol", "struct", "typealias", "var"]
      return String((kinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]).prefix { $0 != "." })
    }
  }

  /// Other C targets whose headers a C target includes.
  private func included(by room: Room) -> Set<String> {
    let own = paths(of: room)
    var found: Set<String> = []
    for path in own {
      for line in (files[path] ?? "").split(separator: "\n") where line.hasPrefix("#include \"") {
        let header = "/" + (line.split(separator: "\"")[1].split(separator: "/").last ?? "")
        guard !own.contains(where: { $0.hasSuffix(header) }) else { continue }
        let other = rooms.first { other in paths(of: other).contains { $0.hasSuffix(header) } }
        found.insert(other?.name ?? String(header))
      }
    }
    return found
  }

  private static func lineCount(_ text: String) -> Int {
    text.utf8.count { $0 == UInt8(ascii: "\n") } + (text.isEmpty || text.hasSuffix("\n") ? 0 : 1)
  }
}

/// A manifest or a page that is written in another way than is read here.
struct HouseError: Error {
  let what: String
}

extension House {
  // MARK: Reading

  /// The calls in the list of targets. Throws where one is of an unknown form.
  private static func rooms(ofManifest text: String) throws -> [Room] {
    let code = text.split(separator: "\n").map { $0.components(separatedBy: "//")[0] }.joined(separator: "\n")
    let parts = code.components(separatedBy: "\n  targets: [\n")
    guard parts.count == 2 else { throw HouseError(what: "Package.swift has no list of targets") }
    var rooms: [Room] = []
    var rest = Substring(parts[1])
    while let open = rest.firstIndex(of: "("), let end = close(rest[open...]) {
      let form = rest[..<open].filter { !$0.isWhitespace && $0 != "," }
      rooms.append(try room(form: String(form), rest[open...end]))
      rest = rest[rest.index(after: end)...]
    }
    guard rest.filter({ !$0.isWhitespace && $0 != "," }) == "])" else {
      throw HouseError(what: "the list of targets in Package.swift ends with: \(rest)")
    }
    return rooms
  }

  private static func room(form: String, _ arguments: Substring) throws -> Room {
    let words = strings(arguments)
    guard let name = words.first else { throw HouseError(what: "a target without a name: \(form)\(arguments)") }
    let named = argument("path", arguments).flatMap { strings($0).first }
    let uses = (argument("uses", arguments) ?? argument("dependencies", arguments)).map { list in
      list.firstIndex(of: "]").map { strings(list[..<$0]) } ?? []
    }
    switch form {
    case "clibrary": return Room(name: name, path: "Sources/" + name, uses: [], isSystemLibrary: true)
    case "library", "tool", ".target":
      return Room(name: name, path: named ?? "Sources/" + name, uses: uses ?? [], isSystemLibrary: false)
    case "tests":
      return Room(
        name: name + "Tests", path: "Tests/\(name)Tests", uses: [name, "TestSupport"] + (uses ?? []),
        isSystemLibrary: false)
    case ".testTarget":
      return Room(name: name, path: named ?? "Tests/" + name, uses: uses ?? [], isSystemLibrary: false)
    default: throw HouseError(what: "a target of an unknown form: \(form)\(arguments)")
    }
  }

  /// The index of what closes the bracket that `text` begins with.
  private static func close(_ text: Substring) -> Substring.Index? {
    var depth = 0
    for index in text.indices {
      if text[index] == "(" { depth += 1 }
      if text[index] == ")" { depth -= 1 }
      if depth == 0 { return index }
    }
    return nil
  }

  /// What stands behind the label of an argument.
  private static func argument(_ label: String, _ arguments: Substring) -> Substring? {
    arguments.firstRange(of: label + ":").map { arguments[$0.upperBound...] }
  }

  /// The texts between quotation marks.
  private static func strings(_ text: Substring) -> [String] {
    text.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map {
      String($0.element)
    }
  }

  /// The rows of the table whose first column is `heading`, cell by cell, without the marks of code.
  private static func table(_ page: String, _ heading: String) -> [[String]] {
    page.split(separator: "\n", omittingEmptySubsequences: false)
      .drop { !$0.hasPrefix("| \(heading) |") }.prefix { $0.hasPrefix("|") }.dropFirst(2)
      .map { row in
        row.split(separator: "|").map { String($0.filter { $0 != "`" }).trimmingSpaces }.filter { !$0.isEmpty }
      }
      .filter { !$0.isEmpty }
  }
}

extension String {
  fileprivate var trimmingSpaces: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
