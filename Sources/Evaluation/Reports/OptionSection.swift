// How the greedy run traded options: pictures of its limits, its day, and of what its positions earned by moneyness and by ending.

import Environments
import Market

extension EvaluationReport {
  /// Nil where no options are traded.
  var optionSection: ReportDocument.Section? {
    guard let trading = optionTrading else { return nil }
    var blocks: [ReportDocument.Block] = limitChart.map { [.chart($0)] } ?? []
    guard !trading.byEnding.isEmpty else {
      return .init(heading: heading, blocks: blocks + [.paragraph("The greedy run closed no position.")])
    }
    blocks += [
      .chart(dayChart("entries", "Entries", trading.entries)), .chart(dayChart("exits", "Exits", trading.exits)),
    ]
    blocks += groupBlocks("moneyness", "moneyness at the entry", trading.byMoneyness)
    blocks += groupBlocks("endings", "what ended it", trading.byEnding)
    return .init(heading: heading, blocks: blocks)
  }

  private var heading: String { "How it traded options" }

  private var limitChart: LineChart? {
    guard let use = limitUse, !use.dates.isEmpty else { return nil }
    let most = zip(use.names, use.uses).map { name, uses in
      let largest = 100 * (uses.max() ?? 0)
      return "\(name) \(LineChart.Unit.percent.text(largest))"
    }
    return LineChart(
      id: "limits", title: "Exposure of the greedy run, percent of its limits",
      description:
        "The most of each limit that was in use at a decision of each session; the market alone may move what is held over one. At most: "
        + most.joined(separator: ", ")
        + ". More than \(LineChart.Unit.percent.text(100 * LimitUse.most)) is drawn as that.",
      unit: .percent, dates: use.dates,
      lines: zip(use.names, use.uses).enumerated().map { place, line in
        LineChart.Line(name: line.0, values: line.1.map { 100 * $0 }, style: place)
      } + [.init(name: "limit", values: use.dates.map { _ in 100 }, style: 6)])
  }

  /// One strip of counts by half hour.
  private func dayChart(_ id: String, _ title: String, _ counts: [Int]) -> LineChart {
    func time(_ part: Int) -> String {
      let minute = TradingCalendar.xnys.openMinute + part * OptionTrading.partMinutes
      return "\(minute / 60):\(minute % 60 == 0 ? "00" : "\(minute % 60)")"
    }
    let told = counts.indices.filter { counts[$0] > 0 }.map { "\(time($0)) \(counts[$0])" }
    // The last half hour is as wide as the others.
    let values = (counts + counts.suffix(1)).map(Double.init)
    var chart = LineChart(
      id: "day-\(id)", title: "\(title) of the greedy run by half hour of the session, New York time",
      description: "Positions by the half hour that begins at: " + told.joined(separator: ", ") + ".", unit: .count,
      dates: [], lines: [.init(name: title, values: values, style: 0, isStep: true, isFilled: true)], isStrip: true)
    chart.places = stride(from: 1, through: counts.count, by: 3).map { ($0, time($0)) }
    return chart
  }

  private func groupBlocks(_ id: String, _ subject: String, _ groups: [OptionTrading.Group]) -> [ReportDocument.Block] {
    func dollars(_ value: Double?) -> String {
      value.map { ReportText.grouped($0, decimals: 2) } ?? ReportText.undefined
    }
    let told = groups.map { "\($0.name) \(dollars($0.mean)) $ a trade of \($0.trades)" }
    return [
      .intervals(
        IntervalChart(
          id: id, title: "Gain of a trade by \(subject), dollars",
          description: "Of the greedy run, after all costs: " + told.joined(separator: "; ") + ".",
          rows: groups.map {
            .init(name: $0.name, estimate: $0.mean, lower: $0.interval?.lower, upper: $0.interval?.upper)
          }, marks: [("nothing gained", 0)])),
      .table(
        ReportDocument.Table(
          caption: "Closed trades of the greedy run by \(subject), dollars after all costs",
          columns: ["trades", "won", "$ a trade", "95 % from", "95 % to", "$ in all"],
          rows: groups.map { group in
            .init(
              label: group.name,
              cells: [
                "\(group.trades)", "\(group.wins)", dollars(group.mean), dollars(group.interval?.lower),
                dollars(group.interval?.upper), dollars(PerformanceMetrics.dollars(group.netMicroDollars)),
              ])
          })),
    ]
  }
}
