// One continuous episode of one lane: the account is walked once through a window.

package import AgentInterface
package import Environments
package import Inference
package import Market
import Text
package import Trading

/// Everything that happened in one walk, or where only the account is kept what became of that. Arrays are by decision t = 0 ..< T; what is reckoned in
/// sessions is by session k = 0 ..< K. Of bars of whole sessions every decision has one of its own, and K is T.
package struct BacktestRecord: Sendable {
  /// The account before the first decision.
  package var initialAccount: AccountView
  /// (T) the close at which was decided.
  package var decisionDates: [CalendarDate] = []
  /// (T) the close at which the step ended: its value belongs to that session.
  package var closeDates: [CalendarDate] = []
  /// (T) the account at the close of `closeDates`.
  package var accounts = AccountSeries()
  /// (T + 1) gross exposure at the first decision's close and at each of `closeDates`, dollars: see `Exposure`.
  package var grossAtClose: [Double] = []
  /// (T) gross exposure after the fills at each bar's open, at that open.
  package var grossAtOpen: [Double] = []
  package var actions: [ActionNumber] = []
  /// (T) probability of the action; empty for a decider without probabilities.
  package var confidences: [Double] = []
  /// (T); empty where the account alone is kept.
  package var masks: [ActionMask] = []
  /// (T) whether the decider began anew: with the walk, and with each session where nothing outlives one. Like the observations, rewards and
  /// probabilities below empty where steps are not kept.
  package var starts: [Bool] = []
  /// (T, D) raw observations, row-major.
  package var observations: [Float] = []
  package var observationColumns: Int
  /// (T) as the learner would have got them.
  package var rewards: [Float] = []
  /// (T) and (T, A); empty for a decider without probabilities.
  package var logProbabilities: [Float] = []
  package var probabilities: [Float] = []
  /// How many independent choices make an action; 1 where one is chosen jointly.
  package var choicesOfAction = 1
  package var fills: [Fill] = []
  /// The sum over all steps: where the value went, and what a learner's reward would have taken off it.
  package var breakdown = StepBreakdown()
  /// (T) the symbol that each decision was about, and by symbol what became of its decisions; empty where a decision is about all symbols.
  package var symbolsInPlay: [Int8] = []
  package var symbolBreakdowns: [StepBreakdown] = []
  /// What of the walk each symbol was listed for; empty where all were all the time.
  package var listings: [WalkedListing] = []
  /// The options that were traded; empty where none were.
  package var contracts: [TradedPlace: OptionContract] = [:]
  /// What a desk did beside filling orders; nil where there is none.
  package var desk: DeskOutcomes?
  /// What of options it was walked on; nil for others.
  package var optionTape: MarketTape?
  /// How much of its limits of exposure was in use; nil of games that show none.
  package var limitUse: LimitUse?
  /// Requests outside the mask that became the fallback.
  package var illegalAttempts = 0
  /// The account was lost (the episode ended by its own rules) before the window did.
  package var endedByTermination = false

  /// T.
  package var count: Int { actions.count }
  /// (K) the last step of each session, and of the walk.
  package var sessionEnds: [Int] {
    closeDates.indices.filter { $0 + 1 == closeDates.count || closeDates[$0 + 1] != closeDates[$0] }
  }
  /// Traps where nothing was walked.
  package var sessions: WalkedSessions {
    precondition(count > 0, "the sessions of a walk without a step")
    let (ends, bars) = (sessionEnds, accounts.bars)
    return WalkedSessions(
      firstDecision: decisionDates[0], firstBar: initialAccount.bar, dates: ends.map { closeDates[$0] },
      lastBars: ends.map { bars[$0] })
  }
  /// (K) net liquidation value at each session's close, dollars.
  package var closes: [Double] {
    let values = accounts.netLiquidationMicroDollars
    return sessionEnds.map { PerformanceMetrics.dollars(values[$0]) }
  }
  /// A fraction.
  package var totalReturn: Double? { closes.last.map { $0 / initialDollars - 1 } }
  package var initialDollars: Double { PerformanceMetrics.dollars(initialAccount.netLiquidationMicroDollars) }
  /// (K)
  package var dailyReturns: [Double] { ReturnStatistics.dailyReturns(initial: initialDollars, closes: closes) }
  /// (T) whether anything was held at each close.
  package var heldPosition: [Bool] { optionTape == nil ? accounts.holdsShares : accounts.holdsUnits }
  /// Mean probability of the chosen actions.
  package var meanConfidence: Double? { ReturnStatistics.mean(confidences) }

  /// The metrics of this walk. `seed` is the bootstrap's, `cashReturns` what cash earned in its sessions; none for zero.
  package func metrics(seed: UInt64, cashReturns: [Double] = []) -> PerformanceMetrics {
    PerformanceMetrics(
      initial: initialDollars, closes: closes, heldPosition: heldPosition, fills: fills, seed: seed,
      cashReturns: cashReturns, sessionOfBar: sessionOfBar)
  }

  /// The number of a bar's session: 0 for that of the first decision.
  package var sessionOfBar: (Int) -> Int {
    if let optionTape {
      let (dates, first) = (optionTape.sessions, initialAccount.bar)
      func number(_ bar: Int) -> Int { dates.firstPlace { $0.upperBound > bar } }
      return { number($0) - number(first) }
    }
    let bars = accounts.bars
    guard let first = bars.first else { return { _ in 0 } }
    // The first decision's session is over before the first step, unless that ends in it.
    let before = decisionDates.first == closeDates.first ? 0 : 1
    let lastBars = sessionEnds.map { bars[$0] }
    return { bar in
      guard bar >= first else { return 0 }
      return before + min(lastBars.firstPlace { $0 >= bar }, lastBars.count - 1)
    }
  }

  /// The date of a bar at whose close a step ended; nil of others.
  func closeDate(ofBar bar: Int) -> CalendarDate? {
    let place = accounts.bars.firstPlace { $0 >= bar }
    return place < count && accounts.bars[place] == bar ? closeDates[place] : nil
  }
}

