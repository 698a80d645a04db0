// Nothing in the games of options knows a later minute, quote, close or index; and whoever does know is found out.

import AgentInterface
import Environments
import Glibc
import Inference
import Kernels
import Market
import Pricing
import TestSupport
import Testing
import Trading

/// What happened to an underlying: days with an index, the last ones minute by minute, and a smile of quotes that changes by the minute.
struct OptionsHistory: Sendable {
  /// Where quotes come from.
  enum Quotes: String, Sendable, CaseIterable {
    case chain, surface
  }

  /// Days are enough for a fair ratio of their own.
  static let days = 300
  static let sessions = 3
  static let symbol = "SPY"

  let dates: [CalendarDate]
  var days: BarSeries
  var index: BarSeries
  var minutes: BarSeries
  /// (minutes) at the money, and by how much it rises a unit of strike over price.
  var volatilities: [Double]
  var slopes: [Double]
  /// (minutes) whether anybody quotes.
  var isQuoted: [Bool]

  init(seed: UInt64) {
    let calendar = TradingCalendar.xnys
    let from = CalendarDate(daysSinceEpoch: 19_450)
    dates = Array(calendar.sessions(in: from...from.advanced(by: 600)).prefix(OptionsHistory.days))
    var random = RandomStream(seed: seed, purpose: .market, lane: 5)
    days = BarSeries(symbol: OptionsHistory.symbol)
    index = BarSeries(symbol: "VIX")
    index.instrument = .index
    minutes = BarSeries(symbol: OptionsHistory.symbol, width: .minute)
    (volatilities, slopes, isQuoted) = ([], [], [])
    var (price, level) = (500.0, 15.0)
    for (day, date) in dates.enumerated() {
      level = min(max(level * exp(0.05 * random.nextNormal()), 10), 30)
      index.append(date: date, open: level, high: level, low: level, close: level, volume: .nan)
      let open = price
      if day < dates.count - OptionsHistory.sessions {
        price *= exp(0.008 * random.nextNormal())
        days.append(
          date: date, open: open, high: max(open, price), low: min(open, price), close: price, volume: 1e6)
        continue
      }
      guard let session = calendar.session(on: date) else { continue }
      for minute in 0..<session.minuteCount {
        let before = price
        price *= exp(0.0004 * random.nextNormal())
        minutes.append(
          start: session.start(ofMinute: minute), open: before, high: max(before, price), low: min(before, price),
          close: price, volume: 1000 + (500 * random.nextDouble()).rounded())
        volatilities.append(0.15 + 0.02 * random.nextDouble())
        slopes.append(-2 * random.nextDouble())
        isQuoted.append(true)
      }
    }
  }

  /// The number of the session, of those with minutes, that a bar of the tape lies in, and its first bar.
  static func session(of bar: Int) -> (number: Int, first: Int) { (bar / 390, bar / 390 * 390) }

  /// Everything behind a bar is another thing. The index of a session is told at its close, behind all of its bars.
  func changed(_ change: LookAheadDetector.Change, after cut: Int, seed: UInt64) -> OptionsHistory {
    var other = self
    var random = RandomStream(seed: seed, purpose: .bootstrap, lane: UInt32(cut))
    let firstDay = dates.count - OptionsHistory.sessions + OptionsHistory.session(of: cut).number
    let later = cut + 1..<minutes.count
    switch change {
    case .noise:
      var price = minutes.close[cut]
      for bar in later {
        let before = price
        price *= exp(0.002 * random.nextNormal())
        (other.minutes.open[bar], other.minutes.close[bar]) = (before, price)
        (other.minutes.high[bar], other.minutes.low[bar]) = (max(before, price), min(before, price))
        other.minutes.volume[bar] = (3000 * random.nextDouble()).rounded()
        other.volatilities[bar] = 0.1 + 0.2 * random.nextDouble()
        other.slopes[bar] = 4 * random.nextDouble() - 2
      }
      for day in firstDay..<dates.count { other.index.close[day] *= 0.8 + 0.4 * random.nextDouble() }
    case .shuffled:
      var order = Array(later)
      random.shuffle(&order)
      for (bar, source) in zip(later, order) {
        (other.minutes.open[bar], other.minutes.close[bar]) = (minutes.open[source], minutes.close[source])
        (other.minutes.high[bar], other.minutes.low[bar]) = (minutes.high[source], minutes.low[source])
        other.minutes.volume[bar] = minutes.volume[source]
        (other.volatilities[bar], other.slopes[bar]) = (volatilities[source], slopes[source])
      }
      for day in firstDay..<dates.count { other.index.close[day] = index.close[dates.count - 1 + firstDay - day] }
    case .nothing:
      for bar in later {
        other.minutes.volume[bar] = 0
        other.isQuoted[bar] = false
      }
      other.index = index.rows(Array(0..<firstDay))
    case .truncated:
      // A day whose last minute is not there has no settlement, and nobody enters it from its morning on: that minute stays, at another price.
      let last = OptionsHistory.session(of: cut).first + 389
      other.minutes.close[last] *= 1.001
      other.minutes.high[last] = max(other.minutes.close[last], other.minutes.open[last])
      other.minutes = other.minutes.rows(Array(0...cut) + [last])
      other.index = index.rows(Array(0..<firstDay))
    }
    return other
  }

