// What an evaluation may look at: accounts, the last step's money, and fills.

package import AgentInterface
import Market
package import Trading

extension OptionsEnvironment {
  /// What all of a lane's accounts are worth, micro-dollars.
  func totalValue(_ lane: Int) -> Int64 {
    // A training episode has one account; a walk one for each symbol.
    guard episodes == .walk else { return lanes.value.base[lane] }
    let active = day(lane).symbol
    var total = lanes.value.base[lane]
    for symbol in 0..<lanes.symbolCount where symbol != active {
      total += lanes.waiting.base[lane * lanes.symbolCount + symbol]
    }
    return total
  }

  func standing(_ lane: Int) -> OptionsStanding {
    let day = day(lane)
    let book = book(lane)
    let minute = Int(lanes.minuteOfQuotes.base[lane])
    let total = totalValue(lane)
    var standing = OptionsStanding(
      bar: Int64(day.firstBar + minute), value: total,
      cash: total - lanes.value.base[lane] + ledger(lane).cash.pointee, symbol: Int32(day.symbol),
      tier: risks[lane].state.pointee.tier)
    for place in 0..<book.groupCapacity where book.groups[place].order != 0 {
      let group = book.groups[place]
      let quantity = Int32(clamping: group.quantity)
      standing.quantity += day.isCall(group.legs[0].contract) ? quantity : -quantity
    }
    for slot in 0..<book.capacity where !book.positions[slot].isFree {
      let position = book.positions[slot]
      let delta = Double(tables.tape.deltas[day.place(minute: minute) + Int(position.contract)])
      standing.shares += delta.isFinite ? delta * Double(position.units) : 0
    }
    return standing
  }

  private func view(_ standing: OptionsStanding) -> AccountView {
    let symbol = tapeSymbols[Int(standing.symbol)]
    return AccountView(
      bar: Int(standing.bar), netLiquidationMicroDollars: standing.value, cashMicroDollars: standing.cash,
      shares: tape.symbols.indices.map { $0 == symbol ? standing.shares : 0 },
      units: tape.symbols.indices.map { $0 == symbol ? Int(standing.quantity) : 0 }, riskTier: standing.tier.rawValue)
  }

  /// Shares that move as much as the options that are held, and units as contracts, puts negative.
  package func account(lane: Int) -> AccountView { view(standing(lane)) }

  package func lastAccount(lane: Int) -> AccountView {
    view(lanes.hasEnded.base[lane] ? lanes.ended.base[lane] : standing(lane))
  }

  package func lastBreakdown(lane: Int) -> StepBreakdown {
    let step = lanes.step.base[lane]
    return StepBreakdown(
      change: ValueChange(
        priceProfit: step.priceProfit + step.settlementProfit + step.dividends,
        halfSpreadCost: step.costs[.halfSpread], impactCost: step.costs[.impact], commission: step.costs.besidePrice,
        markChange: step.markChange), penalties: Penalties(momentum: lanes.penalty.base[lane]))
  }

  /// Where the value went in the lane's last step, by the desk's own items.
  package func lastStep(lane: Int) -> ValueStep { lanes.step.base[lane] }

  package func drainFills(lane: Int) -> [Fill] { fills.drain(lane: lane) }

  package func drainEpisodes() -> [EpisodeSummary] { recorder.drainEpisodes() }

  package func drainIllegalAttempts() -> Int { recorder.drainIllegalAttempts() }

  /// What became of orders and positions since the last call, all lanes together.
  package func drainCounts() -> OptionsCounts {
    var total = OptionsCounts()
    for lane in 0..<laneCount {
      total += lanes.counts.base[lane]
      lanes.counts.base[lane] = OptionsCounts()
    }
    return total
  }

  /// Adds what the risk manager counted in a session that ends, and whether its kill switch latched there.
  func collect(_ lane: Int, _ day: OptionsDay) {
    let state = risks[lane].state.pointee
    lanes.outcomes.base[lane].risk += state.counters
    guard state.isKilled, !lanes.waitingKilled.base[lane * lanes.symbolCount + day.symbol] else { return }
    lanes.outcomes.base[lane].latches.append(DeskOutcomes.Latch(symbol: tapeSymbols[day.symbol], date: day.date))
  }

