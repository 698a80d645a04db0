// A synthetic surface at one moment as a page of pictures.

package import Market

/// What the page shows. Volatilities are decimals a year; all texts are plain.
package struct SurfaceReport: Sendable {
  package struct Curve: Sendable {
    package let name: String
    package let volatilities: [Double]

    package init(_ name: String, _ volatilities: [Double]) {
      self.name = name
      self.volatilities = volatilities
    }
  }

  package let title: String
  package let subtitle: String
  /// What the surface was made of, a sentence each.
  package let facts: [String]
  /// Strikes over the price, ascending, and the smile of each expiry over them.
  package let strikeShares: [Double]
  package let smiles: [Curve]
  /// Of 0, 1, 2, ... sessions ahead: the volatility at the money.
  package let terms: [Curve]
  /// The last year's 30-day volatilities, oldest first.
  package let history: [VolatilityHistory.Day]
  package let columns: [String]
  package let contracts: [(name: String, cells: [String])]

  package init(
    title: String, subtitle: String, facts: [String], strikeShares: [Double], smiles: [Curve], terms: [Curve],
    history: [VolatilityHistory.Day], columns: [String], contracts: [(name: String, cells: [String])]
  ) {
    self.title = title
    self.subtitle = subtitle
    self.facts = facts
    self.strikeShares = strikeShares
    self.smiles = smiles
    self.terms = terms
    self.history = history
    self.columns = columns
    self.contracts = contracts
  }

  package var document: ReportDocument {
    ReportDocument(
      title: title, subtitle: subtitle,
      verdict: .init(
        subject: "Surface", headline: "SYNTHETIC, no market quoted any of it", isEdge: false, blocks: [.list(facts)]),
      sections: [
        .init(
          heading: "Smiles",
          blocks: [
            chart(
              "smiles", "Volatility by strike, % a year", smiles,
              places: ReportPlaces.of(strikeShares) {
                ReportText.signed(100 * ($0 - 1), decimals: 0) + " %"
              }, told: "strikes from the price")
          ]),
        .init(
          heading: "At the money",
          blocks: [
            chart(
              "terms", "Volatility at the money by sessions to expiry, % a year", terms,
              places: ReportPlaces.of((0..<(terms.first?.volatilities.count ?? 0)).map { Double($0) }) {
                ReportText.fixed($0, decimals: 0)
              }, told: "sessions ahead")
          ]),
        .init(heading: "The last year", blocks: historyBlocks),
        .init(
          heading: "Contracts",
          blocks: [
            .table(
              .init(
                caption: "Dollars a share; delta a dollar of the price", columns: columns,
                rows: contracts.map { .init(label: $0.name, cells: $0.cells) }))
          ]),
      ])
  }

  private var historyBlocks: [ReportDocument.Block] {
    guard let first = history.first, let last = history.last, history.count > 1 else {
      return [.paragraph("No session before is known.")]
    }
    let values = history.map { 100 * $0.volatility }
    let (least, most) = (values.min() ?? 0, values.max() ?? 0)
    return [
      .chart(
        LineChart(
          id: "history", title: "30-day volatility at the money, % a year",
          description:
            "\(first.date) to \(last.date): from \(percent(least)) to \(percent(most)), at last \(percent(values[values.count - 1])).",
          unit: .percent, dates: history.map(\.date),
          lines: [.init(name: "30 calendar days, variance clock", values: values, style: 0)]))
    ]
  }

  private func chart(
    _ id: String, _ title: String, _ curves: [Curve], places: [(index: Int, text: String)], told: String
  ) -> ReportDocument.Block {
    let words = curves.map { curve in
      let values = curve.volatilities.map { 100 * $0 }
      return "\(curve.name): \(percent(values.min() ?? 0)) to \(percent(values.max() ?? 0))"
    }
    var chart = LineChart(
      id: id, title: title, description: "Over \(told). " + words.joined(separator: "; ") + ".", unit: .percent,
      dates: [],
      lines: curves.enumerated().map { place, curve in
        .init(name: curve.name, values: curve.volatilities.map { 100 * $0 }, style: place % 7)
      })
    chart.places = places
    return .chart(chart)
  }

  private func percent(_ value: Double) -> String { ReportText.fixed(value, decimals: 2) + " %" }
}

/// Marks of an axis of numbers: at most seven of them, in even steps.
enum ReportPlaces {
  static func of(_ values: [Double], text: (Double) -> String) -> [(index: Int, text: String)] {
    guard values.count > 1 else { return values.isEmpty ? [] : [(0, text(values[0]))] }
    let parts = (2...6).reversed().first { (values.count - 1) % $0 == 0 } ?? 1
    return (0...parts).map { part in
      let index = part * (values.count - 1) / parts
      return (index, text(values[index]))
    }
  }
}
