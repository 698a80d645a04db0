// Episodes of minutes that begin and end with sessions.

import AgentInterface
import Environments
import Market
import TestSupport
import Testing
import Trading

@Suite struct WholeSessionTests {
  /// Two full sessions, a half day and a full one: bars 0, 390, 780 and 990 to 1379 are those of openings and of the last close.
  private static let tape = MarketTape(
    SyntheticTape.minutes(sessions: 4, from: CalendarDate(year: 2024, month: 11, day: 26)!, seed: 2))

  private func make(
    _ length: Int, _ tape: MarketTape = Self.tape, window: Range<Int>? = nil, plain: Bool = false
  ) throws -> BasketEnvironment {
    try BasketEnvironment(
      tape: tape, configuration: BasketConfiguration(maximumUnits: 2, allowShort: true),
      window: window ?? 50..<tape.barCount, laneCount: 8, episodes: .wholeSessions(length: length),
      usesPlainRulesOnly: plain)
  }

  /// The first and the last bar of every episode that many lanes play.
  private func episodes(_ environment: BasketEnvironment, steps: Int) -> Set<[Int]> {
    let row = StepRow(for: environment)
    row.reset(environment, seed: 3)
    var starts = (0..<8).map { environment.account(lane: $0).bar }
    var found: Set<[Int]> = []
    for step in 0..<steps {
      row.chooseLegal(seed: 8, step: step)
      row.step(environment)
      for lane in 0..<8 where row.truncated[lane] == 1 {
        found.insert([starts[lane], environment.lastAccount(lane: lane).bar])
        let account = environment.account(lane: lane)
        #expect(account.cashMicroDollars == 2_000_000_000 && account.shares == [0, 0], "a fresh account")
        starts[lane] = account.bar
      }
    }
    return found
  }

  /// The window begins within the first session, which is none of its whole ones.
  @Test func oneSessionATime() throws {
    let environment = try make(389)
    #expect(episodes(environment, steps: 2500) == [[390, 779], [780, 989], [990, 1379]])
    #expect(environment.episodeLength == 389)
    #expect(Set(environment.drainEpisodes().map(\.length)) == [389, 209])
  }

  @Test func asManyAsTheStepsAndTheWindowHold() throws {
    #expect(try episodes(make(599), steps: 4000) == [[390, 989], [780, 1379], [990, 1379]])
    #expect(try episodes(make(598), steps: 3000) == [[390, 779], [780, 989], [990, 1379]])
    #expect(try episodes(make(5000), steps: 5000) == [[390, 1379], [780, 1379], [990, 1379]])
    // A window that ends within a session holds that one no more.
    #expect(try episodes(make(389, window: 50..<1379), steps: 2500) == [[390, 779], [780, 989]])
  }

  @Test func theFastRulesDoTheSame() throws {
    let (fast, plain) = (try make(389), try make(389, plain: true))
    let (row, other) = (StepRow(for: fast), StepRow(for: plain))
    row.reset(fast, seed: 5)
    other.reset(plain, seed: 5)
    for step in 0..<1500 {
      row.chooseLegal(seed: 9, step: step)
      other.chooseLegal(seed: 9, step: step)
      row.step(fast)
      other.step(plain)
      for lane in 0..<8 { #expect(row.bits(lane) == other.bits(lane), "step \(step), lane \(lane)") }
    }
  }

  @Test func restoredEpisodesEndWithTheirSessions() throws {
    let whole = try make(389)
    let row = StepRow(for: whole)
    func run(_ environment: BasketEnvironment, _ row: StepRow, _ steps: Range<Int>) -> [[UInt64]] {
      steps.flatMap { step in
        row.chooseLegal(seed: 8, step: step)
        row.step(environment)
        return (0..<8).map { row.bits($0) }
      }
    }
    row.reset(whole, seed: 1)
    _ = run(whole, row, 0..<300)
    let saved = whole.snapshot()
    let masks = (0..<8).map { row.masks[$0] }
    let rest = run(whole, row, 300..<900)
    let other = try make(389)
    let otherRow = StepRow(for: other)
    otherRow.reset(other, seed: 2)
    try other.restore(saved)
    for lane in 0..<8 { otherRow.masks[lane] = masks[lane] }
    #expect(run(other, otherRow, 300..<900) == rest)
    // An end that is none of a session's.
    var forged = saved
    forged.integers["last_bar"]?[0] -= 1
    #expect(throws: RestoreError.self) { try other.restore(forged) }
  }

  private func refusal(_ body: () throws -> BasketEnvironment) -> String? {
    do {
      _ = try body()
      return nil
    } catch { return "\(error)" }
  }

  @Test func whatCannotBePlayedIsNamed() throws {
    let short = refusal { try make(388) }
    #expect(
      short?.contains("environment.episode_length' is 388: it must be at least 389, the steps of the longest session")
        == true, "\(short ?? "")")
    #expect(refusal { try make(389) } == nil)
    let days = MarketTape(SyntheticTape.series(bars: 700, seed: 3))
    let daily = refusal { try make(389, days) }
    #expect(
      daily?.contains("environment.whole_sessions' is true: it must be false where a bar is a whole session") == true,
      "\(daily ?? "")")
    let none = refusal { try make(389, window: 50..<700) }
    #expect(none?.contains("the window has 650 bars and an episode needs") == true, "\(none ?? "")")
    #expect(refusal { try make(389, window: 50..<780) } == nil)
  }
}
