// The options game as plain data, and back.

package import AgentInterface
import Market
import Trading

extension OptionsEnvironment {
  package func snapshot() -> StateRecord {
    var state = StateRecord()
    for lane in 0..<laneCount { land(lane) }
    state.integers["day"] = lanes.day.array.map(Int64.init)
    state.integers["minute"] = lanes.minute.array.map(Int64.init)
    state.integers["walked"] = lanes.walked.array.map(Int64.init)
    state.integers["next_order"] = lanes.nextOrder.array
    state.integers["next_exit"] = lanes.nextExit.array
    state.integers["waiting/value"] = lanes.waiting.array
    state.integers["waiting/high"] = lanes.waitingHigh.array
    state.integers["waiting/killed"] = lanes.waitingKilled.array.map { $0 ? 1 : 0 }
    // Follows from the account and the tape; kept to notice another tape.
    state.integers["value"] = lanes.value.array
    state.integers["money"] = (0..<laneCount).flatMap { lane in
      let ledger = ledger(lane)
      return [ledger.cash.pointee, ledger.start.pointee] + ledger.sums.pointee.numbers
    }
    state.integers["step"] = lanes.step.array.flatMap(\.numbers)
    // Only where there are penalties.
    if configuration.humanMomentum { state.integers["penalty"] = lanes.penalty.array }
    // Only where there is a stop.
    if configuration.game == .shortPremium { state.integers["stopped"] = lanes.counts.array.map(\.stopped) }
    state.integers["counts"] = lanes.counts.array.flatMap(\.numbers)
    state.integers["ended/flag"] = lanes.hasEnded.array.map { $0 ? 1 : 0 }
    state.integers["ended/account"] = lanes.ended.array.flatMap {
      [$0.bar, $0.value, $0.cash, Int64($0.symbol), Int64($0.quantity), Int64($0.tier.rawValue)]
    }
    state.doubles["ended/shares"] = lanes.ended.array.map(\.shares)
    saveBooks(into: &state)
    saveRisk(into: &state)
    saveLiquidity(into: &state)
    saveFills(into: &state)
    streams.save(into: &state)
    recorder.save(into: &state)
    return state
  }

  package func restore(_ state: StateRecord) throws(RestoreError) {
    let places = try checkedPlaces(state)
    let symbols = lanes.symbolCount
    let nextOrders = try state.whole("next_order", count: laneCount, in: 1...1 << 40)
    let nextExits = try state.whole("next_exit", count: laneCount, in: -1 << 40 ... -1)
    let amounts = -OptionsEnvironment.mostMoney...OptionsEnvironment.mostMoney
    let waiting = try state.whole("waiting/value", count: laneCount * symbols, in: amounts)
    let highs = try state.whole("waiting/high", count: laneCount * symbols, in: amounts)
    let killed = try state.whole("waiting/killed", count: laneCount * symbols, in: 0...1)
    let values = try state.whole("value", count: laneCount, in: amounts)
    let money = try state.whole("money", count: laneCount * (2 + ValueStep.numberCount), in: amounts)
    let steps = try state.whole("step", count: laneCount * ValueStep.numberCount, in: amounts)
    let counts = try state.whole("counts", count: laneCount * OptionsCounts.numberCount, in: 0...1 << 40)
    let penalties =
      configuration.humanMomentum
      ? try state.whole("penalty", count: laneCount, in: 0...OptionsEnvironment.mostMoney)
      : [Int64](repeating: 0, count: laneCount)
    let stopped =
      configuration.game == .shortPremium
      ? try state.whole("stopped", count: laneCount, in: 0...1 << 40) : [Int64](repeating: 0, count: laneCount)
    let endedFlags = try state.whole("ended/flag", count: laneCount, in: 0...1)
    let ended = try checkedEnds(state)
    let books = try checkedBooks(state, places)
    let risk = try checkedRisk(state, places)
    let taken = try checkedLiquidity(state, places)
    let savedFills = try checkedFills(state)
    let savedStreams = try streams.check(state)
    let savedEpisodes = try recorder.check(state, lengthLimit: episodeLength + 1)
    for lane in 0..<laneCount {
      let own = money[lane * (2 + ValueStep.numberCount)..<(lane + 1) * (2 + ValueStep.numberCount)].map { $0 }
      let liquidation = books[lane].positions.reduce(0) { $0 + $1.liquidation }
      guard own[0] + liquidation == values[lane],
        own[0] + liquidation - own[1] == ValueStep(numbers: own.dropFirst(2)).total
      else {
        throw .invalid(name: "value", reason: "lane \(lane)'s value does not follow from its account and this tape")
      }
    }

    fills.removeAll()
    lanes.nextOrder.assign(nextOrders)
    lanes.nextExit.assign(nextExits)
    lanes.forcedExit.assign([Int64](repeating: 0, count: laneCount))
    lanes.waiting.assign(waiting)
    lanes.waitingHigh.assign(highs)
    lanes.waitingKilled.assign(killed.map { $0 == 1 })
    lanes.value.assign(values)
    lanes.step.assign(steps.chunks(of: ValueStep.numberCount).map { ValueStep(numbers: $0) })
    lanes.counts.assign(counts.chunks(of: OptionsCounts.numberCount).map { OptionsCounts(numbers: $0) })
    for lane in 0..<laneCount { lanes.counts.base[lane].stopped = stopped[lane] }
    lanes.hasStep.assign([Bool](repeating: true, count: laneCount))
    lanes.penalty.assign(penalties)
    lanes.hasEnded.assign(endedFlags.map { $0 == 1 })
    lanes.ended.assign(ended)
    for lane in 0..<laneCount {
      let (day, minute) = (places[lane].day, places[lane].minute)
      lanes.day.base[lane] = Int32(day)
      lanes.minute.base[lane] = Int32(minute)
      lanes.walked.base[lane] = Int32(places[lane].walked)
      let session = tables.days[day].session
      lanes.place.base[lane] = session.place(minute: minute)
      lanes.minuteOfQuotes.base[lane] = Int32(minute)
      lanes.weight.base[lane] = tables.tape.weights[session.row(minute: minute)]
      let own = money[lane * (2 + ValueStep.numberCount)..<(lane + 1) * (2 + ValueStep.numberCount)].map { $0 }
      let ledger = ledger(lane)
      (ledger.cash.pointee, ledger.start.pointee) = (own[0], own[1])
      ledger.sums.pointee = ValueStep(numbers: own.dropFirst(2))
      take(books[lane], lane)
      take(risk[lane], lane)
      liquidity.ledger(lane).open()
      for one in taken[lane] { liquidity.ledger(lane).contracts[Int(one.contract)] = one.taken }
      for fill in savedFills[lane] { fills.append(fill, lane: lane) }
    }
    scratch.with { market in
      for lane in 0..<laneCount { lanes.mask.base[lane] = legalActions(lane, day(lane), market).rawValue }
    }
    streams.take(savedStreams)
    recorder.take(savedEpisodes)
  }

