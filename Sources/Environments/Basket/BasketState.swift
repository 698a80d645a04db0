// The basket game as plain data, and back.

package import AgentInterface
import Market
import Trading

extension BasketEnvironment {
  package func snapshot() -> StateRecord {
    var state = StateRecord()
    state.integers["bar"] = lanes.bar.array
    state.integers["last_bar"] = lanes.lastBar.array
    state.integers["cash"] = lanes.cash.array
    state.doubles["shares"] = lanes.shares.array
    state.integers["units"] = lanes.units.array.map(Int64.init)
    state.integers["highest"] = lanes.highest.array
    state.integers["tier"] = lanes.tier.array.map(Int64.init)
    // Follows from the account and the tape; kept to notice another tape.
    state.integers["value"] = lanes.value.array
    let breakdowns = (0..<laneCount).map(lanes.breakdown)
    state.integers["breakdown"] = breakdowns.flatMap {
      [
        $0.change.priceProfit, $0.change.halfSpreadCost, $0.change.impactCost, $0.change.commission,
        $0.change.markChange,
      ]
    }
    // Only where there are penalties, so that states saved without them stay what they were.
    if penalises {
      state.integers["penalties"] = breakdowns.enumerated().flatMap { lane, last in
        [lanes.penalties.base[lane], last.penalties.turnover, last.penalties.drawdown]
      }
    }
    state.integers["ended/flag"] = lanes.hasEnded.array.map { $0 ? 1 : 0 }
    state.integers["ended/account"] = lanes.endedAccount.array.flatMap {
      [$0.bar, $0.value, $0.cash, Int64($0.tier.rawValue)]
    }
    state.doubles["ended/shares"] = lanes.endedShares.array
    state.integers["ended/units"] = lanes.endedUnits.array.map(Int64.init)
    state.integers["counts"] = (0..<laneCount).map(lanes.counts).flatMap {
      [$0.cutOrders, $0.unfilledOrders, $0.unknownVolumeFills, $0.warnBars, $0.reduceBars, $0.haltBars]
    }
    let recorded = (0..<laneCount).map { Array(fills.values(lane: $0)) }
    state.integers["fills/counts"] = recorded.map { Int64($0.count) }
    state.integers["fills/integers"] = recorded.joined().flatMap { fill -> [Int64] in
      [
        Int64(fill.symbol), Int64(fill.bar), Int64(fill.side), fill.notionalMicroDollars,
        fill.halfSpreadCostMicroDollars, fill.impactCostMicroDollars, fill.commissionMicroDollars,
        (fill.wasCut ? 1 : 0) + (fill.endsListing ? 2 : 0), fill.volumeWasUnknown ? 1 : 0,
      ]
    }
    state.doubles["fills/doubles"] = recorded.joined().flatMap {
      [$0.shares, $0.referencePriceDollars, $0.fillPriceDollars]
    }
    streams.save(into: &state)
    recorder.save(into: &state)
    return state
  }

