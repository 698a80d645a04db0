// Margin by trying everything, contract by contract: slow, and shares nothing with the search.

import Trading

enum PlainMargin {
  /// The fewest uncovered contracts, and what they and the covered ones need at least, in micro-dollars.
  static func least(_ legs: [MarginLeg], spot: Int, _ isBroadIndex: Bool, _ admitsUncovered: Bool) -> (
    uncovered: Int, gross: Int
  ) {
    let shortCalls = legs.filter { $0.kind == .call && $0.quantity < 0 }.reduce(0) { $0 - $1.quantity }
    func contracts(_ leg: MarginLeg) -> Int {
      leg.kind == .share ? min(leg.quantity / 100, shortCalls) : abs(leg.quantity)
    }
    guard legs.contains(where: { $0.kind != .share }) else { return (0, 0) }
    let size = legs.reduce(0) { greatestCommonDivisor($0, contracts($1)) }
    // Lots as legs of their own, each with what it needs alone.
    var (longs, shorts): ([MarginLeg], [MarginLeg]) = ([], [])
    for leg in legs {
      for _ in 0..<contracts(leg) / size {
        if leg.quantity > 0 { longs.append(leg) } else { shorts.append(leg) }
      }
    }
    let ends = Set(shorts.map(\.lapse)).sorted()
    var best = (uncovered: Int.max, gross: Int.max)
    // Each long serves an end or none; each short is covered or not.
    func serve(_ place: Int, _ served: [Int?]) {
      guard place == longs.count else {
        serve(place + 1, served + [nil])
        for end in ends where end <= longs[place].lapse { serve(place + 1, served + [end]) }
        return
      }
      var sum = (uncovered: 0, gross: 0)
      for end in ends {
        let mine = shorts.filter { $0.lapse == end }
        let covers = longs.indices.filter { served[$0] == end }.map { longs[$0] }
        var least = (uncovered: Int.max, gross: Int.max)
        for mask in 0..<1 << mine.count {
          let open = mine.indices.filter { mask >> $0 & 1 == 1 }.map { mine[$0] }
          let covered = mine.indices.filter { mask >> $0 & 1 == 0 }.map { mine[$0] }
          let calls = covered.count { $0.kind == .call } - covers.count { $0.kind != .put }
          let puts = covered.count { $0.kind == .put } - covers.count { $0.kind == .put }
          guard calls <= 0, !admitsUncovered || puts <= 0 else { continue }
          if !admitsUncovered, open.contains(where: { $0.kind == .put }) { continue }
          let gross = worst(covered, covers) + pairs(open, spot, isBroadIndex)
          if (open.count, gross) < least { least = (open.count, gross) }
        }
        sum = (sum.uncovered + least.uncovered, sum.gross + least.gross)
      }
      if sum < best { best = sum }
    }
    serve(0, [])
    return (best.uncovered * size, best.gross * size)
  }

  private static func greatestCommonDivisor(_ left: Int, _ right: Int) -> Int {
    right == 0 ? left : greatestCommonDivisor(right, left % right)
  }

  private static func worst(_ shorts: [MarginLeg], _ longs: [MarginLeg]) -> Int {
    func value(_ leg: MarginLeg, _ price: Int) -> Int {
      leg.kind == .share ? price : max(0, leg.kind == .call ? price - leg.strike : leg.strike - price)
    }
    let prices = [0, 100_000_000] + (shorts + longs).map(\.strike)
    return prices.map { price in
      10_000 * (shorts.reduce(0) { $0 + value($1, price) } - longs.reduce(0) { $0 + value($1, price) })
    }.reduce(0, max)
  }

  /// All ways to pair calls with puts of the same end.
  private static func pairs(_ shorts: [MarginLeg], _ spot: Int, _ isBroadIndex: Bool) -> Int {
    func alone(_ leg: MarginLeg) -> Int {
      let beyond = max(0, leg.kind == .call ? leg.strike - spot : spot - leg.strike)
      let share = (isBroadIndex ? 15 : 20) * spot / 100 - beyond
      return 10_000 * (leg.ask + max(share, (leg.kind == .call ? spot : leg.strike) / 10))
    }
    guard let first = shorts.first else { return 0 }
    let rest = Array(shorts.dropFirst())
    var best = alone(first) + pairs(rest, spot, isBroadIndex)
    for (place, other) in rest.enumerated() where other.kind != first.kind {
      var left = rest
      left.remove(at: place)
      let (call, put) = first.kind == .call ? (first, other) : (other, first)
      let both = alone(call) >= alone(put) ? alone(call) + 10_000 * put.ask : alone(put) + 10_000 * call.ask
      best = min(best, both + pairs(left, spot, isBroadIndex))
    }
    return best
  }

  /// Shorts that no long of their kind is left for, the latest served first.
  static func fewestUncovered(_ legs: [MarginLeg]) -> Int {
    var count = 0
    for kind in [MarginLeg.Kind.call, .put] {
      var longs = legs.filter { $0.kind == kind && $0.quantity > 0 }
      for short in legs.filter({ $0.kind == kind && $0.quantity < 0 }).sorted(by: { $0.lapse > $1.lapse }) {
        var need = -short.quantity
        for place in longs.indices where longs[place].lapse >= short.lapse {
          let used = min(need, longs[place].quantity)
          longs[place].quantity -= used
          need -= used
        }
        count += need
      }
    }
    return count
  }
}
