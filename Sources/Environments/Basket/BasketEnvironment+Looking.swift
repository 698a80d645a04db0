// What may be asked of a basket between its steps.

package import AgentInterface
import Market
package import Trading

extension BasketEnvironment {
  package func account(lane: Int) -> AccountView {
    let places = lane * lanes.symbolCount..<(lane + 1) * lanes.symbolCount
    return AccountView(
      bar: Int(lanes.bar.base[lane]), netLiquidationMicroDollars: lanes.value.base[lane],
      cashMicroDollars: lanes.cash.base[lane], shares: places.map { lanes.shares.base[$0] },
      units: places.map { Int(lanes.units.base[$0]) }, riskTier: Int(lanes.tier.base[lane]))
  }

  package func lastAccount(lane: Int) -> AccountView {
    guard lanes.hasEnded.base[lane] else { return account(lane: lane) }
    let places = lane * lanes.symbolCount..<(lane + 1) * lanes.symbolCount
    let ended = lanes.endedAccount.base[lane]
    return AccountView(
      bar: Int(ended.bar), netLiquidationMicroDollars: ended.value, cashMicroDollars: ended.cash,
      shares: places.map { lanes.endedShares.base[$0] }, units: places.map { Int(lanes.endedUnits.base[$0]) },
      riskTier: ended.tier.rawValue)
  }

  package func lastStanding(lane: Int, units: UnsafeMutablePointer<Int>) -> AccountStanding {
    let hasEnded = lanes.hasEnded.base[lane]
    let (sharesHeld, unitsHeld) = hasEnded ? (lanes.endedShares, lanes.endedUnits) : (lanes.shares, lanes.units)
    var holdsShares = false
    for symbol in 0..<lanes.symbolCount {
      let place = lane * lanes.symbolCount + symbol
      units[symbol] = Int(unitsHeld.base[place])
      if sharesHeld.base[place] != 0 { holdsShares = true }
    }
    return AccountStanding(
      netLiquidationMicroDollars: hasEnded ? lanes.endedAccount.base[lane].value : lanes.value.base[lane],
      holdsShares: holdsShares)
  }

  package func decisionBars(symbol: Int) -> Range<Int> {
    features.listings?.tradable[symbol] ?? 0..<tape.barCount
  }

  package func lastBreakdown(lane: Int) -> StepBreakdown { lanes.breakdown(lane) }

  package func drainFills(lane: Int) -> [Fill] { fills.drain(lane: lane) }

  package func drainEpisodes() -> [EpisodeSummary] { recorder.drainEpisodes() }

  package func drainIllegalAttempts() -> Int { recorder.drainIllegalAttempts() }

  /// Cuts, fills on unknown volume, and closes in each risk tier since the last call, all lanes together.
  package func drainCounts() -> BasketCounts {
    var total = BasketCounts()
    for lane in 0..<laneCount {
      total += lanes.counts(lane)
      lanes.setCounts(lane, BasketCounts())
    }
    return total
  }
}
