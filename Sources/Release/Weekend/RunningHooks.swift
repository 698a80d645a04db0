// Commands that outlive the program that started them: found by what they were told, and ended before anything else begins.

private import Glibc
private import Storage
package import Text
package import Training

/// Which hooks run, in the journal of debts: a line is flushed before one begins, another when it has ended. Whoever is killed in between leaves a
/// command that may still run beside the next weekend, or beside what pays for it; the next start finds its processes by the word in their environment,
/// which nobody else's hold, and ends them. A program that is started with an environment of its own is not found.
package struct RunningHooks: Sendable {
  /// The variable that names a hook to itself and to what it starts.
  package static let variable = "STRIKEFORGE_HOOK"
  private static let kinds = (begun: "hook", ended: "hook ended")
  private static let largestEnvironment = 4 << 20
  private static let secondsToEnd = 2.0

  package let path: String

  package init(journal path: String) { self.path = path }

  /// Writes down that a hook begins. what: for a person, such as `0001 before`. Returns its word.
  package func begin(_ what: String) throws(TrainingError) -> String {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    let word = "\(getpid())-\(time.tv_sec)-\(time.tv_nsec)"
    try append([
      "kind": .string(RunningHooks.kinds.begun), "word": .string(word), "what": .string(what),
      "time": .string(UTCTime.now()),
    ])
    return word
  }

  package func end(_ word: String) throws(TrainingError) {
    try append([
      "kind": .string(RunningHooks.kinds.ended), "word": .string(word), "time": .string(UTCTime.now()),
    ])
  }

  /// Ends what others left running: asked first, killed two seconds later, with everything of its process groups. Returns what was found, in sentences.
  package func endLeftOvers() throws(TrainingError) -> [String] {
    let log = try storing { () throws(StorageError) in try ChainedLog.read(path) }
    var open: [(word: String, what: String)] = []
    for members in log.entries.map(\.members) {
      guard let word = members["word"]?.stringValue else { continue }
      switch members["kind"]?.stringValue {
      case RunningHooks.kinds.begun: open.append((word, members["what"]?.stringValue ?? ""))
      case RunningHooks.kinds.ended: open.removeAll { $0.word == word }
      default: continue
      }
    }
    var sentences: [String] = []
    for (word, what) in open {
      let found = RunningHooks.processes(of: word)
      if !found.isEmpty {
        RunningHooks.end(word)
        let left = RunningHooks.processes(of: word)
        let name =
          "the hook \(PrintableText.name(what)), which a killed program had left running (process \(found[0])),"
        guard left.isEmpty else {
          sentences.append("\(name) cannot be ended: end process \(left[0]) yourself, since it may undo what follows")
          continue
        }
        sentences.append("\(name) was ended")
      }
      try end(word)
    }
    return sentences
  }

  private static func end(_ word: String) {
    for signal in [SIGTERM, SIGKILL] {
      for process in processes(of: word) {
        let group = getpgid(process)
        _ = group > 1 && group != getpgrp() ? kill(-group, signal) : kill(process, signal)
      }
      let begin = MonotonicClock.seconds
      while MonotonicClock.seconds - begin < secondsToEnd {
        if processes(of: word).isEmpty { return }
        usleep(20_000)
      }
    }
  }

  /// Numbers of the processes that were told this word, the lowest first; one that has ended and waits to be asked for is none.
  static func processes(of word: String) -> [Int32] {
    let wanted = Array("\(variable)=\(word)".utf8)
    let names = (try? FileSystem.names(inFolder: "/proc")) ?? []
    return names.compactMap { Int32($0) }.sorted().filter { process in
      guard let bytes = try? FileSystem.read("/proc/\(process)/environ", limitBytes: largestEnvironment) else {
        return false
      }
      return bytes.split(separator: 0).contains { $0.elementsEqual(wanted) }
    }
  }

  private func append(_ members: [String: JSON]) throws(TrainingError) {
    try storing { () throws(StorageError) in try ChainedLog.append(members, to: path) }
  }
}
