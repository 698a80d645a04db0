// What is known at every close, of which the surface of the next session is made.

import Glibc
import Text

/// Evening after evening: the volatility index, the underlying, and the two ratios that the past gives. Nothing in an evening knows what comes after it.
package struct SurfaceHistory: Sendable {
  /// One close.
  package struct Evening: Sendable, Equatable {
    /// Which of the calendar's sessions is over.
    package let ordinal: Int
    package let date: CalendarDate
    /// In points.
    package let index: Double
    /// Dollars, as they were traded.
    package let close: Double
    /// What makes of them prices that splits and payments do not break.
    package let adjustmentFactor: Double
    /// The session's first price, adjusted.
    package let adjustedOpen: Double
    /// For what comes next; see `FairRatio`.
    package let fairRatio: Double
    /// How many sessions it is of.
    package let fairSessions: Int
    /// What the underlying's volatility is of that of the index's own; nil where its history is too short to say.
    package let symbolRatio: Double?
    /// How many sessions the symbol and its benchmark have been compared in.
    package let comparedSessions: Int

    package var adjustedClose: Double { close * adjustmentFactor }
  }

  package let symbol: String
  package let index: String
  /// Oldest first.
  package let evenings: [Evening]
  /// Pairs of closes that are not of two sessions in succession, or whose numbers are none.
  package let leftOut: Int

  /// Bars of whole sessions; dates that the underlying or the index lacks count for nothing.
  ///
  /// `benchmark`: what the index is of, which gives the fair ratio, and what other symbols are compared with. Nil: the underlying's own moves give the fair
  /// ratio, over what the index promises times the symbol's ratio. `ratio`: what is given for the symbol's ratio; nil for what is settled
  /// (`SyntheticSurface.symbolRatio`), else the trailing one.
  package init(
    underlying: BarSeries, index: BarSeries, benchmark: BarSeries? = nil, ratio: Double? = nil,
    calendar: TradingCalendar = .xnys
  ) {
    symbol = underlying.symbol
    self.index = index.symbol
    var levels: [CalendarDate: Double] = [:]
    for row in index.dates.indices { levels[index.dates[row]] = index.close[row] }
    let settled = ratio ?? SyntheticSurface.symbolRatio(of: underlying.symbol)
    let ratios = SurfaceHistory.fairRatios(
      of: benchmark ?? underlying, levels, scale: benchmark == nil ? settled ?? 1 : 1, calendar)
    let others = benchmark.map { SurfaceHistory.logReturns(of: $0, calendar) } ?? [:]
    var evenings: [Evening] = []
    var leftOut = 0
    var before: (ordinal: Int, close: Double)?
    var (own, compared): ([Double], [Double]) = ([], [])
    for row in underlying.dates.indices {
      let (date, factor) = (underlying.dates[row], underlying.adjustmentFactors[row])
      guard let level = levels[date] else { continue }
      let close = underlying.close[row] * factor
      guard let ordinal = calendar.ordinal(of: date), close > 0, close.isFinite,
        VolatilityIndex.levels.contains(level)
      else {
        leftOut += 1
        before = nil
        continue
      }
      if let before {
        if ordinal != before.ordinal + 1 {
          leftOut += 1
        } else if let other = others[ordinal] {
          own.append(log(close / before.close))
          compared.append(other)
        }
      }
      before = (ordinal, close)
      let trailing =
        settled
        ?? (try? SyntheticSurface.trailingSymbolRatio(of: underlying.symbol, returns: own, benchmark: compared))
      let known = ratios[ordinal] ?? (FairRatio.beforeHistory, 0)
      evenings.append(
        Evening(
          ordinal: ordinal, date: date, index: level, close: underlying.close[row], adjustmentFactor: factor,
          adjustedOpen: underlying.open[row] * factor, fairRatio: known.value, fairSessions: known.sessions,
          symbolRatio: trailing, comparedSessions: own.count))
    }
    self.evenings = evenings
    self.leftOut = leftOut
  }

  /// The evening before a session, or nil where it is not held.
  package func evening(before ordinal: Int) -> Evening? {
    // Sorted, if the gate has passed the bars; where they are not, what is not found is not known.
    let place = evenings.firstPlace { $0.ordinal >= ordinal - 1 }
    return place < evenings.count && evenings[place].ordinal == ordinal - 1 ? evenings[place] : nil
  }

  /// What a surface of the session behind an evening is made of.
  ///
  /// `adjustmentFactor`: that of the session, so that the price then is told in the session's own dollars. Throws where the symbol's ratio is not known.
  package func knowledge(
    of evening: Evening, adjustmentFactor: Double? = nil, calendar: TradingCalendar = .xnys
  ) throws(SurfaceError) -> SyntheticSurface.Knowledge {
    guard let ratio = evening.symbolRatio else {
      throw .shortHistory(
        symbol, sessions: evening.comparedSessions, needed: SyntheticSurface.symbolRatioSessions)
    }
    return SyntheticSurface.Knowledge(
      index: evening.index, indexKnown: calendar.sessions[evening.ordinal].close,
      spotThen: evening.adjustedClose / (adjustmentFactor ?? evening.adjustmentFactor), fairRatio: evening.fairRatio,
      symbolRatio: ratio)
  }

  /// The fair ratio at each evening of a series and an index, by the session's ordinal. `scale`: what the series moves of what the index promises.
  private static func fairRatios(
    of series: BarSeries, _ levels: [CalendarDate: Double], scale: Double, _ calendar: TradingCalendar
  ) -> [Int: (value: Double, sessions: Int)] {
    var ratios: [Int: (value: Double, sessions: Int)] = [:]
    var ratio = FairRatio()
    var before: (ordinal: Int, close: Double, level: Double)?
    for row in series.dates.indices {
      guard let level = levels[series.dates[row]] else { continue }
      let close = series.close[row] * series.adjustmentFactors[row]
      guard let ordinal = calendar.ordinal(of: series.dates[row]), close > 0, close.isFinite,
        VolatilityIndex.levels.contains(level)
      else {
        before = nil
        continue
      }
      if let before, ordinal == before.ordinal + 1 {
        ratio.append(dailyReturn: close / before.close - 1, indexBefore: before.level * scale)
      }
      before = (ordinal, close, level)
      ratios[ordinal] = (ratio.value, ratio.sessionCount)
    }
    return ratios
  }

  /// From each session to the next, by the ordinal of the second.
  private static func logReturns(of series: BarSeries, _ calendar: TradingCalendar) -> [Int: Double] {
    var returns: [Int: Double] = [:]
    var before: (ordinal: Int, close: Double)?
    for row in series.dates.indices {
      let close = series.close[row] * series.adjustmentFactors[row]
      guard let ordinal = calendar.ordinal(of: series.dates[row]), close > 0, close.isFinite else {
        before = nil
        continue
      }
      if let before, ordinal == before.ordinal + 1 { returns[ordinal] = log(close / before.close) }
      before = (ordinal, close)
    }
    return returns
  }
}
