// strikeforge replay: what a replay file holds, and the same for other programs.

import Storage
import Text
import Training

struct ReplayCommand: Command {
  static let description = CommandDescription(
    name: "replay", summary: "Verifies and shows a run's replay.h5, or writes it as a dataset of another program.",
    operands: "inspect FILE | export FILE", operandCount: 2...2,
    flags: [
      Flag("to", "LAYOUT", "what export writes: minari (the only one)"),
      Flag(
        "output", "FOLDER", "where export writes; the folder's name becomes the dataset's, and must end in -vNUMBER"),
    ],
    notes: """
      `strikeforge replay export checkpoints/RUN/replay.h5 --to minari --output datasets/run-v0`,
      then in Python `minari.MinariDataset("datasets/run-v0/data")`. Every transition is checked before anything is
      written. `strikeforge train --init-replay FILE` begins a DQN run with such a file.
      """)

  static func run(_ arguments: Arguments) throws -> Int32 {
    let (verb, path) = (arguments.operands[0], arguments.operands[1])
    switch verb {
    case "inspect":
      for flag in ["to", "output"] where arguments.has(flag) {
        throw UsageError("--\(flag) goes with export", command: description)
      }
      InspectCommand.show(try ReplayReader(path).describe())
    case "export": try export(path, arguments)
    default: throw UsageError("\(verb) is neither inspect nor export", command: description)
    }
    return 0
  }

  private static func export(_ path: String, _ arguments: Arguments) throws {
    guard let layout = arguments.value("to") else {
      throw UsageError("export needs --to: minari", command: description)
    }
    guard layout == "minari" else { throw UsageError("--to is \(layout); it must be minari", command: description) }
    guard let folder = arguments.value("output") else {
      throw UsageError("export needs --output: the folder to make", command: description)
    }
    let name = FileSystem.split(folder).name
    let parts = name.split(separator: "-v", omittingEmptySubsequences: false)
    guard parts.count > 1, let version = parts.last, Int(version) != nil, name.utf8.allSatisfy(isPlain) else {
      throw UsageError(
        "--output is \(folder); Minari needs a name of letters, digits, '_' and '-' that ends in -v0 or another number",
        command: description)
    }
    let export = try MinariExport(try ReplayReader(path), toNew: folder)
    print(
      "wrote \(ConsoleSink.grouped(export.episodes)) episodes, \(ConsoleSink.grouped(export.steps)) steps, to \(folder)"
    )
    if export.begunBefore > 0 {
      print("\(ConsoleSink.grouped(export.begunBefore)) of them began before the oldest transition that is kept")
    }
    if export.unfinished > 0 {
      print("\(ConsoleSink.grouped(export.unfinished)) had not ended when the run was last saved")
    }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
