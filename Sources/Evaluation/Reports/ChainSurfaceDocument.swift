// The surface of a chain as a page: each smile among its quotes, what it misses them by, and what was mended.

package import Market

extension ChainSurface {
  /// How many smiles are drawn.
  private static let shown = 6

  /// `facts`: what the surface was made of, a sentence each; `table`: what a terminal says of each expiry; `beside`: of another surface, less this one, points.
  package func document(
    title: String, subtitle: String, facts: [String], columns: [String], rows: [(name: String, cells: [String])],
    beside: (caption: String, columns: [String], rows: [(name: String, cells: [String])])?
  ) -> ReportDocument {
    let fitted = expiries.filter { $0.smile != nil }
    let counts = fitted.compactMap(\.residuals)
    let (inside, all) = (counts.reduce(0) { $0 + $1.inside }, counts.reduce(0) { $0 + $1.count })
    var sections: [ReportDocument.Section] = []
    if !fitted.isEmpty {
      sections.append(.init(heading: "Smiles", blocks: drawn(fitted).flatMap { blocks($0) }))
      sections.append(.init(heading: "At the money", blocks: [.chart(terms(fitted))]))
      sections.append(
        .init(
          heading: "Expiries",
          blocks: [
            .table(
              .init(
                caption: "Volatility in % on the variance clock, fit in points, k in deviations at the money",
                columns: columns, rows: rows.map { .init(label: $0.name, cells: $0.cells) }))
          ]))
    }
    let refused = expiries.compactMap { one in one.refusal.map { "\(one.strikes.root) \(one.strikes.expiry): \($0)" } }
    if !refused.isEmpty { sections.append(.init(heading: "Without a smile", blocks: [.list(refused)])) }
    if let beside {
      sections.append(
        .init(
          heading: "The synthetic surface",
          blocks: [
            .table(
              .init(
                caption: beside.caption, columns: beside.columns,
                rows: beside.rows.map { .init(label: $0.name, cells: $0.cells) }))
          ]))
    }
    return ReportDocument(
      title: title, subtitle: subtitle,
      verdict: .init(
        subject: "Surface",
        headline: all == 0
          ? "no expiry has a smile"
          : "\(fitted.count) of \(expiries.count) expiries have a smile, and \(ReportText.percent(Double(inside) / Double(all), decimals: 0)) of \(all) quotes its price in their spread",
        isEdge: false, blocks: [.list(facts)]),
      sections: sections)
  }

  /// Some of them, evenly among all, the first and the last included.
  private func drawn(_ fitted: [ChainExpiry]) -> [ChainExpiry] {
    guard fitted.count > ChainSurface.shown else { return fitted }
    return (0..<ChainSurface.shown).map { fitted[$0 * (fitted.count - 1) / (ChainSurface.shown - 1)] }
  }

  private func blocks(_ expiry: ChainExpiry) -> [ReportDocument.Block] {
    guard let smile = expiry.smile, let residuals = expiry.residuals else { return [] }
    let (bars, unit) = (expiry.quoteBars, smile.deviation)
    guard let first = bars.first, let last = bars.last, unit > 0 else { return [] }
    let name = "\(expiry.strikes.root) \(expiry.strikes.expiry)"
    let id = "\(expiry.strikes.root)-\(expiry.strikes.expiry)".lowercased()
    let (low, high) = (first.logMoneyness / unit, last.logMoneyness / unit)
    let curve = (0...120).map { step in
      let k = low + (high - low) * Double(step) / 120
      return (place: k, value: 100 * smile.volatility(logMoneyness: k * unit))
    }
    func fixed(_ value: Double) -> String { ReportText.fixed(value, decimals: 2) }
    return [
      .quotes(
        QuoteChart(
          id: "smile-" + id, title: "\(name): volatility by moneyness, % a year",
          description:
            "\(residuals.count) quotes from k = \(fixed(low)) to \(fixed(high)); \(residuals.inside) have the smile's price between bid and ask; "
            + "\(fixed(100 * smile.atTheMoney)) % at the money; form: \(smile.form.name).",
          bars: bars.map {
            .init(place: $0.logMoneyness / unit, lower: 100 * $0.bid, upper: 100 * $0.ask)
          }, curve: curve, barKey: "bid to ask", curveKey: "the smile")),
      .quotes(
        QuoteChart(
          id: "misses-" + id, title: "\(name): the smile less the middle of each quote, points",
          description:
            "Root mean square \(fixed(100 * residuals.rootMeanSquare)) points, \(fixed(100 * residuals.worst)) at worst.",
          bars: bars.map { bar in
            let miss = 100 * (smile.volatility(logMoneyness: bar.logMoneyness) - bar.middle)
            return .init(place: bar.logMoneyness / unit, lower: min(miss, 0), upper: max(miss, 0))
          }, curve: [], barKey: "a quote", curveKey: "", isStrip: true)),
    ]
  }

  private func terms(_ fitted: [ChainExpiry]) -> LineChart {
    let values = fitted.map { 100 * ($0.smile?.atTheMoney ?? .nan) }
    let (least, most) = (values.min() ?? 0, values.max() ?? 0)
    var chart = LineChart(
      id: "terms", title: "Volatility at the money, expiry after expiry, % a year",
      description:
        "Over \(fitted.count) expiries: from \(ReportText.fixed(least, decimals: 2)) to \(ReportText.fixed(most, decimals: 2)) %.",
      unit: .percent, dates: [], lines: [.init(name: "at the money", values: values, style: 0)])
    let last = fitted.count - 1
    let shown = Set([0, last / 4, last / 2, 3 * last / 4, last]).sorted()
    chart.places = shown.map { ($0, "\(fitted[$0].strikes.expiry)") }
    return chart
  }
}
