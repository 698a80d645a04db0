// Booking: cash, positions and itemised steps move together, to the micro-dollar.

import Market
import Testing

@testable import Trading

struct BookTests {
  private func account(_ symbols: String...) throws -> DeskAccount {
    DeskAccount(try symbols.map { try traded($0) } + [TradedContract(share: "SPY")])
  }

  @Test func `a round trip at a standing quote loses the spread and the fees`() throws {
    let account = try account("SPY251211C00606000")
    _ = account.trade(1, [(0, 3, 4_400, 4_600)], packages: 3)
    #expect(account.cash == 100_000_000_000 - 138_000_000 - 3 * 650_000)
    #expect(account.gap == 0)
    #expect(account.book.marks == Marks(middle: 135_000_000, liquidation: 132_000_000))
    let booked = account.trade(2, [(0, -3, 4_400, 4_600)], packages: 3, effect: .closes, closes: 1)
    #expect(booked?.realised == -6_000_000)
    #expect(account.book.isEmpty && account.gap == 0)
    #expect(account.book.group(openedBy: 1) == nil)
    #expect(account.cash == 100_000_000_000 - 6_000_000 - 6 * 650_000)
    let sums = account.ledger.sums.pointee
    #expect(sums.costs[.halfSpread] == 6_000_000 && sums.costs[.commission] == 3_900_000)
    #expect(sums.priceProfit == 0 && sums.markChange == 0)
  }

  @Test func `long and short are marked on their own sides`() throws {
    let account = try account("SPY251211C00606000", "SPY251211P00594000")
    _ = account.trade(1, [(0, -1, 4_400, 4_600), (1, 1, 4_000, 4_100)])
    #expect(account.book.marks == Marks(middle: -45_000_000 + 40_500_000, liquidation: -46_000_000 + 40_000_000))
    var market = try #require(StandingMarket("2025-12-11"))
    market.quotes[0] = MinuteQuote(bid: 5_400, ask: 5_600, minute: 20)
    market.quotes[1] = MinuteQuote(bid: 3_000, ask: 3_300, minute: 20)
    let step = account.book.mark(market, minute: 20, in: account.table, to: account.ledger)
    #expect(step.priceProfit == -10_000_000 - 9_000_000)
    #expect(step.markChange == -500_000 * 2)
    #expect(account.gap == 0)
  }

  /// What is found by looking at every place of the book.
  private struct PlainSearch: Equatable {
    var slots: [Int?]
    var groups: [Int?]
    var freeSlot: Int?
    var freeSlots: Int
    var freePlace: Int?
    var isEmpty: Bool

    init(every book: Book, contracts: Range<Int32>) {
      let (all, places) = (0..<book.capacity, 0..<book.groupCapacity)
      slots = contracts.map { contract in all.first { book.positions[$0].contract == contract } }
      groups = contracts.map { contract in places.first { book.groups[$0].order == Int64(contract) + 1 } }
      freeSlot = all.first { book.positions[$0].quantity == 0 }
      freeSlots = all.count { book.positions[$0].quantity == 0 }
      freePlace = places.first { book.groups[$0].order == 0 }
      isEmpty = freeSlots == book.capacity
    }

    init(used book: Book, contracts: Range<Int32>) {
      slots = contracts.map { book.slot(of: $0) }
      groups = contracts.map { book.group(openedBy: Int64($0) + 1) }
      (freeSlot, freeSlots, freePlace) = (book.freeSlot, book.freeSlots, book.freePlace)
      isEmpty = book.isEmpty
    }
  }

