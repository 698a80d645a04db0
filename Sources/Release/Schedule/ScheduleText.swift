// A weekly command for the schedulers of the system: units of systemd, lines of cron.

private import Text

/// What runs every week, and what is run after it in any case.
package struct ScheduleText: Sendable {
  package var time: WeeklyTime
  /// Of the units, and of the comment in cron.
  package var name: String
  /// As a shell would be told; no line break.
  package var command: String
  /// Run after it however it ended; nil for nothing.
  package var afterwards: String?
  /// Where it is run.
  package var folder: String
  /// Folders that it may write besides.
  package var writable: [String]

  package init(
    time: WeeklyTime, name: String, command: String, afterwards: String?, folder: String, writable: [String] = []
  ) {
    self.time = time
    self.name = name
    self.command = command
    self.afterwards = afterwards
    self.folder = folder
    self.writable = writable
  }

  /// What systemd calls the time; it knows the zone, so that clocks may be set.
  package var calendar: String { "\(WeeklyTime.weekdays[time.weekday - 1]) *-*-* \(time.clock):00 \(time.zone)" }

  /// `NAME.service` and `NAME.timer`. `Persistent=` runs once where the machine slept over any number of times.
  package var units: [(name: String, text: String)] {
    let service = """
      [Unit]
      Description=\(name), every week at \(time)

      [Service]
      Type=oneshot
      WorkingDirectory=\(ScheduleText.unit(folder))
      ExecStart=/bin/sh -c \(ScheduleText.quoted(ScheduleText.unit(command)))
      \(afterwards.map { "ExecStopPost=/bin/sh -c \(ScheduleText.quoted(ScheduleText.unit($0)))\n" } ?? "")KillSignal=SIGTERM
      TimeoutStopSec=5min
      NoNewPrivileges=yes
      PrivateTmp=yes
      ProtectSystem=strict
      ReadWritePaths=\(([folder] + writable).map(ScheduleText.unit).joined(separator: " "))
      ProtectKernelTunables=yes
      ProtectKernelModules=yes
      ProtectControlGroups=yes
      ProtectClock=yes
      ProtectHostname=yes
      RestrictSUIDSGID=yes
      RestrictRealtime=yes
      LockPersonality=yes
      SystemCallArchitectures=native
      CapabilityBoundingSet=
      UMask=0027

      """
    let timer = """
      [Unit]
      Description=Starts \(name) every week at \(time)

      [Timer]
      OnCalendar=\(calendar)
      Persistent=true
      AccuracySec=1min
      Unit=\(name).service

      [Install]
      WantedBy=timers.target

      """
    return [("\(name).service", service), ("\(name).timer", timer)]
  }

  /// Lines for a crontab that counts in UTC: one for each offset that the place has in two years, each asking first whether it is the time there, or
  /// less than an hour behind it (where two offsets lie closer together, less than that): a busy or waking machine starts what is due some minutes late.
  /// now: seconds since 1970.
  package func cron(now: Int64) -> String {
    var lines = [
      "# \(name), every week at \(time). cron counts in UTC here: a line for each offset of the zone, and each asks the clock there",
      "# first, in minutes of the week, so that one of them runs it and no other. Where cron knows no CRON_TZ (Debian's), the machine must",
      "# be in UTC.",
      "CRON_TZ=UTC",
    ]
    let local = Int64((time.weekday - 1) * 86_400 + time.hour * 3600 + time.minute * 60)
    // Minutes of the week, as %u, %H and %M give them; the leading 1 keeps a shell from reading 08 as octal.
    let due = (time.weekday * 24 + time.hour) * 60 + time.minute
    let clock = "(%u*24+1%H-100)*60+1%M-100"
    let offsets = time.offsets(from: now)
    let patience = zip(offsets, offsets.dropFirst()).reduce(60) { min($0, ($1.1 - $1.0) / 60) }
    for offset in offsets {
      let week: Int64 = 7 * 86_400
      let moment = ((local - Int64(offset)) % week + week) % week
      // cron's weekdays count from Sunday, and a % ends its line.
      let fields = "\(moment / 60 % 60) \(moment / 3600 % 24) * * \((moment / 86_400 + 1) % 7)"
      let run =
        "cd \(ScheduleText.shell(folder)) && { \(command); \(afterwards.map { "status=$?; \($0); exit $status; " } ?? "")}"
      let asked = "[ $((($(TZ=\(time.zone) date '+\(clock)')+10080-\(due))%10080)) -lt \(patience) ] || exit 0; "
      lines.append(fields + " " + (asked + run).replacing("%", with: "\\%"))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// In systemd's units a % begins a specifier.
  private static func unit(_ text: String) -> String { text.replacing("%", with: "%%") }

  /// As one word of a unit's command line, in which $ and \ mean something too.
  private static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("$", with: "$$") + "\""
  }

  private static func shell(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}