/// When the K sessions of a walk were.
package struct WalkedSessions: Sendable, Equatable {
  /// The close of the first decision, and the number of its bar.
  package var firstDecision: CalendarDate
  package var firstBar: Int
  /// (K)
  package var dates: [CalendarDate]
  /// (K) the bar of each session at whose close its last step ended.
  package var lastBars: [Int32]

  /// (K) the close before each session: the first decision's date, and then the sessions' own. What was known there is known to the session.
  package var datesBefore: [CalendarDate] { Array(([firstDecision] + dates).dropLast()) }
}

/// How much is kept of a walk: each level with those before it.
package enum WalkDetail: Int, Comparable, Sendable {
  case account
  /// What could have been done as well: chance asks for it in games of one symbol a session.
  case masks
  /// What was seen, how it was decided and what the learner would have got.
  case steps

  package static func < (one: WalkDetail, other: WalkDetail) -> Bool { one.rawValue < other.rawValue }
}

/// Where an option's number means something: a symbol's session.
package struct TradedPlace: Hashable, Sendable {
  let symbol: Int
  let date: CalendarDate
  let contract: Int32

  init(_ symbol: Int, _ date: CalendarDate, _ contract: Int32) {
    (self.symbol, self.date, self.contract) = (symbol, date, contract)
  }
}

