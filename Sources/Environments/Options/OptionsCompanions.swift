// Who must be beaten on options beside rules of the same game: straddles and spreads that are traded every day, at the same costs.

package import AgentInterface
import Trading

/// An action of the game of straddles: a call and a put of one strike, of today's expiry, at the money.
package enum StraddleAction: Int, Sendable, CaseIterable {
  case hold, sell, buy, close

  package var name: String {
    switch self {
    case .hold: "hold"
    case .sell: "sell_straddle"
    case .buy: "buy_straddle"
    case .close: "close"
    }
  }

  var move: OptionsMove {
    switch self {
    case .hold: .hold
    case .sell: .enterCall
    case .buy: .enterPut
    case .close: .exit
    }
  }

  package static let space = ActionSpace(names: allCases.map(\.name), fallback: hold.rawValue)
}

extension OptionsEnvironment {
  /// A call after a session that rose, a put after one that fell.
  static let previousSign = ActionRule(
    "previous-sign", opens: OptionsAction.buyCall.name, opensAfterFall: OptionsAction.buyPut.name)

  static let straddlePlay = SessionPlay(
    opensUp: StraddleAction.buy.name, opensDown: StraddleAction.sell.name, closes: StraddleAction.close.name,
    rules: [
      ActionRule("straddles", opens: StraddleAction.buy.name),
      ActionRule("sold-straddles", opens: StraddleAction.sell.name),
    ])

  static let soldSpreadPlay = SessionPlay(
    opensUp: PremiumAction.sellCallSpread.name, opensDown: PremiumAction.sellPutSpread.name,
    closes: PremiumAction.close.name, rules: [ActionRule("sold-spreads", opens: PremiumAction.sellPutSpread.name)])

  static let boughtPlay = SessionPlay(
    opensUp: OptionsAction.buyCall.name, opensDown: OptionsAction.buyPut.name, closes: OptionsAction.exit.name,
    rules: [
      ActionRule("calls", opens: OptionsAction.buyCall.name), ActionRule("puts", opens: OptionsAction.buyPut.name),
      previousSign,
    ])
}

extension OptionsConfiguration {
  /// The games whose rules are baselines beside its own: straddles, and what the game itself does not trade. Account, costs, hours and the desk's care for
  /// its data are the run's.
  var companions: [CompanionGame] {
    [companion(straddles, OptionsEnvironment.straddlePlay)]
      + (game == .shortPremium
        ? [companion(bought, OptionsEnvironment.boughtPlay)]
        : soldSpreads.map { [companion($0, OptionsEnvironment.soldSpreadPlay)] } ?? [])
  }

  private func companion(_ configuration: OptionsConfiguration, _ play: SessionPlay) -> CompanionGame {
    CompanionGame(play) { (tape, window) throws(EnvironmentError) in
      try OptionsEnvironment(
        tape: tape, tables: OptionsTables(tape, configuration: configuration), window: window, laneCount: 1,
        episodes: .walk, recordsFills: true)
    }
  }

  /// One straddle at the money a day, bought or sold: the first that cash pays for, or whose exchange requirement it keeps. It is what a session's premium was worth, so
  /// no limit of exposure cuts it, and no fall ends it before the account's own end.
  var straddles: OptionsConfiguration {
    var other = rules(of: .straddle)
    other.maximumContracts = 1
    other.highestVolatilityRank = 1
    other.premium = PremiumRules()
    other.premium.cover = .naked
    other.symbolDecay = []
    let free = 100.0
    var limits = ExposureLimits(basis: profile.limits.basis)
    (limits.deltaFraction, limits.gammaFraction, limits.vegaFraction, limits.shockFraction) = (free, free, free, free)
    limits.decayDollars = 1e9
    other.profile.limits = limits
    other.profile.sizes = RiskSizes(low: 1, medium: 1, high: 1)
    other.profile.soldDelta = nil
    other.profile.sessionTiers = DrawdownTiers(warn: 1, reduce: 1, halt: 1)
    other.profile.killFraction = 1
    other.profile.dailyLossDollars = nil
    return other
  }

  /// One put spread a day as `short_premium` sells it, under the run's limits; nil where they let nobody sell.
  private var soldSpreads: OptionsConfiguration? {
    var other = rules(of: .shortPremium)
    let usual = OptionsConfiguration.shortPremium
    other.maximumContracts = 1
    (other.maximumSpread, other.highestVolatilityRank) = (usual.maximumSpread, usual.highestVolatilityRank)
    other.premium = usual.premium
    if let most = profile.soldDelta { other.premium.shortDelta = min(other.premium.shortDelta, most) }
    return other.premium.shortDelta >= 0.01 ? other : nil
  }

  /// Options as the game `options` buys them, under the run's limits.
  private var bought: OptionsConfiguration {
    var other = rules(of: .options)
    let usual = OptionsConfiguration()
    (other.targetDelta, other.minimumDelta) = (usual.targetDelta, usual.minimumDelta)
    (other.maximumSpread, other.highestVolatilityRank) = (usual.maximumSpread, usual.highestVolatilityRank)
    other.accountShare = usual.accountShare
    other.premium = usual.premium
    return other
  }

  /// Those of the run, for another game: account, costs, hours and the desk's care for its data.
  private func rules(of game: OptionsGame) -> OptionsConfiguration {
    var other = self
    other.game = game
    other.targetDelta = 0.5
    other.minimumDelta = min(minimumDelta, other.targetDelta)
    other.humanMomentum = false
    return other
  }
}
