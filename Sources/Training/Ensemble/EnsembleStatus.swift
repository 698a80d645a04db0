// How far the members of an ensemble are, for people and for the file beside them.

private import Glibc
private import Storage
internal import Text

/// How far one member is.
package struct MemberStatus: Sendable, Equatable {
  package enum State: Sendable, Equatable {
    case waiting, training, finished
    /// Asked to stop, it saved and did.
    case stopped
    /// Why, in one sentence.
    case failed(String)

    package var name: String {
      switch self {
      case .waiting: "waiting"
      case .training: "training"
      case .finished: "finished"
      case .stopped: "stopped"
      case .failed: "failed"
      }
    }
  }

  package var name: String
  package var algorithm: String
  package var state = State.waiting
  package var step = 0
  package var totalSteps: Int
  package var stepsPerSecond: Double?
  package var reward: Double?

  package var cause: String? {
    if case .failed(let cause) = state { return cause }
    return nil
  }

  /// Seconds left at the present rate.
  var secondsLeft: Double? {
    guard state == .training, let rate = stepsPerSecond, rate > 0 else { return nil }
    return Double(totalSteps - step) / rate
  }

  var json: JSON {
    [
      "name": .string(name), "algorithm": .string(algorithm), "state": .string(state.name),
      "step": .integer(Int64(step)), "total_steps": .integer(Int64(totalSteps)),
      "cause": cause.map(JSON.string) ?? .null,
    ]
  }

  /// Takes over what the last row of a run's `progress.csv` says.
  mutating func look(atRun path: String) {
    guard let row = ProgressTail.lastRow(path + "/progress.csv") else { return }
    look(at: row)
  }

  /// Takes over what a row says that a run can have written; the rest stays as it was known.
  mutating func look(at row: [String: Double]) {
    if let step = row["time/total_timesteps"].flatMap({ Int(exactly: $0) }), (0...totalSteps).contains(step) {
      self.step = step
    }
    if let rate = row["time/fps"], (0...MemberStatus.fastest).contains(rate) { stepsPerSecond = rate }
    reward = row["rollout/ep_rew_mean"] ?? reward
  }

  /// Steps a second that no machine makes.
  private static let fastest = 1e12
}

/// The newest numbers of a run that another process writes.
enum ProgressTail {
  private static let tailBytes = 16 << 10

  /// The last whole row, by column; nil while there is none.
  static func lastRow(_ path: String) -> [String: Double]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let size = Int(lseek(descriptor, 0, SEEK_END))
    guard size > 0, let header = text(descriptor, from: 0, count: min(size, tailBytes)).split(separator: "\n").first
    else { return nil }
    let tail = text(descriptor, from: max(0, size - tailBytes), count: min(size, tailBytes))
    // What stands behind the last line break is still being written.
    guard let end = tail.lastIndex(of: "\n") else { return nil }
    guard let line = tail[..<end].split(separator: "\n").last, line != header else { return nil }
    let (names, values) = (header.split(separator: ","), line.split(separator: ",", omittingEmptySubsequences: false))
    guard names.count == values.count else { return nil }
    var row: [String: Double] = [:]
    for (name, value) in zip(names, values) { row[String(name)] = Double(String(value)) }
    return row
  }

  private static func text(_ descriptor: Int32, from offset: Int, count: Int) -> String {
    var bytes = [UInt8](repeating: 0, count: count)
    let read = pread(descriptor, &bytes, count, off_t(offset))
    return String(decoding: bytes.prefix(max(0, read)), as: UTF8.self)
  }
}

/// Shows the members while they train: in a terminal one table that is written over, elsewhere a line for each thing that happens.
package final class EnsembleTable {
  private let isTerminal: Bool
  private var shownLines = 0
  private var lastTenths: [String: Int] = [:]
  private var lastStates: [String: String] = [:]
  private static let columns = 80

  package init() { isTerminal = isatty(STDOUT_FILENO) == 1 }

  package func show(_ members: [MemberStatus]) {
    if isTerminal {
      let lines = EnsembleTable.lines(members, limit: terminalRows - 2)
      let up = shownLines > 0 ? "\u{1B}[\(shownLines)A\r" : ""
      print(up + lines.map { "\u{1B}[K" + $0 }.joined(separator: "\n"))
      shownLines = lines.count
    } else {
      for member in members {
        let tenth = ConsoleSink.part(member.step, of: member.totalSteps, in: 10)
        guard lastStates[member.name] != member.state.name || lastTenths[member.name] != tenth else { continue }
        let isFirst = lastStates[member.name] == nil
        (lastStates[member.name], lastTenths[member.name]) = (member.state.name, tenth)
        if isFirst, member.state == .waiting { continue }
        print(PrintableText.of(EnsembleTable.sentence(member)))
      }
    }
    fflush(nil)
  }

  /// A line of its own for what happened to one member.
  static func sentence(_ member: MemberStatus) -> String {
    if let cause = member.cause { return "\(member.name): failed: \(cause)" }
    let text = ConsoleSink.progressLine(
      step: member.step, totalSteps: member.totalSteps,
      stepsPerSecond: member.state == .training ? member.stepsPerSecond ?? 0 : 0, isBar: false, columns: columns)
    return "\(member.name): \(member.state.name), \(text.drop { $0 == " " })"
  }

  /// A head and a line for each member, of at most 80 columns. `limit`: how many lines there is room for.
  package static func lines(_ members: [MemberStatus], limit: Int = .max) -> [String] {
    func row(_ name: String, _ state: String, _ cells: [String]) -> String {
      let text =
        left(name, 16) + " " + left(state, 8) + zip(cells, [21, 10, 10, 12]).map { right($0, $1) }.joined()
      return String(text.reversed().drop { $0 == " " }.reversed())
    }
    var lines = [row("member", "state", ["steps", "steps/s", "reward", "time left"])]
    // What moves comes first where there is not room for all.
    let order: [String] = ["training", "failed", "stopped", "waiting", "finished"]
    let isCut = members.count + 1 > limit
    let shown =
      isCut
      ? Array(
        members.sorted { order.firstIndex(of: $0.state.name) ?? 0 < order.firstIndex(of: $1.state.name) ?? 0 }
          .prefix(max(1, limit - 2))) : members
    for member in shown {
      lines.append(
        row(
          String(member.name.prefix(16)), member.state.name,
          [
            short(member.step) + " / " + short(member.totalSteps),
            member.stepsPerSecond.flatMap { Int(exactly: $0.rounded(.down)) }.map(short) ?? "-",
            member.reward.map(ConsoleSink.short) ?? "-",
            member.secondsLeft.map(ConsoleSink.duration) ?? "-",
          ]))
    }
    if isCut { lines.append("and \(members.count - shown.count) more") }
    return lines
  }

  /// Whole numbers with separators, in millions where they are too long.
  private static func short(_ value: Int) -> String {
    value < 10_000_000 ? ConsoleSink.grouped(value) : ConsoleSink.short(Double(value) / 1e6) + "M"
  }

  private static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }

  private var terminalRows: Int {
    var size = winsize()
    return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_row > 3 ? Int(size.ws_row) : 24
  }
}
