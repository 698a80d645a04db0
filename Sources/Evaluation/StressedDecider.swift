// A decider whose decisions reach the market worse than it thinks.

package import AgentInterface
package import Environments
package import Inference
import Kernels
private import Market

/// Somebody's decisions, of which some come late, go unfilled or are never made. What it then does is the space's fallback: nothing.
package final class StressedDecider: Decider {
  private let decider: any Decider
  private let environment: any TradingEnvironment
  private let stress: MarketStress
  private let fallback: ActionNumber
  private var random: RandomStream
  /// What was decided last, and waits.
  private var waiting: ActionNumber?
  /// An episode began in a bar that never arrived.
  private var startsLater = false

  /// The stream of draws is (seed, the stress): far from those of bootstraps.
  package init(_ decider: any Decider, _ stress: MarketStress, environment: any TradingEnvironment, seed: UInt64) {
    self.decider = decider
    self.environment = environment
    self.stress = stress
    fallback = FallbackDecider.action(of: environment.actionSpace)
    random = RandomStream(
      seed: seed, purpose: .fills, lane: 2000 + UInt32(MarketStress.allCases.firstIndex(of: stress) ?? 0))
  }

  package func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) throws(DecisionError) -> Choice
  {
    let starts = startsEpisode || startsLater
    if misses {
      startsLater = starts
      return Choice(action: fallback, confidence: nil)
    }
    startsLater = false
    let action = try decider.decide(observation, mask: mask, startsEpisode: starts).action
    return Choice(action: carriedOut(action, mask, starts), confidence: nil)
  }

  /// Whether nothing is seen, and so nothing decided, in this bar.
  private var misses: Bool {
    switch stress {
    case .gaps: random.nextDouble() < MarketStress.missingShare
    case .halfDays: minute.map { $0 >= MarketStress.minutesLeft } ?? false
    default: false
    }
  }

  /// Of the session; nil of bars of whole sessions.
  private var minute: Int? {
    let (minutes, bar) = (environment.tape.minutes, environment.account(lane: 0).bar)
    return minutes.indices.contains(bar) ? Int(minutes[bar]) : nil
  }

  private func carriedOut(_ action: ActionNumber, _ mask: ActionMask, _ starts: Bool) -> ActionNumber {
    switch stress {
    case .latency:
      let late = starts ? fallback : waiting ?? fallback
      waiting = action
      return environment.actionSpace.heads.corrected(late, in: mask, fallback: fallback)
    case .fills:
      return action != fallback && random.nextDouble() < MarketStress.unfilledShare ? fallback : action
    default: return action
    }
  }
}
