// Options as every lane reads them: contracts, quotes and Greeks by session and minute, which no account changes.

import Text

/// The options of S symbols over K sessions, one expiry a symbol and session. Shared by all lanes; never written after it is made.
///
/// A row is a minute of a symbol's session. A minute has a place for each of the session's contracts: place = `Session.place(minute:)` + contract, with contracts
/// counted within the session; minutes in which nothing is quoted share their places. Columns over places are what `LaneQuotes` reads: prices in ten-thousandths of a dollar, 0 where nobody stands, -1 where nobody knows.
/// What stands in a row was known at the end of its minute; the one exception is `Session.settlementPrice`.
package final class OptionTape: @unchecked Sendable {
  /// Where volatilities come from. Sessions of quotes and SYNTHETIC ones never stand in one figure.
  package typealias Source = VolatilityHistory.Source

  package struct Symbol: Sendable, Equatable {
    package let name: String
    package let instrument: Instrument

    package init(name: String, instrument: Instrument) {
      self.name = name
      self.instrument = instrument
    }
  }

  /// Why a session has no contracts, though its bars may be there.
  package enum Absence: Sendable, Hashable, CaseIterable {
    /// The symbol has no bars on the date.
    case noBars
    /// No level of the volatility index was known when it began.
    case noIndexLevel
    /// The symbol's history is too short to compare it with the index's own.
    case noSymbolRatio
    /// Neither the date nor one that is near enough is listed as an expiry.
    case noExpiry
    /// A chain has no quotes of the expiry.
    case noQuotes

    package var words: String {
      switch self {
      case .noBars: "without bars"
      case .noIndexLevel: "without a known index level"
      case .noSymbolRatio: "with too short a history beside the index"
      case .noExpiry: "without an expiry"
      case .noQuotes: "without quotes"
      }
    }
  }

  /// One session of one symbol.
  package struct Session: Sendable, Equatable {
    package let symbol: Int
    /// Its place among the tape's sessions.
    package let number: Int
    /// Which of the calendar's sessions it is.
    package let ordinal: Int
    package let date: CalendarDate
    /// 390; fewer on half days.
    package let minuteCount: Int
    package let source: Source
    /// nil where there are contracts.
    package let absence: Absence?
    /// Ascending, as `OptionContract` is ordered: by strike, a call before its put. All of one expiry.
    package let contracts: [OptionContract]
    /// (contracts) of last night; -1 where nobody says it.
    package let openInterests: [Int32]
    /// Sessions after this one up to that in which the expiry settles; 0 for today's.
    package let sessionsAhead: Int
    /// From this session's close to the expiry on the variance clock; 0 for today's.
    package let yearsAtClose: Double
    /// Ten-thousandths of a dollar: what contracts that end today settle on, the underlying's last price of the session; nil where the bars end before. Known when the
    /// session is over and not before.
    package let settlementPrice: Int?
    /// How the rank of `OptionTape.volatilityRanks` is known: sessions before this one.
    package let rankedSessions: Int
    /// (minutes) which block of places a minute has; empty where each has its own.
    package let blocks: [Int16]
    /// The rows before its own, and the places before its own.
    package internal(set) var firstRow = 0
    package internal(set) var firstPlace = 0

    package var expiry: CalendarDate? { contracts.first?.expiry }

    /// Of a minute, 0..<minuteCount.
    package func row(minute: Int) -> Int { firstRow + minute }
    package func place(minute: Int) -> Int {
      firstPlace + (blocks.isEmpty ? minute : Int(blocks[minute])) * contracts.count
    }

    /// Places of its own.
    package var placeCount: Int {
      contracts.count * (blocks.isEmpty ? minuteCount : Int(blocks.max() ?? -1) + 1)
    }

    package init(
      symbol: Int, number: Int, ordinal: Int, date: CalendarDate, minuteCount: Int, source: Source,
      absence: Absence? = nil, contracts: [OptionContract] = [], openInterests: [Int32]? = nil, sessionsAhead: Int = 0,
      yearsAtClose: Double = 0, settlementPrice: Int? = nil, rankedSessions: Int = 0, blocks: [Int16] = []
    ) {
      precondition(blocks.isEmpty || blocks.count == minuteCount, "\(blocks.count) blocks of \(minuteCount) minutes")
      self.symbol = symbol
      self.number = number
      self.ordinal = ordinal
      self.date = date
      self.minuteCount = minuteCount
      self.source = source
      self.absence = absence
      self.contracts = contracts
      self.openInterests = openInterests ?? [Int32](repeating: -1, count: contracts.count)
      self.sessionsAhead = sessionsAhead
      self.yearsAtClose = yearsAtClose
      self.settlementPrice = settlementPrice
      self.rankedSessions = rankedSessions
      self.blocks = blocks
    }
  }

  package let symbols: [Symbol]
  /// (K) the dates, ascending.
  package let dates: [CalendarDate]
  /// [symbol][session]
  package let sessions: [[Session]]
  package let rowCount: Int
  package let placeCount: Int

  /// (places) ten-thousandths of a dollar.
  package var bids: UnsafePointer<Int32> { UnsafePointer(places.bids) }
  package var asks: UnsafePointer<Int32> { UnsafePointer(places.asks) }
  /// (places) the minute in which the quote was made; of one that was carried forward -1 less that minute.
  package var minutes: UnsafePointer<Int32> { UnsafePointer(places.minutes) }
  /// (places) what a model of the surface says; -1 where there is none.
  package var models: UnsafePointer<Int32> { UnsafePointer(places.models) }
  package var underlyingPrices: UnsafePointer<Int32> { UnsafePointer(places.underlyingPrices) }
  /// (places) contracts at the touch, and traded in the minute; nil where no session of the tape says it.
  package var bidSizes: UnsafePointer<Int32>? { places.bidSizes.map { UnsafePointer($0) } }
  package var askSizes: UnsafePointer<Int32>? { places.askSizes.map { UnsafePointer($0) } }
  package var volumes: UnsafePointer<Int32>? { places.volumes.map { UnsafePointer($0) } }
  /// (places) contracts traded in the session up to the minute, -1 while nobody says it; nil where no session of the tape does.
  package var dayVolumes: UnsafePointer<Int32>? { places.dayVolumes.map { UnsafePointer($0) } }
  /// (places) of one share of a contract that is held long: volatility as a decimal a year of the variance clock, delta, gamma, vega for 1.00 of volatility, and
  /// the dollars lost until the close if price and volatility stay. NaN where the quote tells no volatility.
  package var volatilities: UnsafePointer<Float> { UnsafePointer(places.volatilities) }
  package var deltas: UnsafePointer<Float> { UnsafePointer(places.deltas) }
  package var gammas: UnsafePointer<Float> { UnsafePointer(places.gammas) }
  package var vegas: UnsafePointer<Float> { UnsafePointer(places.vegas) }
  package var decaysToClose: UnsafePointer<Float> { UnsafePointer(places.decays) }

  /// (rows) dollars: the underlying's last price up to the minute; NaN before the session's first.
  package var spots: UnsafePointer<Double> { UnsafePointer(rows.spots) }
  /// (rows) from the end of the minute to the expiry on the variance clock.
  package var years: UnsafePointer<Double> { UnsafePointer(rows.years) }
  /// (rows) what share of an ordinary minute's trading is usual in this one, see `VolumeAgainstUsual.usualWeight`; 1 where nobody knows.
  package var weights: UnsafePointer<Double> { UnsafePointer(rows.weights) }
  /// (rows) see `VolatilityRank`; NaN where today's volatility is unknown, `VolatilityRank.neutral` where too few sessions lie before.
  package var volatilityRanks: UnsafePointer<Float> { UnsafePointer(rows.ranks) }
  /// (rows x `OptionFeatures.columns.count`) what is observed of the market, the clock and the surface; 0 where the symbol has no bars.
  package var features: UnsafePointer<Float> { UnsafePointer(rows.features) }

  let places: OptionPlaces
  let rows: OptionRows

  /// Memory for the sessions, filled by whoever makes the tape. Traps unless there are as many sessions of every symbol as dates, in order.
  init(
    symbols: [Symbol], dates: [CalendarDate], sessions: [[Session]], hasSizes: Bool, hasVolumes: Bool,
    hasDayVolumes: Bool
  ) {
    precondition(
      sessions.count == symbols.count && sessions.allSatisfy { $0.map(\.date) == dates },
      "\(sessions.map(\.count)) sessions of \(symbols.count) symbols on \(dates.count) dates")
    precondition(
      sessions.allSatisfy { $0.allSatisfy { $0.minuteCount == TradingCalendar.xnys.tradingMinutes($0.date) } },
      "a session of another length than the exchange's")
    var (laid, row, place) = (sessions, 0, 0)
    for symbol in laid.indices {
      for number in laid[symbol].indices {
        laid[symbol][number].firstRow = row
        laid[symbol][number].firstPlace = place
        let one = laid[symbol][number]
        row += one.minuteCount
        place += one.placeCount
      }
    }
    self.symbols = symbols
    self.dates = dates
    self.sessions = laid
    (rowCount, placeCount) = (row, place)
    places = OptionPlaces(
      count: place, hasSizes: hasSizes, hasVolumes: hasVolumes, hasDayVolumes: hasDayVolumes)
    rows = OptionRows(count: row)
  }

  /// Of plain columns, for tests and small tapes. `columns`: over the places of all sessions, symbol by symbol; see `PlainPlaces`. Traps where lengths differ.
  package convenience init(
    symbols: [Symbol], dates: [CalendarDate], sessions: [[Session]], places: PlainPlaces, rows: PlainRows
  ) {
    self.init(
      symbols: symbols, dates: dates, sessions: sessions, hasSizes: places.bidSizes != nil,
      hasVolumes: places.volumes != nil, hasDayVolumes: places.dayVolumes != nil)
    self.places.assign(places)
    self.rows.assign(rows)
  }

  /// The session of a date; nil where the tape has none.
  package func number(of date: CalendarDate) -> Int? {
    let place = dates.firstPlace { $0 >= date }
    return place < dates.count && dates[place] == date ? place : nil
  }

  /// The kinds of source of a symbol's sessions that have contracts.
  package func sources(symbol: Int) -> Set<Source> {
    Set(sessions[symbol].lazy.filter { $0.absence == nil }.map(\.source))
  }

  /// Bytes of all columns.
  package var byteCount: Int { places.byteCount + rows.byteCount }
}
