// What an account must hold in cash against its positions: one basis, gross, in micro-dollars.

/// The requirement of positions of one underlying.
///
/// One basis for all classes: cash, with every premium received in it and long options counted as nothing, must cover the requirement. Long options and
/// shares need nothing more than they cost; shorts that longs or shares cover need their worst payoff at expiry; other shorts the exchange's requirement;
/// short shares one and a half times their price, which nothing lowers.
package struct MarginRequirement: Sendable, Equatable {
  /// Micro-dollars.
  package var gross: Int64
  /// Contracts that stand short without a cover.
  package var uncovered: Int
  /// Whether no other way to match longs to shorts needs less; where not, the search was broken off, and `gross` is enough but may be more than the least.
  package var isLeast: Bool

  package init(gross: Int64 = 0, uncovered: Int = 0, isLeast: Bool = true) {
    self.gross = gross
    self.uncovered = uncovered
    self.isLeast = isLeast
  }

  /// What a trade takes from the cash before it, in micro-dollars: the requirement less the premium received, which is negative where it was paid.
  package func net(credit: Int64) -> Int64 { gross - credit }

  package static func += (left: inout MarginRequirement, right: MarginRequirement) {
    left.gross += right.gross
    left.uncovered += right.uncovered
    left.isLeast = left.isLeast && right.isLeast
  }

  /// Asks for no memory of the heap up to six legs.
  ///
  /// legs: positions of one underlying, one leg a contract; those of quantity 0 count for nothing. underlyingPrice: ten-thousandths of a dollar, nil where
  /// nobody knows it. Throws where a leg is no position, where the price is missing and needed, and where the rules refuse the position.
  package init(
    of legs: UnsafeBufferPointer<MarginLeg>, underlyingPrice: Int?, isBroadIndex: Bool, rules: MarginRules
  ) throws(MarginError) {
    try MarginRequirement.check(legs, underlyingPrice: underlyingPrice)
    var sum = MarginRequirement()
    let price = underlyingPrice ?? 0
    for leg in legs where leg.kind == .share && leg.quantity < 0 {
      sum.gross += Int64(-leg.quantity * price * MarginRules.percentOfShortShares)
    }
    for part in MarginClass.all(of: legs) {
      let found = part.search(legs, price: price, isBroadIndex: isBroadIndex, rules: rules) { search in
        MarginRequirement(
          gross: Int64(search.bestCost), uncovered: search.bestUncovered * search.lotSize, isLeast: search.isLeast)
      }
      sum += found
    }
    guard rules.admitsUncovered || sum.uncovered == 0 else { throw .uncoveredCalls(contracts: sum.uncovered) }
    self = sum
  }

  /// Whether every leg is one, and the money of all of them together fits.
  static func check(_ legs: UnsafeBufferPointer<MarginLeg>, underlyingPrice: Int?) throws(MarginError) {
    if underlyingPrice == nil, legs.contains(where: { $0.quantity < 0 }) { throw .noUnderlyingPrice }
    var highest = max(0, underlyingPrice ?? 0)
    for index in legs.indices {
      let leg = legs[index]
      guard leg.strike >= 0, leg.ask >= 0, leg.multiplier >= 1, (underlyingPrice ?? 0) >= 0 else {
        throw .notAPrice(of: .leg(index))
      }
      highest = max(highest, leg.strike, leg.ask)
    }
    // Nothing that is computed of a leg is more than three times its quantity at the highest of all prices.
    let most = Int.max / 4 / max(1, legs.count)
    for index in legs.indices {
      let leg = legs[index]
      let (units, isLarge) = leg.multiplier.multipliedReportingOverflow(by: Int(clamping: leg.quantity.magnitude))
      let (money, isLarger) = units.multipliedReportingOverflow(by: 3)
      let (amount, isLargest) = money.multipliedReportingOverflow(by: highest)
      let (micro, overflows) = amount.multipliedReportingOverflow(by: Int(Money.microDollarsPerTick))
      guard !isLarge, !isLarger, !isLargest, !overflows, micro <= most else { throw .tooLarge(of: .leg(index)) }
    }
  }
}