  /// Micro-dollars that no account of a game comes to.
  static let mostMoney: Int64 = 1 << 60

  struct Place {
    var day: Int
    var minute: Int
    var walked: Int
  }

  /// Where each lane is, shown to be where this window and tape can have it.
  private func checkedPlaces(_ state: StateRecord) throws(RestoreError) -> [Place] {
    let days = try state.integers("day", count: laneCount)
    let minutes = try state.integers("minute", count: laneCount)
    let walked = try state.integers("walked", count: laneCount)
    var places: [Place] = []
    for lane in 0..<laneCount {
      guard let day = Int(exactly: days[lane]), window.contains(day),
        (0..<Int64(tables.days[day].minuteCount - 1)).contains(minutes[lane]),
        minutes[lane] % Int64(configuration.decisionMinutes) == 0,
        (0..<Int64(window.count)).contains(walked[lane]),
        episodes == .drawnSessions ? walked[lane] == 0 : window[Int(walked[lane])] == day
      else {
        throw .invalid(
          name: "day", reason: "lane \(lane) is in minute \(minutes[lane]) of day \(days[lane]), outside the window")
      }
      places.append(Place(day: day, minute: Int(minutes[lane]), walked: Int(walked[lane])))
    }
    return places
  }

  private func checkedEnds(_ state: StateRecord) throws(RestoreError) -> [OptionsStanding] {
    let numbers = try state.integers("ended/account", count: laneCount * 6)
    let shares = try state.finiteDoubles("ended/shares", count: laneCount)
    var ends: [OptionsStanding] = []
    for (own, shares) in zip(numbers.chunks(of: 6), shares) {
      guard (0..<Int64(tape.barCount)).contains(own[0]), (0..<Int64(lanes.symbolCount)).contains(own[3]),
        let quantity = Int32(exactly: own[4]), let tier = RiskTier(rawValue: Int(own[5]))
      else { throw .invalid(name: "ended/account", reason: "an account is none of this tape") }
      ends.append(
        OptionsStanding(
          bar: own[0], value: own[1], cash: own[2], symbol: Int32(own[3]), quantity: quantity, shares: shares,
          tier: tier))
    }
    return ends
  }
}

extension StateRecord {
  /// `count` numbers, all within a range.
  func whole(_ name: String, count: Int? = nil, in range: ClosedRange<Int64>) throws(RestoreError) -> [Int64] {
    let values = try integers(name, count: count)
    guard values.allSatisfy({ range.contains($0) }) else {
      throw .invalid(name: name, reason: "a number is out of range")
    }
    return values
  }
}

extension Array {
  /// Equal parts, in order; what does not fill one is left out.
  func chunks(of count: Int) -> [[Element]] {
    stride(from: 0, to: self.count - self.count % count, by: count).map { Array(self[$0..<$0 + count]) }
  }
}

extension ValueStep {
  static let numberCount = 4 + CostKind.allCases.count

  var numbers: [Int64] {
    [priceProfit, settlementProfit, dividends, markChange] + CostKind.allCases.map { costs[$0] }
  }

  /// Traps where there are fewer than `numberCount`.
  init(numbers: some Collection<Int64>) {
    let all = Array(numbers)
    self.init(priceProfit: all[0], settlementProfit: all[1], dividends: all[2], markChange: all[3])
    for (place, kind) in CostKind.allCases.enumerated() { costs[kind] = all[4 + place] }
  }
}

extension OptionsCounts {
  static let numberCount = 5

  var numbers: [Int64] { [unquotedEntries, refusedEntries, waitingExits, forcedExits, settled] }

  init(numbers: [Int64]) {
    self.init()
    (unquotedEntries, refusedEntries, waitingExits, forcedExits, settled) = (
      numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    )
  }
}
