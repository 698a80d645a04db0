// The matching behind a requirement, to be shown.

/// Positions that are margined together.
package struct MarginGroup: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// Nothing is asked for: long options and shares that cover nothing.
    case long
    case shortShares
    /// Shorts of one end with their cover, which needs its worst payoff.
    case coveredCall, securedPut, vertical(isCredit: Bool), calendar, diagonal, butterfly, ironButterfly, ironCondor,
      box
    case covered
    /// Shorts without cover.
    case uncovered
    case straddle, strangle
  }

  package var kind: Kind
  /// Places in the legs and signed contracts or shares, in the order of the legs.
  package var parts: [Part]
  /// Micro-dollars.
  package var gross: Int64
  /// The price of the underlying at expiry at which so much is to be paid, in ten-thousandths of a dollar; nil where it is no worst payoff, or nothing is.
  package var worstPrice: Int?

  package struct Part: Sendable, Equatable {
    package var leg: Int
    package var quantity: Int
  }
}

extension MarginGroup.Kind {
  /// In a sentence or a table.
  package var words: String {
    switch self {
    case .long: "long"
    case .shortShares: "short shares"
    case .coveredCall: "covered call"
    case .securedPut: "cash-secured put"
    case .vertical(let isCredit): isCredit ? "credit vertical" : "debit vertical"
    case .calendar: "calendar"
    case .diagonal: "diagonal"
    case .butterfly: "butterfly"
    case .ironButterfly: "iron butterfly"
    case .ironCondor: "iron condor"
    case .box: "box"
    case .covered: "covered combination"
    case .uncovered: "uncovered"
    case .straddle: "straddle"
    case .strangle: "strangle"
    }
  }
}

extension MarginGroup {
  /// What stands together, in a line: `iron condor of 2 A, -2 B, -2 C, 2 D, worst at 7660`. symbols: of the legs. price: how a price is printed.
  package func words(symbols: [String], price: (Int) -> String) -> String {
    let held = parts.map { "\($0.quantity) \(symbols[$0.leg])" }.joined(separator: ", ")
    return "\(kind.words) of \(held)" + (worstPrice.map { ", worst at \(price($0))" } ?? "")
  }
}

/// A requirement with the matching that it rests on.
package struct MarginMatch: Sendable, Equatable {
  package var requirement: MarginRequirement
  /// Their requirements add up to `requirement.gross`, and their parts to the legs.
  package var groups: [MarginGroup]

  /// As `MarginRequirement.init(of:)`.
  package init(
    of legs: [MarginLeg], underlyingPrice: Int?, isBroadIndex: Bool, rules: MarginRules = MarginRules()
  ) throws(MarginError) {
    var found: Result<MarginMatch, MarginError>?
    legs.withUnsafeBufferPointer { legs in
      do throws(MarginError) {
        let requirement = try MarginRequirement(
          of: legs, underlyingPrice: underlyingPrice, isBroadIndex: isBroadIndex, rules: rules)
        let groups = MarginMatch.groups(legs, price: underlyingPrice ?? 0, isBroadIndex: isBroadIndex, rules: rules)
        found = .success(MarginMatch(requirement: requirement, groups: groups))
      } catch {
        found = .failure(error)
      }
    }
    guard let found else { preconditionFailure("nothing was found") }
    self = try found.get()
  }

  private init(requirement: MarginRequirement, groups: [MarginGroup]) {
    self.requirement = requirement
    self.groups = groups
  }

  private static func groups(
    _ legs: UnsafeBufferPointer<MarginLeg>, price: Int, isBroadIndex: Bool, rules: MarginRules
  ) -> [MarginGroup] {
    var groups: [MarginGroup] = []
    for part in MarginClass.all(of: legs) {
      groups += part.search(legs, price: price, isBroadIndex: isBroadIndex, rules: rules) { search in
        search.groups(multiplier: part.multiplier)
      }
    }
    for (place, leg) in legs.enumerated() where leg.kind == .share && leg.quantity < 0 {
      let gross = Int64(-leg.quantity * price * MarginRules.percentOfShortShares)
      groups.append(MarginGroup(kind: .shortShares, parts: [.init(leg: place, quantity: leg.quantity)], gross: gross))
    }
    // What no group has taken is long.
    var rest = legs.enumerated().map { MarginGroup.Part(leg: $0.offset, quantity: $0.element.quantity) }
    for part in groups.flatMap(\.parts) { rest[part.leg].quantity -= part.quantity }
    for part in rest where part.quantity != 0 { groups.append(MarginGroup(kind: .long, parts: [part], gross: 0)) }
    return groups
  }
}

extension MarginSearch {
  /// The groups of the best assignment.
  fileprivate mutating func groups(multiplier: Int) -> [MarginGroup] {
    guard bestCost < Int.max else { return [] }
    given.update(from: bestGiven, count: legs.count * endCount)
    trial.update(from: bestTrial, count: legs.count)
    var groups: [MarginGroup] = []
    for end in 0..<endCount {
      let parts = legs.indices.compactMap { leg -> MarginGroup.Part? in
        let count = lotsAt(leg, end: end, trial)
        guard count != 0 else { return nil }
        let size = legs[leg].kind == .share ? lotSize * multiplier : lotSize
        return MarginGroup.Part(leg: leg, quantity: count * size)
      }
      if parts.contains(where: { $0.quantity < 0 }) {
        let (cost, price) = worst(end: end, uncovered: trial)
        groups.append(
          MarginGroup(
            kind: kind(of: parts, multiplier: multiplier), parts: parts, gross: Int64(cost),
            worstPrice: cost > 0 ? price : nil))
      }
      if admitsUncovered { groups += uncoveredGroups(end: end) }
    }
    return groups
  }

