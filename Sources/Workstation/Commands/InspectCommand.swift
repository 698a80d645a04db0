// strikeforge inspect: what a store, a checkpoint or a bundle holds.

import Inference
import Storage
import Text
import Training

struct InspectCommand: Command {
  static let description = CommandDescription(
    name: "inspect",
    summary:
      "Shows what a market store, checkpoint, replay file, policy bundle, recorded rollouts or incident hold, after verifying it.",
    operands: "FILE", operandCount: 1...1, flags: [], notes: "")

  static func run(_ arguments: Arguments) throws -> Int32 {
    let path = arguments.operands[0]
    if ReplayFile.isReplayFile(path) {
      show(try ReplayReader(path).describe())
      return 0
    }
    if try StorageInspection.kind(path) != nil {
      show(try StorageInspection.describe(path))
      return 0
    }
    do {
      show(try PolicyBundle.load(path: path).describe())
    } catch {
      throw TrainingError.policy(error)
    }
    return 0
  }

  static func show(_ lines: [(String, String)]) {
    let width = min(28, (lines.map(\.0.count).max() ?? 0) + 2)
    for (name, value) in lines {
      let head = name + String(repeating: " ", count: max(2, width - name.count))
      let rows = wrap(value, width: max(20, 80 - head.count))
      print(head + rows[0])
      for row in rows.dropFirst() { print(String(repeating: " ", count: head.count) + row) }
    }
  }
}
