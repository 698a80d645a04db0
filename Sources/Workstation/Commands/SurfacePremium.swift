// What `strikeforge surface --premium` finds: for people 80 columns wide, for programs as JSON.

import Evaluation
import Market
import Pricing
import Text

/// What sellers of options were handed, by surface, contract, term and era.
struct SurfacePremium {
  /// One case that was looked at.
  struct Row {
    let level: PremiumStudy.Level
    let contract: PremiumStudy.Contract
    let holding: PremiumStudy.Holding
    /// Nil: all.
    let years: ClosedRange<Int>?
    let figures: PremiumStudy.Figures
  }

  let study: PremiumStudy
  let rows: [Row]
  /// What 0.78 and `market` were measured on.
  let isVIX: Bool

  private static let terms = [2, 5, 10, 21]
  /// Of the terms beyond one day: what is shown of which surface.
  private static let longer: [(level: PremiumStudy.Level, contract: PremiumStudy.Contract)] = [
    (.fair, .straddle), (.fairWithoutTerm, .straddle), (.market, .straddle), (.fair, .put15), (.fair, .call15),
  ]
  private static let withinSession: [PremiumStudy.Level] = [.fixedRatio, .fair, .market]

  init(_ study: PremiumStudy, isVIX: Bool = true) throws {
    var rows: [Row] = []
    func add(
      _ level: PremiumStudy.Level, _ contract: PremiumStudy.Contract, _ holding: PremiumStudy.Holding,
      _ years: ClosedRange<Int>? = nil
    ) throws {
      let days = years.flatMap { SurfacePremium.days($0) }
      guard let figures = try study.figures(contract, level, holding, in: days) else { return }
      rows.append(Row(level: level, contract: contract, holding: holding, years: years, figures: figures))
    }
    for level in PremiumStudy.Level.allCases {
      // Of one day it is `fair`.
      for contract in PremiumStudy.Contract.allCases where level != .fairWithoutTerm {
        try add(level, contract, .sessions(1))
      }
    }
    for one in SurfacePremium.longer {
      for n in SurfacePremium.terms { try add(one.level, one.contract, .sessions(n)) }
    }
    for level in SurfacePremium.withinSession { try add(level, .straddle, .withinSession) }
    for era in SurfacePremium.eras(study.span) {
      for level in SurfacePremium.ofEras { try add(level, .straddle, .sessions(1), era) }
    }
    self.study = study
    self.rows = rows
    self.isVIX = isVIX
  }

  private static let ofEras: [PremiumStudy.Level] = [.index, .fixedRatio, .fair, .market]

  /// Five years each, the first and the last as far as they go.
  private static func eras(_ span: ClosedRange<CalendarDate>) -> [ClosedRange<Int>] {
    let (first, last) = (span.lowerBound.civil.year, span.upperBound.civil.year)
    return stride(from: first / 5 * 5, through: last, by: 5).map { max($0, first)...min($0 + 4, last) }
  }

  private static func days(_ years: ClosedRange<Int>) -> ClosedRange<CalendarDate>? {
    guard let first = CalendarDate(year: years.lowerBound, month: 1, day: 1),
      let last = CalendarDate(year: years.upperBound, month: 12, day: 31)
    else { return nil }
    return first...last
  }

  // MARK: Text

  var lines: [String] {
    let (first, last) = (study.span.lowerBound, study.span.upperBound)
    var lines = ["Options on \(study.history.symbol), bought at a close, paid at a later one", ""]
    lines += ReportText.wrapped(
      "\(study.evenings.count) sessions, \(first) to \(last), \(study.history.index) of the evening before"
        + (study.leftOut == 0 ? "" : "; \(study.leftOut) left out"), first: "  ", rest: "  ")
    lines += ["", columns(["One day, surface", "contract", "cost / payoff", "kept by seller", "t"])]
    var level: PremiumStudy.Level?
    for row in rows where row.holding == .sessions(1) && row.years == nil && SurfacePremium.isShown(row.contract) {
      lines.append(line(row.level == level ? "" : row.level.words, row.contract.words, row.figures.asItWas))
      if row.contract != .straddle { lines.append(line("", "  without the drift", row.figures.withoutDrift)) }
      level = row.level
    }
    lines += longerLines + withinLines + eraLines + [""]
    lines += wrap(
      "A share that is kept is an edge that nobody has to find: where it stands out from its standard error, an agent that sells there has learned the "
        + "surface, not the market.", width: 80)
    if !isVIX {
      lines += wrap(
        "\(FairRatio.beforeHistory), market, and fair before \(FairRatio.leastSessions) sessions are known, are of the VIX: of \(study.history.index) they say nothing.",
        width: 80)
    }
    return lines
  }