  /// The bars of each session that has minutes: all of them, but those that were cut out of the last one.
  private var sessionRows: [Range<Int>] {
    stride(from: 0, to: minutes.count, by: 390).map { $0..<min($0 + 390, minutes.count) }
  }

  /// Days by their bars, and those with minutes by what is left of them.
  var allDays: BarSeries {
    var all = days
    for rows in sessionRows {
      let closes = minutes.close[rows]
      all.append(
        date: minutes.dates[rows.lowerBound], open: minutes.open[rows.lowerBound], high: closes.max() ?? 0,
        low: closes.min() ?? 0, close: minutes.close[rows.upperBound - 1], volume: 1e6)
    }
    return all
  }

  var evenings: SurfaceHistory { SurfaceHistory(underlying: allDays, index: index) }

  func tape(_ quotes: Quotes) throws -> MarketTape {
    let underlying = OptionTape.Underlying(
      minutes: minutes, areMinutesSynthetic: true,
      quotes: quotes == .chain ? .chain(try chain()) : .surface(evenings, .fair, leastFairSessions: 0))
    return MarketTape(options: OptionTape([underlying]))
  }

  /// Every fifth minute, strikes a dollar apart, to the cent.
  private func chain() throws -> OptionChain {
    var builder = ChainBuilder(underlying: OptionsHistory.symbol, columns: [.bid, .ask])
    let root = builder.root(OptionsHistory.symbol)
    let (calendar, clock) = (TradingCalendar.xnys, VarianceClock())
    for rows in sessionRows {
      let date = minutes.dates[rows.lowerBound]
      let ordinal = try #require(calendar.ordinal(of: date))
      let middle = Int(minutes.open[rows.lowerBound].rounded())
      for (minute, bar) in rows.enumerated() where minute % 5 == 0 && minute < rows.count - 1 && isQuoted[bar] {
        let years = clock.years(
          over: calendar.remainingSessions(from: ordinal, minute: Double(minute + 1), to: ordinal))
        for strike in middle - 6...middle + 6 {
          let moneyness = Double(strike) / minutes.close[bar] - 1
          for side in OptionSide.allCases {
            let value = try BlackScholes.value(
              OptionTerms(
                side, spot: minutes.close[bar], strike: Double(strike), years: years,
                volatility: max(volatilities[bar] + slopes[bar] * moneyness, 0.05)))
            let price = Int32((value.price * 100).rounded()) * 100
            let number = builder.number(
              root: root, expiry: date, right: side == .call ? .call : .put, strikeThousandths: strike * 1000)
            builder.add(
              contract: number, date: date, isExtendedHours: false, minute: Int32(minute),
              values: [max(price - 200, 0), price + 200], openInterest: ChainValue.none, underlying: ChainValue.none)
          }
        }
      }
    }
    let chain = builder.finish()
    return try #require(chain)
  }
}

