// What an account begins with, dares and may do, and where a symbol's account differs.

package import Text

/// The terms of one account: its money, how boldly it sizes, and its limits.
package struct AccountTerms: Sendable, Hashable {
  /// What it begins with, whole dollars.
  package var dollars = 10_000
  package var tier = AccountTier.tiny
  package var profile = RiskProfile()

  package init() {}

  package init(dollars: Int, tier: AccountTier, profile: RiskProfile = RiskProfile()) {
    self.dollars = dollars
    self.tier = tier
    self.profile = profile
  }

  /// As a file names them: the account, and all of its profile.
  package static let allSettings: [SettingOf<AccountTerms>] =
    [
      .integer(
        "account.dollars", \.dollars, 1...Int(DeskSettings.mostCashDollars), unit: "dollars",
        "what the account begins with"),
      .choice(
        "account.tier", \.tier, [AccountTier.tiny, .large].map { ($0.name, $0) },
        "how boldly it sizes: half of Kelly, or 1 % of the account"),
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
