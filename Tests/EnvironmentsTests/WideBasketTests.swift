// Baskets of more than three symbols: a choice a symbol, and masks that every combination of legal choices keeps.

import AgentInterface
import Environments
import Market
import TestSupport
import Testing
import Trading

@Suite struct WideBasketTests {
  private static func names(_ count: Int) -> [String] { (1...count).map { "S\($0)" } }

  /// An action of independent orders: -1, 0 or 1 a symbol.
  private static func action(_ orders: [Int]) -> ActionNumber { BasketAction(orders: orders).index }

  /// Of each symbol what is legal: some of -1, 0 and 1.
  private static func legal(_ row: StepRow, _ heads: ActionFactors, lane: Int = 0) -> [[Int]] {
    heads.widths.indices.map { symbol in
      (-1...1).filter { heads.mask(row.masks[lane], of: symbol).allows($0 + 1) }
    }
  }

  private static func make(
    _ tape: MarketTape, _ configuration: BasketConfiguration = BasketConfiguration(), lanes: Int = 1
  ) throws -> (BasketEnvironment, StepRow) {
    let made = try BasketEnvironment(
      tape: tape, configuration: configuration, window: 50..<tape.barCount, laneCount: lanes, episodes: .continuous,
      recordsFills: true)
    let row = StepRow(for: made)
    row.reset(made, seed: 3)
    return (made, row)
  }

  private static func still(_ count: Int, bars: Int = 60) -> MarketTape {
    handMadeTape(names(count), bars: bars) { _, _ in HandMadeBar(open: 100, close: 100) }
  }

  @Test func upToThreeAreJointAndMoreAreIndependent() {
    for count in 1...3 {
      let space = BasketAction.space(symbols: Self.names(count))
      #expect(!space.isFactored && space.count == BasketAction.count(symbolCount: count))
    }
    for count in [4, 19, 20, 64] {
      let space = BasketAction.space(symbols: Self.names(count))
      #expect(space.isFactored && space.count == 3 * count)
      #expect(space.actionCount == BasketAction.count(symbolCount: count))
      #expect(space.fallback == BasketAction.hold(symbolCount: count))
      #expect(space.names.prefix(4) == ["sell S1", "hold S1", "buy S1", "sell S2"])
      // The digits of an action are the basket's own.
      let orders = (0..<count).map { $0 % 3 - 1 }
      #expect(space.choices(of: BasketAction(orders: orders).index) == orders.map { $0 + 1 })
    }
    #expect(BasketAction.space(symbols: Self.names(4)).name(of: 0) == "sell S1, sell S2, sell S3, sell S4")
  }

  /// Up to 19 symbols an action lies as its number, up to 21 a mask in one word, up to 36 a number falls into one half of 64 bits, up to 42 a mask into two
  /// words.
  @Test(arguments: [4, 8, 19, 20, 21, 22, 36, 37, 38, 39, 42, 43, 64]) func ordersReachTheirSymbols(count: Int) throws {
    let (made, row) = try Self.make(Self.still(count))
    let heads = made.actionSpace.heads
    #expect(Self.legal(row, heads) == (0..<count).map { _ in [0, 1] })
    let wanted = (0..<count).map { $0 % 2 }
    row.choose(Self.action(wanted))
    row.step(made)
    #expect(made.account(lane: 0).units == wanted)
    #expect(Self.legal(row, heads) == wanted.map { $0 == 1 ? [-1, 0] : [0, 1] })
    row.choose(Self.action(wanted.map { 1 - 2 * $0 }))
    row.step(made)
    #expect(made.account(lane: 0).units == wanted.map { 1 - $0 })
    let fills = made.drainFills(lane: 0)
    #expect(fills.count == wanted.reduce(0, +) + count)
    #expect(made.drainIllegalAttempts() == 0)
  }

  /// An illegal choice becomes hold for its own symbol, and the step counts once.
  @Test func anIllegalChoiceConcernsItsSymbolAlone() throws {
    let (made, row) = try Self.make(Self.still(5))
    row.choose(Self.action([-1, 1, -1, 0, 1]))
    row.step(made)
    #expect(made.account(lane: 0).units == [0, 1, 0, 0, 1])
    #expect(made.drainIllegalAttempts() == 1)
  }

  /// A unit of 40 % of the account: cash pays for two. Whose turn it is goes round with the bars.
  @Test func whatCashCannotPayForAllIsGrantedByTurns() throws {
    let (made, row) = try Self.make(Self.still(5), BasketConfiguration(unitShare: 0.4))
    let heads = made.actionSpace.heads
    for bar in 50..<55 {
      let granted = [bar % 5, (bar + 1) % 5]
      #expect(Self.legal(row, heads) == (0..<5).map { granted.contains($0) ? [0, 1] : [0] }, "bar \(bar)")
      row.choose(Self.action([0, 0, 0, 0, 0]))
      row.step(made)
    }
    // At bar 55 symbols 0 and 1 are bought; what is left pays for no other.
    row.choose(Self.action([1, 1, 0, 0, 0]))
    row.step(made)
    #expect(Self.legal(row, heads) == [[-1, 0], [-1, 0], [0], [0], [0]])
    #expect(made.drainCounts().cutOrders == 0)
  }

