// The readers of text, and of text in gzip.

import Configuration
import Kernels
import Market
import Storage
import TestSupport
import Text
import Training

/// Bar files: the importer, and the quality gate that questions whatever it read.
final class CSVSubject: Subject {
  static let name = "csv"
  /// A damaged gzip stream may announce any size.
  static let limitBytes = 1 << 22

  func seeds() -> [[UInt8]] {
    let series = SyntheticTape.series(bars: 30, seed: 1)
    func rows(_ one: BarSeries, _ line: (Int) -> String) -> String { one.dates.indices.map(line).joined() }
    let plain =
      "timestamp,open,high,low,close,volume\n"
      + rows(series[0]) { row in
        let one = series[0]
        return
          "\(one.dates[row]),\(one.open[row]),\(one.high[row]),\(one.low[row]),\(one.close[row]),\(one.volume[row])\n"
      }
    let tickers =
      "Ticker,Date,Open,High,Low,Close,Volume,Adj Close\r\n"
      + series.map { one in
        rows(one) { "\(one.symbol),\(one.dates[$0]),1.5,2,1,\(one.close[$0]),100,\(one.close[$0] / 2)\r\n" }
      }.joined()
    let quoted = """
      \u{FEFF}"Date", "Open","High" ,"Low","Close","Adj Close","Volume"
      2001-01-02T00:00:00.000+00:00,"1.25e0",+2,1.,1.5,.75,0
      2001-01-03 00:00:00Z,1.25,2,1,1.5,0.75,"1e6"

      """
    return [plain, tickers, quoted].map { Array($0.utf8) }
  }

  private static let tokens = [
    "Ticker", "timestamp", "Date", "Adj Close", "volume", "2001-01-02", "0001-01-01", "9999-12-31", "2000-02-29",
    "1900-02-29", "2001-01-02T00:00:00", "23:59:60", "\"\"", "\"a,b\"", "^GSPC", "AAA", "BRK.B", "nan", "inf",
  ]

  func input(_ random: RandomStream, pool: Pool) throws -> [UInt8] {
    var mutator = Mutator(random: random, tokens: CSVSubject.tokens)
    let bytes = mutator.damaged(pool.document(&mutator), others: pool.documents)
    return mutator.chance(1, in: 16) ? try Gzip.deflate(bytes, path: "seed") : bytes
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    var verdict = Verdict.refused
    // A file of one series is read under a name, one of several without.
    for name in ["AAA", nil] {
      do {
        let (series, provenance) = try CSVImporter.read(
          bytes, path: "in.csv", symbolOverride: name, limitBytes: CSVSubject.limitBytes)
        try require(provenance.rows >= series.reduce(0) { $0 + $1.count }, "\(provenance.rows) rows")
        for one in series {
          try require(CSVImporter.isSymbol(one.symbol), "a series named '\(one.symbol)'")
          for column in [one.open, one.high, one.low, one.close, one.volume, one.adjustmentFactors] {
            try require(column.count == one.count, "columns of different lengths")
            try require(column.allSatisfy(\.isFinite), "a number that is not finite")
          }
        }
        for finding in QualityGate.examine(series, allowances: []).findings { _ = try refusal(finding.message) }
        verdict = .read
      } catch let error as StorageError {
        _ = try refusal(error.description, names: "'in.csv'")
      }
    }
    return verdict
  }
}

/// Gzip streams by themselves.
final class GzipSubject: Subject {
  static let name = "gzip"

  func seeds() throws -> [[UInt8]] {
    var random = RandomStream(seed: 1, purpose: .market)
    let noise = (0..<3000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let text = Array(String(repeating: "2001-01-02,1.5,2,1,1.5,1000\n", count: 40).utf8)
    let packed = try [text, noise, []].map { try Gzip.deflate($0, path: "seed") }
    // RFC 1952: every optional field of the header: extra, name, comment; and their flags.
    let fields: [UInt8] = [0x1F, 0x8B, 8, 0x1C, 0, 0, 0, 0, 0, 3, 2, 0, 1, 2, 110, 0, 99, 0] + packed[0].dropFirst(10)
    return packed + [packed[0] + packed[2] + packed[1], fields]
  }

  func input(_ random: RandomStream, pool: Pool) -> [UInt8] {
    var mutator = Mutator(random: random, tokens: ["\u{1F}", "\u{0}\u{0}"])
    let whole = pool.document(&mutator)
    // Mostly behind the first bytes: without them everything is refused at once.
    return mutator.chance(2, in: 3)
      ? mutator.damagedInPlace(whole, from: min(whole.count, 4)) : mutator.damaged(whole, others: pool.documents)
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    do {
      let text = try Gzip.inflate(bytes, path: "in.gz", limitBytes: CSVSubject.limitBytes)
      try require(text.count <= CSVSubject.limitBytes, "\(text.count) bytes")
      return .read
    } catch let error as StorageError {
      return try refusal(error.description, names: "'in.gz'")
    }
  }
}

/// JSON texts, as manifests and requests hold them.
final class JSONSubject: Subject {
  static let name = "json"

