// Trading by chance where nothing outlives its session: what was held, in other sessions and at other minutes of them.

import AgentInterface
package import Environments
import Kernels
import Market
import Trading

/// One account's positions, session by session, as chance may lay them elsewhere.
struct SessionPatterns: Sendable {
  /// One session of one symbol: T' decisions of the walk.
  struct Session: Sendable, Equatable {
    var steps: Range<Int>
    var symbol: Int
    /// Those in which anything could be done, so far as the walk tells, counted from the session's first: spells are laid there.
    var free: Range<Int>
    /// Whether anything could be done at all.
    var isActive: Bool
  }

  /// A stretch on one side, with what was done while it lasted.
  struct Spell: Sendable, Equatable {
    var side: Int8
    /// (its decisions) the action where it was one of the side's own, as a part that is given back; -1 otherwise.
    var actions: [Int8]
  }

  let sessions: [Session]
  /// [session] what was held, in order.
  let spells: [[Spell]]
  /// Sessions that may take each other's places: of one symbol, of one length.
  let alike: [[Int]]

  /// Traps where the record kept no masks, or no symbols of its decisions.
  init(_ record: BacktestRecord, plain: Set<ActionNumber>) {
    precondition(
      record.masks.count == record.count && record.symbolsInPlay.count == record.count, "a record without its steps")
    let units = (0..<record.accounts.symbolCount).map { Array(record.accounts.units(symbol: $0)) }
    func side(_ step: Int) -> Int8 { Int8(units[Int(record.symbolsInPlay[step])][step].signum()) }
    var sessions: [Session] = []
    var first = 0
    for step in 0..<record.count {
      let next = step + 1
      guard
        next == record.count || record.symbolsInPlay[next] != record.symbolsInPlay[step]
          || record.decisionDates[next] != record.decisionDates[step]
      else { continue }
      sessions.append(
        Session(steps: first..<next, symbol: Int(record.symbolsInPlay[step]), free: 0..<(next - first), isActive: false)
      )
      first = next
    }
    // The first and the last decision of a session in which anything could be done, over all sessions of a symbol.
    var (begin, tail) = ([Int: Int](), [Int: Int]())
    for place in sessions.indices {
      let session = sessions[place]
      let active = session.steps.filter { record.masks[$0].legalCount > 1 || side($0) != 0 }
      guard let earliest = active.first, let latest = active.last else { continue }
      sessions[place].isActive = true
      let symbol = session.symbol
      begin[symbol] = min(begin[symbol] ?? .max, earliest - session.steps.lowerBound)
      tail[symbol] = min(tail[symbol] ?? .max, session.steps.upperBound - 1 - latest)
    }
    for place in sessions.indices where sessions[place].isActive {
      let symbol = sessions[place].symbol
      let (from, length) = (begin[symbol] ?? 0, sessions[place].steps.count)
      sessions[place].free = from..<max(from, length - (tail[symbol] ?? 0))
    }
    self.sessions = sessions
    spells = sessions.map { session in
      var spells: [Spell] = []
      var before: Int8 = 0
      for step in session.steps {
        let now = side(step)
        defer { before = now }
        guard now != 0 else { continue }
        let action = record.actions[step]
        let kept = before == now && !plain.contains(action) ? Int8(clamping: action) : -1
        if before == now {
          spells[spells.count - 1].actions.append(kept)
        } else {
          spells.append(Spell(side: now, actions: [kept]))
        }
      }
      return spells
    }
    var alike: [[Int]: [Int]] = [:]
    for (place, session) in sessions.enumerated() where session.isActive {
      alike[[session.symbol, session.steps.count], default: []].append(place)
    }
    self.alike = alike.values.sorted { $0[0] < $1[0] }
  }

  var spellsPerSymbol: [Int: Int] {
    var counts: [Int: Int] = [:]
    for (session, spells) in zip(sessions, spells) { counts[session.symbol, default: 0] += spells.count }
    return counts
  }

  /// [session] whose positions each gets, every order equally likely among those that are alike.
  func shuffled(_ stream: inout RandomStream) -> [Int32] {
    var sources = sessions.indices.map { Int32($0) }
    for group in alike {
      var places = group
      stream.shuffle(&places)
      for (place, source) in zip(group, places) { sources[place] = Int32(source) }
    }
    return sources
  }

