// strikeforge replay-update: through a recorded incident once more, stage by stage.

import Text
import Training

struct ReplayUpdateCommand: Command {
  static let multiplies = true
  static let description = CommandDescription(
    name: "replay-update",
    summary: "Steps through an update or step that a run stopped at, and says where the first bad number comes from.",
    operands: "FILE", operandCount: 1...1, flags: [],
    notes: """
      FILE is an incident-STEP.h5 of a run's folder. Every stage is shown with its
      range; the stages come from plain loops in double precision, rounded to what
      the run keeps. The gradient and the numbers of the loss come from the run's
      own kernels and are compared with what it recorded, bit by bit.
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    print(try IncidentFile.replay(arguments.operands[0], families: families).text, terminator: "")
    return 0
  }
}
