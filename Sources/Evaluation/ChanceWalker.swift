// Many accounts on their way through one window, each along a path that chance has laid.

import AgentInterface
import Environments
import Kernels
import Market
import Trading

/// What each draw is to hold at each close, a stretch of the window at a time.
struct ChancePaths: Sendable {
  /// By symbol.
  let spells: [PositionSpells]
  let draws: Int
  private let seed: UInt64
  /// Sessions of a stretch.
  private let length: Int
  private var stretch = 0..<0
  /// (draws, S, length)
  private var units: [Int8]
  private var order: [Int32] = []

  /// Stretches take as much memory as this; each draw is shuffled anew for each of them.
  static let bytes = 4 << 20
  /// Longer windows may have longer stretches, lest shuffling take more time than walking: so many stretches are no burden, nor are any that have
  /// this many sessions for each spell that is shuffled.
  private static let (fewStretches, sessionsASpell) = (32, 8)

  /// bytes: what a stretch takes, unless it were one of too many. The paths are the same however long stretches are.
  init(_ spells: [PositionSpells], seed: UInt64, draws: Int, bytes: Int = ChancePaths.bytes) {
    let sessions = spells[0].sessions
    self.spells = spells
    self.seed = seed
    self.draws = draws
    length = min(
      sessions,
      max(
        1, bytes / (draws * spells.count),
        min(
          (sessions + ChancePaths.fewStretches - 1) / ChancePaths.fewStretches,
          ChancePaths.sessionsASpell * spells.reduce(0) { $0 + $1.count })))
    units = [Int8](repeating: 0, count: draws * spells.count * length)
  }

  /// T.
  var sessions: Int { spells[0].sessions }

  /// Makes room for the next few sessions, at most as many as a stretch is long.
  mutating func reach(_ steps: Range<Int>) {
    guard steps.upperBound > stretch.upperBound else { return }
    stretch = steps.lowerBound..<min(sessions, steps.lowerBound + max(length, steps.count))
    if units.count < draws * spells.count * stretch.count {
      units = [Int8](repeating: 0, count: draws * spells.count * stretch.count)
    }
    units.withUnsafeMutableBufferPointer { units in
      guard let base = units.baseAddress else { return }
      var place = base
      for draw in 0..<draws {
        var stream = RandomStream(seed: seed, purpose: .randomTrading, lane: UInt32(draw))
        for one in spells {
          one.shuffle(&stream, sessions: stretch, into: place, order: &order)
          place += stretch.count
        }
      }
    }
  }

  /// What a draw's symbols are to hold, each (steps) at a distance of `stride`: valid while `body` runs.
  func withUnits(_ body: (_ units: UnsafePointer<Int8>, _ first: Int, _ stride: Int) -> Void) {
    units.withUnsafeBufferPointer { units in
      if let base = units.baseAddress { body(base, stretch.lowerBound, stretch.count) }
    }
  }
}

/// Which session each step of a walk is in.
struct SessionSteps: Sendable {
  /// (T) its number from 0 on.
  let number: [Int32]
  /// (T) whether it is the session's last.
  let isLast: [Bool]

  /// ends: the last step of each session.
  init(ends: [Int]) {
    var (number, isLast) = ([Int32](), [Bool]())
    number.reserveCapacity((ends.last ?? -1) + 1)
    isLast.reserveCapacity((ends.last ?? -1) + 1)
    for (session, end) in ends.enumerated() {
      while number.count <= end {
        isLast.append(number.count == end)
        number.append(Int32(session))
      }
    }
    (self.number, self.isLast) = (number, isLast)
  }
}

/// What one draw has done so far.
struct ChanceWalk: Sendable {
  /// Dollars at the last session's close, or at the beginning.
  var close: Double
  var closesSum = 0.0
  var sharpe = StreamedSharpe()
  var tradedMicroDollars: Int64 = 0
  var fills = 0
  var sessions = 0
  var steps = 0
  var stepsHeld = 0
  var isLost = false