  /// Writes what chance holds in a session, of a session's spells: in any order, begun at decisions drawn evenly. What does not fit behind one another
  /// without a gap is laid without one. sides, actions: (decisions of the session).
  func lay(
    _ source: Int, in session: Int, _ stream: inout RandomStream, sides: UnsafeMutablePointer<Int8>,
    actions: UnsafeMutablePointer<Int8>
  ) {
    let (length, free) = (sessions[session].steps.count, sessions[session].free)
    for step in 0..<length { (sides[step], actions[step]) = (0, -1) }
    var order = spells[source]
    guard !order.isEmpty else { return }
    stream.shuffle(&order)
    let held = order.reduce(0) { $0 + $1.actions.count }
    let spare = max(free.count - held, 0)
    let gaps = min(order.count - 1, spare)
    var starts = order.map { _ in Int(stream.nextInteger(below: UInt64(spare - gaps + 1))) }
    starts.sort()
    var step = 0
    for (place, spell) in order.enumerated() {
      let before = order[..<place].reduce(0) { $0 + $1.actions.count }
      step = free.lowerBound + starts[place] + min(place, gaps) + before
      for (offset, action) in spell.actions.enumerated() where step + offset < length {
        (sides[step + offset], actions[step + offset]) = (spell.side, action)
      }
    }
  }
}

extension RandomTrading {
  /// With as many draws no p-value lies below 1 / 400, which the levels of up to six comparisons ask for.
  package static let sessionDraws = 399

  /// The same for games of one symbol a session: each draw holds what the account held, a session's positions in another session of the same symbol, at
  /// other minutes, and gives back parts as the account did. It is sized and refused by the same rules; an order that the mask forbids is put off.
  ///
  /// environments: as for the other; workers share them, as many as there are. account: with its steps. Traps where it has none.
  package init(
    matching account: BacktestRecord, environments: [any TradingEnvironment], play: SessionPlay, cash: [Double] = [],
    seed: UInt64, draws: Int = sessionDraws, workers: Int = 1
  ) {
    self.init(
      matching: account, environments: environments, play: play, cash: cash, seed: seed, draws: draws, workers: workers
    ) { () throws(Never) in
    }
  }

  /// The same; what `behindBlock` throws behind a session of all draws ends it.
  package init<Interruption: Error>(
    matching account: BacktestRecord, environments: [any TradingEnvironment], play: SessionPlay, cash: [Double] = [],
    seed: UInt64, draws: Int = sessionDraws, workers: Int = 1, behindBlock: () throws(Interruption) -> Void
  ) throws(Interruption) {
    let lanes = environments.reduce(0) { $0 + $1.laneCount }
    precondition(draws > 0 && account.count > 0, "\(draws) draws over \(account.count) decisions")
    precondition(lanes >= draws, "\(draws) draws in \(lanes) lanes")
    let actions = SessionActions(play, environments[0].actionSpace)
    let patterns = SessionPatterns(account, plain: actions.all)
    let symbols = environments[0].tape.symbols
    var walkers: [SessionWalker] = []
    for environment in environments {
      let first = walkers.last?.draws.upperBound ?? 0
      let walked = first..<min(draws, first + environment.laneCount)
      if !walked.isEmpty {
        walkers.append(
          SessionWalker(environment, actions, patterns, draws: walked, initial: account.initialDollars, seed: seed))
      }
    }
    let steps = SessionSteps(ends: account.sessionEnds)
    var bands: [[Double]] = []
    var values = [Double](repeating: 0, count: draws)
    // Each walker has its own lanes and its own streams, so that nothing depends on who walks when.
    let pool = WorkerPool(workerCount: max(1, min(workers, walkers.count)))
    for session in patterns.sessions.indices {
      values.withUnsafeMutableBufferPointer { values in
        walkers.withUnsafeMutableBufferPointer { walkers in
          pool.run(taskCount: walkers.count) { place, _ in
            walkers[place].walk(session, patterns, steps, cash: cash, values: values)
          }
        }
        let last = patterns.sessions[session].steps.upperBound - 1
        if steps.isLast[last] { bands.append(OrderStatistics.quantiles(values, shares: [0.05, 0.5, 0.95])) }
      }
      try behindBlock()
    }
    self.init(
      symbols: symbols,
      ordersPerSymbol: symbols.indices.map { symbol in account.fills.count { $0.symbol == symbol } },
      spellsPerSymbol: symbols.indices.map { patterns.spellsPerSymbol[$0] ?? 0 }, account: account, cash: cash,
      walks: walkers.flatMap(\.walks), bands: bands, isWithinSessions: true)
  }
}

/// The actions by which chance goes where it is told.
struct SessionActions: Sendable {
  let up: ActionNumber
  let down: ActionNumber
  let closes: ActionNumber
  let hold: ActionNumber

  /// Traps where the space lacks one of them.
  init(_ play: SessionPlay, _ space: ActionSpace) {
    func place(_ name: String) -> ActionNumber {
      guard let place = space.names.firstIndex(of: name) else { preconditionFailure("no action is called \(name)") }
      return ActionNumber(place)
    }
    (up, down, closes) = (place(play.opensUp), place(play.opensDown), place(play.closes))
    hold = FallbackDecider.action(of: space)
  }