/// Mistakes that are made in earnest with options, each by one column.
enum OptionsMistake: String, CaseIterable, CustomTestStringConvertible {
  /// The usual volume is the mean of all bars, those to come among them.
  case wholeHistoryVolume = "volume over the mean of the whole history"
  /// The close of the index that the session ends with, from its morning on.
  case indexOfToday = "today's index close in the morning"
  /// The fair ratio of an evening with that evening's own session in it.
  case ratioOfTonight = "index known tonight in the fair ratio"
  /// A smile of the quotes that the session ends with.
  case laterSmile = "smile fitted with later quotes"
  /// What options will be settled at.
  case settlement = "settlement price as a column"

  var testDescription: String { rawValue }

  var quotes: OptionsHistory.Quotes { self == .indexOfToday || self == .ratioOfTonight ? .surface : .chain }

  var extraColumns: [ObservationSpace.Column] {
    self == .settlement ? [.init(name: "settlement", unit: "log ratio")] : []
  }

  /// The cuts that a change must bring to light, at least nine in ten of these: a mean cares for no order, one session's index alone has none, and where
  /// nobody quotes any more prices are what they were.
  func telling(_ change: LookAheadDetector.Change, _ cuts: [Int]) -> Int {
    switch (self, change) {
    case (.wholeHistoryVolume, .shuffled): 0
    case (.indexOfToday, .shuffled): cuts.count { OptionsHistory.session(of: $0).number == 0 }
    case (.ratioOfTonight, .shuffled), (.settlement, .nothing): 0
    default: cuts.count
    }
  }

  func tampering(_ history: OptionsHistory, _ tape: MarketTape, _ space: ObservationSpace) throws -> Tampering {
    var tampering = Tampering()
    tampering.extraColumns = extraColumns
    let options = try #require(tape.options)
    func column(_ name: String) throws -> Int { try #require(space.columns.firstIndex { $0.name == name }) }
    let sessions = options.sessions[0]
    switch self {
    case .wholeHistoryVolume:
      let (volume, place) = (history.minutes.volume, try column("log_volume_ratio"))
      let mean = volume.reduce(0, +) / Double(volume.count)
      tampering.observation = { row, bar in
        if bar < volume.count { row[place] = Float(log((volume[bar] + 1) / (mean + 1))) }
      }
    case .indexOfToday:
      let place = try column("atm_volatility")
      let levels = Dictionary(uniqueKeysWithValues: zip(history.index.dates, history.index.close))
      tampering.observation = { row, bar in
        row[place] = Float((levels[sessions[OptionsHistory.session(of: bar).number].date] ?? 0) / 100)
      }
    case .ratioOfTonight:
      let place = try column("atm_volatility")
      let ratios = Dictionary(uniqueKeysWithValues: history.evenings.evenings.map { ($0.ordinal, $0.fairRatio) })
      tampering.observation = { row, bar in
        let today = sessions[OptionsHistory.session(of: bar).number].ordinal
        row[place] *= Float((ratios[today] ?? 0) / (ratios[today - 1] ?? 1))
      }
    case .laterSmile:
      let place = try column("skew_25")
      let skews: [Float] = sessions.map { session in
        // The last quotes of the session that have volatilities, at the outer strikes that both sides have.
        for minute in stride(from: 330, to: 0, by: -5) {
          let first = session.place(minute: minute)
          let known = session.contracts.indices.compactMap { number -> Float? in
            let volatility = options.volatilities[first + number]
            return volatility.isFinite ? volatility : nil
          }
          if let low = known.first, let high = known.last, known.count > 3 { return low - high }
        }
        return 0
      }
      tampering.observation = { row, bar in row[place] = skews[OptionsHistory.session(of: bar).number] }
    case .settlement:
      let (place, close) = (space.count, tape.close[0])
      tampering.observation = { row, bar in
        let settled = sessions[OptionsHistory.session(of: bar).number].settlementPrice ?? 0
        row[place] = Float(log((Double(settled) / Double(TickRule.perDollar) + 1) / (close[bar] + 1)))
      }
    }
    return tampering
  }
}

@Suite struct OptionsLookAheadTests {
  private static let history = OptionsHistory(seed: 3)
  /// Cuts in every session; more of them in the long form.
  private static let cuts: [Int] = {
    var random = RandomStream(seed: 12, purpose: .bootstrap)
    let count = SlowTests.areEnabled ? 24 : 3
    return (0..<count).map { place in
      let first = place % OptionsHistory.sessions * 390
      return first + 40 + Int(random.nextInteger(below: 280))
    }
  }()