  private mutating func uncoveredGroups(end: Int) -> [MarginGroup] {
    for leg in 0..<legs.count {
      rest[leg] = legs[leg].quantity < 0 && legs[leg].lapse == ends[end] ? trial[leg] : 0
    }
    var groups: [MarginGroup] = []
    while let pair = takePair(end: end) {
      let isStraddle = legs[pair.call].strike == legs[pair.put].strike
      let each = uncoveredCost[pair.call] + uncoveredCost[pair.put] - saving(pair.call, pair.put)
      let parts = [pair.call, pair.put].sorted().map {
        MarginGroup.Part(leg: $0, quantity: -pair.lots * lotSize)
      }
      groups.append(
        MarginGroup(kind: isStraddle ? .straddle : .strangle, parts: parts, gross: Int64(pair.lots * each)))
    }
    for leg in 0..<legs.count where rest[leg] > 0 {
      groups.append(
        MarginGroup(
          kind: .uncovered, parts: [.init(leg: leg, quantity: -rest[leg] * lotSize)],
          gross: Int64(rest[leg] * uncoveredCost[leg])))
    }
    return groups
  }

  /// The next pair of an end, which leaves `rest`.
  private mutating func takePair(end: Int) -> Pair? {
    guard let pairs = bestPairs else { return usesRule ? takePairByRule() : takeBestPair() }
    guard let place = pairs.firstIndex(where: { legs[$0.call].lapse == ends[end] }) else { return nil }
    let pair = pairs[place]
    bestPairs?.remove(at: place)
    rest[pair.call] -= pair.lots
    rest[pair.put] -= pair.lots
    return pair
  }

  /// The first pair of those that save the most together, with as many lots as they have of it; it leaves `rest`.
  private mutating func takeBestPair() -> Pair? {
    let total = saving(call: 0, put: 0)
    for call in 0..<legs.count where legs[call].kind == .call && rest[call] > 0 {
      for put in 0..<legs.count where legs[put].kind == .put && rest[put] > 0 {
        for count in (1...min(rest[call], rest[put])).reversed() {
          rest[call] -= count
          rest[put] -= count
          if count * saving(call, put) + saving(call: 0, put: 0) == total {
            return Pair(call: call, put: put, lots: count)
          }
          rest[call] += count
          rest[put] += count
        }
      }
    }
    return nil
  }

  /// What a covered combination is called.
  private func kind(of parts: [MarginGroup.Part], multiplier: Int) -> MarginGroup.Kind {
    func some(_ kind: MarginLeg.Kind, isLong: Bool) -> [MarginGroup.Part] {
      parts.filter { legs[$0.leg].kind == kind && ($0.quantity > 0) == isLong }
    }
    let (shares, calls, puts) = (
      some(.share, isLong: true), some(.call, isLong: true), some(.put, isLong: true)
    )
    let (shortCalls, shortPuts) = (some(.call, isLong: false), some(.put, isLong: false))
    let lapses = Set(parts.map { legs[$0.leg].lapse })
    let sizes = Set(parts.map { abs($0.quantity) / (legs[$0.leg].kind == .share ? multiplier : 1) })
    func strike(_ some: [MarginGroup.Part]) -> Int { some.first.map { legs[$0.leg].strike } ?? 0 }

    switch (shares.count, calls.count, puts.count, shortCalls.count, shortPuts.count) {
    case (1, 0, 0, 1, 0) where sizes.count == 1: return .coveredCall
    case (0, 0, 0, 0, 1): return .securedPut
    case (0, 1, 0, 1, 0) where sizes.count == 1, (0, 0, 1, 0, 1) where sizes.count == 1:
      let isCall = calls.count == 1
      let (long, short) = isCall ? (strike(calls), strike(shortCalls)) : (strike(puts), strike(shortPuts))
      guard lapses.count == 1 else { return long == short ? .calendar : .diagonal }
      return .vertical(isCredit: isCall ? short < long : short > long)
    case (0, 2, 0, 1, 0) where lapses.count == 1, (0, 0, 2, 0, 1) where lapses.count == 1:
      let longs = calls + puts
      let isOneTwoOne = longs[0].quantity == longs[1].quantity && sizes.max() == 2 * longs[0].quantity
      let middle = 2 * strike(shortCalls + shortPuts) == legs[longs[0].leg].strike + legs[longs[1].leg].strike
      return isOneTwoOne && middle ? .butterfly : .covered
    case (0, 1, 1, 1, 1) where lapses.count == 1 && sizes.count == 1:
      let (call, put, shortCall, shortPut) = (strike(calls), strike(puts), strike(shortCalls), strike(shortPuts))
      if call == shortPut, put == shortCall { return .box }
      if put < shortPut, shortCall < call {
        if shortPut < shortCall { return .ironCondor }
        if shortPut == shortCall { return .ironButterfly }
      }
      return .covered
    default: return .covered
    }
  }
}