/// The options of one multiplier among the legs, with the shares that may cover them.
struct MarginClass {
  let multiplier: Int
  /// Whether it is the first: shares cover options of the first multiplier alone.
  let hasShares: Bool

  /// By the first leg of each.
  static func all(of legs: UnsafeBufferPointer<MarginLeg>) -> some Sequence<MarginClass> {
    legs.indices.lazy.filter { index in
      legs[index].isOption && !legs[..<index].contains { $0.isOption && $0.multiplier == legs[index].multiplier }
    }.map { index in
      MarginClass(multiplier: legs[index].multiplier, hasShares: !legs[..<index].contains { $0.isOption })
    }
  }

  /// Whether a leg has a part in it: shares only where they are long, as short ones need the same whatever stands beside them.
  func holds(_ leg: MarginLeg) -> Bool {
    leg.isOption ? leg.multiplier == multiplier : leg.kind == .share && leg.quantity > 0 && hasShares
  }

  /// Finds the matching and hands it to `body`.
  func search<Result>(
    _ legs: UnsafeBufferPointer<MarginLeg>, price: Int, isBroadIndex: Bool, rules: MarginRules,
    way: MarginSearch.Way = .usual, _ body: (inout MarginSearch) -> Result
  ) -> Result {
    var (divisor, shorts, shortCalls) = (0, 0, 0)
    for leg in legs where leg.isOption && holds(leg) {
      divisor = MarginClass.greatestCommonDivisor(divisor, abs(leg.quantity))
      guard leg.quantity < 0 else { continue }
      shorts += 1
      if leg.kind == .call { shortCalls -= leg.quantity }
    }
    // Shares count as contracts that they could be delivered for.
    func contracts(_ shares: MarginLeg) -> Int { min(shares.quantity / multiplier, shortCalls) }
    for leg in legs where leg.kind == .share && holds(leg) {
      divisor = MarginClass.greatestCommonDivisor(divisor, contracts(leg))
    }
    return withUnsafeTemporaryAllocation(
      of: Int.self, capacity: MarginSearch.words(legs: legs.count, ends: shorts)
    ) { memory in
      // At most as many ends as shorts.
      withUnsafeTemporaryAllocation(of: Int.self, capacity: max(1, shorts)) { ends in
        let endCount = ends.collect(legs.lazy.filter { $0.isOption && holds($0) && $0.quantity < 0 }.map(\.lapse))
        guard let base = memory.baseAddress else { preconditionFailure("memory of \(memory.count) words") }
        var search = MarginSearch(
          legs, endCount: endCount, lotSize: divisor, multiplier: multiplier, admitsUncovered: rules.admitsUncovered,
          memory: base)
        for end in 0..<endCount { search.ends[end] = ends[end] }
        for index in legs.indices where holds(legs[index]) {
          let leg = legs[index]
          guard leg.isOption else {
            // What is left over covers nothing.
            search.lots[index] = contracts(leg) / divisor
            continue
          }
          search.lots[index] = abs(leg.quantity) / divisor
          guard leg.quantity < 0 else { continue }
          let each = MarginRules.uncovered(leg, price: price, isBroadIndex: isBroadIndex)
          search.uncoveredCost[index] = divisor * each
          search.premium[index] = divisor * multiplier * leg.ask * Int(Money.microDollarsPerTick)
        }
        search.run(way)
        return body(&search)
      }
    }
  }

  static func greatestCommonDivisor(_ left: Int, _ right: Int) -> Int {
    var (left, right) = (left, right)
    while right != 0 { (left, right) = (right, left % right) }
    return left
  }
}

extension MarginLeg {
  /// Whether it is an option that is held at all.
  var isOption: Bool { kind != .share && quantity != 0 }
}

extension UnsafeMutableBufferPointer<Int> {
  /// Puts different numbers into it, ascending; returns how many there are. It must have room for all.
  fileprivate func collect(_ numbers: some Sequence<Int>) -> Int {
    var count = 0
    for number in numbers {
      var place = 0
      while place < count, self[place] < number { place += 1 }
      if place < count, self[place] == number { continue }
      var last = count
      while last > place {
        self[last] = self[last - 1]
        last -= 1
      }
      self[place] = number
      count += 1
    }
    return count
  }
}
