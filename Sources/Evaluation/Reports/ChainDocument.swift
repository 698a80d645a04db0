// What is quoted of an option chain, as a page: expiries, who stands on both sides, and what it costs to cross.

package import Market

extension ChainSummary {
  /// `facts`: what the head of the table in a terminal says, in its order.
  package func document(title: String, facts: [(name: String, text: String)]) -> ReportDocument {
    var sections = [
      ReportDocument.Section(
        heading: "Quotes", blocks: [.facts(facts)] + (hasQuotes && expiries.count > 1 ? [.chart(shares)] : []))
    ]
    sections.append(.init(heading: "Expiries", blocks: [.table(expiryTable)] + notes))
    let priced = bands.filter { $0.quotes > 0 }
    if hasQuotes, !priced.isEmpty {
      sections.append(
        .init(heading: "What it costs to cross", blocks: [.intervals(spreads(priced)), .table(spreadTable(priced))]))
    }
    return ReportDocument(
      title: title, subtitle: "\(expiries.count) expiries, \(quotes) quotes",
      verdict: .init(
        headline: hasQuotes
          ? "\(share(twoSided, of: quotes)) of the quotes have two sides" : "nobody says what could be traded at",
        isEdge: false,
        blocks: [
          .paragraph(
            hasQuotes
              ? "On a quote without a bid or an ask, or with a bid above its ask, nobody trades here."
              : "The file has prices of trades alone.")
        ]),
      sections: sections)
  }

  private func share(_ part: Int, of all: Int) -> String {
    all == 0 ? ReportText.undefined : ReportText.percent(Double(part) / Double(all), decimals: 1)
  }

  private var notes: [ReportDocument.Block] {
    deliverableNotes.map { .paragraph($0) }
  }

  /// Roots that expire on one date stand there together.
  private var shares: LineChart {
    let dates = Set(expiries.map(\.expiry)).sorted()
    let values = dates.map { date in
      let here = expiries.filter { $0.expiry == date }
      let all = here.reduce(0) { $0 + $1.quotes }
      return all == 0 ? Double.nan : 100 * Double(here.reduce(0) { $0 + $1.twoSided }) / Double(all)
    }
    let known = values.filter(\.isFinite)
    return LineChart(
      id: "two-sided", title: "Share of quotes with two sides, by expiry",
      description: "From \(ReportText.fixed(known.min() ?? 0, decimals: 1)) to "
        + "\(ReportText.fixed(known.max() ?? 0, decimals: 1)) % over \(dates.count) expiries, "
        + "\(dates.first.map { "\($0)" } ?? "") to \(dates.last.map { "\($0)" } ?? "").",
      unit: .percent, dates: dates, lines: [.init(name: "two sides", values: values, style: 0)])
  }

  private var expiryTable: ReportDocument.Table {
    .init(
      caption: "Contracts and quotes by root and expiry",
      columns: [
        "last session", "settles", "strikes", "calls", "puts", "quotes", "two-sided", "crossed", "open interest",
      ],
      rows: expiries.map { one in
        .init(
          label: "\(one.root)\(one.isStandard ? "" : "*") \(one.expiry)",
          cells: [
            one.life.map { "\($0.lastSession)" } ?? "none", ContractTerms.of(root: one.root).settlement.rawValue,
            "\(one.strikes)", "\(one.calls)", "\(one.puts)", "\(one.quotes)",
            hasQuotes ? share(one.twoSided, of: one.quotes) : ReportText.undefined,
            hasQuotes ? "\(one.crossed)" : ReportText.undefined,
            one.openInterest.map { ReportText.grouped(Double($0), decimals: 0) } ?? ReportText.undefined,
          ])
      })
  }

  private func spreads(_ bands: [Band]) -> IntervalChart {
    let widest = bands.max { $0.medianRelativeSpread < $1.medianRelativeSpread }
    let narrowest = bands.min { $0.medianRelativeSpread < $1.medianRelativeSpread }
    func told(_ band: Band?) -> String {
      band.map { "\(ReportText.percent($0.medianRelativeSpread, decimals: 2)) (strikes \($0.words) of the underlying)" }
        ?? ""
    }
    return IntervalChart(
      id: "spreads", title: "Spread in per cent of the middle, by strike over the underlying",
      description: "The medians lie between \(told(narrowest)) and \(told(widest)).",
      rows: bands.map {
        .init(
          name: $0.words, estimate: 100 * $0.medianRelativeSpread, lower: 100 * $0.lowerQuartile,
          upper: 100 * $0.upperQuartile)
      }, marks: [], key: "median with the middle half")
  }

  private func spreadTable(_ bands: [Band]) -> ReportDocument.Table {
    .init(
      caption: "Spreads of uncrossed quotes with two sides, by strike over the underlying",
      columns: ["quotes", "median, dollars", "median of the middle", "lower quartile", "upper quartile"],
      rows: bands.map { band in
        .init(
          label: band.words,
          cells: [
            "\(band.quotes)", ReportText.fixed(band.medianSpread, decimals: 4),
            ReportText.percent(band.medianRelativeSpread, decimals: 2),
            ReportText.percent(band.lowerQuartile, decimals: 2),
            ReportText.percent(band.upperQuartile, decimals: 2),
          ])
      })
  }
}

extension ChainSummary.Band {
  /// `0.97 to 1.03`, `below 0.80`, `1.20 and above`.
  package var words: String {
    let (low, high) = (
      ReportText.fixed(moneyness.lowerBound, decimals: 2), ReportText.fixed(moneyness.upperBound, decimals: 2)
    )
    if moneyness.lowerBound == 0 { return "below \(high)" }
    return moneyness.upperBound.isInfinite ? "\(low) and above" : "\(low) to \(high)"
  }
}