  /// Takes in one step. cash: what cash earned in its session. isClose: whether it is that session's last, or the account's.
  @inline(__always) mutating func take(_ standing: AccountStanding, cash: Double, isClose: Bool) {
    steps += 1
    stepsHeld += standing.holdsShares ? 1 : 0
    guard isClose else { return }
    let after = PerformanceMetrics.dollars(standing.netLiquidationMicroDollars)
    sharpe.add(after / close - 1 - cash)
    close = after
    closesSum += after
    sessions += 1
  }

  /// nil where the mean close is not positive.
  var turnoverPerYear: Double? {
    let mean = closesSum / Double(sessions)
    guard mean > 0 else { return nil }
    return PerformanceMetrics.dollars(tradedMicroDollars) / mean * ReturnStatistics.sessionsPerYear / Double(sessions)
  }
}

/// Lanes that go where they are told, one order a symbol at a time.
struct ChanceWalker {
  let draws: Range<Int>
  /// One a draw.
  private(set) var walks: [ChanceWalk]
  private let environment: any TradingEnvironment
  private let orders: JointOrders
  private let loop: EnvironmentLoop
  private let hold: ActionNumber
  /// (lanes, S)
  private var units: [Int]
  private let symbols: Int

  /// Traps where the environment's actions are not the joint orders of its symbols.
  init(_ environment: any TradingEnvironment, draws: Range<Int>, initial: Double, seed: UInt64) {
    self.environment = environment
    self.draws = draws
    orders = JointOrders(environment.actionSpace)
    loop = EnvironmentLoop(environment)
    hold = FallbackDecider.action(of: environment.actionSpace)
    symbols = environment.tape.symbols.count
    walks = [ChanceWalk](repeating: ChanceWalk(close: initial), count: draws.count)
    units = [Int](repeating: 0, count: draws.count * symbols)
    loop.reset(seed: seed)
    for lane in 0..<environment.laneCount {
      loop.actions[lane] = hold
      if lane < draws.count { _ = environment.drainFills(lane: lane) }
    }
  }

  /// Walks some steps. values: (steps, stride) the value at the last session's close, written at each draw's place; a lost account stays at its last.
  mutating func walk(
    _ steps: Range<Int>, along paths: ChancePaths, cash: [Double], _ sessions: SessionSteps,
    values: UnsafeMutableBufferPointer<Double>, stride: Int
  ) {
    var wanted = [Int](repeating: 0, count: symbols)
    let (environment, loop, hold, symbols, first) = (environment, loop, hold, symbols, draws.lowerBound)
    walks.withUnsafeMutableBufferPointer { walks in
      units.withUnsafeMutableBufferPointer { units in
        paths.withUnits { path, pathBegin, pathStride in
          for step in steps {
            for lane in walks.indices where !walks[lane].isLost {
              var holds = true
              for symbol in 0..<symbols {
                let place = lane * symbols + symbol
                let target = path[(first * symbols + place) * pathStride + step - pathBegin]
                wanted[symbol] = (Int(target) - units[place]).signum()
                if wanted[symbol] != 0 { holds = false }
              }
              loop.actions[lane] = holds ? hold : orders.nearestLegal(to: wanted, mask: loop.row.masks[lane])
            }
            loop.step()
            // Only sums are taken of fills, so that they may gather for a while.
            let countsFills = step == steps.upperBound - 1
            let cash = cash.isEmpty ? 0 : cash[Int(sessions.number[step])]
            let isLast = sessions.isLast[step]
            let row = (step - steps.lowerBound) * stride + first
            for lane in walks.indices where !walks[lane].isLost {
              let standing = environment.lastStanding(lane: lane, units: units.baseAddress! + lane * symbols)
              walks[lane].isLost = loop.row.terminated[lane] != 0
              walks[lane].take(standing, cash: cash, isClose: isLast || walks[lane].isLost)
              if walks[lane].isLost { loop.actions[lane] = hold }
              if countsFills || walks[lane].isLost {
                for fill in environment.drainFills(lane: lane) {
                  walks[lane].fills += 1
                  walks[lane].tradedMicroDollars += fill.notionalMicroDollars
                }
              }
            }
            for lane in walks.indices { values[row + lane] = walks[lane].close }
          }
        }
      }
    }
    _ = environment.drainEpisodes()
    _ = environment.drainIllegalAttempts()
  }
}
