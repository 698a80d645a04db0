// Options within the session as a game: one account a lane, by the desk's fills, fees, limits and settlement.

package import AgentInterface
import Kernels
package import Market
import Synchronization
package import Trading

/// N lanes over one tape of options. An episode is one session of one symbol, both drawn by the lane's stream; a walk goes through all sessions of its window
/// with an account a symbol. A decision at the end of minute m sees what was known then; its order meets the quotes of minute m + latency. The reward is the
/// change of net liquidation value, at the side where positions are given back, over the account's start.
///
/// Observations: `OptionsObservation`. Actions: those of its `OptionsGame`; a request outside the mask becomes hold and is counted. The mask says of an entry exactly
/// what the account's `RiskGate` says of its order. Minute by minute the desk's own rules hold: `Desk` is their plain form.
///
/// Episodes end by their rules (terminated) when the session is over and everything is settled, or where the account is worth nothing; a walk is cut
/// (truncated) behind its last session. Nothing is held over night: what expires is closed before the close, or settled.
package final class OptionsEnvironment: TradingEnvironment {
  package static let name = "options"

  package enum Episodes: Sendable, Equatable {
    /// A session drawn from the window, among those in which something can be entered.
    case drawnSessions
    /// Every session of the window, one after another, once.
    case walk
  }

  package let tape: MarketTape
  package let tables: OptionsTables
  package let configuration: OptionsConfiguration
  package let episodes: Episodes
  package let observationSpace: ObservationSpace
  package let actionSpace: ActionSpace
  package let laneCount: Int
  package let recordsFills: Bool
  /// Places of the window's days among those of the tables: of a walk in its order.
  package let window: [Int]
  /// By symbol: those in which something can be entered.
  let drawable: [[Int]]
  /// The most steps of an episode.
  package let episodeLength: Int

  /// By action: what it comes to.
  let moves: [OptionsMove]
  let bits: OptionsMoveBits
  let lanes: OptionsLanes
  let accounts: LaneAccounts
  let risks: RiskMemory
  let liquidity: LiquidityMemory
  let quotes: LaneQuotes
  /// Whether accounts take the short road: see `OptionsRoad`.
  let isShort: Bool
  let memory: OptionsMemory
  let scratch: ScratchMarkets
  let streams: LaneStreams
  let recorder: EpisodeRecorder
  /// Of the recorder: it lives as long as the environment.
  private let running: EpisodeRecorder.Running
  let fills: LaneLists<Fill>
  /// By symbol of the tape of options: its place among the tape's symbols.
  let tapeSymbols: [Int]

  /// isPlain: whether every minute is walked by the desk's general rules, the twin of the short road. tape: with options. window: bars; every day that begins inside is played. Throws where the configuration or the window cannot be played. Traps without lanes.
  package init(
    tape: MarketTape, tables: OptionsTables, window: Range<Int>, laneCount: Int, episodes: Episodes = .drawnSessions,
    recordsFills: Bool = false, isPlain: Bool = false
  ) throws(EnvironmentError) {
    precondition(laneCount > 0, "\(laneCount) lanes")
    guard window.lowerBound >= 0, window.upperBound <= tape.barCount else {
      throw .windowOutsideTape(window: window, bars: tape.barCount)
    }
    self.tape = tape
    self.tables = tables
    self.episodes = episodes
    self.laneCount = laneCount
    self.recordsFills = recordsFills
    configuration = tables.configuration
    actionSpace = tables.configuration.game.space
    moves = tables.configuration.game.moves
    bits = OptionsMoveBits(moves)
    let names = tables.tape.symbols.map(\.name)
    observationSpace = OptionsObservation.space(
      symbols: names, humanMomentum: configuration.humanMomentum, game: configuration.game)
    tapeSymbols = names.map { tape.symbols.firstIndex(of: $0) ?? 0 }
    let days = tables.days
    let inside = days.indices.filter { window.contains(days[$0].firstBar) }
    self.window = inside
    let drawable = names.indices.map { symbol in
      inside.filter { days[$0].symbol == symbol && days[$0].hasContracts }
    }
    self.drawable = drawable.filter { !$0.isEmpty }
    let played = episodes == .walk ? inside : drawable.flatMap { $0 }
    guard !played.isEmpty else { throw .noPlayableSession(names, window: window) }
    let every = configuration.decisionMinutes
    // The last minute's end decides nothing: nobody is left to trade with.
    func steps(_ day: Int) -> Int { (days[day].minuteCount - 1 + every - 1) / every }
    episodeLength =
      episodes == .walk ? played.reduce(0) { $0 + steps($1) } : played.reduce(1) { max($0, steps($1)) }
    let lanes = OptionsLanes(laneCount: laneCount, symbolCount: names.count)
    self.lanes = lanes
    accounts = LaneAccounts(laneCount: laneCount, capacity: 2)
    risks = RiskMemory(lanes: laneCount, positions: 2, orders: 4)
    liquidity = LiquidityMemory(tables.largestTable, laneCount: laneCount)
    var quotes = LaneQuotes(
      tables.tape, rows: lanes.place.base, laneMinutes: lanes.minuteOfQuotes.base,
      date: tables.tape.dates.first ?? CalendarDate(daysSinceEpoch: 0), minuteCount: 0)
    quotes.weights = UnsafePointer(lanes.weight.base)
    self.quotes = quotes
    isShort = !isPlain && tables.isShort
    memory = OptionsMemory(accounts, risks)
    scratch = ScratchMarkets(contracts: tables.mostContracts)
    streams = LaneStreams(purpose: .episodeStart, laneCount: laneCount)
    recorder = EpisodeRecorder(laneCount: laneCount)
    running = recorder.running
    fills = LaneLists(laneCount: laneCount)
    scratch.with { market in for lane in 0..<laneCount { start(lane, market) } }
  }

  package func reset(seed: UInt64, into row: StepBuffers) {
    row.checkShape(laneCount: laneCount, columns: observationSpace.count, lanes: 0..<laneCount)
    streams.reset(seed: seed)
    recorder.reset()
    fills.removeAll()
    scratch.with { market in
      for lane in 0..<laneCount {
        lanes.step.base[lane] = ValueStep()
        lanes.hasStep.base[lane] = false
        lanes.penalty.base[lane] = 0
        lanes.hasEnded.base[lane] = false
        lanes.counts.base[lane] = OptionsCounts()
        lanes.outcomes.base[lane] = DeskOutcomes()
        start(lane, market)
        show(lane, in: row)
      }
    }
  }

  package func step(_ actions: UnsafePointer<Int32>, lanes range: Range<Int>, into row: StepBuffers) {
    row.checkShape(laneCount: laneCount, columns: observationSpace.count, lanes: range)
    scratch.withAddresses { market, addresses in
      var ahead = OptionsAhead(self, addresses)
      ahead.walk(range) { lane in
        tables.withDay(Int(lanes.day.base[lane])) { step(lane, action: Int(actions[lane]), $0, market, into: row) }
      }
    }
  }

  private func step(
    _ lane: Int, action requested: Int, _ day: OptionsDay, _ market: RiskMarket, into row: StepBuffers
  ) {
    precondition(moves.indices.contains(requested), "action \(requested) of \(moves.count)")
    var move = moves[requested]
    if !ActionMask(rawValue: lanes.mask.base[lane]).allows(requested) {
      recorder.countIllegalAttempt(lane: lane)
      move = .hold
    }
    let before = lanes.value.base[lane]
    let penalty = penalty(of: move, lane, day)
    lanes.hasEnded.base[lane] = false
    submit(move, lane, day, market)
    let decided = Int(lanes.minute.base[lane])
    let next = decided + configuration.decisionMinutes
    // Behind the last decision the session goes on to its end.
    let isOver = next >= day.minuteCount - 1
    let last = isOver ? day.minuteCount - 1 : next
    // Who holds nothing and has ordered nothing gains and loses nothing.
    let isStill = isShort && !lanes.isWorking.base[lane] && memory.position(lane).pointee.isFree
    let sums = isStill ? ValueStep() : memory.money(lane).sums.pointee
    if decided < last { for minute in decided + 1...last { advance(lane, minute: minute, day, market) } }
    if recordsFills, isOver || totalValue(lane) <= 0 { collect(lane, day) }
    if isOver { settle(lane, day) }
    let value = lanes.value.base[lane]
    if !isStill || lanes.hasStep.base[lane] {
      lanes.step.base[lane] = isStill ? ValueStep() : memory.money(lane).sums.pointee.since(sums)
      lanes.hasStep.base[lane] = !isStill
    }
    lanes.penalty.base[lane] = penalty
    let reward = Double(value - before - penalty) / Double(tables.accounts[day.symbol])
    row.rewards[lane] = Float(reward)
    running.returns[lane] += reward
    running.lengths[lane] += 1

    let isLost = totalValue(lane) <= 0
    let isWalked = isOver && episodes == .walk && Int(lanes.walked.base[lane]) + 1 == window.count
    let isTerminated = isLost || (isOver && episodes == .drawnSessions)
    row.terminated[lane] = isTerminated ? 1 : 0
    row.truncated[lane] = isWalked && !isTerminated ? 1 : 0
    if isTerminated || isWalked {
      if !isTerminated {
        // Nothing is held and nothing can be ordered: the account at the end of the last session.
        lanes.mask.base[lane] = bits.hold
        observed(lane, day, into: row.finalObservations.row(lane))
        row.finalMasks[lane] = ActionMask(rawValue: lanes.mask.base[lane])
      }
      lanes.ended.base[lane] = standing(lane)
      lanes.hasEnded.base[lane] = true
      recorder.finish(lane: lane)
      start(lane, market)
    } else if isOver {
      lanes.ended.base[lane] = standing(lane)
      lanes.hasEnded.base[lane] = true
      lanes.walked.base[lane] += 1
      open(lane, market)
    } else {
      lanes.minute.base[lane] = Int32(next)
      lanes.mask.base[lane] = legalActions(lane, day, market).rawValue
    }
    show(lane, in: row)
  }

  /// What the reward of a move loses, micro-dollars: an entry opposite to what the last ten minutes did.
  private func penalty(of move: OptionsMove, _ lane: Int, _ day: OptionsDay) -> Int64 {
    guard configuration.humanMomentum, move == .enterCall || move == .enterPut else { return 0 }
    let row = day.row(minute: Int(lanes.minute.base[lane]))
    let momentum = tables.momentum[row * OptionsMomentum.columns.count + OptionsMomentum.penalisedColumn]
    let isOpposite =
      move == .enterCall
      ? momentum < -OptionsMomentum.penalisedDeviations : momentum > OptionsMomentum.penalisedDeviations
    return isOpposite
      ? MicroDollars.rounded(configuration.momentumPenalty * MicroDollars.dollars(tables.accounts[day.symbol])) : 0
  }

  /// Begins an episode: fresh accounts, on a day that is drawn, or on the first of a walk.
  private func start(_ lane: Int, _ market: RiskMarket) {
    lanes.walked.base[lane] = 0
    for symbol in 0..<lanes.symbolCount {
      let place = lane * lanes.symbolCount + symbol
      lanes.waiting.base[place] = tables.accounts[symbol]
      lanes.waitingHigh.base[place] = 0
      lanes.waitingKilled.base[place] = false
    }
    if episodes == .drawnSessions {
      let random = streams.base + lane
      let symbol = drawable.count > 1 ? Int(random.pointee.nextInteger(below: UInt64(drawable.count))) : 0
      let days = drawable[symbol]
      let place = days.count > 1 ? Int(random.pointee.nextInteger(below: UInt64(days.count))) : 0
      lanes.day.base[lane] = Int32(days[place])
    }
    open(lane, market)
  }

  /// Opens the session of the lane's day: of a walk the next one, with the account of its symbol.
  private func open(_ lane: Int, _ market: RiskMarket) {
    if episodes == .walk { lanes.day.base[lane] = Int32(window[Int(lanes.walked.base[lane])]) }
    let day = day(lane)
    let place = lane * lanes.symbolCount + day.symbol
    let value = lanes.waiting.base[place]
    accounts.open(lane, cashMicroDollars: value)
    let account = risks[lane]
    account.state.pointee = RiskState()
    account.state.pointee.high = lanes.waitingHigh.base[place]
    account.state.pointee.isKilled = lanes.waitingKilled.base[place]
    tables.gate(day.symbol).pointee.beginSession(on: account, netLiquidation: value, minuteCount: day.minuteCount)
    liquidity.ledger(lane).open()
    forgetOrders(lane)
    lanes.nextOrder.base[lane] = 1
    lanes.nextExit.base[lane] = -1
    lanes.forcedExit.base[lane] = 0
    lanes.minute.base[lane] = 0
    lanes.value.base[lane] = value
    advance(lane, minute: 0, day, market)
    lanes.mask.base[lane] = legalActions(lane, day, market).rawValue
  }

  /// The lane's book and money. They live as long as the environment, and nobody counts who looks.
  @inline(__always)
  func book(_ lane: Int) -> Book { accounts.bookWindow(lane, owner: nil) }
  @inline(__always)
  func ledger(_ lane: Int) -> Ledger { accounts.ledgerWindow(lane, owner: nil) }

  @inline(__always)
  func day(_ lane: Int) -> OptionsDay { tables.days[Int(lanes.day.base[lane])] }

  /// What the lane sees of its market: one minute of its day.
  @inline(__always)
  func view(_ lane: Int, _ day: OptionsDay) -> LaneView {
    var quotes = quotes
    quotes.date = day.date
    quotes.minuteCount = day.minuteCount
    return quotes.view(lane)
  }

  private func show(_ lane: Int, in row: StepBuffers) {
    tables.withDay(Int(lanes.day.base[lane])) { observed(lane, $0, into: row.observations.row(lane)) }
    row.masks[lane] = ActionMask(rawValue: lanes.mask.base[lane])
  }
}