  package func restore(_ state: StateRecord) throws(RestoreError) {
    let accounts = try checkedAccounts(state)
    let tiers = try checkedTiers(try state.integers("tier", count: laneCount), "tier")
    let breakdowns = try state.integers("breakdown", count: laneCount * 5)
    let penalties =
      penalises
      ? try state.integers("penalties", count: laneCount * 3) : [Int64](repeating: 0, count: laneCount * 3)
    guard penalties.allSatisfy({ (0..<1 << 61).contains($0) }) else {
      throw .invalid(name: "penalties", reason: "a penalty is out of range")
    }
    let endedFlags = try state.integers("ended/flag", count: laneCount)
    let ended = try state.integers("ended/account", count: laneCount * 4)
    let endedTiers = try checkedTiers((0..<laneCount).map { ended[$0 * 4 + 3] }, "ended/account")
    let endedShares = try state.doubles("ended/shares", count: laneCount * lanes.symbolCount)
    let endedUnits = try checkedUnits(state, "ended/units")
    let counts = try state.integers("counts", count: laneCount * 6)
    guard counts.allSatisfy({ (0..<1 << 40).contains($0) }) else {
      throw .invalid(name: "counts", reason: "a count is out of range")
    }
    let savedFills = try checkedFills(state)
    let savedStreams = try streams.check(state)
    let savedEpisodes = try recorder.check(state, lengthLimit: episodeLength)

    lanes.bar.assign(accounts.bars)
    lanes.lastBar.assign(accounts.lastBars)
    lanes.cash.assign(accounts.cash)
    lanes.shares.assign(accounts.shares)
    lanes.units.assign(accounts.units)
    lanes.highest.assign(accounts.highest)
    lanes.value.assign(accounts.values)
    lanes.middle.assign(accounts.marks.map(\.middle))
    lanes.tier.assign(tiers.map { UInt8($0.rawValue) })
    lanes.hasEnded.assign(endedFlags.map { $0 != 0 })
    lanes.endedShares.assign(endedShares)
    lanes.endedUnits.assign(endedUnits)
    fills.removeAll()
    for lane in 0..<laneCount {
      let parts = breakdowns[lane * 5..<lane * 5 + 5].map { $0 }
      lanes.setBreakdown(
        lane,
        StepBreakdown(
          change: ValueChange(
            priceProfit: parts[0], halfSpreadCost: parts[1], impactCost: parts[2], commission: parts[3],
            markChange: parts[4]),
          penalties: Penalties(turnover: penalties[lane * 3 + 1], drawdown: penalties[lane * 3 + 2])))
      lanes.penalties.base[lane] = penalties[lane * 3]
      lanes.endedAccount.base[lane] = BasketLanes.EndedAccount(
        bar: ended[lane * 4], value: ended[lane * 4 + 1], cash: ended[lane * 4 + 2], tier: endedTiers[lane])
      var count = BasketCounts()
      count.cutOrders = counts[lane * 6]
      count.unfilledOrders = counts[lane * 6 + 1]
      count.unknownVolumeFills = counts[lane * 6 + 2]
      count.warnBars = counts[lane * 6 + 3]
      count.reduceBars = counts[lane * 6 + 4]
      count.haltBars = counts[lane * 6 + 5]
      lanes.setCounts(lane, count)
      for fill in savedFills[lane] { fills.append(fill, lane: lane) }
      lanes.mask[lane] = legalActions(lane)
    }
    streams.take(savedStreams)
    recorder.take(savedEpisodes)
  }

  private struct Accounts {
    var bars: [Int64]
    var lastBars: [Int64]
    var cash: [Int64]
    var shares: [Double]
    var units: [Int32]
    var highest: [Int64]
    var values: [Int64]
    var marks: [Mark] = []
  }