package enum Backtest {
  /// Walks the environment's one lane from its reset to the end of its first episode.
  ///
  /// The environment must have one lane, walk its window as one episode and record fills; its account is carried through, and so is the decider's memory,
  /// but from one session to the next where decisions are about one symbol's session, as in training. The same decider, environment and seed give the
  /// same record to the bit, whatever is kept of it. look: is shown each observation before it is decided on. Throws where the decider cannot decide.
  /// Traps with more than one lane, where the episode outlasts the tape, and where the decider is sure of some of its choices and not of others.
  package static func run(
    _ environment: any TradingEnvironment, decider: any Decider, seed: UInt64, keeps: WalkDetail = .steps,
    look: (Span<Float>) -> Void = { _ in }
  ) throws(DecisionError) -> BacktestRecord {
    precondition(environment.laneCount == 1, "a walk over \(environment.laneCount) lanes: one is needed")
    let loop = EnvironmentLoop(environment)
    loop.reset(seed: seed)
    _ = environment.drainFills(lane: 0)
    let tape = environment.tape
    let dates = tape.dates
    var decisionBar = environment.account(lane: 0).bar
    var record = BacktestRecord(
      initialAccount: environment.account(lane: 0), observationColumns: environment.observationSpace.count)
    record.optionTape = tape.options == nil ? nil : tape
    record.limitUse = LimitUse(environment.observationSpace)
    func gross(_ account: AccountView, _ prices: [[Double]]) -> Double {
      if let kept = environment.lastRequirement(lane: 0) { return PerformanceMetrics.dollars(kept) }
      // Of options what they would bring, or cost, to give back is at work.
      return tape.options == nil
        ? Exposure.gross(account.shares, prices: prices, bar: account.bar)
        : abs(PerformanceMetrics.dollars(account.netLiquidationMicroDollars - account.cashMicroDollars))
    }
    record.grossAtClose = [gross(record.initialAccount, tape.close)]
    var place: (symbol: Int, date: CalendarDate)?
    while true {
      // Of accounts a symbol, each may decide in every bar.
      precondition(
        record.count <= dates.count * tape.symbols.count, "an episode of more than the tape's \(dates.count) bars")
      let observation = loop.observation(lane: 0)
      let mask = loop.row.masks[0]
      look(observation.span)
      record.limitUse?.add(observation.span, date: dates[decisionBar])
      let symbol = environment.symbolInPlay(lane: 0)
      var startsAnew = record.actions.isEmpty
      if let symbol {
        let next = (symbol, dates[decisionBar])
        if let place, place != next { startsAnew = true }
        place = next
      }
      let choice = try decider.decide(observation.span, mask: mask, startsEpisode: startsAnew)
      record.decisionDates.append(dates[decisionBar])
      record.actions.append(choice.action)
      if let confidence = choice.confidence { record.confidences.append(confidence) }
      precondition(
        record.confidences.isEmpty || record.confidences.count == record.count,
        "\(record.confidences.count) confidences of \(record.count) choices")
      if keeps >= .masks { record.masks.append(mask) }
      if keeps == .steps {
        record.observations.append(contentsOf: observation)
        record.starts.append(startsAnew)
        if let policy = decider as? PolicyDecider {
          record.logProbabilities.append(policy.logProbability)
          record.probabilities += policy.probabilities
        }
      }

      loop.actions[0] = choice.action
      loop.step()
      if keeps == .steps { record.rewards.append(loop.row.rewards[0]) }
      record.illegalAttempts += environment.drainIllegalAttempts()
      let fills = environment.drainFills(lane: 0)
      record.fills += fills
      for fill in fills {
        guard let contract = environment.contract(of: fill) else { continue }
        record.contracts[TradedPlace(fill.symbol, dates[fill.bar], fill.contract)] = contract
      }
      let breakdown = environment.lastBreakdown(lane: 0)
      record.breakdown += breakdown
      if let symbol {
        if record.symbolsInPlay.isEmpty {
          record.symbolBreakdowns = [StepBreakdown](repeating: StepBreakdown(), count: tape.symbols.count)
        }
        record.symbolsInPlay.append(Int8(clamping: symbol))
        record.symbolBreakdowns[symbol] += breakdown
      }
      let after = environment.lastAccount(lane: 0)
      record.accounts.append(after)
      record.grossAtClose.append(gross(after, tape.close))
      record.grossAtOpen.append(gross(after, tape.open))
      record.closeDates.append(dates[after.bar])
      if loop.row.terminated[0] != 0 {
        record.endedByTermination = true
        break
      }
      if loop.row.truncated[0] != 0 { break }
      decisionBar = environment.account(lane: 0).bar
    }
    _ = environment.drainEpisodes()
    record.desk = environment.drainOutcomes(lane: 0)
    record.listings = WalkedListing.all(record, environment)
    record.choicesOfAction = environment.actionSpace.heads.widths.count
    return record
  }
}
