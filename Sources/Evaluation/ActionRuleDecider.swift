// Who must be beaten where nothing outlives its session: a rule of one position a session.

package import AgentInterface
package import Environments
import Market
import Text

/// A rule as a decider for lane 0 of the environment it is made for. It knows the mask, what the position has gained by the observation, which session of
/// which symbol it is in, and where it asks for them the last prices of the two sessions before; nothing else.
package final class ActionRuleDecider: Decider {
  private let rule: ActionRule
  private let environment: any TradingEnvironment
  private let opens: Int?
  private let opensAfterFall: Int?
  private let closes: Int
  private let hold: Int
  private let gain: Int?
  /// Where it opened last, and where it is done until the next session.
  private var opened: Place?
  private var closed: Place?
  /// Cash when it opened, micro-dollars. Where it is another one, the order was filled, whoever has given the position back since.
  private var cashBefore: Int64 = 0

  private struct Place: Equatable {
    var symbol: Int?
    var session: CalendarDate
  }

  /// Traps where the environment lacks an action or a column that the rule needs.
  package init(_ rule: ActionRule, _ play: SessionPlay, for environment: any TradingEnvironment) {
    self.rule = rule
    self.environment = environment
    let space = environment.actionSpace
    func place(_ name: String) -> Int {
      guard let place = space.names.firstIndex(of: name) else { preconditionFailure("no action is called \(name)") }
      return place
    }
    opens = rule.opens.map(place)
    opensAfterFall = rule.opensAfterFall.map(place)
    closes = place(play.closes)
    hold = Int(FallbackDecider.action(of: space))
    let needsGain = rule.takesAt != nil || rule.stopsAt != nil
    gain = environment.observationSpace.columns.firstIndex { $0.name == play.gain }
    precondition(gain != nil || !needsGain, "no column is called \(play.gain)")
  }

  package func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) -> Choice {
    if startsEpisode { (opened, closed) = (nil, nil) }
    return Choice(action: ActionNumber(action(observation, mask)), confidence: nil)
  }

  private func action(_ observation: Span<Float>, _ mask: ActionMask) -> Int {
    guard rule.opens != nil else { return hold }
    let account = environment.account(lane: 0)
    let place = Place(symbol: environment.symbolInPlay(lane: 0), session: environment.tape.dates[account.bar])
    if account.units.allSatisfy({ $0 == 0 }) {
      // An order that was never filled is tried again; a position that was given back is not opened again, nor one that the desk took between two decisions.
      if opened == place, account.cashMicroDollars != cashBefore { closed = place }
      guard closed != place, let opens = opening(bar: account.bar, symbol: place.symbol), mask.allows(opens) else {
        return hold
      }
      (opened, cashBefore) = (place, account.cashMicroDollars)
      return opens
    }
    guard opened == place else { return hold }
    closed = place
    guard let gain, mask.allows(closes) else { return hold }
    let gained = Double(observation[gain])
    let leaves = rule.takesAt.map { gained >= $0 } ?? false || rule.stopsAt.map { gained <= $0 } ?? false
    return leaves ? closes : hold
  }

  /// What it opens with in the session of a bar; nil: nothing.
  private func opening(bar: Int, symbol: Int?) -> Int? {
    guard let opensAfterFall else { return opens }
    guard let symbol, let change = changeBefore(bar: bar, symbol: symbol) else { return nil }
    return change > 0 ? opens : change < 0 ? opensAfterFall : nil
  }

  /// From the last price of the session before the one before a bar's to that of the session before; nil where one of them is not known.
  private func changeBefore(bar: Int, symbol: Int) -> Double? {
    let tape = environment.tape
    let sessions = tape.sessions
    // The session that holds the bar: the first that ends behind it.
    let session = sessions.firstPlace { $0.upperBound > bar }
    guard session >= 2, session < sessions.count else { return nil }
    let (before, last) = (
      tape.close[symbol][sessions[session - 2].upperBound - 1], tape.close[symbol][sessions[session - 1].upperBound - 1]
    )
    return before.isFinite && last.isFinite ? last - before : nil
  }
}