  @Test func `a search up to what is in use finds what a search of every place finds`() throws {
    var random = RiskRandom(seed: 5)
    let account = DeskAccount([], slots: 6)
    let book = account.book
    let contracts = Int32(0)..<6
    var longest = 0
    for step in 0..<2_000 {
      let number = Int32(random.below(6))
      if random.happens(0.5) {
        let place = random.below(6)
        book.put(.free, at: book.slot(of: number) ?? place)
        book.putGroup(.free, at: place)
      } else {
        if book.slot(of: number) == nil, let slot = book.freeSlot {
          book.put(Position(contract: number, multiplier: 100, quantity: 1, bid: 1, ask: 2), at: slot)
        }
        if book.group(openedBy: Int64(number) + 1) == nil, let place = book.freePlace {
          let legs = UpToFour(OrderLeg(contract: number, ratio: 1))
          book.putGroup(
            LegGroup(order: Int64(number) + 1, legs: legs, quantity: 1, openedFor: 0, openedMinute: 0), at: place)
        }
      }
      let found = PlainSearch(used: book, contracts: contracts)
      try #require(found == PlainSearch(every: book, contracts: contracts), "step \(step)")
      // No further than the last that is held, and nothing where none is.
      let last = (0..<6).last { !book.positions[$0].isFree }
      let lastGroup = (0..<6).last { book.groups[$0].order != 0 }
      try #require(
        book.usedSlots.count == last.map { $0 + 1 } ?? 0 && book.usedGroups.count == lastGroup.map { $0 + 1 } ?? 0)
      longest = max(longest, book.usedSlots.count)
    }
    #expect(longest == 6)
    book.hold([Position(contract: 3, multiplier: 100, quantity: -2, bid: 1, ask: 2)])
    #expect(book.usedSlots == 0..<1 && book.usedGroups.isEmpty && book.quantity(of: 3) == -2)
    book.open()
    #expect(book.usedSlots.isEmpty && book.isEmpty)
  }

  @Test func `costs that do not explain a price show as a gap`() throws {
    let account = try account("SPY251211C00606000")
    var fill = LegFill(
      contract: 0, multiplier: 100, quantity: 1, price: 4_600, bid: 4_400, ask: 4_600, costs: Costs())
    #expect(!fill.agrees)
    fill.costs[.halfSpread] = 1_000_000
    #expect(fill.agrees && fill.insideTouch == 0)
    fill.costs[.halfSpread] = 999_999
    account.book.apply(
      OrderFill(order: 1, minute: 0, quantity: 1, effect: .opens, legs: UpToFour(fill)), to: account.ledger)
    #expect(account.gap == -1)
  }

  @Test func `a part that is given back takes its share of the basis, and the rest stays exact`() {
    var position = Position(contract: 0, multiplier: 100, quantity: 0, bid: 0, ask: 0)
    #expect(position.add(3, for: 100) == 0)
    #expect(position.add(-1, for: -40) == 40 - 33)
    #expect(position.basis == 67 && position.quantity == 2)
    // Through zero: two are given back, one is sold short.
    #expect(position.add(-3, for: -90) == 60 - 67)
    #expect(position.basis == -30 && position.quantity == -1)
    #expect(position.add(1, for: 25) == 5)
    #expect(position.isFree && position.basis == 0)
  }

  @Test func `an unquoted day does not saw the mark`() throws {
    let account = try account("SPY251212C00600000")
    _ = account.trade(1, [(0, -1, 20_000, 20_400)])
    var market = try #require(StandingMarket("2025-12-11"))
    market.underlyings[0] = 6_000_000
    market.models[0] = 20_100
    market.quotes[0] = MinuteQuote(bid: 20_000, ask: 20_400, minute: 20)
    account.book.mark(market, minute: 20, in: account.table, to: account.ledger)
    // A last trade far from the middle, a quote of one side, a quote that was filled forward: the mark stays.
    for quote in [
      MinuteQuote(bid: 0, ask: 90_000, minute: 21), MinuteQuote(bid: 1, ask: 2, minute: 21, isFilledForward: true), nil,
    ] {
      market.quotes[0] = quote
      account.book.mark(market, minute: 24, in: account.table, to: account.ledger)
      #expect(account.book.marks == Marks(middle: -202_000_000, liquidation: -204_000_000, unquoted: 1))
    }
    // The surface moves it.
    market.models[0] = 22_100
    account.book.mark(market, minute: 25, in: account.table, to: account.ledger)
    #expect(account.book.marks.liquidation == -224_000_000)
    // A short is never worth more than its intrinsic value says, whatever the surface.
    market.underlyings[0] = 6_100_000
    account.book.mark(market, minute: 26, in: account.table, to: account.ledger)
    #expect(account.book.marks.liquidation == -1_000_000_000)
    #expect(account.gap == 0)
  }

  @Test func `a closing order gives back what is held, and no more`() throws {
    let account = try account("SPY251211C00606000")
    _ = account.trade(1, [(0, -2, 4_400, 4_600)], packages: 2)
    func refusal(_ ratio: Int32, _ quantity: Int, closes: Int64 = 1) -> OrderRefusal? {
      account.book.refusal(
        of: Order(
          id: 2, legs: UpToFour(OrderLeg(contract: 0, ratio: ratio)), quantity: quantity, effect: .closes,
          submittedMinute: 11, closes: closes), in: account.table)
    }
    #expect(refusal(1, 2) == nil)
    #expect(refusal(1, 3) == .nothingToClose("SPY251211C00606000", held: -2, asked: 3))
    #expect(refusal(-1, 1) == .nothingToClose("SPY251211C00606000", held: -2, asked: -1))
    #expect(refusal(1, 1, closes: 9) == .unknownGroup(9))
  }

  @Test func `a full book refuses what needs another slot`() throws {
    let account = DeskAccount([try traded("SPY251211C00606000"), try traded("SPY251211C00607000")], slots: 1)
    _ = account.trade(1, [(0, 1, 4_400, 4_600)])
    let order = Order(
      id: 2, legs: UpToFour(OrderLeg(contract: 1, ratio: 1)), quantity: 1, effect: .opens, submittedMinute: 11)
    #expect(account.book.refusal(of: order, in: account.table) == .bookFull(1))
  }

  @Test func `the closing package reverses every leg`() throws {
    let account = try account("SPY251211C00606000", "SPY251211C00607000")
    _ = account.trade(7, [(0, -4, 4_400, 4_600), (1, 4, 2_000, 2_200)], packages: 4)
    let group = account.book.groups[try #require(account.book.group(openedBy: 7))]
    #expect(group.quantity == 4 && group.openedFor == 4 * (-44_000_000 + 22_000_000))
    let reversed = group.reversed
    #expect(reversed.count == 2)
    #expect(reversed[0] == OrderLeg(contract: 0, ratio: 1) && reversed[1] == OrderLeg(contract: 1, ratio: -1))
    _ = account.trade(8, [(0, 4, 4_400, 4_600), (1, -4, 2_000, 2_200)], packages: 4, effect: .closes, closes: 7)
    #expect(account.book.isEmpty && account.book.group(openedBy: 7) == nil && account.gap == 0)
  }

  @Test func `a roll gives the old leg back and opens a group of its own`() throws {
    let account = try account("SPY251211C00606000", "SPY251212C00606000")
    _ = account.trade(1, [(0, -2, 4_400, 4_600)], packages: 2)
    _ = account.trade(2, [(0, 2, 4_400, 4_600), (1, -2, 9_000, 9_300)], packages: 2, effect: .opens, closes: 1)
    #expect(account.book.group(openedBy: 1) == nil)
    let group = account.book.groups[try #require(account.book.group(openedBy: 2))]
    #expect(group.legs == UpToFour(OrderLeg(contract: 1, ratio: -1)) && group.quantity == 2)
    #expect(account.book.quantity(of: 0) == 0 && account.book.quantity(of: 1) == -2 && account.gap == 0)
  }
}