  func seeds() -> [[UInt8]] {
    let texts = [
      #"{"observation": [0.5, -1.25e-3, 0, 1e300], "mask": [0, 1, 1], "episode_start": true}"#,
      #"{"a":{"b":[null,true,false,"\u00e9\uD83D\uDE00\n\"\\"]},"":-0.0,"n":9223372036854775807}"#, "[]", "\"text\"",
      RunConfiguration().json.prettyText,
    ]
    return texts.map { Array($0.utf8) }
  }

  private static let tokens = [
    "null", "true", "false", "\\u0000", "\\uD800", "\\uDC00", "\\ud83d\\ude00", "e\u{301}", "\u{E9}", "-0", "1e-400",
    "{}",
    "[]", "\"a\":", "\"a\":1,\"a\":2", "//", "/**/", "\\x", "\\", "\u{2028}",
  ]

  func input(_ random: RandomStream, pool: Pool) -> [UInt8] {
    var mutator = Mutator(random: random, tokens: JSONSubject.tokens)
    return mutator.damaged(pool.document(&mutator), others: pool.documents)
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    do {
      let value = try JSON.parse(bytes)
      // What was understood is written so that it is understood the same way.
      try require(try JSON.parse(value.text) == value, "it does not come back from its text")
      try require(try JSON.parse(value.prettyText) == value, "it does not come back from its indented text")
      return .read
    } catch let error as JSONError {
      return try refusal(error.description)
    }
  }
}

/// Configuration files: YAML, and the settings that it may name.
final class YAMLSubject: Subject {
  static let name = "yaml"

  func seeds() -> [[UInt8]] {
    let texts = [
      RunConfiguration().yamlText,
      "run: {seed: 5, total_timesteps: 4096}\nenvironment: {name: cue, lanes: 16}\nnetwork: {policy_tower: [8, 8]}\n",
      "# note\n---\nalgorithm:\n  gamma: 0.99 # near one\n  name: \"ppo\"\nenvironment:\n  assets:\n    - 'AAA'\n    - BBB\n...\n",
      "run:\n  seed: 1\nenvironment:\n  name: >-\n    dual_ticker\n  store: |\n    a\n    b\n",
    ]
    return texts.map { Array($0.utf8) }
  }

  private static let tokens = [
    "algorithm:\n", "  gamma: ", "network:", "lanes", "&a", "*a", "!!int", "<<: *a", "- ", "? ", ": ", "|\n", ">\n",
    "%YAML 1.1\n",
    "---\n", "...\n", "~", "null", "\\x41", "\"\\u0000\"", "\t", "# ", "{", "}", "[", "]", "!<tag:yaml.org,2002:str>",
    "\u{85}",
    "\u{2028}", "\u{FEFF}", "2001-01-02", "1e400", "0o17", ".inf", ".nan",
  ]

  func input(_ random: RandomStream, pool: Pool) -> [UInt8] {
    var mutator = Mutator(random: random, tokens: YAMLSubject.tokens)
    return mutator.damaged(pool.document(&mutator), others: pool.documents)
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    do {
      var configuration = RunConfiguration()
      try configuration.apply(try YAML.parse(bytes, source: "in.yaml"), source: "in.yaml")
      var again = RunConfiguration()
      try again.apply(try YAML.parse(Array(configuration.yamlText.utf8), source: "out.yaml"), source: "out.yaml")
      try require(again == configuration, "it does not come back from its YAML text")
      again = RunConfiguration()
      try again.apply(try JSON.parse(configuration.json.text), source: "out.json")
      try require(again == configuration, "it does not come back from its JSON text")
      // Sizes that are computed from settings.
      _ = (configuration.wholeTimesteps, configuration.discountHorizonBars)
      return .read
    } catch let error as ConfigurationError {
      return try refusal(error.description, names: "in.yaml")
    }
  }
}
