// The page of pictures of `strikeforge surface --date --html`.

import Evaluation
import Market
import Pricing

enum SurfacePage {
  /// As far as strikes are shown, from the price, in shares of it; odd, so that the price itself is among them.
  private static let reach = 0.12
  private static let strikeCount = 121
  private static let longestTerm = 42
  private static let shownTerms = [0, 1, 5, 21]

  static func report(of day: SurfaceDay) throws -> SurfaceReport {
    let surface = day.surface
    let shares = (0..<strikeCount).map { 1 - reach + 2 * reach * Double($0) / Double(strikeCount - 1) }
    let smiles = day.expiries.filter { shownTerms.contains($0.sessionsAhead) && $0.years > 0 }.map { one in
      SurfaceReport.Curve(
        one.sessionsAhead == 0 ? "today" : "\(one.sessionsAhead) session\(one.sessionsAhead == 1 ? "" : "s")",
        shares.map { share in
          surface.terms(
            .call, strike: day.spot * share, spot: day.spot, years: one.years, sessionsAhead: one.sessionsAhead
          ).volatility
        })
    }
    let others = SurfaceLaw.allCases.filter { $0 == surface.law || day.isVIX }
    let terms = try others.map { law in
      let other = try SyntheticSurface(
        law, surface.knowledge, at: TradingCalendar.xnys.sessions[day.ordinal].start(ofMinute: day.minute),
        priceElasticity: surface.priceElasticity, rate: surface.rate, dividendYield: surface.dividendYield,
        crush: surface.crush)
      return SurfaceReport.Curve(
        law == surface.law ? "\(law.rawValue), shown here" : law.rawValue,
        (0...longestTerm).map { other.atTheMoney(sessionsAhead: $0, spot: day.spot) })
    }
    return SurfaceReport(
      title: "Surface \(surface.law.rawValue) of \(day.symbol)",
      subtitle: "\(day.date) \(SurfaceText.clock(day.minute)), New York", facts: SurfaceText.facts(of: day),
      strikeShares: shares, smiles: smiles, terms: terms, history: day.history,
      columns: ["ahead", "strike", "vol. %", "delta", "value", "bid", "ask"],
      contracts: try day.lines().map { one in
        (
          "\(one.expiry) \(one.terms.side)",
          [
            "\(one.sessionsAhead)", SurfaceText.fixed(one.terms.strike, 0),
            SurfaceText.fixed(100 * one.terms.volatility, 2), SurfaceText.fixed(one.value.delta, 3),
            SurfaceText.fixed(one.value.price, 3), SurfaceText.fixed(one.quote.bidDollars, 2),
            SurfaceText.fixed(one.quote.askDollars, 2),
          ]
        )
      })
  }
}
