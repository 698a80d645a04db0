// What an account begins with, dares and may do, and where a symbol's account differs.

package import Text

/// The terms of one account: its money, how boldly it sizes, and its limits.
package struct AccountTerms: Sendable, Hashable {
  /// What it begins with, whole dollars.
  package var dollars = 10_000
  package var tier = AccountTier.tiny
  /// Of what an ordinary day's move, or the stop, may take.
  package var range = RangeRule()
  /// Contracts of one order.
  package var largestOrder = Order.mostQuantity
  package var profile = RiskProfile()

  package init() {}

  package init(dollars: Int, tier: AccountTier, profile: RiskProfile = RiskProfile()) {
    self.dollars = dollars
    self.tier = tier
    self.profile = profile
  }

  /// By which its positions are sized.
  package var sizing: SizingRules {
    SizingRules(tier: tier, riskSizes: profile.sizes, range: range, largestOrder: largestOrder)
  }

  /// The tier is read by its name: one whose numbers were changed is still of its name, and naming a tier takes its numbers.
  private static let tierSetting = SettingOf<AccountTerms>(
    key: "account.tier", help: "how boldly it sizes: half of Kelly, or 1 % of the account",
    expected: "one of " + tiers.map(\.name).joined(separator: ", "), read: { .string($0.tier.name) },
    write: { terms, value in
      guard let tier = tiers.first(where: { $0.name == value.stringValue }) else { return false }
      if tier.name != terms.tier.name { terms.tier = tier }
      return true
    })

  private static let tiers = [AccountTier.tiny, .large]

  /// As a file names them: the account, how it sizes, and all of its profile.
  package static let allSettings: [SettingOf<AccountTerms>] =
    [
      .integer(
        "account.dollars", \.dollars, 1...Int(DeskSettings.mostCashDollars), unit: "dollars",
        "what the account begins with"),
      tierSetting,
      .optionalNumber(
        "sizing.fixed", \.tier.fixedFraction, 0...1, unit: "of the account",
        "at risk in a position, in place of Kelly; null asks Kelly"),
      .number("sizing.kelly_part", \.tier.kellyPart, 0...1, "the part of Kelly's full fraction that is used"),
      .number("sizing.kelly_cap", \.tier.kellyCap, 0...1, unit: "of the account", "the most that comes of Kelly"),
      .number(
        "sizing.fallback", \.tier.fallbackFraction, 0...1, unit: "of the account",
        "at risk while the account's own trades say too little"),
      .optionalNumber(
        "sizing.belief", \.tier.belief, 0.5...0.999, "how sure the chance to win must be; null takes it as it was"),
      .number(
        "sizing.range_risk", \.range.risk, 0...1, unit: "of the account",
        "what an ordinary day's move, or the stop, may take"),
      .number("sizing.ranges", \.range.ranges, 0.1...100, "average true ranges that count as an ordinary day's move"),
      .integer("sizing.largest_order", \.largestOrder, 1...Order.mostQuantity, unit: "contracts", "the largest order"),
    ] + RiskProfile.allSettings.map { $0.lifted(\.profile) }
}

/// Terms by the symbol of the underlying. Accounts of different symbols are different accounts: neither money nor headroom is shared between them.
package struct SymbolTerms: Sendable, Hashable {
  /// Of every symbol that has none of its own.
  package var standard: AccountTerms
  package var bySymbol: [String: AccountTerms]

  package init(standard: AccountTerms = AccountTerms(), bySymbol: [String: AccountTerms] = [:]) {
    self.standard = standard
    self.bySymbol = bySymbol
  }

  package subscript(symbol: String) -> AccountTerms { bySymbol[symbol] ?? standard }

  /// 10,000 dollars, and 100,000 with ten times the decay where a contract is ten times as large.
  package static let shipped: SymbolTerms = {
    var index = AccountTerms(dollars: 100_000, tier: .large)
    index.profile.limits.decayDollars = 1_000
    return SymbolTerms(bySymbol: ["SPX": index])
  }()

  /// The first profile that no account may run with, and whose it is.
  package var problem: RiskError? {
    if let problem = standard.profile.problem { return problem }
    for (symbol, terms) in bySymbol.sorted(by: { $0.key < $1.key }) {
      if let problem = terms.profile.problem { return .contradiction("\(symbol): \(problem)") }
    }
    return nil
  }
}
