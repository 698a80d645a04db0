// The matching of longs to shorts that needs the least margin.

/// Positions of one underlying, options of one multiplier, and which of them cover which.
///
/// Options count in lots of their greatest common divisor, so that ten condors need ten times what one does. Short options that end at the same time, and
/// the longs that are given to them, are one covered combination, which needs its worst payoff at that end: two combinations of one end need no less
/// than both together, since the worst of a sum is at most the sum of the worsts. So all there is to choose is which end a long that outlasts several
/// serves, which shorts stay uncovered where longs are too few, and which of those are paired as straddles and strangles.
///
/// A short that a long can cover is covered, also where its requirement without cover would be less: what is asked is never less than what can be lost.
struct MarginSearch {
  /// Assignments that are tried at most, of a few legs and of many. Beyond them `MarginProgram` looks for the least by bounds.
  static let mostVisits = 50_000
  static let mostVisitsOfMany = 200
  static let few = 8

  let legs: UnsafeBufferPointer<MarginLeg>
  let admitsUncovered: Bool
  /// Contracts of one lot, and units of the underlying in one.
  let lotSize: Int
  let lotUnits: Int
  /// (legs) lots, positive; 0 of what takes no part.
  let lots: UnsafeMutablePointer<Int>
  /// (legs) micro-dollars that one uncovered lot needs, and what of it is premium.
  let uncoveredCost: UnsafeMutablePointer<Int>
  let premium: UnsafeMutablePointer<Int>
  /// (ends) when shorts end, ascending.
  let ends: UnsafeMutablePointer<Int>
  let endCount: Int
  /// (legs, ends) lots of a long that serve the shorts of an end.
  let given: UnsafeMutablePointer<Int>
  /// (legs) lots of a short that stay uncovered: as tried, the best of an end, and those left to pair.
  let trial: UnsafeMutablePointer<Int>
  let local: UnsafeMutablePointer<Int>
  let rest: UnsafeMutablePointer<Int>
  /// (legs, ends) and (legs) of the best assignment so far.
  let bestGiven: UnsafeMutablePointer<Int>
  let bestTrial: UnsafeMutablePointer<Int>

  private(set) var bestCost = Int.max
  private(set) var bestUncovered = Int.max
  private(set) var visits = 0
  private(set) var usesRule = false
  /// Whether no other matching needs less; where not, the search for one was broken off.
  private(set) var isLeast = true
  /// Which uncovered calls and puts stand together, where the matching was found by bounds.
  var bestPairs: [Pair]?

  private var localCost = Int.max
  private var allowedVisits = MarginSearch.mostVisits

  /// Words of memory for so many legs and ends.
  static func words(legs: Int, ends: Int) -> Int { 7 * legs + ends + 2 * legs * ends }

  /// memory: `words`, uninitialized; stays the caller's. lots, costs, ends and `given` of shorts are the caller's to fill in.
  init(
    _ legs: UnsafeBufferPointer<MarginLeg>, endCount: Int, lotSize: Int, multiplier: Int, admitsUncovered: Bool,
    memory: UnsafeMutablePointer<Int>
  ) {
    self.legs = legs
    self.admitsUncovered = admitsUncovered
    self.lotSize = lotSize
    lotUnits = lotSize * multiplier
    self.endCount = endCount
    memory.initialize(repeating: 0, count: MarginSearch.words(legs: legs.count, ends: endCount))
    var place = memory
    func take(_ count: Int) -> UnsafeMutablePointer<Int> {
      defer { place += count }
      return place
    }
    lots = take(legs.count)
    uncoveredCost = take(legs.count)
    premium = take(legs.count)
    trial = take(legs.count)
    local = take(legs.count)
    rest = take(legs.count)
    bestTrial = take(legs.count)
    ends = take(endCount)
    given = take(legs.count * endCount)
    bestGiven = take(legs.count * endCount)
  }

  /// How the least is looked for: as many legs as there are say, or by one way alone, so that both can be compared.
  enum Way {
    case usual, trying, bounds
  }

