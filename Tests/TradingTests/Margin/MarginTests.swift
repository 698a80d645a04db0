// What positions need: the numbers that brokers and rule books print, and those that others got wrong.

import Testing
import Trading

private struct Worked: Sendable, CustomTestStringConvertible {
  let what: String
  let legs: [MarginLeg]
  var spot = 600.0
  var isBroadIndex = false
  var admitsUncovered = true
  let gross: Double
  let kinds: [String]

  var testDescription: String { what }

  static let all = [
    Worked(what: "a long call", legs: [Legs.call(606, 1, ask: 0.44)], gross: 0, kinds: ["long"]),
    Worked(
      what: "a covered call", legs: [Legs.shares(100), Legs.call(606, -1, ask: 0.44)], gross: 0, kinds: ["covered call"]
    ),
    Worked(
      what: "a covered call in an account without uncovered shorts",
      legs: [Legs.shares(100), Legs.call(606, -1, ask: 0.44)], admitsUncovered: false, gross: 0, kinds: ["covered call"]
    ),
    Worked(
      what: "a cash-secured put", legs: [Legs.put(594, -1, ask: 0.44)], admitsUncovered: false, gross: 59_400,
      kinds: ["cash-secured put"]),
    Worked(what: "an uncovered call", legs: [Legs.call(606, -1, ask: 0.44)], gross: 11_444, kinds: ["uncovered"]),
    Worked(what: "an uncovered put", legs: [Legs.put(594, -1, ask: 0.44)], gross: 11_444, kinds: ["uncovered"]),
    Worked(
      what: "an uncovered call of a broad index", legs: [Legs.call(606, -1, ask: 0.44)], isBroadIndex: true,
      gross: 8444,
      kinds: ["uncovered"]),
    Worked(
      what: "an uncovered put of a broad index", legs: [Legs.put(594, -1, ask: 0.44)], isBroadIndex: true, gross: 8444,
      kinds: ["uncovered"]),
    Worked(
      what: "an uncovered call far out of the money needs a tenth of the price", legs: [Legs.call(900, -1, ask: 0.01)],
      gross: 6001, kinds: ["uncovered"]),
    Worked(
      what: "an uncovered put far out of the money needs a tenth of its strike", legs: [Legs.put(300, -1, ask: 0.01)],
      gross: 3001, kinds: ["uncovered"]),
    Worked(
      what: "a strangle", legs: [Legs.call(606, -1, ask: 0.44), Legs.put(594, -1, ask: 0.44)], gross: 11_488,
      kinds: ["strangle"]),
    Worked(
      what: "a straddle: the dearer side and the other's premium",
      legs: [Legs.call(600, -1, ask: 3), Legs.put(600, -1, ask: 2)], gross: 12_500, kinds: ["straddle"]),
    Worked(
      what: "a strangle counts its contracts", legs: [Legs.call(606, -10, ask: 0.44), Legs.put(594, -10, ask: 0.44)],
      gross: 114_880, kinds: ["strangle"]),
    Worked(
      what: "a credit vertical", legs: [Legs.put(594, -1, ask: 0.44), Legs.put(589, 1)], gross: 500,
      kinds: ["credit vertical"]),
    Worked(
      what: "a credit vertical counts its contracts", legs: [Legs.put(594, -54, ask: 0.44), Legs.put(589, 54)],
      gross: 27_000, kinds: ["credit vertical"]),
    Worked(
      what: "a debit vertical", legs: [Legs.call(600, 1), Legs.call(606, -1, ask: 0.44)], gross: 0,
      kinds: ["debit vertical"]),
    Worked(
      what: "a condor whose call wing is wider",
      legs: [Legs.put(7135, 2), Legs.put(7185, -2), Legs.call(7500, -2), Legs.call(7660, 2)], spot: 7300,
      isBroadIndex: true, gross: 32_000, kinds: ["iron condor"]),
    Worked(
      what: "a condor with equal wings",
      legs: [Legs.put(7090, 2), Legs.put(7185, -2), Legs.call(7510, -2), Legs.call(7605, 2)], spot: 7300,
      isBroadIndex: true, gross: 19_000, kinds: ["iron condor"]),
    Worked(
      what: "a condor whose put wing is wider",
      legs: [Legs.put(7090, 2), Legs.put(7235, -2), Legs.call(7510, -2), Legs.call(7605, 2)], spot: 7300,
      isBroadIndex: true, gross: 29_000, kinds: ["iron condor"]),
    Worked(
      what: "an iron butterfly",
      legs: [Legs.put(590, 1), Legs.put(600, -1), Legs.call(600, -1), Legs.call(610, 1)], gross: 1000,
      kinds: ["iron butterfly"]),
    Worked(
      what: "a condor that was bought",
      legs: [Legs.put(590, -1), Legs.put(595, 1), Legs.call(605, 1), Legs.call(610, -1)],
      gross: 0, kinds: ["covered combination"]),
    Worked(
      what: "a butterfly", legs: [Legs.call(595, 1), Legs.call(600, -2), Legs.call(605, 1)], gross: 0,
      kinds: ["butterfly"]),
    Worked(
      what: "a calendar whose long leg is the later", legs: [Legs.call(600, -1, ask: 2), Legs.call(600, 1, lapse: 2)],
      gross: 0, kinds: ["calendar"]),
    Worked(
      what: "a diagonal", legs: [Legs.call(600, -1, ask: 2), Legs.call(610, 1, lapse: 2)], gross: 1000,
      kinds: ["diagonal"]),
    Worked(
      what: "a calendar whose long leg ends first covers nothing",
      legs: [Legs.call(606, 1), Legs.call(606, -1, ask: 0.5, lapse: 2)], gross: 11_450, kinds: ["uncovered", "long"]),
    Worked(
      what: "a box that was sold",
      legs: [Legs.call(600, -1), Legs.call(610, 1), Legs.put(610, -1), Legs.put(600, 1)], gross: 1000, kinds: ["box"]),
    Worked(
      what: "a box that was bought",
      legs: [Legs.call(600, 1), Legs.call(610, -1), Legs.put(610, 1), Legs.put(600, -1)], gross: 0, kinds: ["box"]),
    Worked(
      what: "shares cover the calls that they suffice for",
      legs: [Legs.shares(250), Legs.call(606, -3, ask: 0.44)], gross: 11_444,
      kinds: ["covered call", "uncovered", "long"]),
    Worked(
      what: "shares beyond the calls are as good as those that suffice",
      legs: [Legs.shares(1000), Legs.call(606, -3, ask: 0.44)], gross: 0, kinds: ["covered call", "long"]),
    Worked(what: "short shares", legs: [Legs.shares(-100)], gross: 90_000, kinds: ["short shares"]),
    // Matched from the front, the ladder of 600, 605 and 610 leaves a call uncovered; matched as two spreads nothing is.
    Worked(
      what: "spreads are not taken apart for a ladder",
      legs: [Legs.call(600, 1), Legs.call(605, -1, ask: 1), Legs.call(610, -1, ask: 0.5), Legs.call(603, 1)], gross: 0,
      kinds: ["covered combination"]),
  ]
}