  package func drainOutcomes(lane: Int) -> DeskOutcomes? {
    var outcomes = lanes.outcomes.base[lane]
    outcomes.orders = lanes.counts.base[lane]
    lanes.outcomes.base[lane] = DeskOutcomes()
    lanes.counts.base[lane] = OptionsCounts()
    return outcomes
  }

  /// Orders that the lane's gate found over a limit by their own doing: none, or the gate is wrong.
  package func violations(lane: Int) -> Int64 { risks[lane].state.pointee.counters.violations.wrappedSum() }

  // MARK: fills

  /// Leg by leg, against the middle of the quote. Prices are of the option, dollars a unit.
  func record(_ filled: OrderFill, _ lane: Int, _ day: OptionsDay) {
    if filled.order == lanes.forcedExit.base[lane] {
      force(lane, day, bar: day.firstBar + filled.minute, lanes.forcedBy.base[lane])
    }
    for index in filled.legs.indices {
      let leg = filled.legs[index]
      fills.append(
        Fill(
          symbol: tapeSymbols[day.symbol], bar: day.firstBar + filled.minute, side: leg.quantity > 0 ? 1 : -1,
          shares: Double(abs(leg.quantity)) * Double(leg.multiplier),
          referencePriceDollars: MicroDollars.dollars(leg.midMicroDollars),
          fillPriceDollars: Double(leg.price) / Double(TickRule.perDollar), notionalMicroDollars: abs(leg.amount),
          halfSpreadCostMicroDollars: leg.costs[.halfSpread], impactCostMicroDollars: leg.costs[.impact],
          commissionMicroDollars: leg.costs.besidePrice, wasCut: false, volumeWasUnknown: filled.isWithoutVolume,
          contract: leg.contract, insideSpreadMicroDollars: max(0, leg.insideTouch)),
        lane: lane)
    }
  }

  private func force(_ lane: Int, _ day: OptionsDay, bar: Int, _ ending: DeskOutcomes.Ending) {
    lanes.outcomes.base[lane].forcedFills.append(
      DeskOutcomes.ForcedFill(symbol: tapeSymbols[day.symbol], bar: bar, ending: ending))
  }

  /// A settlement gives the position back at its value.
  func record(_ settled: SettledPosition, _ lane: Int, _ day: OptionsDay) {
    force(lane, day, bar: day.firstBar + day.minuteCount - 1, .settlement)
    let units = Double(abs(settled.quantity)) * day.multiplier
    let price = MicroDollars.dollars(abs(settled.cash)) / max(units, 1)
    fills.append(
      Fill(
        symbol: tapeSymbols[day.symbol], bar: day.firstBar + day.minuteCount - 1, side: settled.quantity > 0 ? -1 : 1,
        shares: units, referencePriceDollars: price, fillPriceDollars: price, notionalMicroDollars: abs(settled.cash),
        halfSpreadCostMicroDollars: 0, impactCostMicroDollars: 0, commissionMicroDollars: settled.fee, wasCut: false,
        contract: settled.contract),
      lane: lane)
  }
}

extension ValueStep {
  /// What was added to an earlier sum.
  func since(_ before: ValueStep) -> ValueStep {
    var step = self
    step.priceProfit -= before.priceProfit
    step.settlementProfit -= before.settlementProfit
    step.dividends -= before.dividends
    step.markChange -= before.markChange
    step.costs -= before.costs
    return step
  }
}

extension OptionsEnvironment {
  /// What a lane holds, by number of its day's contracts.
  package func positions(lane: Int) -> [Position] {
    let book = book(lane)
    return (0..<book.capacity).map { book.positions[$0] }.filter { !$0.isFree }
  }

  /// What entering calls or puts would be at the lane's decision; quantity 0 where it is not offered.
  package func plannedEntry(lane: Int, isCall: Bool) -> (legs: UpToFour<OrderLeg>, quantity: Int) {
    let entry = lanes.entries.base[2 * lane + (isCall ? 0 : 1)]
    return (entry.legs, Int(entry.quantity))
  }

  /// The day that a lane is in.
  package func currentDay(lane: Int) -> OptionsDay { day(lane) }
}
