// Bars of one to sixty-four symbols as a game: one unit a symbol, filled at the next open.

package import AgentInterface
import Kernels
package import Market
package import Trading

/// N lanes over one tape. A decision sees the close of bar t; its orders are filled at the open of t + 1, sales first, then buys that
/// cover, then buys that open, each in the tape's order of symbols; the reward is the change of net liquidation value from the close
/// of t to the close of t + 1, in dollars (not scaled: a learner that wants another scale normalises), less the penalties of `RewardTerms`.
///
/// Observations (N, 13 S, and S more for each further column, and three more of the portfolio): `BasketObservation`. Actions: 3^S joint
/// ones of up to three symbols, an independent choice a symbol of more, `BasketAction`; the mask is over the actions, or over the choices
/// (`BasketLegality`). A request outside it becomes hold, whole or where choices are independent for the symbols concerned, and is counted once.
///
/// A unit is min(`unitDollars` of its symbol, `unitShareOfValue` x net liquidation value / S) at the decision's close, or where `unitShare` is given
/// that share of net liquidation value, up to what exact books hold on the tape (`check`): it follows the account. What is held already
/// is never sized again. An opening buy that costs more than cash at its fill price is cut to what cash pays (its price stays that of the order as sent)
/// and counts as its unit all the same; one that cash cannot pay at all is not filled and no unit is counted. A covering buy is never cut: what cash lacks becomes debt.
///
/// Symbols that were not listed all the time, on a tape of `MarketTape.init(listed:)`, cannot be ordered at other times and have neutral columns there
/// (`BasketListings`). What is held of a symbol at the close of its last bar is closed at that price with the half-spread, the impact and the commission
/// of an order, in the step that leads to that bar; the fill says so. Such a tape is the plain rules' alone: `PairRules` leaves all of it to them.
///
/// An episode is terminated at a value of zero or less, else truncated at its last bar. No bar outside the window is traded or marked;
/// features of the window's first bars look back before it. Bars of minutes follow one another over nights: what is held at a session's last close is
/// held through the night, and what is decided there is filled at the next session's open. Source of fills and marks: decision at a close, execution at the next open,
/// positions at the side that would have to be hit.
package final class BasketEnvironment: TradingEnvironment {
  package static let name = "dual_ticker"
  /// As many as an action has factors.
  package static let supportedSymbols = 1...ActionFactors.mostFactors

  package let tape: MarketTape
  package let configuration: BasketConfiguration
  package let episodes: BasketConfiguration.Episodes
  /// Bars that may be observed, traded and marked. The decision at its last bar is never executed.
  package let window: Range<Int>
  package let features: MarketFeatures
  package let observationSpace: ObservationSpace
  package let actionSpace: ActionSpace
  package let laneCount: Int
  package let recordsFills: Bool

  let lanes: BasketLanes
  let legality: BasketLegality
  let streams: LaneStreams
  let recorder: EpisodeRecorder
  let fills: LaneLists<Fill>
  let initialCash: Int64
  /// Steps of an episode that is not cut short.
  package let episodeLength: Int
  private let startCount: UInt64
  /// The sessions of each beginning; nil where each bar is one.
  let episodeSessions: [ClosedRange<Int>]?
  let penalises: Bool
  /// The fast twin of the plain rules; nil where they are needed for every step.
  let pair: PairRules?

  /// tape: S symbols. window: decision bars, at least `MarketFeatures.warmUpBars` after the tape's begin. `recordsFills` keeps every
  /// fill until it is drained. `features`: those of this tape and execution model, where they are at hand; else they are computed.
  /// `usesPlainRulesOnly`: leaves out the fast twin of the rules, which changes no number.
  ///
  /// Throws where the tape, window or configuration cannot be played. Traps without lanes.
  package init(
    tape: MarketTape, configuration: BasketConfiguration = BasketConfiguration(), window: Range<Int>,
    laneCount: Int, episodes: BasketConfiguration.Episodes = .randomStarts(length: 252), recordsFills: Bool = false,
    features: MarketFeatures? = nil, usesPlainRulesOnly: Bool = false
  ) throws(EnvironmentError) {
    precondition(laneCount > 0, "\(laneCount) lanes")
    try configuration.validate()
    let largestUnitDollars = try BasketEnvironment.check(tape: tape, configuration: configuration)
    let places = try BasketEnvironment.episodePlaces(episodes, window: window, tape: tape)
    let symbolCount = tape.symbols.count
    self.tape = tape
    self.configuration = configuration
    self.episodes = episodes
    self.window = window
    self.laneCount = laneCount
    self.recordsFills = recordsFills
    episodeLength = places.length
    startCount = UInt64(places.count)
    episodeSessions = places.sessions
    self.features =
      features
      ?? MarketFeatures(
        tape: tape, execution: configuration.execution, extraColumns: configuration.extraColumns,
        portfolioFeatures: configuration.portfolioFeatures)
    try BasketEnvironment.checkUnit(features: self.features, tape: tape, configuration: configuration)
    observationSpace = BasketObservation.space(
      symbols: tape.symbols, extraColumns: configuration.extraColumns,
      portfolioFeatures: configuration.portfolioFeatures, width: tape.width)
    precondition(
      self.features.barCount == tape.barCount && self.features.symbolCount == symbolCount
        && self.features.columnCount == observationSpace.count
        && self.features.extraColumns == configuration.extraColumns,
      "features of \(self.features.barCount) bars, \(self.features.symbolCount) symbols and \(self.features.columnCount) columns "
        + "with \(self.features.extraColumns) for \(tape.barCount), \(symbolCount) and \(observationSpace.count) with "
        + "\(configuration.extraColumns)")
    penalises = configuration.rewards.isActive
    actionSpace = BasketAction.space(symbols: tape.symbols)
    legality = BasketLegality(
      symbols: tape.symbols, configuration: configuration, largestUnitDollars: largestUnitDollars,
      listings: self.features.listings)
    lanes = BasketLanes(laneCount: laneCount, symbolCount: symbolCount, maskWords: actionSpace.heads.maskWords)
    streams = LaneStreams(purpose: .episodeStart, laneCount: laneCount)
    recorder = EpisodeRecorder(laneCount: laneCount)
    pair =
      usesPlainRulesOnly
      ? nil
      : PairRules(
        features: self.features, legality: legality, configuration: configuration, lanes: lanes,
        running: recorder.running, leavesOrders: recordsFills)
    fills = LaneLists(laneCount: laneCount)
    initialCash = MicroDollars.rounded(configuration.capitalDollars(tape.symbols))
    for lane in 0..<laneCount { start(lane: lane) }
  }

  package func reset(seed: UInt64, into row: StepBuffers) {
    checkShape(row, 0..<laneCount)
    streams.reset(seed: seed)
    recorder.reset()
    fills.removeAll()
    for lane in 0..<laneCount {
      lanes.setBreakdown(lane, StepBreakdown())
      lanes.hasEnded.base[lane] = false
      lanes.setCounts(lane, BasketCounts())
      start(lane: lane)
      observe(lane: lane, into: row.observations)
      row.masks[lane] = lanes.mask[lane]
    }
  }

  package func step(_ actions: UnsafePointer<Int32>, lanes range: Range<Int>, into row: StepBuffers) {
    checkShape(row, range)
    guard let pair else {
      let words = actionSpace.heads.actionWords
      for lane in range { step(lane, action: actionSpace.heads.action(actions + lane * words), into: row) }
      return
    }
    for first in stride(from: range.lowerBound, to: range.upperBound, by: PairRules.mostLanes) {
      let some = first..<min(first + PairRules.mostLanes, range.upperBound)
      let rest = pair.step(actions, lanes: some, into: row)
      if let portfolio = features.portfolio {
        for lane in some { writePortfolioColumns(portfolio, lane: lane, into: row.observations) }
      }
      for lane in rest.unmasked(first) {
        lanes.mask[lane] = legalActions(lane)
        row.masks[lane] = lanes.mask[lane]
      }
      for lane in rest.ended(first) { endEpisode(lane: lane, into: row) }
      for lane in rest.untouched(first) { step(lane, action: ActionNumber(actions[lane]), into: row) }
    }
  }

  /// The plain rules: everything that a step does to one lane.
  private func step(_ lane: Int, action requested: ActionNumber, into row: StepBuffers) {
    let bar = Int(lanes.bar.base[lane])
    var action = requested
    let all = actionSpace.actionCount
    precondition(action >= 0 && action < all, "action \(action) of \(all)")
    let corrected = legality.actions.corrected(action, in: lanes.mask[lane])
    if corrected != action {
      recorder.countIllegalAttempt(lane: lane)
      action = corrected
    }
    let portfolio = lanes.portfolio(lane)
    let valueBefore = lanes.value.base[lane]
    let markBefore = lanes.mark(lane)

    var breakdown = StepBreakdown()
    var traded: Int64 = 0
    let mark = trade(action, lane, bar, portfolio, &breakdown, &traded)
    breakdown.change.priceProfit += mark.middle - markBefore.middle
    breakdown.change.markChange = (mark.liquidation - mark.middle) - (markBefore.liquidation - markBefore.middle)
    let value = portfolio.cash.pointee + mark.liquidation
    let highest = max(lanes.highest.base[lane], value)
    let tier = configuration.drawdown.tier(value: value, highest: highest, before: lanes.riskTier(lane))
    if penalises {
      breakdown.penalties = configuration.rewards.penalties(traded: traded, belowHighest: highest - value)
      lanes.penalties.base[lane] += breakdown.penalties.total
    }
    lanes.bar.base[lane] = Int64(bar + 1)
    lanes.value.base[lane] = value
    lanes.middle.base[lane] = mark.middle
    lanes.highest.base[lane] = highest
    lanes.tier.base[lane] = UInt8(tier.rawValue)
    lanes.setBreakdown(lane, breakdown)
    lanes.hasEnded.base[lane] = false
    count(tier, lane)

    let reward = MicroDollars.dollars(value - valueBefore - breakdown.penalties.total)
    row.rewards[lane] = Float(reward)
    recorder.add(reward: reward, lane: lane)
    let terminated = value <= 0
    let truncated = !terminated && Int64(bar + 1) == lanes.lastBar.base[lane]
    row.terminated[lane] = terminated ? 1 : 0
    row.truncated[lane] = truncated ? 1 : 0
    if terminated || truncated {
      endEpisode(lane: lane, into: row)
      return
    }
    lanes.mask[lane] = legalActions(lane)
    observe(lane: lane, into: row.observations)
    row.masks[lane] = lanes.mask[lane]
  }

  /// Ends the episode of a lane that stands at its end, and begins the next.
  private func endEpisode(lane: Int, into row: StepBuffers) {
    if row.truncated[lane] != 0 {
      observe(lane: lane, into: row.finalObservations)
      row.finalMasks[lane] = legalActions(lane)
    }
    recorder.finish(
      lane: lane,
      episodeReturn: MicroDollars.dollars(lanes.value.base[lane] - initialCash - lanes.penalties.base[lane]))
    lanes.rememberEnd(lane: lane)
    start(lane: lane)
    observe(lane: lane, into: row.observations)
    row.masks[lane] = lanes.mask[lane]
  }

  /// Executes the orders of an action at the open of `bar + 1` and marks the account at its close. Adds costs, and what the trades moved at the
  /// reference prices, to `breakdown`, and the fills' notional to `traded`.
  @inline(never)
  private func trade(
    _ action: ActionNumber, _ lane: Int, _ bar: Int, _ portfolio: Portfolio, _ breakdown: inout StepBreakdown,
    _ traded: inout Int64
  ) -> Mark {
    let symbolCount = lanes.symbolCount
    let orders = legality.actions.sides(of: action)
    let value = lanes.value.base[lane]
    // Which orders cover is decided before any is executed.
    var covering: UInt64 = 0
    for symbol in 0..<symbolCount where portfolio.units[symbol] < 0 { covering |= orders.buying & 1 << UInt64(symbol) }
    for symbol in 0..<symbolCount where orders.selling >> UInt64(symbol) & 1 == 1 {
      execute(symbol, side: -1, value, lane, bar, portfolio, &breakdown, &traded)
    }
    for symbol in 0..<symbolCount where covering >> UInt64(symbol) & 1 == 1 {
      execute(symbol, side: 1, value, lane, bar, portfolio, &breakdown, &traded)
    }
    for symbol in 0..<symbolCount where (orders.buying & ~covering) >> UInt64(symbol) & 1 == 1 {
      execute(symbol, side: 1, value, lane, bar, portfolio, &breakdown, &traded)
    }
    let next = features.quotes.base + (bar + 1) * symbolCount
    if let ending = features.listings?.ending(at: bar + 1), ending != 0 {
      for symbol in 0..<symbolCount where ending >> UInt64(symbol) & 1 == 1 && portfolio.units[symbol] != 0 {
        closeEnded(symbol, lane, bar, portfolio, &breakdown, &traded)
      }
    }
    return portfolio.mark(halfSpreadFraction: legality.halfSpreadFraction) { next[$0].close }
  }

  private func execute(
    _ symbol: Int, side: Int, _ value: Int64, _ lane: Int, _ bar: Int, _ portfolio: Portfolio,
    _ breakdown: inout StepBreakdown, _ traded: inout Int64
  ) {
    let halfSpread = legality.halfSpreadFraction
    let known = features.quotes.base[bar * lanes.symbolCount + symbol]
    let reference = features.quotes.base[(bar + 1) * lanes.symbolCount + symbol].open
    let order = portfolio.intent(
      symbol: symbol, side: side, unitDollars: legality.unitDollars(symbol, value: value),
      decisionPriceDollars: known.close)
    let impact = known.impact.fraction(orderDollars: order.shares * reference, halfSpreadFraction: halfSpread)
    let price = reference * (1 + Double(side) * (halfSpread + impact))
    let commission = MicroDollars.rounded(legality.commissionDollars)
    var shares = order.shares
    var limit = Int64.max
    if side > 0 && order.effect == .opens {
      limit = portfolio.cash.pointee - commission
      if MicroDollars.rounded(shares * price) > limit {
        lanes.cutOrders.base[lane] += 1
        guard limit > 0 else {
          lanes.unfilledOrders.base[lane] += 1
          return
        }
        shares = MicroDollars.dollars(limit) / price
      }
    }
    settle(
      order, shares: shares, at: Terms(reference: reference, impact: impact, limit: limit), lane, bar, portfolio,
      &breakdown, &traded)
  }

  /// Closes what is held of a symbol, all of it by one order, at the close of `bar + 1`, its last one.
  private func closeEnded(
    _ symbol: Int, _ lane: Int, _ bar: Int, _ portfolio: Portfolio, _ breakdown: inout StepBreakdown,
    _ traded: inout Int64
  ) {
    let held = portfolio.shares[symbol]
    let order = OrderIntent(symbol: symbol, side: held > 0 ? -1 : 1, shares: abs(held), effect: .closes)
    let reference = features.quotes.base[(bar + 1) * lanes.symbolCount + symbol].close
    let impact = features.quotes.base[bar * lanes.symbolCount + symbol].impact.fraction(
      orderDollars: order.shares * reference, halfSpreadFraction: legality.halfSpreadFraction)
    settle(
      order, shares: order.shares,
      at: Terms(reference: reference, impact: impact, units: abs(portfolio.units[symbol]), endsListing: true), lane,
      bar, portfolio, &breakdown, &traded)
  }

  /// At what an order is filled.
  private struct Terms {
    /// Dollars a share.
    var reference: Double
    /// A fraction of the reference.
    var impact: Double
    /// What a buy's notional may be, micro-dollars.
    var limit = Int64.max
    /// The units that it moves.
    var units: Int32 = 1
    /// Whether the symbol is no longer traded behind it.
    var endsListing = false
  }

  /// Books an order that is filled in bar `bar + 1`, and writes it down.
  @inline(__always)
  private func settle(
    _ order: OrderIntent, shares: Double, at terms: Terms, _ lane: Int, _ bar: Int, _ portfolio: Portfolio,
    _ breakdown: inout StepBreakdown, _ traded: inout Int64
  ) {
    let (halfSpread, side) = (legality.halfSpreadFraction, order.side)
    let commission = MicroDollars.rounded(legality.commissionDollars)
    let booking = portfolio.book(
      order, shares: shares, referencePriceDollars: terms.reference, halfSpreadFraction: halfSpread,
      impactFraction: terms.impact, commissionMicroDollars: commission, spendingLimit: terms.limit, units: terms.units)
    breakdown.change.priceProfit -= Int64(side) * booking.referenceNotional(side: side)
    breakdown.change.halfSpreadCost += booking.halfSpreadCost
    breakdown.change.impactCost += booking.impactCost
    breakdown.change.commission += booking.commission
    traded += booking.notional
    let volumeIsUnknown = features.quotes.base[bar * lanes.symbolCount + order.symbol].volumeIsUnknown
    if volumeIsUnknown { lanes.unknownVolumeFills.base[lane] += 1 }
    guard recordsFills else { return }
    fills.append(
      Fill(
        symbol: order.symbol, bar: bar + 1, side: side, shares: shares, referencePriceDollars: terms.reference,
        fillPriceDollars: terms.reference * (1 + Double(side) * (halfSpread + terms.impact)),
        notionalMicroDollars: booking.notional, halfSpreadCostMicroDollars: booking.halfSpreadCost,
        impactCostMicroDollars: booking.impactCost, commissionMicroDollars: commission,
        wasCut: shares < order.shares, volumeWasUnknown: volumeIsUnknown, endsListing: terms.endsListing),
      lane: lane)
  }

  /// Begins an episode: a fresh account at a new bar.
  @inline(never)
  private func start(lane: Int) {
    let offset = Int(startCount > 1 ? streams.base[lane].nextInteger(below: startCount) : 0)
    let bar = window.lowerBound + offset
    let bars = episodeSessions?[offset] ?? bar...bar + episodeLength
    lanes.bar.base[lane] = Int64(bars.lowerBound)
    lanes.lastBar.base[lane] = Int64(bars.upperBound)
    lanes.portfolio(lane).open(cashMicroDollars: initialCash)
    lanes.value.base[lane] = initialCash
    lanes.middle.base[lane] = 0
    lanes.highest.base[lane] = initialCash
    lanes.tier.base[lane] = UInt8(RiskTier.none.rawValue)
    lanes.penalties.base[lane] = 0
    lanes.mask[lane] = legalActions(lane)
  }

  @inline(never)
  func legalActions(_ lane: Int) -> ActionMask {
    let bar = Int(lanes.bar.base[lane])
    return legality.mask(
      portfolio: lanes.portfolio(lane), value: lanes.value.base[lane], tier: lanes.riskTier(lane),
      quotes: features.quotes.base + bar * lanes.symbolCount, bar: bar)
  }

  @inline(never)
  private func count(_ tier: RiskTier, _ lane: Int) {
    switch tier {
    case .none: break
    case .warn: lanes.warnBars.base[lane] += 1
    case .reduce: lanes.reduceBars.base[lane] += 1
    case .halt: lanes.haltBars.base[lane] += 1
    }
  }

  private func observe(lane: Int, into observations: MatrixView) {
    let symbolCount = lanes.symbolCount
    let width = features.width
    let row = observations.base + lane * observations.rowStride
    features.rows.copyColumns(Int(lanes.bar.base[lane]), to: row)
    for symbol in 0..<symbolCount {
      row[symbol * width + width - 1] =
        Float(lanes.units.base[lane * symbolCount + symbol])
        / Float(legality.maximumUnits.base[symbol])
    }
    if let portfolio = features.portfolio { writePortfolioColumns(portfolio, lane: lane, into: observations) }
  }

  private func writePortfolioColumns(_ portfolio: PortfolioColumns, lane: Int, into observations: MatrixView) {
    let symbolCount = lanes.symbolCount
    let bar = Int(lanes.bar.base[lane])
    portfolio.write(
      observations.base + lane * observations.rowStride + symbolCount * features.width, bar: bar,
      shares: lanes.shares.base + lane * symbolCount, quotes: features.quotes.base + bar * symbolCount,
      valueDollars: MicroDollars.dollars(lanes.value.base[lane]))
  }
}
