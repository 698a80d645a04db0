// Files of surfaces: events as a table, and histories of implied volatility, damaged behind their seals and forged.

import Kernels
import Market
import Storage

/// Events are text, histories begin with their magic: what a file is, its first bytes say.
final class SurfaceSubject: Subject {
  static let name = "surface"
  private static let magic = Array("STRIKEFORGE-IVOL".utf8)
  private let damage = SealedDamage()

  func seeds() throws -> [[UInt8]] {
    let texts = [
      "date,kind,share\n2024-09-18,rates,0.12\n2024-11-07,rates,0.1\n",
      "Date , Kind,Share,Time\r\n2024-07-03,report,.25,12:59\r\n\r\n2016-03-16,a meeting,9e-1,\r\n",
    ]
    return try [history(40, .fair), history(1, .chain), history(0, .market)] + texts.map { Array($0.utf8) }
  }

  private func history(_ count: Int, _ source: VolatilityHistory.Source) throws -> [UInt8] {
    let sessions = TradingCalendar.xnys.sessions.prefix(count)
    let days = sessions.enumerated().map {
      VolatilityHistory.Day(date: $0.element.date, volatility: 0.1 + Double($0.offset) / 300)
    }
    guard let history = VolatilityHistory(symbol: "SPX", source: source, days: days) else {
      throw Finding(reason: "\(count) sessions are no history")
    }
    return try VolatilityHistoryFile(history, madeOf: "VIX", contentHash: String(repeating: "0", count: 64)).encoded()
  }

  private static let tokens = [
    "date,kind,share", ",time", "2024-09-18", "2024-09-21", "9999-12-31", "0001-01-01", "0.12", "1e-400", "nan", "-1",
    "0x1p-3", "16:00", "24:00", "09:30", "\u{FEFF}", "\u{1B}[2J", "\r", "\t", "\u{E9}", ",,,", "\"a,b\"",
  ]

  func input(_ random: RandomStream, pool: Pool) throws -> [UInt8] {
    var mutator = Mutator(random: random, tokens: Self.tokens)
    switch mutator.below(3) {
    case 0: return damage.input(&mutator, pool: pool)
    case 1: return try forged(&mutator, pool)
    default: return mutator.damaged(pool.document(&mutator), others: pool.documents)
    }
  }

  /// A whole file that says what no program ever wrote.
  private func forged(_ mutator: inout Mutator, _ pool: Pool) throws -> [UInt8] {
    let whole = pool.documents[mutator.below(min(3, pool.seedCount))]
    var file = try RolloutFile(decoding: whole, path: "seed", content: .volatilityHistory)
    repeat {
      let name = mutator.pick(file.attributes.keys.sorted())
      switch mutator.below(5) {
      case 0: file.attributes[name] = nil
      case 1: file.attributes[name] = mutator.pick(["", "chain", "fair", "60", "30", "\u{1B}[2J", "^VIX", "a b"])
      case 2: file.columns[mutator.pick(["days", "volatilities", "more"])] = nil
      case 3:
        guard case .integers(var days)? = file.columns["days"]?.values, !days.isEmpty else { break }
        days[mutator.below(days.count)] = mutator.pick([.min, .max, -1, 0, 7305, 7306, 1 << 31, -(1 << 31) - 1])
        file.columns["days"] = .init(.integers(days), width: mutator.chance(1, in: 8) ? days.count : nil)
      default:
        guard case .doubles(var values)? = file.columns["volatilities"]?.values, !values.isEmpty else { break }
        values[mutator.below(values.count)] = mutator.pick([.nan, .infinity, -0.0, 0, 1e-300, 1e300, 10, 0.001, -0.2])
        if mutator.chance(1, in: 4) { values.removeLast() }
        file.columns["volatilities"] = .init(.doubles(values))
      }
      if file.attributes.isEmpty { break }
    } while mutator.chance(1, in: 2)
    return try file.encoded()
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    do {
      if bytes.starts(with: Self.magic) { try readHistory(bytes) } else { try readEvents(bytes) }
      return .read
    } catch let error as StorageError {
      return try refusal(error.description, names: "'in'")
    }
  }

  private func readEvents(_ bytes: [UInt8]) throws {
    let events = try SurfaceEventFile.decode(bytes, path: "in")
    for event in events.events {
      try require(event.share > 0 && event.share < 1, "an event takes \(event.share)")
      for minute in [0, 200, 389] {
        let crush = events.crush(on: event.date, minute: minute)
        try require((0..<1).contains(crush) || events.events.count > 8, "events take \(crush)")
      }
    }
    try require(
      zip(events.events, events.events.dropFirst()).allSatisfy { $0.date <= $1.date }, "events are out of order")
  }

  private func readHistory(_ bytes: [UInt8]) throws {
    let file = try VolatilityHistoryFile.decode(bytes, path: "in")
    try require(
      try VolatilityHistoryFile.decode(try file.encoded(), path: "again") == file, "a history does not come back")
    for day in file.history.days.suffix(3) {
      let rank = try file.history.rank(of: day.volatility, on: day.date)
      try require((0...1).contains(rank.rankOrNeutral), "a rank of \(rank.rankOrNeutral)")
      _ = try refusal(rank.words())
    }
  }
}
