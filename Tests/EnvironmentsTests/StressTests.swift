// Worse worlds differ from the one that is reported in one thing each.

import AgentInterface
import Environments
import Evaluation
import Market
import Testing
import Trading

/// Says what it is told to, one action after the other, and what it was shown.
private final class Scripted: Decider {
  private let actions: [Int]
  private(set) var starts: [Bool] = []

  init(_ actions: [Int]) { self.actions = actions }

  func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) -> Choice {
    starts.append(startsEpisode)
    return Choice(action: ActionNumber(actions[(starts.count - 1) % actions.count]), confidence: 0.5)
  }
}

/// Buys one call at every chance and gives it back at the next decision.
private final class Trader: Decider {
  func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) -> Choice {
    Choice(action: mask.allows(5) ? 5 : mask.allows(1) ? 1 : 0, confidence: nil)
  }
}

@Suite struct StressTests {
  private static let market = OptionsMarket(symbols: ["SPY"], sessions: 4, halfSpread: 1000)
  private static let tape = market.tape()

  private static let usual: OptionsConfiguration = {
    var configuration = OptionsConfiguration.rich
    configuration.decisionMinutes = 5
    configuration.maximumContracts = 1
    return configuration
  }()

  private func walk(_ configuration: OptionsConfiguration = StressTests.usual) throws -> OptionsEnvironment {
    let tape = StressTests.tape
    return try OptionsEnvironment(
      tape: tape, tables: OptionsTables(tape, configuration: configuration), window: 0..<tape.barCount,
      laneCount: 1, episodes: .walk, recordsFills: true)
  }

  private func game(_ stress: MarketStress) throws -> OptionsConfiguration? {
    guard case .bars(let bars) = OptionsEnvironment.family.play else { return nil }
    return bars.stressed?(StressTests.usual, stress) as? OptionsConfiguration
  }

  private func asked(
    _ stress: MarketStress, _ decider: any Decider, steps: Int, mask: ActionMask = ActionMask(rawValue: 0b11_1111),
    starts: (Int) -> Bool = { $0 == 0 }
  ) throws -> [Int] {
    let environment = try walk()
    let stressed = StressedDecider(decider, stress, environment: environment, seed: 3)
    let observation: [Float] = [0]
    return try (0..<steps).map { step in
      let choice = try stressed.decide(observation.span, mask: mask, startsEpisode: starts(step))
      #expect(choice.confidence == nil)
      return Int(choice.action)
    }
  }

  @Test func decisionsComeLate() throws {
    let script = Scripted([1, 2, 3, 4])
    let late = try asked(.latency, script, steps: 6) { $0 == 0 || $0 == 4 }
    #expect(late == [0, 1, 2, 3, 0, 1])
    // What is not allowed any more when its time comes is not done.
    let barred = try asked(.latency, Scripted([1, 2]), steps: 4, mask: ActionMask(rawValue: 0b101))
    #expect(barred == [0, 0, 2, 0])
  }

  @Test func halfOfTheOrdersGoUnfilled() throws {
    let found = try asked(.fills, Scripted([1]), steps: 4000)
    let unfilled = found.count { $0 == 0 }
    // Four standard errors around a half.
    #expect(Set(found) == [0, 1] && (1874...2126).contains(unfilled), "\(unfilled) of 4000")
    let again = try asked(.fills, Scripted([1]), steps: 4000)
    #expect(again == found, "the same draws again")
    let idle = try asked(.fills, Scripted([0]), steps: 50)
    #expect(idle == [Int](repeating: 0, count: 50))
  }

  @Test func barsThatNeverArriveAreNotSeen() throws {
    let script = Scripted([1])
    let found = try asked(.gaps, script, steps: 4000) { _ in true }
    let missing = found.count { $0 == 0 }
    #expect((145...255).contains(missing), "\(missing) of 4000, a twentieth")
    #expect(script.starts.count == 4000 - missing, "nobody is asked there")
    // A session that began unseen begins with the first bar that is seen.
    let other = Scripted([1])
    let late = try asked(.gaps, other, steps: 4000) { $0 % 10 == 0 }
    let seen = (0..<400).count { block in late[(block * 10)..<(block * 10 + 10)].contains(1) }
    #expect(other.starts.count { $0 } == seen)
  }

  @Test func nothingIsDecidedOnTheSecondHalfOfAHalfDay() throws {
    let environment = try walk()
    let script = Scripted([0])
    _ = try Backtest.run(
      environment, decider: StressedDecider(script, .halfDays, environment: environment, seed: 1), seed: 1)
    #expect(script.starts.count == 4 * 42, "every fifth minute from 0 to 205")
  }

  @Test func settingsOfTheGameMakeTheRest() throws {
    var wider = try #require(try game(.spread))
    #expect(wider.spreadFactor == 2)
    wider.spreadFactor = 1
    #expect(wider == StressTests.usual, "nothing else is another")
    let later = try #require(try game(.latency))
    #expect(later.latencyMinutes == 2 * StressTests.usual.latencyMinutes)
    for stress in [MarketStress.costs, .fills, .gaps, .volatility] { #expect(try game(stress) == nil) }

    let plain = try Backtest.run(walk(), decider: Trader(), seed: 1)
    let wide = try Backtest.run(walk(try #require(try game(.spread))), decider: Trader(), seed: 1)
    func paid(_ record: BacktestRecord) -> Double {
      record.fills.reduce(0) { $0 + Double($1.halfSpreadCostMicroDollars) / $1.shares } / Double(record.fills.count)
    }
    #expect(plain.fills.count > 10 && wide.fills.count > 10)
    #expect(paid(wide) > 1.6 * paid(plain) && paid(wide) < 2.4 * paid(plain), "\(paid(wide)), \(paid(plain))")
    let slow = try Backtest.run(walk(later), decider: Trader(), seed: 1)
    func minute(_ record: BacktestRecord) -> Int { record.fills.first.map { $0.bar % 390 } ?? -1 }
    #expect(minute(slow) == minute(plain) + 1)
    let short = try #require(try game(.halfDays))
    let halves = try Backtest.run(walk(short), decider: Trader(), seed: 1)
    #expect(!halves.fills.isEmpty && halves.fills.allSatisfy { $0.bar % 390 <= 390 - MarketStress.minutesLost })
    #expect(plain.fills.contains { $0.bar % 390 > 390 - MarketStress.minutesLost })
  }

  @Test func basketsHaveWiderSpreadsToo() throws {
    guard case .bars(let bars) = BasketEnvironment.family.play else { return }
    let usual = BasketConfiguration()
    var wider = try #require(bars.stressed?(usual, .spread) as? BasketConfiguration)
    #expect(wider.execution.halfSpreadBasisPoints == 2 * usual.execution.halfSpreadBasisPoints)
    wider.execution.halfSpreadBasisPoints = usual.execution.halfSpreadBasisPoints
    #expect(wider == usual)
    #expect(bars.stressed?(usual, .latency) == nil && bars.stressed?(usual, .halfDays) == nil)
    let free = BasketConfiguration(
      execution: ExecutionModel(halfSpreadBasisPoints: 0, impactCoefficient: 0, commissionDollars: 0))
    #expect(bars.stressed?(free, .spread) == nil)
  }
}
