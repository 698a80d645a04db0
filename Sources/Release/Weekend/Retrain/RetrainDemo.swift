// Three weekends in a folder of their own: nothing is left to the imagination of who tries it.

private import Environments
private import Glibc
private import Market
private import Storage
private import Text
package import Training

/// Real bars where the sample is there, made-up ones without an edge where it is not; then made-up bars with an edge, and the way back. The two machines of a
/// weekend are two folders: `vendor`, from which data come, and `serving`, to which goes what is published.
package struct RetrainDemo {
  package let folder: String
  private let families: Families
  private let shouldStop: () -> Bool
  private let tell: (String) -> Void

  package init(
    folder: String, families: Families, shouldStop: @escaping () -> Bool, tell: @escaping (String) -> Void
  ) {
    (self.folder, self.families, self.shouldStop, self.tell) = (folder, families, shouldStop, tell)
  }

  private static let sample = "datasets/bokeh-daily.csv.gz"
  private static let leak = PlantedBars.leakColumn

  package func run() throws(TrainingError) -> Retrain.Ending {
    let begin = MonotonicClock.seconds
    guard access(folder, F_OK) != 0 else {
      throw .refused("\(folder) is there already; remove it, or name another folder behind --demo=")
    }
    let sample = try? FileSystem.read(RetrainDemo.sample)
    let (folder, made) = (folder, sample == nil)
    try storing { () throws(StorageError) in
      for name in ["", "vendor", "planted"] { try FileSystem.makeFolder(FileSystem.join(folder, name)) }
    }
    guard chdir(folder) == 0 else { throw .storage(.system(path: folder, operation: .open, code: errno)) }
    try write("vendor/bars.csv\(made ? "" : ".gz")", sample ?? bars(.martingale))
    try write("planted/bars.csv", bars(.leak))
    for (name, words) in [("first", ", --until, 2012-08-31"), ("plan", "")] {
      try write("\(name).yaml", Array(plan(made: made, words).utf8))
    }
    try write("planted.yaml", Array(planted.utf8))
    tell(
      "== one of four: a first weekend on \(made ? "made-up bars without an edge" : "AAPL and MSFT until August 2012"); there is no champion"
    )
    if made { tell("(real bars: run scripts/fetch-sample-data first, and the demo from the repository's root)") }
    guard try weekend("first.yaml") else { return .stopped }
    tell("== two of four: a person makes its first run the champion")
    try promote(run: "weekends/demo/0001/runs/anew-1", name: "demo", as: .champion, "somebody has to begin")
    tell("== three of four: the weekend after, with the sessions since")
    guard try weekend("plan.yaml") else { return .stopped }
    tell(
      "== four of four: bars of which the next return is shown; a champion that learned nothing, a candidate that learns, and the way back"
    )
    guard try weekend("planted.yaml") else { return .stopped }
    try promote(run: "weekends/planted/0001/runs/hasty-1", name: "planted", as: .champion, "to be beaten")
    guard try weekend("planted.yaml", isAnew: true) else { return .stopped }
    let registry = try Registry(folder: Registry.usualFolder, name: "planted")
    if (try registry.history()).champions.count > 1 {
      let (from, back) = try registry.rollBack(reason: "the demo shows the way back")
      tell("$ strikeforge registry rollback planted")
      tell("champion is \(back.version) again, no longer \(from)")
    }
    tell(
      "done in \(DeadlinePlan.text(MonotonicClock.seconds - begin)); read \(folder)/weekends/demo/0002/report.html, and the plans beside it"
    )
    return .finished
  }

  private func weekend(_ path: String, isAnew: Bool = false) throws(TrainingError) -> Bool {
    tell("$ strikeforge retrain \(path)\(isAnew ? " --anew" : "")")
    let plan = try RetrainPlan(yamlFile: path, families: families)
    let ending = try Retrain(plan, path: path, families: families, shouldStop: shouldStop, tell: tell)
      .run(isAnew: isAnew)
    return ending == .finished
  }

  private func promote(run: String, name: String, as alias: RegistryAlias, _ reason: String) throws(TrainingError) {
    let registry = try Registry(folder: Registry.usualFolder, name: name)
    let version = try RunPublication.publish(run: run, to: registry, reason: reason)
    try registry.move(alias, to: version.version, reason: reason, rule: "a person")
    tell("$ strikeforge registry publish \(name) \(run)")
    tell("$ strikeforge registry promote \(name) \(version.version)")
  }

  private func write(_ path: String, _ bytes: [UInt8]) throws(TrainingError) {
    try storing { () throws(StorageError) in try AtomicWrite.write(bytes, to: path) }
  }

  private func bars(_ answer: PlantedBars.Answer) -> [UInt8] {
    let first = CalendarDate(daysSinceEpoch: 11_017)  // 2000-03-01
    let last = CalendarDate(daysSinceEpoch: 15_765)  // 2013-03-01
    let series = PlantedBars.series(
      answer, symbol: "SYN", dates: TradingCalendar.xnys.sessions(in: first...last), seed: 1)
    return Array(BarTableWriter.plain(series).utf8)
  }

  // MARK: Plans

  private func plan(made: Bool, _ words: String) -> String {
    let data =
      made
      ? "[SYN=arrived/bars.csv\(words)]"
      : "[arrived/bars.csv.gz, --symbols, \"AAPL,MSFT\", --allow, \"price-continuity:AAPL:2000-09-29\", --reason, "
        + "\"profit warning after the close of 2000-09-28: a real crash, not an error of the data\"\(words)]"
    return """
      # One weekend: everything that `strikeforge retrain` needs to know.
      weekend: {name: demo, deadline: 10min, calibration_seconds: 1, outbox: serving}
      data:
        store: market.h5
        inbox: vendor
        import: \(data)
      windows: {kind: rolling, training: 1500, selection: 200, report: 250}
      environment: {name: dual_ticker, lanes: 16, episode_length: 60}
      run: {total_timesteps: 40000, checkpoint_interval: 10000, evaluation_interval: 10000}
      algorithm: {name: ppo_lstm_mask, horizon: 64, batch_size: 256}
      network: {lstm_hidden: 16}
      hooks:
        before: [touch, host-is-up]
        ready: {command: [test, -e, host-is-up], retries: 10, wait_seconds: 0.2}
        after: [touch, all-went-well]
        always: [rm, -f, host-is-up]
      candidates:
        - {name: anew, seeds: [1, 2, 3]}
        - {name: from-champion, seeds: [1, 2, 3], begin: champion, mode: finetune}
        - {name: without-memory, seeds: [1, 2], algorithm: {name: ppo_mask}}

      """
  }

  private var planted: String {
    """
    # Bars of which the next return is shown: whoever cannot earn here is broken.
    weekend: {name: planted, deadline: 10min, calibration_seconds: 0.5}
    data:
      store: planted.h5
      import: [SYN=planted/bars.csv, --extra-columns, \(RetrainDemo.leak)]
    windows: {training: 1500, selection: 200, report: 500}
    environment:
      name: dual_ticker
      lanes: 16
      episode_length: 60
      extra_columns: [\(RetrainDemo.leak)]
    run: {checkpoint_interval: 50000, evaluation_interval: 10000}
    algorithm: {name: ppo_mask, horizon: 64, batch_size: 256, learning_rate: 0.001}
    candidates:
      - {name: hasty, seeds: [1], run: {total_timesteps: 1024}}
      - {name: patient, seeds: [1], run: {total_timesteps: 100000}}

    """
  }
}
