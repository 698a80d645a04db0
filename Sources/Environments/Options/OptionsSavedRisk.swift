// What the risk manager remembers of an account, and recorded fills, as plain data, checked before they are taken back.

import AgentInterface
import Market
import Trading

extension OptionsEnvironment {
  struct SavedRisk {
    var state: RiskState
    var orders: [ReservedOrder]
  }

  func saveRisk(into state: inout StateRecord) {
    state.doubles["risk/exposures"] = (0..<laneCount).flatMap { lane -> [Double] in
      let own = risks[lane].state.pointee
      return [own.held, own.rising, own.falling].flatMap { (0..<4).map($0.amounts.element) } + [own.volatilityRank]
    }
    state.integers["risk/numbers"] = (0..<laneCount).flatMap { risks[$0].state.pointee.numbers }
    state.integers["risk/orders"] = (0..<laneCount).flatMap { lane -> [Int64] in
      let account = risks[lane]
      return (0..<account.orderCapacity).flatMap { place -> [Int64] in
        let order = account.orders[place]
        guard order.id != 0 else { return [0] + (0..<legCount).flatMap { _ in [0, 1] as [Int64] } + [0, 0, 0] }
        return [order.id] + order.legs.numbers(of: legCount)
          + [Int64(order.quantity), order.effect == .opens ? 1 : 0, order.purpose == .exit ? 1 : 0]
      }
    }
  }

  func checkedRisk(_ state: StateRecord, _ places: [Place]) throws(RestoreError) -> [SavedRisk] {
    let exposures = try state.doubles("risk/exposures", count: laneCount * 13).chunks(of: 13)
    let numbers = try state.integers("risk/numbers", count: laneCount * RiskState.numberCount)
      .chunks(of: RiskState.numberCount)
    let width = 4 + 2 * legCount
    let orders = try state.integers("risk/orders", count: laneCount * width * risks.orderCapacity)
      .chunks(of: width * risks.orderCapacity)
    var saved: [SavedRisk] = []
    for lane in 0..<laneCount {
      guard var own = RiskState(saved: numbers[lane]) else {
        throw .invalid(name: "risk/numbers", reason: "lane \(lane)'s desk is in a state that no desk is in")
      }
      func exposure(_ first: Int) -> GreekExposure {
        GreekExposure(
          SIMD4(
            exposures[lane][first], exposures[lane][first + 1], exposures[lane][first + 2], exposures[lane][first + 3])
        )
      }
      (own.held, own.rising, own.falling) = (exposure(0), exposure(4), exposure(8))
      own.volatilityRank = exposures[lane][12]
      let contracts = Int64(tables.days[places[lane].day].table.count)
      var reserved: [ReservedOrder] = []
      for one in orders[lane].chunks(of: width) {
        if one[0] == 0 {
          reserved.append(.free)
          continue
        }
        let rest = one.dropFirst(1 + 2 * legCount).map { $0 }
        guard one[0].magnitude <= 1 << 40,
          let legs = UpToFour(savedLegs: one[1..<1 + 2 * legCount], contracts: contracts),
          (1...Int64(Order.mostQuantity)).contains(rest[0]), rest[1...2].allSatisfy({ (0...1).contains($0) })
        else { throw .invalid(name: "risk/orders", reason: "lane \(lane) keeps headroom for no order of its day") }
        reserved.append(
          ReservedOrder(
            id: one[0], legs: legs, quantity: Int(rest[0]), effect: rest[1] == 1 ? .opens : .closes,
            purpose: rest[2] == 1 ? .exit : .decision))
      }
      own.inFlight = reserved.count { $0.id != 0 }
      saved.append(SavedRisk(state: own, orders: reserved))
    }
    return saved
  }

  func take(_ saved: SavedRisk, _ lane: Int) {
    risks[lane].state.pointee = saved.state
    for (place, order) in saved.orders.enumerated() { risks[lane].orders[place] = order }
  }

  // MARK: fills

  func saveFills(into state: inout StateRecord) {
    let recorded = (0..<laneCount).map { Array(fills.values(lane: $0)) }
    state.integers["fills/counts"] = recorded.map { Int64($0.count) }
    state.integers["fills/integers"] = recorded.joined().flatMap { fill -> [Int64] in
      [
        Int64(fill.symbol), Int64(fill.bar), Int64(fill.side), fill.notionalMicroDollars,
        fill.halfSpreadCostMicroDollars, fill.impactCostMicroDollars, fill.commissionMicroDollars,
        fill.volumeWasUnknown ? 1 : 0, Int64(fill.contract), fill.insideSpreadMicroDollars,
      ]
    }
    state.doubles["fills/doubles"] = recorded.joined().flatMap {
      [$0.shares, $0.referencePriceDollars, $0.fillPriceDollars]
    }
  }

