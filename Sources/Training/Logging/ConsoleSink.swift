// What a person sees of a run: a progress bar or plain lines, and the boxed table of numbers.

private import Evaluation
private import Glibc

/// Prints to standard output: on a terminal a progress bar with rate and time left, elsewhere one plain line every few percent; and the
/// boxed table of metrics ten times a run and at its end.
package final class ConsoleSink {
  private let totalSteps: Int
  private let startStep: Int
  private let isTerminal: Bool
  private let startSeconds: Double
  private var lastTableTenth = -1
  private var lastLineTwentieth = -1
  private var lastBarSeconds = 0.0

  package init(totalSteps: Int, startStep: Int) {
    self.totalSteps = totalSteps
    self.startStep = startStep
    isTerminal = isatty(STDOUT_FILENO) == 1
    startSeconds = MonotonicClock.seconds
    lastTableTenth = ConsoleSink.part(startStep, of: totalSteps, in: 10)
    lastLineTwentieth = ConsoleSink.part(startStep, of: totalSteps, in: 20)
  }

  package func write(_ row: MetricRow) {
    let tenth = ConsoleSink.part(row.step, of: totalSteps, in: 10)
    let isDone = row.step >= totalSteps
    if tenth > lastTableTenth || isDone {
      lastTableTenth = tenth
      clearBar()
      print(ConsoleSink.table(row))
    }
    let elapsed = MonotonicClock.seconds - startSeconds
    let rate = elapsed > 0 ? Double(row.step - startStep) / elapsed : 0
    let line = ConsoleSink.progressLine(
      step: row.step, totalSteps: totalSteps, stepsPerSecond: rate, isBar: isTerminal, columns: terminalColumns)
    if isTerminal {
      if elapsed - lastBarSeconds >= 0.1 || isDone {
        lastBarSeconds = elapsed
        print("\r\u{1B}[K" + line, terminator: isDone ? "\n" : "")
      }
    } else {
      let twentieth = ConsoleSink.part(row.step, of: totalSteps, in: 20)
      if twentieth > lastLineTwentieth || isDone {
        lastLineTwentieth = twentieth
        print(line)
      }
    }
    fflush(nil)
  }

  /// Removes the bar so that other lines may be printed.
  package func clearBar() {
    if isTerminal { print("\r\u{1B}[K", terminator: "") }
  }

  private var terminalColumns: Int {
    var size = winsize()
    return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  /// How many of so many equal parts are done, for any numbers.
  static func part(_ step: Int, of totalSteps: Int, in parts: Int) -> Int {
    let done = step.multipliedFullWidth(by: parts)
    let total = max(totalSteps, 1)
    // The quotient fits where the step is at most the total, but for the whole itself.
    return step <= 0 ? 0 : step >= total ? parts : total.dividingFullWidth(done).quotient
  }

  /// `[=====>    ]  52 %  260,000 / 500,000 steps  31,400 steps/s  8 s left`, as far as `columns` allow.
  package static func progressLine(
    step: Int, totalSteps: Int, stepsPerSecond: Double, isBar: Bool, columns: Int
  ) -> String {
    let share = min(1, max(0, Double(step) / Double(max(totalSteps, 1))))
    let percent = String(Int(share * 100))
    var text = String(repeating: " ", count: max(0, 3 - percent.count)) + percent + " %"
    text += "  " + grouped(step) + " / " + grouped(totalSteps) + " steps"
    if stepsPerSecond > 0, stepsPerSecond < 1e15 {
      text += "  " + grouped(Int(stepsPerSecond)) + " steps/s"
      if step < totalSteps { text += "  " + duration(Double(totalSteps - step) / stepsPerSecond) + " left" }
    }
    let width = min(30, columns - text.count - 4)
    // A line that wraps could not be written over.
    guard isBar else { return text }
    guard width >= 8 else { return String(text.prefix(max(1, columns - 1))) }
    let filled = Int(share * Double(width))
    let head = filled < width ? ">" : ""
    let bar =
      String(repeating: "=", count: filled) + head + String(repeating: " ", count: max(0, width - filled - head.count))
    return "[" + bar + "] " + text
  }

  /// The table of stable-baselines3: a group a block, names indented, values in a second column.
  package static func table(_ row: MetricRow) -> String {
    var lines: [(name: String, value: String)] = []
    var group = ""
    for name in MetricNames.columns(with: row.names) {
      guard let value = row[name] else { continue }
      let parts = name.split(separator: "/", maxSplits: 1)
      if String(parts[0]) != group {
        group = String(parts[0])
        lines.append((group + "/", ""))
      }
      lines.append(("   " + parts[1], short(value)))
    }
    let nameWidth = lines.map(\.name.count).max() ?? 0
    let valueWidth = lines.map(\.value.count).max() ?? 0
    let rule = String(repeating: "-", count: nameWidth + valueWidth + 7)
    let body = lines.map { line in
      "| " + line.name + String(repeating: " ", count: nameWidth - line.name.count) + " | " + line.value
        + String(repeating: " ", count: valueWidth - line.value.count) + " |"
    }
    return ([rule] + body + [rule]).joined(separator: "\n")
  }

  /// Whole numbers whole, others with three to four significant digits.
  package static func short(_ value: Double) -> String {
    guard value.isFinite else { return "undefined" }
    if value == value.rounded(), value.magnitude < 1e12 { return String(Int64(value)) }
    let magnitude = value.magnitude
    if magnitude >= 1e-3, magnitude < 1e6 {
      let digits = magnitude >= 100 ? 1 : magnitude >= 10 ? 2 : magnitude >= 1 ? 3 : magnitude >= 0.1 ? 4 : 5
      return ReportText.fixed(value, decimals: digits)
    }
    var exponent = 0
    var mantissa = magnitude
    while mantissa >= 10 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa < 1 {
      mantissa *= 10
      exponent -= 1
    }
    var digits = ReportText.fixed(mantissa, decimals: 2)
    if digits == "10.00" {
      digits = "1.00"
      exponent += 1
    }
    return (value < 0 ? "-" : "") + digits + "e" + String(exponent)
  }

  /// 1234567 as `1,234,567`.
  package static func grouped(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return (value < 0 ? "-" : "") + result
  }

  /// `8 s`, `3 min 05 s`, `2 h 10 min`.
  package static func duration(_ seconds: Double) -> String {
    guard (0..<1e9).contains(seconds) else { return "unknown time" }
    let total = Int(seconds.rounded())
    func two(_ value: Int) -> String { value < 10 ? "0" + String(value) : String(value) }
    if total < 60 { return "\(total) s" }
    if total < 3600 { return "\(total / 60) min \(two(total % 60)) s" }
    return "\(total / 3600) h \(two(total % 3600 / 60)) min"
  }
}

/// Seconds of a clock that never jumps.
package enum MonotonicClock {
  package static var seconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
