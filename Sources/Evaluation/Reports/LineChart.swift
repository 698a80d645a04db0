// A picture of values over dates, as a value; and the arithmetic of its axes.

internal import Market

/// Lines over one axis of dates. Everything that a line says by its colour it says by its dashes and by its name too.
struct LineChart: Sendable {
  enum Unit: Sendable, Equatable {
    case dollars, percent, count, ratio

    /// A number of an axis or a legend.
    func text(_ value: Double) -> String {
      switch self {
      case .dollars: ReportText.grouped(value, decimals: abs(value) < 100 ? 2 : 0) + " $"
      case .percent: ReportText.fixed(value, decimals: abs(value) < 10 ? 2 : 1) + " %"
      case .count: ReportText.shortest(value)
      case .ratio: ReportText.fixed(value, decimals: 2)
      }
    }

    /// The same for round numbers: as few decimals as they need.
    func tick(_ value: Double) -> String {
      let number =
        abs(value) >= 1000 && value == value.rounded()
        ? ReportText.grouped(value, decimals: 0) : ReportText.shortest(value)
      switch self {
      case .dollars, .count, .ratio: return number
      case .percent: return number + " %"
      }
    }
  }

  struct Line: Sendable {
    var name: String
    /// (T)
    var values: [Double]
    /// Which of the styles (colour and dashes) it has; one name has one style in every picture.
    var style: Int
    /// Constant between two dates.
    var isStep = false
    /// Filled down to zero.
    var isFilled = false
  }

  /// A range of values at each date, (T) each.
  struct Band: Sendable {
    var name: String
    var lower: [Double]
    var upper: [Double]
  }

  /// Unique in the document, letters and dashes.
  var id: String
  var title: String
  /// What the picture shows, in words and figures, for whoever does not see it.
  var description: String
  var unit: Unit
  /// (T)
  var dates: [CalendarDate]
  var lines: [Line]
  var band: Band?
  /// Less high than the others.
  var isStrip = false
  /// What stands below the values instead of dates: places and texts.
  var places: [(index: Int, text: String)]?

  /// T.
  var pointCount: Int { places == nil ? dates.count : lines.first?.values.count ?? 0 }

  /// Lowest and highest value of the vertical axis, and where its marks stand.
  struct Axis: Equatable {
    var lower: Double
    var upper: Double
    var ticks: [Double]

    /// An axis around all finite values, with marks at round numbers that are at least `leastStep` apart.
    init(_ values: some Sequence<Double>, wanted: Int, leastStep: Double = 0) {
      var (low, high) = (Double.infinity, -Double.infinity)
      for value in values where value.isFinite {
        low = min(low, value)
        high = max(high, value)
      }
      if low > high { (low, high) = (0, 1) }
      if low == high {
        let margin = max(abs(low) * 0.05, 1)
        (low, high) = (low - margin, high + margin)
      }
      let step = max(leastStep, Axis.step((high - low) / Double(wanted)))
      lower = (low / step).rounded(.down) * step
      upper = (high / step).rounded(.up) * step
      // Values from end to end of the numbers' range leave no room for marks between.
      let count = Int(exactly: ((upper - lower) / step).rounded()) ?? 1
      let first = (lower / step).rounded()
      ticks = (0...max(count, 1)).map { (first + Double($0)) * step }
    }

    /// The next of 1, 2, 5, 10 times a power of ten.
    private static func step(_ rough: Double) -> Double {
      // Beyond these there is no power of ten to look for.
      let rough = min(max(rough, 1e-300), 1e300)
      var power = 1.0
      while power * 10 <= rough { power *= 10 }
      while power > rough { power /= 10 }
      for factor in [1.0, 2, 5] where factor * power >= rough { return factor * power }
      return 10 * power
    }

    /// 0 at the lower end, 1 at the upper.
    func place(_ value: Double) -> Double { (value - lower) / (upper - lower) }
  }

  var axis: Axis {
    var values = lines.flatMap(\.values) + (band.map { $0.lower + $0.upper } ?? [])
    if lines.contains(where: \.isFilled) { values.append(0) }
    return Axis(values, wanted: isStrip ? 2 : 5, leastStep: unit == .count ? 1 : 0)
  }

  /// What stands below the values.
  var marks: [(index: Int, text: String)] { places ?? dateMarks }

  /// At most six labelled dates: index and text.
  var dateMarks: [(index: Int, text: String)] {
    guard let first = dates.first, let last = dates.last, dates.count > 1 else {
      return dates.isEmpty ? [] : [(0, "\(dates[0])")]
    }
    func month(_ date: CalendarDate) -> Int {
      let (year, month, _) = date.civil
      return year * 12 + month - 1
    }
    let span = month(last) - month(first)
    if let step = [1, 2, 3, 6, 12, 24, 60, 120, 240].first(where: { span / $0 <= 5 }) {
      let starts = dates.indices.dropFirst().filter {
        month(dates[$0]) != month(dates[$0 - 1]) && month(dates[$0]) % step == 0
      }
      if starts.count >= 2 {
        return starts.map { index in
          let text = "\(dates[index])"
          return (index, step >= 12 ? String(text.prefix(4)) : String(text.prefix(7)))
        }
      }
    }
    return [(0, "\(first)"), (dates.count - 1, "\(last)")]
  }
}

/// Quotes from bid to ask, and the curve that was fitted to them.
struct QuoteChart: Sendable {
  struct Bar: Sendable {
    var place: Double
    var lower: Double
    var upper: Double
  }

  /// Unique in the document, letters and dashes.
  var id: String
  var title: String
  var description: String
  /// By place, ascending.
  var bars: [Bar]
  var curve: [(place: Double, value: Double)]
  /// What a bar and the curve are.
  var barKey: String
  var curveKey: String
  /// Less high than the others.
  var isStrip = false

  var axis: LineChart.Axis {
    LineChart.Axis(bars.flatMap { [$0.lower, $0.upper] } + curve.map(\.value), wanted: isStrip ? 2 : 5)
  }

  var placeAxis: LineChart.Axis { LineChart.Axis(bars.map(\.place) + curve.map(\.place), wanted: 6) }
}

/// Estimates with their intervals on one axis, beside a known value.
struct IntervalChart: Sendable {
  struct Row: Sendable {
    var name: String
    var estimate: Double
    var lower: Double?
    var upper: Double?
  }

  var id: String
  var title: String
  var description: String
  var rows: [Row]
  /// A vertical line with its name.
  var marks: [(name: String, value: Double)]
  /// What a row's mark and its ends are.
  var key = "mean with its 95 % interval"

  var axis: LineChart.Axis {
    LineChart.Axis(
      rows.flatMap { [$0.estimate, $0.lower ?? $0.estimate, $0.upper ?? $0.estimate] } + marks.map(\.value), wanted: 4)
  }
}
