// The limits that control groups set: those of this process's own group and of every group above it.

private import Glibc
private import Storage

/// What the groups of this process allow; the smallest limit on the way up to the root counts. Both versions of the kernel's interface are read.
struct ControlGroups: Sendable, Equatable {
  /// A number of tasks, processes and threads together, that a group may not exceed.
  struct TaskLimit: Sendable, Equatable {
    let limit: Int
    let current: Int
    let file: String
    var left: Int { max(0, limit - current) }
  }

  /// Nil where no group has a limit; here and below.
  private(set) var memoryBytes: Double?
  /// Processors' worth of time.
  private(set) var processors: Double?
  /// That of the group with the least room.
  private(set) var tasks: TaskLimit?

  /// `root`: what stands before `/proc` and `/sys`.
  init(root: String = "") {
    guard let text = ControlGroups.text(root + "/proc/self/cgroup") else { return }
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 3 else { continue }
      let tree = root + "/sys/fs/cgroup"
      if parts[1].isEmpty {
        // Beside groups of the first version, those of the second may have a place of their own.
        for top in [tree, tree + "/unified"] {
          for folder in ControlGroups.folders(parts[2], below: top) { readSecondVersion(folder) }
        }
      } else {
        for controller in parts[1].split(separator: ",") {
          for folder in ControlGroups.folders(parts[2], below: "\(tree)/\(controller)") {
            readFirstVersion(folder, String(controller))
          }
        }
      }
    }
  }

  private mutating func readSecondVersion(_ folder: String) {
    take(memory: ControlGroups.number(folder + "/memory.max"))
    takeTasks(folder)
    // "max 100000", or "150000 100000".
    let words = (ControlGroups.text(folder + "/cpu.max") ?? "").split(whereSeparator: \.isWhitespace)
    guard words.count == 2 else { return }
    take(quota: ControlGroups.number(words[0]), period: ControlGroups.number(words[1]))
  }

  private mutating func readFirstVersion(_ folder: String, _ controller: String) {
    switch controller {
    case "memory": take(memory: ControlGroups.number(folder + "/memory.limit_in_bytes"))
    case "pids": takeTasks(folder)
    case "cpu":
      // A quota of -1 is none.
      take(
        quota: ControlGroups.number(folder + "/cpu.cfs_quota_us"),
        period: ControlGroups.number(folder + "/cpu.cfs_period_us"))
    default: break
    }
  }

  private mutating func take(memory: Int?) {
    if let memory { memoryBytes = min(memoryBytes ?? .infinity, Double(memory)) }
  }

  private mutating func take(quota: Int?, period: Int?) {
    guard let quota, let period, quota > 0, period > 0 else { return }
    processors = min(processors ?? .infinity, Double(quota) / Double(period))
  }

  private mutating func takeTasks(_ folder: String) {
    let file = folder + "/pids.max"
    guard let limit = ControlGroups.number(file) else { return }
    let found = TaskLimit(limit: limit, current: ControlGroups.number(folder + "/pids.current") ?? 0, file: file)
    if tasks.map({ found.left < $0.left }) ?? true { tasks = found }
  }

  /// The folder of a group and of all above it. Inside a container the outermost may be the only one that is there.
  private static func folders(_ group: String, below top: String) -> [String] {
    var folders = [top]
    for name in group.split(separator: "/") where name != "." && name != ".." {
      folders.append(folders[folders.count - 1] + "/" + name)
    }
    return folders
  }

  private static func text(_ file: String) -> String? {
    (try? FileSystem.read(file, limitBytes: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// A whole number that is not negative; nil for `max`, for -1, and where there is no such file.
  private static func number(_ file: String) -> Int? { text(file).flatMap { number($0[...]) } }

  private static func number(_ word: Substring) -> Int? {
    guard let first = word.split(whereSeparator: \.isWhitespace).first else { return nil }
    // Larger than any number is no limit.
    return Int(first).flatMap { $0 >= 0 ? $0 : nil }
  }
}
