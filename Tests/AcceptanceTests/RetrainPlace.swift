// A weekend small enough for a test: made-up bars whose next return is shown, two folders that stand for two machines, a champion that learned nothing.

import Glibc
import Market
import Storage
import TestSupport
import Testing
import Text

struct RetrainPlace {
  let place: Workplace
  var folder: TemporaryFolder { place.folder }

  static let hooks = """
    hooks:
      before: [sh, -c, "touch up; echo $STRIKEFORGE_MOMENT"]
      ready: {command: [test, -e, up], retries: 20, wait_seconds: 0.05}
      send: [test, -e, serving/small/aliases.json]
      after: [touch, went-well]
      always: [rm, -f, up]

    """

  /// The deadline is one that no machine comes near to, whatever else it does.
  static func plan(
    hooks: String = hooks, steps: Int = 4096, seeds: String = "[1, 2]", deadline: String = "2h",
    windows: String = "{training: 300, selection: 60, report: 80}", further: String = "", market: String = "leak"
  ) -> String {
    let columns = market == "leak" ? ", --extra-columns, next_return" : ""
    return """
      weekend: {name: small, deadline: \(deadline), calibration_seconds: 0.05, outbox: serving}
      data: {store: market.h5, inbox: vendor, import: [SYN=arrived/bars.csv\(columns)]}
      windows: \(windows)
      environment: {name: dual_ticker, lanes: 8, episode_length: 20\(market == "leak" ? ", extra_columns: [next_return]" : "")}
      run: {total_timesteps: \(steps), checkpoint_interval: 1024, evaluation_interval: 1024, workers: 1}
      algorithm: {name: ppo_mask, horizon: 32, batch_size: 64, learning_rate: 0.002}
      network: {policy_tower: [16], value_tower: [16]}
      \(hooks)candidates:
        - {name: learner, seeds: \(seeds)}
      \(further)
      """
  }

  /// Bars at the vendor's, and nothing else. `bars`: sessions.
  init(market: String = "leak", bars: Int = 1000) throws {
    place = try Workplace()
    try FileSystem.makeFolder(folder.place("vendor"))
    try place.succeed([
      "synthesize", market, "--bars", "\(bars)", "--from", "2001-01-02", "--output", "vendor/bars.csv",
    ])
  }

  /// A copy of all that is there.
  init(copying other: RetrainPlace) throws { place = try Workplace(copying: other.place) }

  /// The same with a champion that learned nothing.
  static func withChampion(market: String = "leak") throws -> RetrainPlace {
    let small = try RetrainPlace(market: market)
    try small.folder.write(plan(hooks: "", steps: 256, seeds: "[7]", market: market), to: "first.yaml")
    try small.place.succeed(["retrain", "first.yaml"])
    try small.place.succeed(["registry", "publish", "small", "weekends/small/0001/runs/learner-7"])
    let version = small.folder.names(in: "registry/small").filter { Int($0) != nil }.sorted().last ?? ""
    try small.place.succeed(["registry", "promote", "small", version])
    return small
  }

  func retrain(_ words: String...) throws -> ProgramOutcome { try place.strikeforge(["retrain"] + words) }

  func alias(_ name: String = "champion", in registry: String = "registry") throws -> String? {
    guard folder.exists("\(registry)/small/aliases.json") else { return nil }
    return try JSON.parse(folder.bytes("\(registry)/small/aliases.json"))[name]?.stringValue
  }

  /// What was published under an alias, without the times of its manifest.
  func publication(as name: String = "champion", in registry: String = "registry") throws -> [String: [UInt8]] {
    let version = try #require(try alias(name, in: registry))
    var files: [String: [UInt8]] = [:]
    for name in folder.names(in: "\(registry)/small/\(version)") {
      let bytes = try folder.bytes("\(registry)/small/\(version)/\(name)")
      guard name == "version.json" else {
        files[name] = bytes
        continue
      }
      var members = try #require(try JSON.parse(bytes).objectValue)
      members["created"] = nil
      files[name] = Array(JSON.object(members).text.utf8)
    }
    return files
  }

  /// Debts that were written down, and those of them that were paid.
  func debts() throws -> (incurred: [String], paid: [String]) {
    let log = try ChainedLog.read(folder.place("weekends/small/debts.jsonl"))
    func names(_ kind: String) -> [String] {
      log.entries.filter { $0.members["kind"]?.stringValue == kind }.compactMap { $0.members["name"]?.stringValue }
    }
    return (names("debt"), names("paid"))
  }
}
