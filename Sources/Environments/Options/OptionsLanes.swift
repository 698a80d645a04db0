// The state of every lane of the options game, as arrays.

import AgentInterface
import Market
import Trading

/// What an entry would be: a package of legs and how many of it the limits let in.
struct OptionsEntry: Sendable, Equatable {
  var legs: UpToFour<OrderLeg>
  var quantity: Int32
  /// Whether the fast search has found it, which asks for all that the gate asks for.
  var isSearched = false

  static let none = OptionsEntry(legs: UpToFour(OrderLeg(contract: -1, ratio: 0)), quantity: 0)
}

/// Struct of arrays over N lanes (and S symbols where noted). Money in micro-dollars.
struct OptionsLanes: @unchecked Sendable {
  let laneCount: Int
  let symbolCount: Int

  /// Which of the game's days it is in, and the minute at whose end it decides.
  let day: LaneWindow<Int32>
  let minute: LaneWindow<Int32>
  /// Of a walk: how many of its days are behind it.
  let walked: LaneWindow<Int32>
  let nextOrder: LaneWindow<Int64>
  let nextExit: LaneWindow<Int64>
  /// Orders that are neither filled nor at an end: at most one that was decided, and one exit.
  let working: LaneWindow<WorkingOrders>
  /// The only one of them, where it stands here and not there.
  let flight: LaneWindow<OptionsFlight>
  /// Whether there are any, or one is in `flight`: so those of most lanes, which lie far apart in memory, are not asked. Changed by nobody but `OptionsEnvironment.change`.
  let isWorking: LaneWindow<Bool>
  /// (N, S) what the accounts of a walk are worth that wait for their symbol's next session; the highest that they were, and whether they may never trade again.
  let waiting: LaneWindow<Int64>
  let waitingHigh: LaneWindow<Int64>
  let waitingKilled: LaneWindow<Bool>

  // What follows from the above and the tape.

  /// (N) the place of the minute's quotes in the tape, that minute, and its weight: what `LaneQuotes` reads.
  let place: LaneWindow<Int>
  let minuteOfQuotes: LaneWindow<Int32>
  let weight: LaneWindow<Double>
  /// The account of the lane's symbol, at the side where positions are given back.
  let value: LaneWindow<Int64>
  /// The bits of the legal actions.
  let mask: LaneWindow<UInt64>
  /// (N, 2) what entering calls or puts would be.
  let entries: LaneWindow<OptionsEntry>

  // What the last step left for whoever asks.

  let step: LaneWindow<ValueStep>
  /// Whether `step` is anything but nothing.
  let hasStep: LaneWindow<Bool>
  /// What the last reward was less than the money.
  let penalty: LaneWindow<Int64>
  let counts: LaneWindow<OptionsCounts>
  /// Of the sessions that have ended, where fills are recorded. Not saved: nobody goes on with half a walk.
  let outcomes: LaneWindow<DeskOutcomes>
  /// The exit that the desk itself sent last in the session, 0 where it sent none, and why. Not saved, as the outcomes.
  let forcedExit: LaneWindow<Int64>
  let forcedBy: LaneWindow<DeskOutcomes.Ending>
  /// Set where the last step ended an episode: its account is in `ended`.
  let hasEnded: LaneWindow<Bool>
  let ended: LaneWindow<OptionsStanding>
  /// Of all of the windows' memory.
  private let owners: [AnyObject]

  init(laneCount: Int, symbolCount: Int) {
    self.laneCount = laneCount
    self.symbolCount = symbolCount
    var owners: [AnyObject] = []
    func array<Element: Sendable>(_ value: Element, _ each: Int = 1) -> LaneWindow<Element> {
      let owner = LaneArray(repeating: value, count: laneCount * each)
      owners.append(owner)
      return LaneWindow(owner)
    }
    day = array(0)
    minute = array(0)
    walked = array(0)
    nextOrder = array(1)
    nextExit = array(-1)
    working = array(WorkingOrders(capacity: 0))
    flight = array(OptionsFlight())
    isWorking = array(false)
    waiting = array(0, symbolCount)
    waitingHigh = array(0, symbolCount)
    waitingKilled = array(false, symbolCount)
    place = array(0)
    minuteOfQuotes = array(0)
    weight = array(1)
    value = array(0)
    mask = array(UInt64(1))
    entries = array(.none, 2)
    step = array(ValueStep())
    hasStep = array(true)
    penalty = array(0)
    counts = array(OptionsCounts())
    outcomes = array(DeskOutcomes())
    forcedExit = array(0)
    forcedBy = array(.closingTime)
    hasEnded = array(false)
    ended = array(OptionsStanding())
    self.owners = owners
    // Each has memory of its own before the first step, so that no step asks for any.
    for lane in 0..<laneCount { working.base[lane] = WorkingOrders(capacity: 4, lane: UInt32(lane)) }
  }
}

/// What an account is at the end of a step.
struct OptionsStanding: Sendable, Equatable {
  var bar: Int64 = 0
  /// Of all of the lane's accounts together.
  var value: Int64 = 0
  var cash: Int64 = 0
  var symbol: Int32 = 0
  /// Contracts, puts negative.
  var quantity: Int32 = 0
  /// Shares that move as much.
  var shares = 0.0
  var tier = RiskTier.none
}

/// What happened since the last drain.
package struct OptionsCounts: Sendable, Equatable {
  /// Entries that were cancelled because nobody quoted their contract at their minute, or because nothing of it was left to take.
  package var unquotedEntries: Int64 = 0
  /// Entries that the account did not take at their fill: limits or money.
  package var refusedEntries: Int64 = 0
  /// Minutes in which an exit waited for a quote, or for somebody to take what is left of it.
  package var waitingExits: Int64 = 0
  /// Exits that the limits of the desk or the stop demanded, not the agent.
  package var forcedExits: Int64 = 0
  /// Positions that were held to their settlement.
  package var settled: Int64 = 0
  /// Of the forced exits those of the stop.
  package var stopped: Int64 = 0

  package init() {}

  static func += (left: inout OptionsCounts, right: OptionsCounts) {
    left.unquotedEntries += right.unquotedEntries
    left.refusedEntries += right.refusedEntries
    left.waitingExits += right.waitingExits
    left.forcedExits += right.forcedExits
    left.settled += right.settled
    left.stopped += right.stopped
  }
}