  var all: Set<ActionNumber> { [up, down, closes, hold] }

  /// What brings an account of one side to another; hold where the mask is against it. part: what is done while the side stays, -1 for nothing.
  func action(from side: Int, to wanted: Int8, part: Int8, mask: ActionMask) -> ActionNumber {
    var action = hold
    if side == 0 {
      action = wanted > 0 ? up : wanted < 0 ? down : hold
    } else if side != Int(wanted) {
      action = closes
    } else if part >= 0 {
      action = ActionNumber(part)
    }
    return mask.allows(Int(action)) ? action : hold
  }
}

/// Lanes that walk the same sessions side by side.
struct SessionWalker {
  let draws: Range<Int>
  /// One a draw.
  private(set) var walks: [ChanceWalk]
  private let environment: any TradingEnvironment
  private let actions: SessionActions
  private let loop: EnvironmentLoop
  private var streams: [RandomStream]
  /// [draw][session]
  private let sources: [[Int32]]
  /// (lanes, S)
  private var units: [Int]
  private let symbols: Int
  /// (lanes, the most decisions of a session)
  private var sides: [Int8]
  private var parts: [Int8]
  private let stride: Int

  init(
    _ environment: any TradingEnvironment, _ actions: SessionActions, _ patterns: SessionPatterns, draws: Range<Int>,
    initial: Double, seed: UInt64
  ) {
    self.environment = environment
    self.actions = actions
    self.draws = draws
    loop = EnvironmentLoop(environment)
    symbols = environment.tape.symbols.count
    stride = patterns.sessions.reduce(1) { max($0, $1.steps.count) }
    walks = [ChanceWalk](repeating: ChanceWalk(close: initial), count: draws.count)
    units = [Int](repeating: 0, count: draws.count * symbols)
    sides = [Int8](repeating: 0, count: draws.count * stride)
    parts = sides
    var streams = draws.map { RandomStream(seed: seed, purpose: .randomTrading, lane: UInt32($0)) }
    sources = streams.indices.map { patterns.shuffled(&streams[$0]) }
    self.streams = streams
    loop.reset(seed: seed)
    for lane in 0..<environment.laneCount {
      loop.actions[lane] = actions.hold
      if lane < draws.count { _ = environment.drainFills(lane: lane) }
    }
  }

  /// Walks one session. values: (all draws) the value at the session's end, written at each draw's place; a lost account stays at its last.
  mutating func walk(
    _ session: Int, _ patterns: SessionPatterns, _ steps: SessionSteps, cash: [Double],
    values: UnsafeMutableBufferPointer<Double>
  ) {
    let played = patterns.sessions[session]
    let (environment, loop, symbols, stride, actions) = (environment, loop, symbols, stride, actions)
    let hold = actions.hold
    sides.withUnsafeMutableBufferPointer { sides in
      parts.withUnsafeMutableBufferPointer { parts in
        units.withUnsafeMutableBufferPointer { units in
          guard let sides = sides.baseAddress, let parts = parts.baseAddress, let units = units.baseAddress else {
            return
          }
          for lane in walks.indices {
            patterns.lay(
              Int(sources[lane][session]), in: session, &streams[lane], sides: sides + lane * stride,
              actions: parts + lane * stride)
            // Nothing outlives a session: each symbol begins without a position.
            for symbol in 0..<symbols { units[lane * symbols + symbol] = 0 }
          }
          for offset in 0..<played.steps.count {
            for lane in walks.indices where !walks[lane].isLost {
              let place = lane * stride + offset
              loop.actions[lane] = actions.action(
                from: units[lane * symbols + played.symbol].signum(), to: sides[place], part: parts[place],
                mask: loop.row.masks[lane])
            }
            loop.step()
            let step = played.steps.lowerBound + offset
            let earned = cash.isEmpty ? 0 : cash[Int(steps.number[step])]
            let countsFills = offset == played.steps.count - 1
            for lane in walks.indices where !walks[lane].isLost {
              let standing = environment.lastStanding(lane: lane, units: units + lane * symbols)
              walks[lane].isLost = loop.row.terminated[lane] != 0
              walks[lane].take(standing, cash: earned, isClose: steps.isLast[step] || walks[lane].isLost)
              if walks[lane].isLost { loop.actions[lane] = hold }
              if countsFills || walks[lane].isLost {
                for fill in environment.drainFills(lane: lane) {
                  walks[lane].fills += 1
                  walks[lane].tradedMicroDollars += fill.notionalMicroDollars
                }
              }
            }
          }
        }
      }
    }
    for lane in walks.indices { values[draws.lowerBound + lane] = walks[lane].close }
    _ = environment.drainEpisodes()
    _ = environment.drainIllegalAttempts()
  }
}