@Suite struct MarginTests {
  @Test(arguments: Worked.all)
  private func `worked numbers`(_ worked: Worked) throws {
    let match = try MarginMatch(
      worked.legs, spot: worked.spot, isBroadIndex: worked.isBroadIndex, admitsUncovered: worked.admitsUncovered)
    #expect(match.grossDollars == worked.gross)
    #expect(match.groups.map { $0.kind.words } == worked.kinds)
    #expect(match.requirement.isLeast)
  }

  @Test func `net is what the trade takes from the cash before it`() throws {
    // Sold at 0.44 and bought at 0.20: 500 before the credit of 24, 476 after it.
    let vertical = try MarginMatch([Legs.put(594, -1, ask: 0.44), Legs.put(589, 1)], spot: 600)
    #expect(vertical.requirement.net(credit: 24_000_000) == 476_000_000)
    // A long call needs what it cost.
    let call = try MarginMatch([Legs.call(606, 1)], spot: 600)
    #expect(call.requirement.net(credit: -44_000_000) == 44_000_000)
  }

  @Test func `a match says at which price it is worst`() throws {
    let condor = try MarginMatch(
      [Legs.put(7135, 2), Legs.put(7185, -2), Legs.call(7500, -2), Legs.call(7660, 2)], spot: 7300, isBroadIndex: true)
    #expect(condor.groups.first?.worstPrice == Legs.ticks(7660))
    let put = try MarginMatch([Legs.put(594, -1)], spot: 600, admitsUncovered: false)
    #expect(put.groups.first?.worstPrice == 0)
  }

  @Test func `a call without cover is refused where none is admitted`() {
    #expect(throws: MarginError.uncoveredCalls(contracts: 2)) {
      try MarginMatch([Legs.shares(100), Legs.call(606, -3)], spot: 600, admitsUncovered: false)
    }
  }

  @Test func `a short needs a price of its underlying, a long none`() throws {
    #expect(throws: MarginError.noUnderlyingPrice) { try MarginMatch([Legs.call(606, -1)], spot: nil) }
    let long = try MarginMatch([Legs.call(606, 1)], spot: nil)
    #expect(long.requirement == MarginRequirement())
  }

  @Test func `what is no position, and more money than can be counted, is refused by its leg`() {
    #expect(throws: MarginError.notAPrice(of: .leg(1))) {
      try MarginMatch([Legs.call(606, 1), Legs.put(-5, -1)], spot: 600)
    }
    #expect(throws: MarginError.tooLarge(of: .leg(0))) {
      try MarginMatch([Legs.call(606, -(1 << 40))], spot: 600)
    }
    #expect(throws: MarginError.tooLarge(of: .leg(0))) { try MarginMatch([Legs.put(606, .min)], spot: 600) }
    #expect(throws: MarginError.notAPrice(of: .leg(0))) { try MarginMatch([Legs.put(606, -1)], spot: -1) }
  }

  @Test func `a contract of nothing counts for nothing`() throws {
    let match = try MarginMatch([Legs.call(606, 0, ask: 1), Legs.put(594, -1, ask: 0.44)], spot: 600)
    #expect(match.grossDollars == 11_444)
    #expect(match.groups.count == 1)
  }

  @Test func `options of another multiplier cover nothing`() throws {
    var adjusted = Legs.call(606, 1)
    adjusted.multiplier = 150
    let match = try MarginMatch([Legs.call(606, -1, ask: 0.44), adjusted], spot: 600)
    #expect(match.grossDollars == 11_444)
  }
}
