// What a run may be called: its name is a folder's, stands in sentences and commands, and is typed again.

private import Glibc
private import Storage

/// A name that a person can type behind any command, a shell leaves alone and a terminal shows as it is.
package enum RunName {
  package static let rule = "a name is made of \(characters), and begins with none of '.' and '-'"
  /// The same for a sentence that says what something must be.
  package static let form = "a name of \(characters) that begins with none of '.' and '-'"
  private static let characters = "the letters a to z and A to Z, digits, '.', '_' and '-'"

  package static func isValid(_ name: String) -> Bool {
    guard let first = name.utf8.first, first != UInt8(ascii: "."), first != UInt8(ascii: "-") else { return false }
    return name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
  }

  /// Refuses what a new run is to be called, before anything is done for it: a name, or a path whose last part is the name. Nothing, where a name will
  /// be found for it.
  package static func require(new run: String) throws(TrainingError) {
    let name = FileSystem.split(run).name
    guard run.isEmpty || isValid(name) else { throw .runName(name, isNew: true) }
  }

  /// Refuses a run that exists under a name that none may have. `.` and `..` stand for the folder that they are.
  static func require(existing path: String) throws(TrainingError) {
    var name = FileSystem.split(path).name
    if name == "." || name == "..", let real = realpath(path, nil) {
      name = FileSystem.split(String(cString: real)).name
      free(real)
    }
    guard isValid(name) else { throw .runName(name, isNew: false) }
  }
}
