// strikeforge schedule: the same weekly command for systemd or for cron.

import Glibc
import Release
import Text
import Training

struct ScheduleCommand: Command {
  static let description = CommandDescription(
    name: "schedule", summary: "Prints what runs a command every week, for systemd or for cron; installs nothing.",
    operands: "print WHEN", operandCount: 2...2,
    flags: [
      Flag("systemd", "prints a service and a timer"),
      Flag("cron", "prints lines for a crontab"),
      Flag("command", "TEXT", "what is run, as a shell would be told"),
      Flag("afterwards", "TEXT", "what is run after it, however it ended"),
      Flag("name", "NAME", "of the units; strikeforge-weekend by default"),
      Flag("folder", "FOLDER", "where it is run; here by default"),
    ],
    notes: """
      WHEN is weekday, time and zone: 'Sun 18:00 America/New_York'. It comes once every
      week at that hour there, however clocks are set. A machine that slept over it
      runs once when it wakes (systemd; cron runs the week after).

      Units: write them below /etc/systemd/system, then `systemctl enable --now
      NAME.timer`. `systemd-analyze calendar` shows the next times.
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    guard arguments.operands[0] == "print" else {
      throw UsageError(
        "there is no verb \(PrintableText.name(arguments.operands[0])); take print", command: description)
    }
    guard arguments.has("systemd") != arguments.has("cron") else {
      throw UsageError("take one of --systemd and --cron", command: description)
    }
    guard let command = arguments.value("command") else {
      throw UsageError("--command is missing: say what is to run", command: description)
    }
    let words = [command, arguments.value("afterwards") ?? "", arguments.value("folder") ?? ""]
    guard !words.contains(where: { $0.utf8.contains { $0 < 0x20 } }) else {
      throw UsageError("a command and a folder are one line each, without control characters", command: description)
    }
    let name = arguments.value("name") ?? "strikeforge-weekend"
    guard RunName.isValid(name) else { throw UsageError("--name: \(RunName.rule)", command: description) }
    let time = try WeeklyTime(arguments.operands[1])
    let schedule = ScheduleText(
      time: time, name: name, command: command, afterwards: arguments.value("afterwards"),
      folder: try folder(arguments))
    if let warning = time.warning { complain("strikeforge schedule: warning: \(warning)") }
    if arguments.has("cron") {
      print(schedule.cron(now: Int64(Glibc.time(nil))), terminator: "")
    } else {
      for unit in schedule.units { print("# \(unit.name)\n\(unit.text)") }
    }
    return 0
  }

  private static func folder(_ arguments: Arguments) throws -> String {
    let folder = arguments.value("folder") ?? "."
    guard let resolved = realpath(folder, nil) else {
      throw UsageError("--folder is \(PrintableText.name(folder)), which is not there", command: description)
    }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
