// The rules of the basket's fills, costs and limits, in words for a report.

package import Market
import Trading

extension BasketConfiguration {
  /// `number`: how a report writes one. `width`: of the bars that are traded.
  package func rules(_ number: (Double) -> String, width: BarWidth = .session) -> [RuleLine] {
    let (costs, tiers) = (execution, drawdown)
    let isDaily = width == .session
    let bar = isDaily ? "session" : "minute"
    let nights =
      isDaily
      ? []
      : [RuleLine("nights", "what is held at a session's last close is held until the next open, and its gap counts")]
    return [
      RuleLine(
        "fill",
        isDaily
          ? "decided at a close, filled at the next open, never at mid"
          : "decided at a minute's close, filled at the open of the next one that all symbols have, never at mid"),
      RuleLine("half-spread", "\(number(costs.halfSpreadBasisPoints)) basis points"),
      RuleLine(
        "impact",
        "\(number(costs.impactCoefficient)) x "
          + (isDaily
            ? "daily volatility x root of the order's share of mean daily dollar volume"
            : "a minute's volatility x root of the order's share of a minute's mean dollar volume, both over 20 minutes")
          + "; a volume whose unit changes is taken in the smaller one"
      ),
      RuleLine("commission", "\(number(costs.commissionDollars)) $ an order"),
      RuleLine("capital", (["\(number(capitalPerSymbolDollars)) $ a symbol"] + symbolCapital).joined(separator: ", ")),
      RuleLine(
        "unit",
        (unitShare.map { "\(number(100 * $0)) % of the account's value at the decision" }
          ?? "at most \(([number(unitDollars) + " $"] + symbolUnitDollars).joined(separator: ", ")) and \(number(100 * unitShareOfValue)) % of value over the number of symbols")
          + "; at most \((["\(maximumUnits) a symbol"] + symbolMaximumUnits).joined(separator: ", ")), "
          + (allowShort ? "short allowed" : "no short")),
      // What a learner was paid by, and the reason why it may trade less than the figures of money suggest.
      RuleLine(
        "reward",
        rewards.isActive
          ? "the change of value less penalties: \(number(rewards.turnover.coefficient)) $ for a $ traded, "
            + "\(number(rewards.drawdown.coefficient)) $ a \(bar) for a $ below the highest close"
          : "the change of value"),
      RuleLine(
        "risk tiers",
        "warn, reduce, halt at \(number(100 * tiers.warn)), \(number(100 * tiers.reduce)), \(number(100 * tiers.halt)) % "
          + "below the highest close"),
    ] + nights
  }
}