  /// The accounts, each shown to be one that this tape and window can produce.
  private func checkedAccounts(_ state: StateRecord) throws(RestoreError) -> Accounts {
    let symbolCount = lanes.symbolCount
    var accounts = Accounts(
      bars: try state.integers("bar", count: laneCount), lastBars: try state.integers("last_bar", count: laneCount),
      cash: try state.integers("cash", count: laneCount),
      shares: try state.doubles("shares", count: laneCount * symbolCount), units: try checkedUnits(state, "units"),
      highest: try state.integers("highest", count: laneCount), values: try state.integers("value", count: laneCount))
    let limit: Int64 = 1 << 61
    for lane in 0..<laneCount {
      let bar = accounts.bars[lane]
      let last = accounts.lastBars[lane]
      guard Int64(window.lowerBound) <= bar, bar < last, last < Int64(window.upperBound),
        last - bar <= Int64(episodeLength),
        episodeSessions.map({ $0.contains { $0.contains(Int(bar)) && Int64($0.upperBound) == last } }) ?? true
      else {
        throw .invalid(
          name: "bar", reason: "lane \(lane) is at bar \(bar) of an episode until \(last), outside the window")
      }
      guard (-limit...limit).contains(accounts.cash[lane]), (1...limit).contains(accounts.highest[lane]) else {
        throw .invalid(name: "cash", reason: "lane \(lane) holds an impossible amount")
      }
      var mark = Mark(middle: 0, liquidation: 0)
      for symbol in 0..<symbolCount {
        let held = accounts.shares[lane * symbolCount + symbol]
        let units = accounts.units[lane * symbolCount + symbol]
        let value = held * features.quotes.base[Int(bar) * symbolCount + symbol].close
        guard abs(value) < MicroDollars.limitDollars, (held > 0) == (units > 0), (held < 0) == (units < 0) else {
          throw .invalid(name: "shares", reason: "lane \(lane) holds \(held) shares as \(units) units")
        }
        guard units == 0 || features.listings?.tradable[symbol].contains(Int(bar)) ?? true else {
          throw .invalid(
            name: "units", reason: "lane \(lane) holds \(tape.symbols[symbol]) at bar \(bar), where it is not listed")
        }
        mark.middle += MicroDollars.rounded(value)
        mark.liquidation += MicroDollars.rounded(value - abs(value) * legality.halfSpreadFraction)
      }
      guard accounts.cash[lane] + mark.liquidation == accounts.values[lane], accounts.values[lane] > 0 else {
        throw .invalid(name: "value", reason: "lane \(lane)'s value does not follow from its account and this tape")
      }
      accounts.marks.append(mark)
    }
    return accounts
  }

  private func checkedUnits(_ state: StateRecord, _ name: String) throws(RestoreError) -> [Int32] {
    let units = try state.integers(name, count: laneCount * lanes.symbolCount)
    for (place, held) in units.enumerated() {
      let symbol = place % lanes.symbolCount
      let allowed = Int64(legality.shortLimits.base[symbol])...Int64(legality.maximumUnits.base[symbol])
      guard allowed.contains(held) else { throw .invalid(name: name, reason: "units must be in \(allowed)") }
    }
    return units.map { Int32($0) }
  }

  private func checkedTiers(_ values: [Int64], _ name: String) throws(RestoreError) -> [RiskTier] {
    let tiers = values.compactMap { RiskTier(rawValue: Int(truncatingIfNeeded: $0)) }
    guard tiers.count == values.count else { throw .invalid(name: name, reason: "a risk tier is 0 to 3") }
    return tiers
  }

  private func checkedFills(_ state: StateRecord) throws(RestoreError) -> [[Fill]] {
    let counts = try state.integers("fills/counts", count: laneCount)
    let integers = try state.integers("fills/integers")
    let doubles = try state.doubles("fills/doubles")
    let total = integers.count / 9
    var rest = total
    for count in counts {
      guard (0...Int64(rest)).contains(count) else {
        throw .invalid(name: "fills/counts", reason: "\(count) fills are not in the record")
      }
      rest -= Int(count)
    }
    guard rest == 0, integers.count == total * 9 else {
      throw .invalid(name: "fills/integers", reason: "\(integers.count) numbers do not make the fills that are counted")
    }
    guard doubles.count == total * 3 else {
      throw .wrongLength(name: "fills/doubles", expected: total * 3, found: doubles.count)
    }
    var next = 0
    return counts.map { count in
      (0..<Int(count)).map { _ in
        let whole = Array(integers[next * 9..<next * 9 + 9])
        let real = Array(doubles[next * 3..<next * 3 + 3])
        next += 1
        return Fill(
          symbol: Int(whole[0]), bar: Int(whole[1]), side: Int(whole[2]), shares: real[0],
          referencePriceDollars: real[1], fillPriceDollars: real[2], notionalMicroDollars: whole[3],
          halfSpreadCostMicroDollars: whole[4], impactCostMicroDollars: whole[5], commissionMicroDollars: whole[6],
          wasCut: whole[7] & 1 != 0, volumeWasUnknown: whole[8] != 0, endsListing: whole[7] & 2 != 0)
      }
    }
  }
}
