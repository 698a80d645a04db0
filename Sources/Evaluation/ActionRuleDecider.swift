// Who must be beaten where nothing outlives its session: a rule of one position a session.

package import AgentInterface
package import Environments
import Market

/// A rule as a decider for lane 0 of the environment it is made for. It knows the mask, what the position has gained by the observation, and which session of
/// which symbol it is in; nothing else.
package final class ActionRuleDecider: Decider {
  private let rule: ActionRule
  private let environment: any TradingEnvironment
  private let opens: Int?
  private let closes: Int
  private let hold: Int
  private let gain: Int?
  /// Where it opened last, and where it is done until the next session.
  private var opened: Place?
  private var closed: Place?

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
    closes = place(play.closes)
    hold = FallbackDecider.action(of: space)
    let needsGain = rule.takesAt != nil || rule.stopsAt != nil
    gain = environment.observationSpace.columns.firstIndex { $0.name == play.gain }
    precondition(gain != nil || !needsGain, "no column is called \(play.gain)")
  }

  package func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) -> Choice {
    if startsEpisode { (opened, closed) = (nil, nil) }
    return Choice(action: action(observation, mask), confidence: nil)
  }

  private func action(_ observation: Span<Float>, _ mask: ActionMask) -> Int {
    guard let opens else { return hold }
    let account = environment.account(lane: 0)
    let place = Place(symbol: environment.symbolInPlay(lane: 0), session: environment.tape.dates[account.bar])
    if account.units.allSatisfy({ $0 == 0 }) {
      // An order that was never filled is tried again; a position that was given back is not opened again.
      guard closed != place, mask.allows(opens) else { return hold }
      opened = place
      return opens
    }
    guard opened == place else { return hold }
    closed = place
    guard let gain, mask.allows(closes) else { return hold }
    let gained = Double(observation[gain])
    let leaves = rule.takesAt.map { gained >= $0 } ?? false || rule.stopsAt.map { gained <= $0 } ?? false
    return leaves ? closes : hold
  }
}