  func checkedFills(_ state: StateRecord) throws(RestoreError) -> [[Fill]] {
    let counts = try state.whole("fills/counts", count: laneCount, in: 0...1 << 40)
    let integers = try state.integers("fills/integers").chunks(of: 10)
    let doubles = try state.doubles("fills/doubles").chunks(of: 3)
    guard counts.reduce(0, +) == Int64(integers.count), integers.count == doubles.count else {
      throw .invalid(name: "fills/counts", reason: "the fills that are counted are not in the record")
    }
    guard
      integers.allSatisfy({ fill in
        (0..<Int64(tape.symbols.count)).contains(fill[0]) && (0..<Int64(tape.barCount)).contains(fill[1])
          && fill[2].magnitude == 1 && fill[3...6].allSatisfy { $0.magnitude <= UInt64(OptionsEnvironment.mostMoney) }
          && (-1..<Int64(tables.mostContracts)).contains(fill[8])
          && (0...OptionsEnvironment.mostMoney).contains(fill[9])
      })
    else { throw .invalid(name: "fills/integers", reason: "a fill is none of this tape") }
    var next = 0
    return counts.map { count in
      (0..<Int(count)).map { _ in
        let (whole, real) = (integers[next], doubles[next])
        next += 1
        return Fill(
          symbol: Int(whole[0]), bar: Int(whole[1]), side: Int(whole[2]), shares: real[0],
          referencePriceDollars: real[1], fillPriceDollars: real[2], notionalMicroDollars: whole[3],
          halfSpreadCostMicroDollars: whole[4], impactCostMicroDollars: whole[5], commissionMicroDollars: whole[6],
          wasCut: false, volumeWasUnknown: whole[7] == 1, contract: Int32(whole[8]), insideSpreadMicroDollars: whole[9])
      }
    }
  }
}

extension SIMD4<Double> {
  fileprivate func element(_ place: Int) -> Double { self[place] }
}

extension RiskState {
  static let numberCount = 15 + 8 + 3 * 16 + 3 * 8

  /// All but exposures, the rank, and how many orders are in flight.
  var numbers: [Int64] {
    var numbers: [Int64] = [
      netLiquidation, sessionStart, high, Int64(tier.rawValue), isKilled ? 1 : 0, isJournalBroken ? 1 : 0,
      isLossReached ? 1 : 0, isRejectStorm ? 1 : 0, isStale ? 1 : 0, Int64(pausedUntil), Int64(rejectPlace),
      Int64(minute), Int64(minuteCount), Int64(passed), 0,
    ]
    for place in 0..<8 { numbers.append(Int64(rejects[place])) }
    for reasons in [counters.blocked, counters.reduced, counters.shrunkAtFill] {
      for place in 0..<16 { numbers.append(reasons[place]) }
    }
    for limits in [counters.drift, counters.violations, counters.exitsOverLimit] {
      for place in 0..<8 { numbers.append(limits[place]) }
    }
    return numbers
  }

  /// nil where they are no account's.
  fileprivate init?(saved own: [Int64]) {
    let money = -OptionsEnvironment.mostMoney...OptionsEnvironment.mostMoney
    guard own.count == RiskState.numberCount, own[0...2].allSatisfy({ money.contains($0) }),
      let tier = RiskTier(rawValue: Int(truncatingIfNeeded: own[3])), own[4...8].allSatisfy({ (0...1).contains($0) }),
      (-1...10_000).contains(own[9]), (0...7).contains(own[10]), (-1...1440).contains(own[11]),
      (0...1440).contains(own[12]), (0...255).contains(own[13]),
      own[15...22].allSatisfy({ Int32(exactly: $0) != nil }),
      own[23...].allSatisfy({ (0...1 << 40).contains($0) })
    else { return nil }
    self.init()
    (netLiquidation, sessionStart, high, self.tier) = (own[0], own[1], own[2], tier)
    (isKilled, isJournalBroken, isLossReached) = (own[4] == 1, own[5] == 1, own[6] == 1)
    (isRejectStorm, isStale, pausedUntil) = (own[7] == 1, own[8] == 1, Int(own[9]))
    (rejectPlace, minute, minuteCount, passed) = (Int(own[10]), Int(own[11]), Int(own[12]), UInt8(own[13]))
    for place in 0..<8 { rejects[place] = Int32(own[15 + place]) }
    for place in 0..<16 {
      counters.blocked[place] = own[23 + place]
      counters.reduced[place] = own[39 + place]
      counters.shrunkAtFill[place] = own[55 + place]
    }
    for place in 0..<8 {
      counters.drift[place] = own[71 + place]
      counters.violations[place] = own[79 + place]
      counters.exitsOverLimit[place] = own[87 + place]
    }
  }
}