  private static func short(_ contract: PremiumStudy.Contract) -> String {
    switch contract {
    case .straddle: "straddle"
    case .put15, .put30: "\(contract.rawValue.suffix(2))-delta put"
    case .call15, .call30: "\(contract.rawValue.suffix(2))-delta call"
    case .putSpread15: "15-delta put spread"
    case .callSpread15: "15-delta call spread"
    }
  }

  private static func isShown(_ contract: PremiumStudy.Contract) -> Bool {
    contract == .straddle || contract.rawValue.hasSuffix("15")
  }

  private var longerLines: [String] {
    let found = SurfacePremium.longer.compactMap { one -> String? in
      let cells = SurfacePremium.terms.map { n in
        rows.first { $0.level == one.level && $0.contract == one.contract && $0.holding == .sessions(n) }.map {
          SurfacePremium.kept($0.figures.withoutDrift, decimals: 0)
        } ?? "-"
      }
      guard cells.contains(where: { $0 != "-" }) else { return nil }
      return left("\(SurfacePremium.short(one.contract)), \(one.level.words)", 36)
        + cells.map { right($0, 11) }.joined()
    }
    guard !found.isEmpty else { return [] }
    return [
      "",
      left("Longer: % kept, without the drift", 36)
        + SurfacePremium.terms.map { right("\($0) days", 11) }.joined(),
    ] + found + wrap("Beyond one day the wings are not fair: whoever trades them there trades the surface.", width: 80)
  }

  private var withinLines: [String] {
    let found = rows.filter { $0.holding == .withinSession }
    if found.isEmpty {
      return ["", "From open to close: not known, the opens are those of no market."]
    }
    return ["", "Straddle from open to close, cost / payoff:"]
      + found.map {
        "  " + left($0.level.words, 22) + SurfaceText.fixed($0.figures.asItWas.costOverPayoff, 3)
      }
  }

  private var eraLines: [String] {
    var lines = [
      "", "Straddle of one day by era, cost / payoff:",
      left("", 12)
        + ["the index", "\(FairRatio.beforeHistory) of it", "fair", "market"].map { right($0, 12) }.joined(),
    ]
    for era in SurfacePremium.eras(study.span) {
      let cells = SurfacePremium.ofEras.map { level in
        rows.first { $0.years == era && $0.level == level }.map {
          SurfaceText.fixed($0.figures.asItWas.costOverPayoff, 3)
        } ?? "-"
      }
      lines.append(left("  \(era.lowerBound)-\(era.upperBound)", 12) + cells.map { right($0, 12) }.joined())
    }
    return lines
  }

  /// `4 +- 2`, in percent.
  private static func kept(_ figure: PremiumStudy.Figure, decimals: Int) -> String {
    "\(SurfaceText.fixed(100 * figure.keptBySeller, decimals)) +- \(SurfaceText.fixed(100 * figure.standardError, decimals))"
  }

  private func line(_ surface: String, _ contract: String, _ figure: PremiumStudy.Figure) -> String {
    columns([
      surface, contract, SurfaceText.fixed(figure.costOverPayoff, 3),
      "\(SurfaceText.fixed(100 * figure.keptBySeller, 1)) % +- \(SurfaceText.fixed(100 * figure.standardError, 1))",
      SurfaceText.fixed(figure.t, 1),
    ])
  }

  private func columns(_ words: [String]) -> String {
    left(words[0], 21) + left(words[1], 22) + right(words[2], 13) + right(words[3], 18) + right(words[4], 6)
  }

  private func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 0))
  }

  private func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
  }

  // MARK: JSON

  /// Sessions 0: from open to close. Years null: all.
  var json: JSON {
    var figures: [JSON] = []
    for row in rows {
      for (withoutDrift, figure) in [(false, row.figures.asItWas), (true, row.figures.withoutDrift)] {
        figures.append(
          .object([
            "level": .string(row.level.rawValue), "contract": .string(row.contract.rawValue),
            "sessions": .integer(Int64(row.holding.sessions)), "without_drift": .bool(withoutDrift),
            "years": row.years.map {
              .array([.integer(Int64($0.lowerBound)), .integer(Int64($0.upperBound))])
            } ?? .null,
            "options": .integer(Int64(figure.sessionCount)), "cost_over_payoff": .number(figure.costOverPayoff),
            "kept_by_seller": .number(figure.keptBySeller), "standard_error": .number(figure.standardError),
          ]))
      }
    }
    return .object([
      "symbol": .string(study.history.symbol), "index": .string(study.history.index),
      "first": .string("\(study.span.lowerBound)"), "last": .string("\(study.span.upperBound)"),
      "sessions": .integer(Int64(study.evenings.count)), "left_out": .integer(Int64(study.leftOut)),
      "figures": .array(figures),
    ])
  }
}