/// Markets of risk that steps borrow, and memory for what they ask for ahead: one for each thread that steps at the same time. What stands in them is of no
/// consequence between two lanes.
final class ScratchMarkets: Sendable {
  private struct Scratch: @unchecked Sendable {
    let market: RiskMarketMemory
    let addresses: UnsafeMutableBufferPointer<UnsafeRawPointer?>

    init(contracts: Int) {
      market = RiskMarketMemory(contracts: contracts)
      addresses = .allocate(capacity: OptionsAhead.mostAddresses)
      addresses.initialize(repeating: nil)
    }
  }

  private let free: Mutex<[Scratch]>
  private let contracts: Int

  init(contracts: Int) {
    self.contracts = contracts
    free = Mutex([])
  }

  deinit { free.withLock { $0.forEach { $0.addresses.deallocate() } } }

  func with<Result>(_ body: (RiskMarket) -> Result) -> Result { withAddresses { market, _ in body(market) } }

  /// addresses: (`OptionsAhead.mostAddresses`)
  func withAddresses<Result>(
    _ body: (RiskMarket, UnsafeMutableBufferPointer<UnsafeRawPointer?>) -> Result
  ) -> Result {
    let scratch = free.withLock { $0.popLast() } ?? Scratch(contracts: contracts)
    defer { free.withLock { $0.append(scratch) } }
    return body(scratch.market[0], scratch.addresses)
  }
}
