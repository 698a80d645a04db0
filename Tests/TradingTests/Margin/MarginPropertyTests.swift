// What margin must be of any position: never less than can be lost, the least of all matchings, and of ten times a position ten times as much.

import Kernels
import Testing

@testable import Trading

/// Positions drawn at random.
private struct Draw {
  var random: RandomStream

  init(seed: UInt64) { random = RandomStream(seed: seed, purpose: .randomTrading) }

  mutating func below(_ limit: Int) -> Int { Int(random.nextInteger(below: UInt64(limit))) }

  mutating func option(_ kind: MarginLeg.Kind, quantity: Int, lapse: Int, strikes: Int = 9) -> MarginLeg {
    MarginLeg(
      kind: kind, strike: Legs.ticks(Double(100 - 5 * (strikes / 2) + 5 * below(strikes))), lapse: lapse,
      quantity: quantity,
      ask: Legs.ticks(Double(1 + below(300)) / 100))
  }

  /// Up to six legs, each short of them with a long one of its kind that lasts as long; sometimes shares in the place of a long call.
  mutating func covered() -> [MarginLeg] {
    var legs: [MarginLeg] = []
    let ends = 1 + below(2)
    for _ in 0..<1 + below(3) {
      let (quantity, lapse) = (1 + below(3), 1 + below(ends))
      let kind: MarginLeg.Kind = below(2) == 0 ? .call : .put
      legs.append(option(kind, quantity: -quantity, lapse: lapse))
      if kind == .call, below(4) == 0, !legs.contains(where: { $0.kind == .share }) {
        legs.append(Legs.shares(100 * quantity))
      } else {
        legs.append(option(kind, quantity: quantity, lapse: lapse + below(2)))
      }
    }
    return legs
  }

  /// Any legs of so many contracts together.
  mutating func any(contracts: Int) -> [MarginLeg] {
    var (legs, left): ([MarginLeg], Int) = ([], contracts)
    while left > 0 {
      let quantity = 1 + below(min(left, 3))
      left -= quantity
      if below(8) == 0, !legs.contains(where: { $0.kind == .share }) {
        legs.append(Legs.shares(100 * quantity))
      } else {
        let side = below(3) == 0 ? 1 : -1
        legs.append(option(below(2) == 0 ? .call : .put, quantity: side * quantity, lapse: 1 + below(2)))
      }
    }
    return legs
  }
}

/// What using a leg's right brings at a price, a unit, in ten-thousandths of a dollar.
private func value(_ leg: MarginLeg, at price: Int) -> Int {
  switch leg.kind {
  case .share: price
  case .call: max(0, price - leg.strike)
  case .put: max(0, leg.strike - price)
  }
}

/// Every strike, nothing, and a price far beyond all.
private func prices(of legs: [MarginLeg]) -> [Int] {
  [0, 10_000_000] + legs.filter { $0.kind != .share }.map(\.strike)
}

/// Micro-dollars to be paid at expiry where the underlying takes a price at each end; who holds a long uses it when it brings most.
private func payable(_ legs: [MarginLeg], path: [Int]) -> Int {
  legs.reduce(0) { sum, leg in
    let units = 100 * leg.quantity * leg.multiplier
    let last = min(leg.lapse, path.count)
    if leg.quantity < 0 { return sum - units * value(leg, at: path[last - 1]) }
    return sum - units * (path[..<last].map { value(leg, at: $0) }.max() ?? 0)
  }
}

@Suite struct MarginPropertyTests {
  @Test func `gross covers what is payable at expiry, and net the loss, over every strike and both tails`() throws {
    var draw = Draw(seed: 3)
    var (asked, tight) = (0, 0)
    for _ in 0..<3000 {
      let legs = draw.covered()
      let match = try MarginMatch(legs, spot: 100, admitsUncovered: draw.below(2) == 0)
      #expect(match.requirement.uncovered == 0 && match.requirement.isLeast)
      let credit = Int64(draw.below(2_000_000_000) - 1_000_000_000)
      let some = prices(of: legs)
      let ends = Set(legs.filter { $0.quantity < 0 }.map(\.lapse))
      var most = 0
      for first in some {
        for second in ends.count > 1 ? some : [first] {
          most = max(most, payable(legs, path: [first, second, second]))
        }
      }
      #expect(match.requirement.gross >= Int64(most), "\(legs)")
      #expect(match.requirement.net(credit: credit) >= Int64(most) - credit)
      if ends.count == 1 {
        // Not a cent more than that either.
        #expect(match.requirement.gross == Int64(most), "\(legs)")
        tight += most > 0 ? 1 : 0
      }
      asked += most > 0 ? 1 : 0
    }
    #expect(asked > 1000 && tight > 500)
  }

  @Test(arguments: [true, false])
  func `no other matching needs less`(admitsUncovered: Bool) throws {
    var draw = Draw(seed: 5)
    var (uncovered, refused) = (0, 0)
    for _ in 0..<400 {
      let legs = draw.any(contracts: 5)
      let isBroadIndex = draw.below(2) == 0
      let plain = PlainMargin.least(legs, spot: Legs.ticks(100), isBroadIndex, admitsUncovered)
      do throws(MarginError) {
        let match = try MarginMatch(
          legs, spot: 100, isBroadIndex: isBroadIndex, admitsUncovered: admitsUncovered)
        #expect(match.requirement.gross == Int64(plain.gross), "\(legs)")
        #expect(match.requirement.uncovered == plain.uncovered, "\(legs)")
        uncovered += plain.uncovered > 0 ? 1 : 0
        check(match, legs)
      } catch {
        #expect(error == .uncoveredCalls(contracts: plain.uncovered) && !admitsUncovered, "\(legs)")
        refused += 1
      }
    }
    #expect(admitsUncovered ? uncovered > 200 && refused == 0 : refused > 100)
  }

