// The page of pictures of `strikeforge surface --date --html` where the store has a chain of the day.

import Evaluation
import Market

extension ChainSurfacePage {
  var document: ReportDocument {
    let day: SurfaceDay? = if case .success(let day) = synthetic { day } else { nil }
    return surface.document(
      title: "Surface of \(surface.underlying) by its chain",
      subtitle: "\(surface.date) \(TradingCalendar.xnys.clockTime(ofMinute: surface.minute)), New York", facts: facts,
      columns: [
        "ahead", "forward", "k = -2", "-1", "0", "1", "2", "form", "quotes", "in spread", "rms", "worst", "butterflies",
        "calendar",
      ], rows: rows,
      beside: day.map {
        (
          caption: "SYNTHETIC surface " + besideWords($0) + ", by sessions ahead",
          columns: ["k = -2", "-1", "0", "1", "2"], rows: besideRows
        )
      })
  }

  private var rows: [(name: String, cells: [String])] {
    fitted.compactMap { one in
      guard let smile = one.smile, let forward = one.forward, let residuals = one.residuals else { return nil }
      let volatilities = [-2.0, -1, 0, 1, 2].map {
        SurfaceText.fixed(100 * smile.volatility(logMoneyness: $0 * smile.deviation), 2)
      }
      return (
        "\(one.strikes.root) \(one.strikes.expiry)",
        ["\(one.sessionsAhead)", SurfaceText.fixed(forward.forward, 2)] + volatilities + [
          smile.form.name, "\(residuals.count)",
          "\(Int((100 * Double(residuals.inside) / Double(max(residuals.count, 1))).rounded())) %",
          SurfaceText.fixed(100 * residuals.rootMeanSquare, 2), SurfaceText.fixed(100 * residuals.worst, 2),
          butterflies(one), calendar(one),
        ]
      )
    }
  }

  /// How many butterflies cost less than nothing, and what was done.
  func butterflies(_ one: ChainExpiry) -> String {
    guard one.butterflies.negative > 0 else { return "-" }
    return "\(one.butterflies.negative) " + (one.smile?.isCut == true ? "cut" : "flattened")
  }

  func calendar(_ one: ChainExpiry) -> String {
    one.calendar.places == 0 ? "-" : "\(one.calendar.places) raised"
  }
}
