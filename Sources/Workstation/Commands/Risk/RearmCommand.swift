// strikeforge rearm: a latched kill switch, opened by hand and by nothing else.

import Text
import Trading
import Training

struct RearmCommand: Command {
  static let description = CommandDescription(
    name: "rearm",
    summary: "Re-arms a latched kill switch by hand, with the reason in its journal.",
    operands: "JOURNAL", operandCount: 1...1,
    flags: [Flag("reason", "TEXT", "why trading may go on; the journal keeps it")],
    notes: """
      JOURNAL is the file of `desk --risk-journal`. The account's fall is counted
      anew from its next session's start; what halts a day halts it still.

      `strikeforge rearm risk.json --reason "a bad tick; the feed is mended"`
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    let reason = arguments.value("reason") ?? ""
    let isSaid = reason.contains { !$0.isWhitespace }
    guard isSaid, reason.utf8.count <= 1_000 else {
      throw UsageError(
        "--reason is \(isSaid ? "too long" : "missing"); say why trading may go on, in at most 1000 bytes",
        command: description)
    }
    let path = arguments.operands[0]
    let record = try RiskJournal(path: path).rearm(because: reason)
    print("\(PrintableText.name(path)): the kill switch is armed again")
    print("the account's fall is counted from its next session's start")
    if record.tier == .halt || record.isLossReached || record.isRejectStorm {
      print("\(record.session) stays halted; trading goes on with the session behind it")
    }
    return 0
  }
}
