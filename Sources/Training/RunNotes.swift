// What a person should know before a run starts, in sentences.

private import AgentInterface
private import Algorithms
private import Environments
private import Inference
private import Market
private import Networks
private import Storage
package import Text

package enum RunNotes {
  /// An episode longer than this many discounting horizons earns a warning.
  private static let horizonsPerEpisode = 10.0

  package static func lines(_ configuration: RunConfiguration, factory: EnvironmentFactory) -> [String] {
    var lines: [String] = []
    let total = configuration.wholeTimesteps
    let rollouts = total / configuration.stepsPerRollout
    var steps = "steps: \(ConsoleSink.grouped(total)) in \(ConsoleSink.grouped(rollouts)) rollouts of "
    steps += "\(configuration.learner.stepsBetweenUpdates) x \(configuration.world.lanes) lanes"
    if total != configuration.run.totalTimesteps {
      steps += " (\(ConsoleSink.grouped(configuration.run.totalTimesteps)) rounded up to whole rollouts)"
    }
    lines.append(steps)
    lines += PlanCheck(configuration, factory).lines
    lines += horizon(configuration, factory)
    if let market = factory.market {
      for window in Window.allCases {
        let bars = factory.bars(of: window, in: market.tape)
        guard !bars.isEmpty else {
          lines.append("\(window.rawValue) window: no bars of the data")
          continue
        }
        lines.append(
          "\(window.rawValue) window: \(market.tape.dates[bars.lowerBound]) to \(market.tape.dates[bars.upperBound - 1]), "
            + barCount(bars, of: market.tape)
            + (window == .training ? ", passed \(ConsoleSink.short(Double(total) / Double(bars.count))) times" : ""))
      }
      if let line = rolled(configuration.split, factory, market.tape) { lines.append(line) }
      lines.append("data: \(market.tape.symbols.joined(separator: ", ")), content \(market.contentHash)")
      if let benchmark = market.tape.benchmark {
        lines.append(
          "benchmark: \(benchmark.symbol)\(benchmark.instrument == .index ? " (an index)" : ""), looked at, never traded"
        )
      }
      lines += factory.notes
      for allowance in market.qualityReport.allowances {
        lines.append("allowed by name: \(allowance.name), because: \(allowance.reason)")
      }
    }
    return lines
  }

  /// How far discounting lets a learner look, and how long its episodes are.
  private static func horizon(_ configuration: RunConfiguration, _ factory: EnvironmentFactory) -> [String] {
    let sessions = factory.sessionDecisions
    let episode = sessions?.most ?? factory.episodeLength
    let longest =
      sessions.map {
        "an episode is a session of up to \($0.most) decisions"
          + ($0.minutes == 1 ? ", one a minute" : ", one every \($0.minutes) minutes")
      } ?? "an episode has up to \(episode) bars"
    let horizon = configuration.discountHorizonBars
    guard horizon.isFinite else { return ["discounting horizon: none (gamma is 1); \(longest)"] }
    func told(_ decisions: Double) -> String {
      guard let sessions else { return "\(ConsoleSink.short(decisions)) bars" }
      return
        "\(ConsoleSink.short(decisions)) decisions, \(ConsoleSink.short(decisions * Double(sessions.minutes))) minutes"
    }
    var lines = ["discounting horizon: 1 / (1 - gamma) = \(told(horizon)); \(longest)"]
    if Double(episode) > horizonsPerEpisode * horizon {
      lines.append(
        "warning: an episode is \(ConsoleSink.short(Double(episode) / horizon)) times longer than the horizon\(sessions == nil ? "" : " of \(told(horizon))"); what pays "
          + "off later than that is hardly seen. Raise algorithm.gamma if it matters")
    }
    return lines
  }

  private static func barCount(_ bars: Range<Int>, of tape: MarketTape) -> String {
    guard tape.width == .minute else { return "\(bars.count) bars" }
    let sessions = tape.sessions.count { $0.overlaps(bars) }
    return "\(ConsoleSink.grouped(sessions)) sessions, \(ConsoleSink.grouped(bars.count)) minutes"
  }

  /// That training begins later than was asked, because nothing was traded on that date; nil where it begins as asked, or where sessions are counted back
  /// from the end.
  private static func rolled(_ split: RunConfiguration.Split, _ factory: EnvironmentFactory, _ tape: MarketTape)
    -> String?
  {
    let bars = factory.bars(of: .training, in: tape)
    guard split.trainingSessions == 0, split.trainingFrom != RunConfiguration.Split().trainingFrom, !bars.isEmpty,
      tape.dates[bars.lowerBound] > split.trainingFrom
    else { return nil }
    let first = tape.dates[bars.lowerBound]
    return TradingCalendar.xnys.nextSession(onOrAfter: split.trainingFrom) == first
      ? "training starts on \(first), the first session from \(split.trainingFrom) on"
      : "training starts on \(first), not on \(split.trainingFrom): the data and the bars before a first decision allow no earlier one"
  }

  package static func manifest(_ configuration: RunConfiguration, factory: EnvironmentFactory, modelName: String)
    -> JSON
  {
    let spec = configuration.networkSpec(factory.spaces)
    var members: [String: JSON] = [
      "model_name": .string(modelName),
      "strikeforge": .string(BuildInformation.version),
      "source_revision": .string(BuildInformation.revision),
      "created": .string(UTCTime.now()),
      "seed": .integer(Int64(configuration.run.seed)),
      "algorithm": .string(configuration.algorithm.rawValue),
      "environment": .string(configuration.environment.name),
      "total_timesteps": .integer(Int64(configuration.wholeTimesteps)),
      "warnings": .array(PlanCheck(configuration, factory).warnings.map(JSON.string)),
      // What the run began with here, whatever its configuration asks for.
      "kernels": .string(
        configuration.run.device.kernelName(for: spec, configuration.run.kernels, configuration.run.precision.unit)),
      RunState.precisionAttribute: .string(MatrixKernels.precision(configuration.run)),
    ]
    if let market = factory.market {
      members["data_fingerprint"] = .string(market.contentHash)
      members["symbols"] = .array(market.tape.symbols.map(JSON.string))
      if market.tape.width != .session { members["bar_width"] = .string(market.tape.width.rawValue) }
      if !market.tape.syntheticSymbols.isEmpty {
        members["synthetic"] = .array(market.tape.syntheticSymbols.map(JSON.string))
      }
      if let benchmark = market.tape.benchmark { members["benchmark"] = .string(benchmark.symbol) }
      members["split"] = .object(
        Dictionary(
          uniqueKeysWithValues: Window.allCases.map { window in
            let dates = factory.dates(of: window)
            return (window.rawValue, .array([.string("\(dates.from)"), .string("\(dates.until)")]))
          }))
      members["allowances"] = .array(
        market.qualityReport.allowances.map {
          .object(["finding": .string($0.name), "reason": .string($0.reason)])
        })
    }
    return .object(members)
  }
}