  /// Finds the assignment that leaves the fewest lots uncovered, and of those the one that needs the least.
  mutating func run(_ way: Way = .usual) {
    var count = 0
    for leg in 0..<legs.count where lots[leg] > 0 { count += 1 }
    switch way {
    case .usual: allowedVisits = count <= MarginSearch.few ? MarginSearch.mostVisits : MarginSearch.mostVisitsOfMany
    case .trying: allowedVisits = .max
    case .bounds: allowedVisits = -1
    }
    allot(0, end: 0, left: lots[0])
    guard visits > allowedVisits else { return }
    usesRule = true
    (bestCost, bestUncovered) = (.max, .max)
    assignByRule()
    judge()
    let program = MarginProgram(self)
    isLeast = program.isProven
    guard let best = program.best else { return }
    for place in best.given.indices { bestGiven[place] = best.given[place] }
    for leg in best.uncovered.indices { bestTrial[leg] = best.uncovered[leg] }
    (bestCost, bestPairs) = (best.cost, best.pairs)
  }

  // MARK: Which end a long serves

  private mutating func allot(_ leg: Int, end: Int, left: Int) {
    guard visits <= allowedVisits else { return }
    guard leg < legs.count else { return judge() }
    let next = leg + 1
    let nextLots = next < legs.count ? lots[next] : 0
    // Ends that it lasts to; a short, and a long that ends before every short, has nothing to give.
    let reach = legs[leg].quantity > 0 && left > 0 ? endsReached(by: leg) : 0
    guard reach > 0 else { return allot(next, end: 0, left: nextLots) }
    if end == reach - 1 {
      given[leg * endCount + end] = left
      allot(next, end: 0, left: nextLots)
      given[leg * endCount + end] = 0
      return
    }
    for count in 0...left {
      given[leg * endCount + end] = count
      if count == left { allot(next, end: 0, left: nextLots) } else { allot(leg, end: end + 1, left: left - count) }
    }
    given[leg * endCount + end] = 0
  }

  func endsReached(by leg: Int) -> Int {
    var count = 0
    while count < endCount, ends[count] <= legs[leg].lapse { count += 1 }
    return count
  }

  /// Lots short of a kind at an end, less those given to cover them.
  func uncovered(_ kind: MarginLeg.Kind, end: Int) -> Int {
    var balance = 0
    for leg in 0..<legs.count {
      let one = legs[leg]
      if one.quantity > 0 {
        if one.kind == kind || (one.kind == .share && kind == .call) { balance -= given[leg * endCount + end] }
      } else if one.kind == kind, one.lapse == ends[end] {
        balance += lots[leg]
      }
    }
    return max(0, balance)
  }

  /// What the assignment of longs needs at best, against the best so far.
  private mutating func judge() {
    var count = 0
    for end in 0..<endCount { count += uncovered(.call, end: end) + (admitsUncovered ? uncovered(.put, end: end) : 0) }
    visits += 1
    guard count <= bestUncovered else { return }
    var cost = 0
    for end in 0..<endCount {
      localCost = .max
      let puts = admitsUncovered ? uncovered(.put, end: end) : 0
      if usesRule {
        leaveByRule(.call, end: end, count: uncovered(.call, end: end))
        leaveByRule(.put, end: end, count: puts)
        judgeEnd(end)
      } else {
        leave(0, end: end, calls: uncovered(.call, end: end), puts: puts)
      }
      // Stopped in between: nothing was found for this end.
      guard usesRule || visits <= allowedVisits else { return }
      cost += localCost
    }
    guard count < bestUncovered || cost < bestCost else { return }
    (bestCost, bestUncovered) = (cost, count)
    bestGiven.update(from: given, count: legs.count * endCount)
    bestTrial.update(from: local, count: legs.count)
  }

  // MARK: Which shorts stay uncovered

  private mutating func leave(_ leg: Int, end: Int, calls: Int, puts: Int) {
    guard visits <= allowedVisits else { return }
    guard leg < legs.count else {
      if calls == 0, puts == 0 { judgeEnd(end) } else { visits += 1 }
      return
    }
    let one = legs[leg]
    guard one.quantity < 0, one.lapse == ends[end], lots[leg] > 0 else {
      return leave(leg + 1, end: end, calls: calls, puts: puts)
    }
    let isCall = one.kind == .call
    for count in 0...min(lots[leg], isCall ? calls : puts) {
      trial[leg] = count
      leave(leg + 1, end: end, calls: isCall ? calls - count : calls, puts: isCall ? puts : puts - count)
    }
    trial[leg] = 0
  }

