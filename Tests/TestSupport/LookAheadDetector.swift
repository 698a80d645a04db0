// Finds whoever knows the future: everything up to a bar is played again with another future, and must be the same to the bit.

import AgentInterface
package import Environments
import Evaluation
package import Inference
import Kernels
package import Market
import Trading

/// Something that was seen, decided, done or paid, and the bar at whose close it is known.
package struct LookAheadEvent: Sendable, Equatable {
  /// In the order in which a bar brings them.
  package enum Kind: String, Sendable, CaseIterable, Comparable {
    case fills, reward, account, observation, mask, decision

    package static func < (left: Kind, right: Kind) -> Bool {
      (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
  }

  package let bar: Int
  package let kind: Kind
  package let bits: [UInt64]

  package init(bar: Int, kind: Kind, bits: [UInt64]) {
    self.bar = bar
    self.kind = kind
    self.bits = bits
  }
}

/// Bars of which those after the cut were changed.
package struct ChangedMarket: Sendable {
  /// The bars as changed.
  package let series: [BarSeries]
  /// The same, except that prices that are not a number are left as they were: for a door that lets only prices in.
  package let finite: [BarSeries]
  /// Bars up to and including this one are as they were.
  package let cut: Int
}

/// What the detector found.
package struct LookAheadReport: Sendable {
  package struct Leak: Sendable, CustomStringConvertible {
    package let change: LookAheadDetector.Change
    package let cut: Int
    /// What knew better, and when; nil where the play ended early.
    package let event: LookAheadEvent?

    package var description: String {
      "\(change.rawValue) after bar \(cut): " + (event.map { "\($0.kind.rawValue) of bar \($0.bar)" } ?? "ended early")
    }
  }

  /// What happens on the market as it is, in order.
  package let whole: [LookAheadEvent]
  package private(set) var cuts: [Int] = []
  package private(set) var leaks: [Leak] = []
  /// Events that were compared.
  package private(set) var compared = 0
  /// Changes that changed nothing after their cut either: they could not have found anything.
  package private(set) var void = 0

  package init(of whole: [LookAheadEvent]) { self.whole = whole }

  /// Adds a cut, of which what is compared next is told.
  package mutating func begin(_ cut: Int) { cuts.append(cut) }

  /// Compares what happened up to the latest cut with what happens where the market behind it is another one. `playsOn`: whether the play goes on behind the cut.
  package mutating func compare(_ change: LookAheadDetector.Change, _ other: [LookAheadEvent], playsOn: Bool) {
    guard let cut = cuts.last else { return }
    let known = whole.prefix { $0.bar <= cut }
    let otherKnown = other.prefix { $0.bar <= cut }
    compared += otherKnown.count
    // An episode that ends at the cut brings that bar's results, but leaves no decision to be made on it.
    let required = playsOn ? known.count : known.count { $0.bar < cut || $0.kind < .observation }
    if let differing = zip(known, otherKnown).first(where: { $0 != $1 }) {
      leaks.append(Leak(change: change, cut: cut, event: differing.1))
    } else if otherKnown.count < required {
      leaks.append(Leak(change: change, cut: cut, event: nil))
    }
    if playsOn && other == whole { void += 1 }
  }

  /// At how many cuts a change brought a leak to light.
  package func flagged(_ change: LookAheadDetector.Change) -> Int { leaks.count { $0.change == change } }

  /// Which kinds of event were the first to know better.
  package var kinds: Set<LookAheadEvent.Kind> { Set(leaks.compactMap { $0.event?.kind }) }
}

package struct LookAheadDetector: Sendable {
  package enum Change: String, Sendable, CaseIterable {
    /// Other prices and volumes.
    case noise
    /// Prices and volumes that are not a number.
    case nothing
    /// The same bars in another order.
    case shuffled
    /// No more bars.
    case truncated
  }

  package let series: [BarSeries]
  /// The first bar that may be decided on.
  package let firstBar: Int
  package let cutCount: Int
  package let seed: UInt64

  package init(series: [BarSeries], firstBar: Int = MarketFeatures.warmUpBars, cutCount: Int = 50, seed: UInt64) {
    precondition(series.allSatisfy { $0.count > firstBar + 20 }, "series too short for cuts after bar \(firstBar)")
    self.series = series
    self.firstBar = firstBar
    self.cutCount = cutCount
    self.seed = seed
  }

  /// Plays `play` on the bars as they are and, for random cuts, with every kind of other future.
  ///
  /// `play` walks the window's bars of the market that it is given, as one continuous episode, and tells what happened in order.
  package func examine(
    _ play: (_ market: ChangedMarket, _ window: Range<Int>) throws -> [LookAheadEvent]
  ) throws -> LookAheadReport {
    let bars = series[0].count
    let whole = try play(ChangedMarket(series: series, finite: series, cut: bars - 1), firstBar..<bars)
    var report = LookAheadReport(of: whole)
    var random = RandomStream(seed: seed, purpose: .bootstrap)
    for _ in 0..<cutCount {
      // Two steps at least before the cut, and enough days after it to shuffle.
      let cut = firstBar + 2 + Int(random.nextInteger(below: UInt64(bars - firstBar - 10)))
      report.begin(cut)
      for change in Change.allCases {
        let market = changed(change, after: cut, &random)
        // Not a number cannot be traded and what is cut off cannot be reached: there the play ends at the cut.
        let playsOn = change == .noise || change == .shuffled
        report.compare(change, try play(market, firstBar..<(playsOn ? bars : cut + 1)), playsOn: playsOn)
      }
    }
    return report
  }

  private func changed(_ change: Change, after cut: Int, _ random: inout RandomStream) -> ChangedMarket {
    var changed = series
    var finite = series
    var order = Array(cut + 1..<series[0].count)
    random.shuffle(&order)
    // Two days that stay where they are would make a change that changes nothing.
    if order == Array(cut + 1..<series[0].count) { order.reverse() }
    for place in series.indices {
      switch change {
      case .truncated:
        changed[place] = series[place].rows(Array(0...cut))
        finite[place] = changed[place]
      case .shuffled:
        for (offset, source) in order.enumerated() {
          changed[place].set(cut + 1 + offset, to: series[place], bar: source)
        }
        finite[place] = changed[place]
      case .noise:
        for bar in cut + 1..<series[place].count {
          let price = series[place].close[cut] * (0.5 + random.nextDouble())
          changed[place].open[bar] = price * (0.95 + 0.1 * random.nextDouble())
          changed[place].close[bar] = price
          changed[place].high[bar] = price * 1.1
          changed[place].low[bar] = price * 0.9
          changed[place].volume[bar] = (3e6 * random.nextDouble()).rounded()
          for column in series[place].extra.indices { changed[place].extra[column].values[bar] = random.nextNormal() }
        }
        finite[place] = changed[place]
      case .nothing:
        for bar in cut + 1..<series[place].count {
          changed[place].open[bar] = .nan
          changed[place].high[bar] = .nan
          changed[place].low[bar] = .nan
          changed[place].close[bar] = .nan
          changed[place].volume[bar] = .nan
          finite[place].volume[bar] = .nan
          for column in series[place].extra.indices { changed[place].extra[column].values[bar] = .nan }
        }
      }
    }
    return ChangedMarket(series: changed, finite: finite, cut: cut)
  }
}

extension BarSeries {
  fileprivate mutating func set(_ place: Int, to other: BarSeries, bar: Int) {
    open[place] = other.open[bar]
    high[place] = other.high[bar]
    low[place] = other.low[bar]
    close[place] = other.close[bar]
    volume[place] = other.volume[bar]
    adjustmentFactors[place] = other.adjustmentFactors[bar]
    for column in extra.indices { extra[column].values[place] = other.extra[column].values[bar] }
  }
}

extension LookAheadEvent {
  /// Everything that happens while a policy trades one lane of an environment from its reset to the end of its first episode.
  ///
  /// Actions are sampled, so that the policy's every doubt counts; a refused decision ends the play.
  package static func trace(
    _ environment: any TradingEnvironment, policy: DeployedPolicy, seed: UInt64
  ) -> [LookAheadEvent] {
    precondition(environment.laneCount == 1, "a trace of one lane through \(environment.laneCount)")
    let columns = environment.observationSpace.count
    let row = StepRow(lanes: 1, columns: columns)
    var session = policy.makeSession()
    let draws = RandomStream(seed: seed, purpose: .actionSampling)
    var events: [LookAheadEvent] = []
    environment.reset(seed: seed, into: row.buffers)
    var bar = environment.account(lane: 0).bar
    while true {
      let observation = (0..<columns).map { row.buffers.observations.row(0)[$0] }
      events.append(LookAheadEvent(bar: bar, kind: .observation, bits: bits(observation)))
      events.append(LookAheadEvent(bar: bar, kind: .mask, bits: [row.buffers.masks[0].rawValue]))
      let uniform = Double(draws.uniformFloat(at: UInt64(bar)))
      guard
        let decision = try? session.decide(
          observation, mask: row.buffers.masks[0], startsEpisode: session.decisionCount == 0,
          rule: .sample(uniform: uniform))
      else { return events }
      events.append(
        LookAheadEvent(
          bar: bar, kind: .decision,
          bits: [UInt64(decision.action)] + bits([decision.confidence]) + bits(session.logits)))
      var action = Int32(decision.action)
      environment.step(&action, lanes: 0..<1, into: row.buffers)
      let account = environment.lastAccount(lane: 0)
      bar = account.bar
      let fills = environment.drainFills(lane: 0).flatMap { fill in
        [
          UInt64(fill.symbol), UInt64(fill.bar), fill.shares.bitPattern, fill.fillPriceDollars.bitPattern,
          UInt64(bitPattern: fill.notionalMicroDollars), UInt64(bitPattern: fill.impactCostMicroDollars),
        ]
      }
      events.append(LookAheadEvent(bar: bar, kind: .fills, bits: fills))
      events.append(LookAheadEvent(bar: bar, kind: .reward, bits: bits([row.buffers.rewards[0]])))
      let amounts = [account.netLiquidationMicroDollars, account.cashMicroDollars].map { UInt64(bitPattern: $0) }
      events.append(LookAheadEvent(bar: bar, kind: .account, bits: amounts + account.shares.map(\.bitPattern)))
      if row.buffers.terminated[0] != 0 { return events }
      if row.buffers.truncated[0] != 0 {
        let last = (0..<columns).map { row.buffers.finalObservations.row(0)[$0] }
        events.append(LookAheadEvent(bar: bar, kind: .observation, bits: bits(last)))
        return events
      }
      // Behind a session's end the next one's first minute is seen.
      bar = environment.account(lane: 0).bar
    }
  }

  package static func bits(_ values: [Float]) -> [UInt64] { values.map { UInt64($0.bitPattern) } }
}
