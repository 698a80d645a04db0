// How far a weekend has come: each step's result is a file, and a line with its digest.

import Storage
package import Text
package import Training

/// The folder of one weekend, `FOLDER/NAME/0001`. A step is done once its result lies there and a line of `journal.jsonl` (a `ChainedLog`) holds the
/// result's digest: whoever is killed before has not done it, and does it again.
package struct WeekendJournal: Sendable {
  static let logName = "journal.jsonl"
  private static let beginning = "begin"
  /// The step that ends a weekend.
  static let end = "end"
  private static let largestResult = 64 << 20
  /// What is imported, until it takes the store's place.
  static let stagedStore = "data.h5"

  /// Of all weekends of one name.
  package let parent: String
  package let number: String
  package var folder: String { FileSystem.join(parent, number) }
  package func file(_ name: String) -> String { FileSystem.join(folder, name) }

  /// Every weekend of one name, the oldest first.
  package static func all(in parent: String) -> [WeekendJournal] {
    let names = (try? FileSystem.names(inFolder: parent)) ?? []
    return names.filter { RegistryVersion.number($0) != nil }.sorted { (Int($0) ?? 0) < (Int($1) ?? 0) }
      .map { WeekendJournal(parent: parent, number: $0) }
  }

  /// A new one, behind all that there are.
  package static func make(in parent: String) throws(TrainingError) -> WeekendJournal {
    let last = all(in: parent).last.flatMap { Int($0.number) } ?? 0
    let journal = WeekendJournal(parent: parent, number: RegistryVersion.name(last + 1))
    try storing { () throws(StorageError) in
      for folder in [journal.folder, journal.file("hooks"), journal.file("runs")] { try FileSystem.makeFolder(folder) }
    }
    return journal
  }

  init(parent: String, number: String) {
    self.parent = parent
    self.number = number
  }

  package var isFinished: Bool { result(WeekendJournal.end) != nil }

  /// Removes the copy of the data of a weekend that is not gone on with: their digest stays, and so do the files that it was made of.
  func dropStagedStore() { try? FileSystem.remove(file(WeekendJournal.stagedStore)) }

  // MARK: Results

  private func path(_ step: String) -> String { file(step + ".json") }

  /// What a step gave, where it is whole; nil where it must be done.
  package func result(_ step: String) -> JSON? { results([step])[step] }

  /// What those of these steps gave that are done and whole, in one reading of the log.
  package func results(_ steps: [String]) -> [String: JSON] {
    guard let log = try? ChainedLog.read(file(WeekendJournal.logName)) else { return [:] }
    let wanted = Set(steps)
    var digests: [String: String] = [:]
    for members in log.entries.map(\.members) {
      guard let step = members["step"]?.stringValue, wanted.contains(step) else { continue }
      digests[step] = members["sha256"]?.stringValue
    }
    var found: [String: JSON] = [:]
    for (step, digest) in digests {
      guard let bytes = try? FileSystem.read(path(step), limitBytes: WeekendJournal.largestResult),
        SHA256.hex(bytes) == digest
      else { continue }
      found[step] = try? JSON.parse(bytes)
    }
    return found
  }

  /// What a step gave, or gives now.
  package func step(_ name: String, _ body: () throws(TrainingError) -> JSON) throws(TrainingError) -> JSON {
    if let there = result(name) { return there }
    let result = try body()
    try keep(result, of: name)
    return result
  }

  package func keep(_ result: JSON, of step: String) throws(TrainingError) {
    let bytes = Array((result.prettyText + "\n").utf8)
    try storing { () throws(StorageError) in
      try AtomicWrite.write(bytes, to: path(step))
      try ChainedLog.append(
        ["step": .string(step), "sha256": .string(SHA256.hex(bytes)), "time": .string(UTCTime.now())],
        to: file(WeekendJournal.logName))
    }
  }

  // MARK: Beginning

  /// What stands when a weekend begins: which plan it follows, and by when it must be done.
  package struct Beginning: Sendable, Equatable {
    package var plan: String
    package var deadline: String
    /// Seconds since 1970.
    package var begun: Int64
    package var ends: Int64
    /// The machine's start, and the seconds since then: a clock that nobody sets, also over several processes.
    package var boot: String
    package var bootSeconds: Double
    package var isDuration: Bool
    /// From the beginning to the deadline.
    package var seconds: Double

    /// waited: seconds since the command was given, which a duration counts.
    package init(plan: String, deadline: Deadline, waited: Double = 0, clock: WeekendClock = .machine) {
      let now = clock.now()
      self.plan = plan
      self.deadline = deadline.text
      begun = now
      isDuration = deadline.isDuration
      seconds = deadline.seconds(from: now) - (isDuration ? waited : 0)
      ends = now + Int64(seconds.rounded(.up))
      boot = clock.bootName()
      bootSeconds = clock.secondsUp()
    }

    init?(_ json: JSON) {
      guard let plan = json["plan"]?.stringValue, let deadline = json["deadline"]?.stringValue,
        let begun = json["begun"]?.integerValue, let ends = json["ends"]?.integerValue,
        let boot = json["boot"]?.stringValue, let seconds = json["boot_seconds"]?.doubleValue,
        let isDuration = json["is_duration"]?.boolValue, let span = json["seconds"]?.doubleValue
      else { return nil }
      (self.plan, self.deadline, self.begun, self.ends) = (plan, deadline, Int64(begun), Int64(ends))
      (self.boot, bootSeconds, self.isDuration, self.seconds) = (boot, seconds, isDuration, span)
    }

    var json: JSON {
      [
        "plan": .string(plan), "deadline": .string(deadline), "begun": .integer(begun), "ends": .integer(ends),
        "boot": .string(boot), "boot_seconds": .number(bootSeconds), "is_duration": .bool(isDuration),
        "seconds": .number(seconds),
        "begun_utc": .string(UTCTime.text(secondsSinceEpoch: begun)),
        "ends_utc": .string(UTCTime.text(secondsSinceEpoch: ends)),
      ]
    }

    /// Seconds until it must be done. Of a duration, and of the same start of the machine, no clock that was set meanwhile is asked.
    package func left(_ clock: WeekendClock = .machine) -> Double {
      isDuration && !boot.isEmpty && boot == clock.bootName()
        ? seconds - (clock.secondsUp() - bootSeconds) : Double(ends - clock.now())
    }
  }

  package var began: Beginning? { result(WeekendJournal.beginning).flatMap { Beginning($0) } }

  package func begin(_ beginning: Beginning) throws(TrainingError) {
    try keep(beginning.json, of: WeekendJournal.beginning)
  }
}

/// What `body` gives; a file that could not be read or written is what stopped it.
func storing<Value>(_ body: () throws(StorageError) -> Value) throws(TrainingError) -> Value {
  do { return try body() } catch { throw .storage(error) }
}