  /// What an end needs with the shorts that `trial` leaves uncovered.
  private mutating func judgeEnd(_ end: Int) {
    visits += 1
    var cost = worst(end: end, uncovered: trial).cost
    var (hasCall, hasPut) = (false, false)
    for leg in 0..<legs.count {
      let isHere = legs[leg].quantity < 0 && legs[leg].lapse == ends[end]
      rest[leg] = isHere ? trial[leg] : 0
      guard rest[leg] > 0 else { continue }
      cost += rest[leg] * uncoveredCost[leg]
      if legs[leg].kind == .call { hasCall = true } else { hasPut = true }
    }
    if hasCall, hasPut { cost -= usesRule ? savingByRule() : saving(call: 0, put: 0) }
    guard cost < localCost else { return }
    localCost = cost
    for leg in 0..<legs.count where legs[leg].quantity < 0 && legs[leg].lapse == ends[end] { local[leg] = trial[leg] }
  }

  // MARK: Covered combinations

  /// The most that is to be paid at an end, at least 0, and the price of the underlying at which it is.
  ///
  /// What is paid is linear between strikes, and beyond the highest it does not grow, as no call is short there without a long one or shares: so it is
  /// greatest at 0 or at a strike. A long that lasts longer is worth what using it brings, at least.
  func worst(end: Int, uncovered: UnsafeMutablePointer<Int>) -> (cost: Int, price: Int) {
    var (most, worstPrice) = (max(0, payable(end: end, price: 0, uncovered: uncovered)), 0)
    for leg in 0..<legs.count where legs[leg].kind != .share && lotsAt(leg, end: end, uncovered) != 0 {
      let price = legs[leg].strike
      let amount = payable(end: end, price: price, uncovered: uncovered)
      if amount > most { (most, worstPrice) = (amount, price) }
    }
    return (most, worstPrice)
  }

  /// Signed lots of a leg in the covered combination of an end.
  func lotsAt(_ leg: Int, end: Int, _ uncovered: UnsafeMutablePointer<Int>) -> Int {
    let one = legs[leg]
    if one.quantity > 0 { return given[leg * endCount + end] }
    return one.lapse == ends[end] ? uncovered[leg] - lots[leg] : 0
  }

  /// Micro-dollars to be paid, negative where they are received.
  private func payable(end: Int, price: Int, uncovered: UnsafeMutablePointer<Int>) -> Int {
    var sum = 0
    for leg in 0..<legs.count {
      let count = lotsAt(leg, end: end, uncovered)
      guard count != 0 else { continue }
      sum -= count * legs[leg].value(at: price)
    }
    return sum * tickAmount
  }

  /// Micro-dollars of a ten-thousandth of a dollar in one lot.
  var tickAmount: Int { Int(Money.microDollarsPerTick) * lotUnits }

  // MARK: Straddles and strangles

  /// Lots of a call and a put, both uncovered.
  struct Pair {
    let call: Int
    let put: Int
    let lots: Int
  }

  /// What a pair needs less than its two sides: the dearer side and the other's premium is enough.
  func saving(_ call: Int, _ put: Int) -> Int {
    let other = uncoveredCost[call] >= uncoveredCost[put] ? put : call
    return uncoveredCost[other] - premium[other]
  }

  /// The most that pairing what is in `rest` saves.
  mutating func saving(call: Int, put: Int) -> Int {
    visits += 1
    var (call, put) = (call, put)
    while call < legs.count, !(legs[call].kind == .call && rest[call] > 0) { (call, put) = (call + 1, 0) }
    guard call < legs.count, visits <= allowedVisits else { return 0 }
    while put < legs.count, !(legs[put].kind == .put && rest[put] > 0) { put += 1 }
    guard put < legs.count else { return saving(call: call + 1, put: 0) }
    let most = min(rest[call], rest[put])
    let each = saving(call, put)
    var best = 0
    for count in 0...most {
      rest[call] -= count
      rest[put] -= count
      best = max(best, count * each + saving(call: call, put: put + 1))
      rest[call] += count
      rest[put] += count
    }
    return best
  }
}