  /// In `reduce` one flat symbol may be opened, in `halt` none, and everything that is held may be sold.
  @Test func tiersLimitWhatIsOpened() throws {
    let path = [100.0, 75, 62, 62, 50]
    let tape = handMadeTape(Self.names(4), bars: 60) { _, bar in
      let price = bar <= 50 ? 100 : path[min(bar - 50, path.count - 1)]
      return HandMadeBar(open: bar == 51 ? 100 : price, close: price)
    }
    let (made, row) = try Self.make(
      tape, BasketConfiguration(drawdown: DrawdownTiers(warn: 0.1, reduce: 0.15, halt: 0.36)))
    let heads = made.actionSpace.heads
    row.choose(Self.action([1, 1, 1, 0]))
    row.step(made)
    #expect(made.account(lane: 0).riskTier == 2)
    // Bar 51: symbol 3 is the only flat one.
    #expect(Self.legal(row, heads) == [[-1, 0], [-1, 0], [-1, 0], [0, 1]])
    row.choose(Self.action([-1, -1, 0, 0]))
    row.step(made)
    // Bar 52: of the flat symbols 0, 1 and 3, the first from symbol 52 mod 4 = 0 on.
    #expect(made.account(lane: 0).riskTier == 2 && made.account(lane: 0).units == [0, 0, 1, 0])
    #expect(Self.legal(row, heads) == [[0, 1], [0], [-1, 0], [0]])
    row.choose(Self.action([0, 0, 0, 0]))
    row.step(made)
    #expect(Self.legal(row, heads) == [[0], [0, 1], [-1, 0], [0]])
  }

  @Test func aHaltForbidsEveryOpening() throws {
    let tape = handMadeTape(Self.names(4), bars: 60) { _, bar in
      HandMadeBar(open: bar <= 51 ? 100 : 40, close: bar <= 50 ? 100 : 40)
    }
    let (made, row) = try Self.make(
      tape, BasketConfiguration(allowShort: true, drawdown: DrawdownTiers(warn: 0.1, reduce: 0.15, halt: 0.2)))
    row.choose(Self.action([1, 1, 1, -1]))
    row.step(made)
    #expect(made.account(lane: 0).riskTier == 3)
    #expect(Self.legal(row, made.actionSpace.heads) == [[-1, 0], [-1, 0], [-1, 0], [0, 1]])
  }

  /// With cash for everything, a fourth symbol that is never ordered changes nothing of what the three others do under joint actions.
  @Test func threeOfFourFillAsThreeDo() throws {
    let series = SyntheticTape.series(symbols: Self.names(4), bars: 300, seed: 11)
    let configuration = BasketConfiguration(
      capitalPerSymbolDollars: 100_000, unitDollars: 500, maximumUnits: 3, allowShort: true)
    let (three, row) = try Self.make(MarketTape(Array(series.prefix(3))), configuration)
    let (four, wide) = try Self.make(MarketTape(series), configuration)
    var rewards = 0
    for step in 0..<240 {
      row.chooseLegal(seed: 5, step: step)
      wide.choose(Self.action(BasketAction(index: ActionNumber(row.actions[0]), symbolCount: 3).orders + [0]))
      row.step(three)
      wide.step(four)
      if row.rewards[0] == wide.rewards[0] { rewards += 1 }
      #expect(four.account(lane: 0).shares == three.account(lane: 0).shares + [0], "step \(step)")
    }
    #expect(rewards == 240)
    let fills = three.drainFills(lane: 0)
    #expect(fills.count > 200 && four.drainFills(lane: 0) == fills)
    #expect(four.drainIllegalAttempts() == 0)
  }

  @Test(arguments: [7, 20, 64]) func aRestoredWideBasketGoesOnAsItWas(count: Int) throws {
    let tape = MarketTape(SyntheticTape.series(symbols: Self.names(count), bars: 400, seed: 3))
    let configuration = BasketConfiguration(
      maximumUnits: 2, allowShort: true, drawdown: DrawdownTiers(warn: 0.02, reduce: 0.04, halt: 0.08))
    func run(_ environment: BasketEnvironment, _ row: StepRow, _ steps: Range<Int>) -> [[UInt64]] {
      steps.flatMap { step in
        row.chooseLegal(seed: 8, step: step)
        row.step(environment)
        return (0..<3).map { row.bits($0) }
      }
    }
    let (whole, row) = try Self.make(tape, configuration, lanes: 3)
    _ = run(whole, row, 0..<100)
    let (saved, masks) = (whole.snapshot(), (0..<3).map { row.masks[$0] })
    let rest = run(whole, row, 100..<300)
    let (other, otherRow) = try Self.make(tape, configuration, lanes: 3)
    try other.restore(saved)
    for lane in 0..<3 { otherRow.masks[lane] = masks[lane] }
    #expect(run(other, otherRow, 100..<300) == rest)
    #expect(other.snapshot() == whole.snapshot())
    #expect(whole.drainIllegalAttempts() == 0 && whole.drainFills(lane: 0).count > 100)
  }
}
