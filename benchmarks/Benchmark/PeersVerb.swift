// benchmark peers: other trainers at the same work, in turn with ours.

import Glibc
import Storage
import Text

/// Checks the words, then becomes `benchmarks/compare-peers`, which fetches the peers' packages where they are missing.
enum PeersVerb {
  private static let script = "benchmarks/compare-peers"

  static func run(_ words: [String]) throws(BenchmarkError) {
    let arguments = try Arguments(
      words, values: ["shapes", "peers", "lanes", "pairs", "seconds", "core", "require", "json", "proofs"],
      switches: ["best-lanes", "quick", "write-reference"])
    _ = try arguments.count("pairs", limit: 1000)
    if let text = arguments.value("seconds"), !(Double(text).map { $0 > 0 && $0 <= 60 } ?? false) {
      throw .usage("--seconds is \(text); it must be a number above 0 and at most 60")
    }
    let program = try executable()
    guard let root = repository(around: [program, workingDirectory]) else {
      throw .failed("\(script) is not there; start this program from the repository's folder")
    }
    try requireKnown(arguments, in: root)
    guard isInPath("python3") else {
      throw .failed("the peers need Python and there is no python3; install it (apt-get install python3 python3-venv)")
    }
    // What this program ignores, the peers should not.
    signal(SIGPIPE, SIG_DFL)
    signal(SIGXFSZ, SIG_DFL)
    let path = root + "/" + script
    let line = [path, "--program", program] + words
    var pointers = line.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    execv(path, &pointers)
    throw .failed("cannot start \(path): \(String(cString: strerror(errno)))")
  }

  /// Shapes and peers stand in one file that the script reads too.
  private static func requireKnown(_ arguments: Arguments, in root: String) throws(BenchmarkError) {
    let path = root + "/benchmarks/peers/shapes.json"
    let shapes: [JSON]
    do {
      shapes = try JSON.parse(FileSystem.read(path)).arrayValue ?? []
    } catch {
      throw .failed("\(path): \(error)")
    }
    var peers: [String] = []
    for peer in shapes.flatMap({ $0["peers"]?.arrayValue ?? [] }).compactMap(\.stringValue) where !peers.contains(peer)
    {
      peers.append(peer)
    }
    for (flag, known) in [("shapes", shapes.compactMap { $0["name"]?.stringValue }), ("peers", peers)] {
      for name in arguments.value(flag)?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
      where !known.contains(name) {
        throw .usage(
          "--\(flag) names '\(name)'\(NearestName.hint(name, among: known)); there are "
            + known.joined(separator: ", "))
      }
    }
  }

  private static func executable() throws(BenchmarkError) -> String {
    guard let path = realpath("/proc/self/exe", nil) else {
      throw .failed("this program's own path cannot be read: \(String(cString: strerror(errno)))")
    }
    defer { free(path) }
    return String(cString: path)
  }

  private static var workingDirectory: String {
    guard let path = getcwd(nil, 0) else { return "." }
    defer { free(path) }
    return String(cString: path) + "/."
  }

  /// The nearest folder above one of the paths that holds the script.
  private static func repository(around paths: [String]) -> String? {
    for path in paths {
      var folders = path.split(separator: "/").dropLast()
      while !folders.isEmpty {
        let folder = "/" + folders.joined(separator: "/")
        if access(folder + "/" + script, X_OK) == 0 { return folder }
        folders = folders.dropLast()
      }
    }
    return nil
  }

  private static func isInPath(_ name: String) -> Bool {
    guard let path = getenv("PATH") else { return false }
    return String(cString: path).split(separator: ":").contains { access("\($0)/\(name)", X_OK) == 0 }
  }
}