  /// The groups of a match hold every leg once, and need what it says.
  private func check(_ match: MarginMatch, _ legs: [MarginLeg]) {
    var held = [Int](repeating: 0, count: legs.count)
    for part in match.groups.flatMap(\.parts) { held[part.leg] += part.quantity }
    #expect(held == legs.map(\.quantity))
    #expect(match.groups.reduce(0) { $0 + $1.gross } == match.requirement.gross, "\(match)")
  }

  @Test func `ten times a position needs ten times as much`() throws {
    var draw = Draw(seed: 7)
    for _ in 0..<300 {
      let legs = draw.any(contracts: 6)
      let tenfold = legs.map { leg in
        var leg = leg
        leg.quantity *= 10
        return leg
      }
      let (one, ten) = try (MarginMatch(legs, spot: 100), MarginMatch(tenfold, spot: 100))
      #expect(ten.requirement.gross == 10 * one.requirement.gross, "\(legs)")
      #expect(ten.requirement.uncovered == 10 * one.requirement.uncovered)
    }
  }

  @Test func `any six legs of up to four lots are matched by trying every way`() throws {
    var draw = Draw(seed: 9)
    for _ in 0..<300 {
      let legs = (0..<6).map { _ in
        draw.option(
          draw.below(2) == 0 ? .call : .put, quantity: (1 + draw.below(4)) * (draw.below(2) == 0 ? 1 : -1),
          lapse: 1 + draw.below(3))
      }
      let match = try MarginMatch(legs, spot: 100)
      #expect(match.requirement.isLeast, "\(legs)")
      check(match, legs)
    }
  }

  /// What a way of looking finds for all options of one underlying.
  private func least(_ legs: [MarginLeg], _ way: MarginSearch.Way, admitsUncovered: Bool = true) -> MarginRequirement {
    legs.withUnsafeBufferPointer { legs in
      MarginClass.all(of: legs).reduce(into: MarginRequirement()) { sum, part in
        sum += part.search(
          legs, price: Legs.ticks(100), isBroadIndex: false, rules: MarginRules(admitsUncovered: admitsUncovered),
          way: way
        ) { MarginRequirement(gross: Int64($0.bestCost), uncovered: $0.bestUncovered, isLeast: $0.isLeast) }
      }
    }
  }

  @Test(arguments: [true, false])
  func `bounds find what trying every way finds, up to eight legs`(admitsUncovered: Bool) {
    var draw = Draw(seed: 13)
    var positive = 0
    for _ in 0..<400 {
      var legs = (0..<2 + draw.below(7)).map { _ in
        draw.option(
          draw.below(2) == 0 ? .call : .put, quantity: (1 + draw.below(2)) * (draw.below(3) == 0 ? 1 : -1),
          lapse: 1 + draw.below(3))
      }
      if draw.below(4) == 0, legs.count < 8 { legs.append(Legs.shares(100 * (1 + draw.below(3)))) }
      let tried = least(legs, .trying, admitsUncovered: admitsUncovered)
      #expect(tried.isLeast && least(legs, .bounds, admitsUncovered: admitsUncovered) == tried, "\(legs)")
      positive += tried.gross > 0 ? 1 : 0
    }
    #expect(positive > 300)
  }

  @Test func `fourteen legs of many lots and four ends are matched to the least`() throws {
    var draw = Draw(seed: 11)
    for _ in 0..<20 {
      let legs = (0..<14).map { _ in
        draw.option(
          draw.below(2) == 0 ? .call : .put, quantity: (1 + draw.below(9)) * (draw.below(2) == 0 ? 1 : -1),
          lapse: 1 + draw.below(4))
      }
      let match = try MarginMatch(legs, spot: 100)
      #expect(match.requirement.isLeast, "\(legs)")
      check(match, legs)
      #expect(match.requirement.uncovered == PlainMargin.fewestUncovered(legs), "\(legs)")
    }
  }

  /// Half a chain on one day, as a book of many condors has it.
  @Test func `a hundred legs are matched at once, and never to more than by the rule`() throws {
    var draw = Draw(seed: 17)
    var proven = 0
    let clock = ContinuousClock()
    let begin = clock.now
    for _ in 0..<6 {
      let legs = (0..<100).map { _ in
        draw.option(
          draw.below(2) == 0 ? .call : .put, quantity: draw.below(2) == 0 ? 1 : -1, lapse: 1, strikes: 30)
      }
      let match = try MarginMatch(legs, spot: 100)
      check(match, legs)
      #expect(match.requirement.uncovered == PlainMargin.fewestUncovered(legs), "\(legs)")
      proven += match.requirement.isLeast ? 1 : 0
    }
    #expect(proven > 2)
    #expect(clock.now - begin < .seconds(20), "a desk asks this before every order and every fill")
  }
}
