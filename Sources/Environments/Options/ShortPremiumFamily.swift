// The game that sells premium as an environment family.

import AgentInterface
import Trading

extension OptionsEnvironment {
  package static let shortPremium = family(
    of: .shortPremium,
    summary: "sells call and put spreads within the session, under the limits, margin, fees and fills of the desk",
    play: SessionPlay(
      opensUp: PremiumAction.sellCallSpread.name, opensDown: PremiumAction.sellPutSpread.name,
      closes: PremiumAction.close.name,
      rules: [
        ActionRule(ActionRule.flatName), ActionRule("sold-calls", opens: PremiumAction.sellCallSpread.name),
        ActionRule("sold-puts", opens: PremiumAction.sellPutSpread.name),
        ActionRule("sold-calls-exits", opens: PremiumAction.sellCallSpread.name, takesAt: 0.5, stopsAt: -1),
        ActionRule("sold-puts-exits", opens: PremiumAction.sellPutSpread.name, takesAt: 0.5, stopsAt: -1),
      ]))
}

extension OptionsConfiguration {
  /// Throws where the rules of selling contradict each other or the desk.
  func validatePremium() throws(EnvironmentError) {
    guard premium.calmBelow <= premium.highAbove else {
      throw .badSetting(
        name: "environment.calm_below", found: "\(premium.calmBelow)",
        allowed: "at most environment.high_above, \(premium.highAbove)")
    }
    if let most = profile.soldDelta, premium.shortDelta > most {
      throw .badSetting(
        name: "environment.short_delta", found: "\(premium.shortDelta)",
        allowed: "at most environment.entries_sold_delta, \(most), which the desk lets through")
    }
  }
}

extension PremiumRules {
  /// What is sold, what it must have in cash, and when it is bought back, in words.
  func words(_ number: (Double) -> String) -> [RuleLine] {
    let others = symbolWidths.isEmpty ? "" : " (" + symbolWidths.joined(separator: ", ") + ")"
    let contract = "today's expiry, sold at the largest |delta| up to \(number(shortDelta))"
    let stop =
      stopCredits.map { "bought back where that loses \(number($0)) times the credit, on quotes of the minute" }
      ?? "none"
    switch cover {
    case .spread:
      return [
        RuleLine(
          "contract",
          contract + ", covered at most \(number(widthDollars)) $ further out\(others), for a credit after costs"),
        RuleLine("margin", "the width of each spread is kept in cash"), RuleLine("stop", stop),
      ]
    case .naked:
      return [
        RuleLine("contract", contract + ", for a credit after costs"),
        RuleLine(
          "margin",
          "NAKED: nothing covers what is sold, so that a loss has no bound; the exchange's requirement is kept in cash"),
        RuleLine("stop", stop),
      ]
    }
  }

  func sizeWords(_ number: (Double) -> String) -> String {
    "net requirement at most \(number(100 * calmShare)) % of the account where volatility at the money is below "
      + "\(number(calmBelow)), \(number(100 * ordinaryShare)) % to \(number(highAbove)), "
      + "\(number(100 * highShare)) % above"
  }
}