  private func environment(
    _ game: OptionsConfiguration, _ tape: MarketTape
  ) throws -> OptionsEnvironment {
    var configuration = game
    configuration.capitalDollars = 1_000_000
    (configuration.symbolCapital, configuration.symbolDecay) = ([], [])
    configuration.profile.limits.decayDollars = 1e6
    configuration.accountShare = 0.01
    configuration.decisionMinutes = 3
    return try OptionsEnvironment(
      tape: tape, tables: OptionsTables(tape, configuration: configuration), window: 0..<tape.barCount, laneCount: 1,
      episodes: .walk, recordsFills: true)
  }

  private func examine(
    _ game: OptionsConfiguration, _ quotes: OptionsHistory.Quotes, mistake: OptionsMistake? = nil
  ) throws -> LookAheadReport {
    let history = OptionsLookAheadTests.history
    let space = try environment(game, try history.tape(quotes)).observationSpace
    let policy = try remembering(
      ObservationSpace(columns: space.columns + (mistake?.extraColumns ?? [])), game.game.space)
    #expect(policy.hasMemory && policy.network?.normalizer != nil)
    func play(_ history: OptionsHistory) throws -> [LookAheadEvent] {
      let tape = try history.tape(quotes)
      let honest = try environment(game, tape)
      guard let mistake else { return LookAheadEvent.trace(honest, policy: policy, seed: 5) }
      return LookAheadEvent.trace(
        TamperedEnvironment(honest, try mistake.tampering(history, tape, space)), policy: policy, seed: 5)
    }
    var report = LookAheadReport(of: try play(history))
    for cut in OptionsLookAheadTests.cuts {
      report.begin(cut)
      for change in LookAheadDetector.Change.allCases {
        let other = try play(history.changed(change, after: cut, seed: 7))
        report.compare(change, other, playsOn: change != .truncated)
      }
    }
    return report
  }

  @Test(
    arguments: [OptionsConfiguration(), .shortPremium], OptionsHistory.Quotes.allCases)
  func nothingUpToAMinuteDependsOnWhatComesAfter(
    configuration: OptionsConfiguration, quotes: OptionsHistory.Quotes
  ) throws {
    let report = try examine(configuration, quotes)
    let traded = report.whole.count { $0.kind == .fills && !$0.bits.isEmpty }
    #expect(traded > 5, "orders are filled in \(traded) steps")
    #expect(report.leaks.isEmpty && report.void == 0, "\(report.leaks.prefix(5)), \(report.void) void")
    let least = report.cuts.count * 4 * 6 * 20
    #expect(report.compared > least, "\(report.compared) events")
    ProofTable.record(
      "honesty: no look-ahead, \(configuration.game == .options ? "options" : "short_premium"), quotes of a \(quotes.rawValue)",
      figure: "\(report.leaks.count) of \(report.cuts.count * 4) changes noticed, \(report.compared) events equal",
      threshold: "0", seeds: "-", holds: report.leaks.isEmpty && report.void == 0)
  }

  @Test(arguments: OptionsMistake.allCases)
  func everyPlantedMistakeIsFound(mistake: OptionsMistake) throws {
    let report = try examine(OptionsConfiguration(), mistake.quotes, mistake: mistake)
    let changes = LookAheadDetector.Change.allCases
    let flagged = changes.map { report.flagged($0) }
    let least = changes.map { mistake.telling($0, report.cuts) * 9 / 10 }
    for (place, change) in changes.enumerated() {
      #expect(flagged[place] >= least[place], "\(mistake.rawValue), \(change.rawValue): \(flagged[place])")
    }
    #expect(report.kinds == [.observation], "\(mistake.rawValue) shows in \(report.kinds)")
    let holds = zip(flagged, least).allSatisfy { $0 >= $1 } && least.contains { $0 > 0 }
    ProofTable.record(
      "honesty: planted mistake found: options, \(mistake.rawValue)",
      figure: zip(changes, flagged).map { "\($0.rawValue) \($1)" }.joined(separator: ", "),
      threshold: "every kind that tells", seeds: "-", holds: holds)
  }
}
