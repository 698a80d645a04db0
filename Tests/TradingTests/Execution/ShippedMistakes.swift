// Mistakes that were made elsewhere, made here once more, so that it is known that the checks see them.

import Market
import Testing
import Trading

// MARK: the average volume of a whole history

private struct Mixed {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
  mutating func next() -> Double {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Double(state >> 11) * 0x1p-53
  }
}

/// (sessions) of (390) volumes; from session `change` on they are others.
private func volumes(changedFrom change: Int) -> [[Double]] {
  (0..<30).map { session in
    var numbers = Mixed(UInt64(session + 1) + (session >= change ? 1000 : 0))
    return (0..<390).map { _ in 1 + numbers.next() * 99 }
  }
}

/// The weights that session 25 trades with.
private func weightsOfTheSessionsBefore(_ volumes: [[Double]]) -> [Double] {
  var stream = VolumeAgainstUsual()
  for session in volumes.prefix(25) {
    stream.begin(minutes: 390)
    for (minute, volume) in session.enumerated() { _ = stream.next(minute: minute, volume: volume) }
  }
  stream.begin(minutes: 390)
  return (0..<390).map { stream.usualWeight(ofMinute: $0) ?? .nan }
}

/// The same of all sessions there are: those of the future too.
private func weightsOfTheWholeHistory(_ volumes: [[Double]]) -> [Double] {
  let shares = volumes.map { session in session.map { $0 / session.reduce(0, +) } }
  return (0..<390).map { minute in shares.reduce(0) { $0 + $1[minute] } / Double(shares.count) * 390 }
}

@Test func theFutureDoesNotMoveWhatAMinuteUsuallyHas() {
  for change in [25, 29] {
    let (one, other) = (volumes(changedFrom: 30), volumes(changedFrom: change))
    #expect(weightsOfTheSessionsBefore(one) == weightsOfTheSessionsBefore(other))
    // The control: a mean of the whole history is seen at once.
    #expect(weightsOfTheWholeHistory(one) != weightsOfTheWholeHistory(other))
  }
  // And the past does.
  #expect(weightsOfTheSessionsBefore(volumes(changedFrom: 30)) != weightsOfTheSessionsBefore(volumes(changedFrom: 24)))
  let sum = weightsOfTheSessionsBefore(volumes(changedFrom: 30)).reduce(0, +)
  #expect(abs(sum - 390) < 1e-9)
}

@Test func weightsByVarianceAddUpToTheSession() {
  for minutes in [390, 210] {
    let weights = MinuteWeights.variance(ofMinutes: minutes)
    #expect(weights.count == minutes && abs(weights.reduce(0, +) - Double(minutes)) < 1e-9)
    // The first minutes have most, those around noon less than one.
    #expect(weights[0] > 3 && weights[minutes / 2] < 0.8)
  }
  #expect(VolumeAgainstUsual().usualWeight(ofMinute: 0) == nil)
}

// MARK: dollars where a fraction belongs

/// How far a round trip at one quote is from losing what its two fills say it cost, in micro-dollars.
private func roundTripGap(_ fills: [OrderFill]) -> Int64 {
  fills.reduce(0) { $0 + $1.amount } - fills.reduce(0) { $0 + $1.costs.total }
}

/// Premium, what it costs with a spread of 2 %, and what it costs where the half-spread in dollars is taken for a fraction.
private let premiums: [(Double, Double, Double)] = [(0.50, 0.505, 0.5025), (2.00, 2.02, 2.04), (20.00, 20.20, 24.00)]

@Test(arguments: premiums.indices)
func halfSpreadsAreDollarsAUnit(index: Int) throws {
  let (premium, right, wrong) = premiums[index]
  let desk = try ScriptedDesk()
  desk.market.quotes[ScriptedDesk.call] = [quote(premium * 0.99, premium * 1.01, 11)]
  try desk.submit([(ScriptedDesk.call, 1)])
  try desk.submit([(ScriptedDesk.call, -1)], 1, .closes)
  desk.walk(11...11)
  #expect(desk.fills[0].price == cents(right))
  #expect(roundTripGap(desk.fills) == 0)
  // The control: a premium times 1 + dollars.
  var mistaken = desk.fills
  mistaken[0].legs[0].price = cents(premium * (1 + premium * 0.01))
  #expect(mistaken[0].price == cents(wrong))
  #expect(!mistaken[0].legs[0].agrees && roundTripGap(mistaken) != 0)
}

// MARK: a cost that is paid twice

@Test func costsAreCountedOnce() throws {
  let desk = try ScriptedDesk(rates: FeeTable.retail.rates(on: ScriptedMarket().date))
  desk.market.quotes[ScriptedDesk.call] = (11...16).map {
    quote(1.00 + Double($0) * 0.02, 1.10 + Double($0) * 0.02, $0)
  }
  for minute in 10...13 {
    try desk.submit(
      [(ScriptedDesk.call, minute % 2 == 0 ? 1 : -1)], 1, minute % 2 == 0 ? .opens : .closes, minute: minute)
  }
  let account = LaneAccounts(laneCount: 1, capacity: 4)
  let (book, ledger) = (account.book(0), account.ledger(0))
  ledger.open(cashMicroDollars: 10_000_000_000)
  var rewards: Int64 = 0
  var mistaken: Int64 = 0
  var value: Int64 = 10_000_000_000
  for minute in 11...14 {
    let before = desk.fills.count
    desk.walk(minute...minute)
    var costs: Int64 = 0
    for fill in desk.fills[before...] {
      book.apply(fill, to: ledger)
      costs += fill.costs.total
    }
    let now = ledger.cash.pointee + book.marks.liquidation
    rewards += now - value
    mistaken += now - value - costs
    value = now
    #expect(ledger.gap(liquidation: book.marks.liquidation) == 0)
  }
  #expect(desk.fills.count == 4)
  #expect(rewards == value - 10_000_000_000)
  // The control: a reward that takes the cost from a change of value which has it already.
  #expect(mistaken != value - 10_000_000_000)
}

// MARK: fees with the wrong sign

@Test func higherFeesNeverEarnMore() throws {
  func money(_ factor: Int64) throws -> Int64 {
    var rates = FeeTable.interactiveBrokers.rates(on: ScriptedMarket().date)
    rates.optionClearing *= factor
    rates.optionRegulatory *= factor
    rates.optionSale *= factor
    rates.saleValue *= factor
    rates.optionOrderMinimum *= factor
    rates.optionCommission = PremiumRate(650_000 * factor)
    let desk = try ScriptedDesk(rates: rates)
    desk.market.quotes[ScriptedDesk.call] = (11...40).map {
      quote(1.00 + Double($0 % 7) * 0.1, 1.10 + Double($0 % 7) * 0.1, $0)
    }
    for minute in 10...30 {
      try desk.submit([(ScriptedDesk.call, minute % 3 == 0 ? -1 : 1)], 1 + minute % 4, .opens, minute: minute)
    }
    desk.walk(10...40)
    #expect(desk.fills.count == 21)
    for fill in desk.fills {
      for kind in [CostKind.commission, .clearing, .regulatory, .saleFees] { #expect(fill.costs[kind] >= 0) }
      #expect(fill.costs[.saleFees] > 0 || fill.legs[0].quantity > 0 || factor == 0)
    }
    return desk.fills.reduce(0) { $0 - $1.amount - $1.costs.besidePrice }
  }
  let earned = try [0, 1, 2, 10].map { try money($0) }
  #expect(zip(earned, earned.dropFirst()).allSatisfy { $0 > $1 })
}
