// The scripts that train other programs: found, checked for Python, and become.

import Glibc
import Text

struct PeersScript {
  /// The repository's folder.
  let root: String
  private let program: String
  private let path: String

  /// name: below `benchmarks`.
  init(_ name: String) throws(BenchmarkError) {
    program = try PeersScript.executable()
    let script = "benchmarks/" + name
    guard let root = PeersScript.repository(around: [program, PeersScript.workingDirectory], holding: script) else {
      throw .failed("\(script) is not there; start this program from the repository's folder")
    }
    self.root = root
    path = root + "/" + script
  }

  /// Becomes the script, which is told where this program is. Returns only by its error.
  func become(_ words: [String]) throws(BenchmarkError) -> Never {
    guard PeersScript.isInPath("python3") else {
      throw .failed("the peers need Python and there is no python3; install it (apt-get install python3 python3-venv)")
    }
    // What this program ignores, the peers should not.
    signal(SIGPIPE, SIG_DFL)
    signal(SIGXFSZ, SIG_DFL)
    let line = [path, "--program", program] + words
    var pointers = line.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    execv(path, &pointers)
    throw .failed("cannot start \(path): \(String(cString: strerror(errno)))")
  }

  /// Refuses names in a list behind a flag that nobody knows.
  static func requireKnown(_ flag: String, _ arguments: Arguments, among known: [String]) throws(BenchmarkError) {
    for name in arguments.value(flag)?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
    where !known.contains(name) {
      throw .usage(
        "--\(flag) names '\(name)'\(NearestName.hint(name, among: known)); there are " + known.joined(separator: ", "))
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
  private static func repository(around paths: [String], holding script: String) -> String? {
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
