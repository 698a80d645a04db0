// What a weekend is told besides its candidates and hooks: settings, as those of a run.

package import Configuration
package import Evaluation
private import Market
private import Storage
package import Text
package import Training

/// The sections `weekend`, `data`, `windows` and `gate` of a plan.
package struct RetrainSettings: Configurable, Equatable {
  /// Of the registry and of the journal's folder.
  package var name = "weekend"
  package var folder = "weekends"
  package var registry = Registry.usualFolder
  /// A folder, on another machine's disk perhaps, that gets what was published; empty for none.
  package var outbox = ""
  package var deadline = "8h"
  /// How long each distinct shape trains to measure its rate.
  package var calibrationSeconds = 3.0

  package var store = ""
  /// Words of `strikeforge import` without `--output`; none where the store is filled by others.
  package var importWords: [String] = []
  /// A folder from which the week's files come, and where they go; empty for none.
  package var inbox = ""
  package var arrived = "arrived"

  package var kind = WalkForward.Kind.rolling
  package var trainingSessions = 1250
  package var selectionSessions = 125
  package var reportSessions = 250
  package var embargo = 1
  /// The sessions that windows may lie in; empty takes all that the data hold.
  package var from = ""
  package var until = ""

  package var seed = 0
  /// Of the report window; 0 for halves of blocks, of which nothing is left out.
  package var purgedFolds = 0
  package var alias = RegistryAlias.champion

  package init() {}

  package var settings: [SettingOf<RetrainSettings>] { RetrainSettings.all }

  private static let all: [SettingOf<RetrainSettings>] = [
    .text(
      "weekend.name", \.name, expected: RunName.form, "of the registry and of the journal", accepts: RunName.isValid),
    .text("weekend.folder", \.folder, expected: "a folder", "where the journal lies", accepts: { !$0.isEmpty }),
    .text(
      "weekend.registry", \.registry, expected: "a folder", "where policies are published", accepts: { !$0.isEmpty }),
    .text("weekend.outbox", \.outbox, "a folder that gets what was published, by digest; empty for none"),
    .text(
      "weekend.deadline", \.deadline, "when all must be done: 'Mon 05:00 America/New_York', or a duration such as 8h"),
    .number(
      "weekend.calibration_seconds", \.calibrationSeconds, 0.05...3600, unit: "s",
      "how long each distinct shape trains to measure its rate"),
    .text("data.store", \.store, expected: "the path of a market store", "the market store", accepts: { !$0.isEmpty }),
    SettingOf(
      key: "data.import", help: "words of `strikeforge import` without --output; empty takes the store as it is",
      expected: "a list of words, like [AAPL=arrived/aapl.csv]",
      read: { .array($0.importWords.map(JSON.string)) },
      write: { settings, value in
        guard let items = value.arrayValue else { return false }
        let words = items.compactMap(\.stringValue)
        guard words.count == items.count else { return false }
        settings.importWords = words
        return true
      }),
    .text("data.inbox", \.inbox, "a folder from which the week's files are brought, by digest; empty for none"),
    .text("data.arrived", \.arrived, expected: "a folder", "where they go", accepts: { !$0.isEmpty }),
    .choice(
      "windows.kind", \.kind, WalkForward.Kind.allCases.map { ("\($0)", $0) },
      "whether training keeps its length or its first session"),
    .integer("windows.training", \.trainingSessions, 1...100_000, unit: "sessions", "that teach"),
    .integer(
      "windows.selection", \.selectionSessions, 2...100_000, unit: "sessions", "that choose the best checkpoint"),
    .integer(
      "windows.report", \.reportSessions, 2...100_000, unit: "sessions",
      "that judge; the gate asks for 60 returns, so for 61 of daily bars"),
    .integer(
      "windows.embargo", \.embargo, 0...10_000, unit: "sessions",
      "between two windows, behind the reach of features and positions"),
    date("windows.from", \.from, "the first session that a window may hold; empty for the data's first"),
    date("windows.until", \.until, "the last one; empty for the data's last"),
    .integer("gate.seed", \.seed, 0...Int(Int32.max), "of its bootstraps"),
    .integer(
      "gate.purged_folds", \.purgedFolds, 0...PurgedFolds.counts.upperBound,
      "even: folds of the report window for combinatorial purged splits, over which the page tells the probability of backtest overfitting; 0 takes halves "
        + "of ten blocks as they are"),
    .choice(
      "gate.alias", \.alias,
      [(RegistryAlias.champion.rawValue, .champion), (RegistryAlias.challenger.rawValue, .challenger)],
      "what a candidate that passes becomes; a challenger waits for a person"),
  ]

  private static func date(_ key: String, _ path: SettingPath<RetrainSettings, String>, _ help: String)
    -> SettingOf<RetrainSettings>
  {
    .text(key, path, expected: "a date like 2009-12-31, or empty", help) { $0.isEmpty || CalendarDate($0) != nil }
  }

  package static var sections: Set<String> { Set(all.map { String($0.key.prefix { $0 != "." }) }) }

  // MARK: Configurable

  package static let selectorKeys: [String] = []
  package func refusal(of key: String, source: String) -> ConfigurationError? { nil }
  package func keeps(_ key: String, since before: RetrainSettings) -> Bool { true }
  package mutating func modernised(_ tree: JSON, source: String) -> JSON { tree }
  package static func readFile(_ path: String) throws(ConfigurationError) -> [UInt8] {
    try RunConfiguration.readFile(path)
  }
}
