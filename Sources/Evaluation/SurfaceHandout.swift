// What a synthetic surface itself would have handed to who sells options, in the sessions of a report: no edge of a policy.

package import Market
package import Text

/// Options of one day, sold at every close and paid at the next, gross of costs, on the volatilities of a surface.
package struct SurfaceHandout: Sendable, Equatable {
  /// What the seller keeps of the premium, with its bootstrap interval over days, which are independent.
  package struct Share: Sendable, Equatable {
    package let contract: PremiumStudy.Contract
    package let kept: Interval

    /// The whole interval lies beyond 5 % on one side.
    package var isUnfair: Bool { kept.lower > SurfaceHandout.most || kept.upper < -SurfaceHandout.most }
  }

  /// The share beyond which a surface is not called fair.
  package static let most = 0.05
  /// The least options of an interval.
  static let leastOptions = 20
  /// The bootstraps of a handout draw from lanes of their own.
  private static let firstLane: UInt32 = 2200

  package let symbol: String
  package let level: PremiumStudy.Level
  /// The first and the last day on which an option paid, and how many did.
  package let days: ClosedRange<CalendarDate>
  package let count: Int
  /// Of the straddle as it was; of all others with the drift of the underlying taken out.
  package let shares: [Share]

  /// The straddle is shown first.
  static let contracts: [PremiumStudy.Contract] = [.straddle, .put15, .putSpread15, .call15, .callSpread15]

  /// Nil where fewer than `leastOptions` paid in `days`, or one of them has no price.
  package init?(
    _ study: PremiumStudy, _ law: SurfaceLaw, in days: ClosedRange<CalendarDate>, seed: UInt64
  ) {
    self.init(study, level: law == .fair ? .fair : .market, in: days, seed: seed)
  }

  /// The same of any level: also of those that no surface has, to see that they are caught.
  package init?(
    _ study: PremiumStudy, level: PremiumStudy.Level, in days: ClosedRange<CalendarDate>, seed: UInt64
  ) {
    var shares: [Share] = []
    var count = 0
    for (place, contract) in SurfaceHandout.contracts.enumerated() {
      guard let outcomes = try? study.outcomes(contract, level, in: days) else { return nil }
      let one = contract == .straddle ? outcomes.asItWas : outcomes.withoutDrift
      guard one.costs.count >= SurfaceHandout.leastOptions, one.costs.allSatisfy({ $0 > 0 }) else { return nil }
      let paid = ClusteredSums(amounts: one.payoffs, weights: one.costs)
      guard let interval = Bootstrap.clusteredMean(paid, seed: seed, lane: SurfaceHandout.firstLane + UInt32(place))
      else { return nil }
      count = one.costs.count
      shares.append(
        Share(
          contract: contract,
          kept: Interval(
            estimate: 1 - interval.estimate, lower: 1 - interval.upper, upper: 1 - interval.lower,
            confidence: interval.confidence)))
    }
    (symbol, self.level, self.days, self.count, self.shares) = (study.history.symbol, level, days, count, shares)
  }

  /// Not only is the straddle's share within `most`, and 0 in its interval: no other's lies wholly outside.
  package var isFair: Bool {
    guard let straddle = shares.first?.kept else { return false }
    return abs(straddle.estimate) <= SurfaceHandout.most && straddle.lower <= 0 && straddle.upper >= 0
      && shares.allSatisfy { !$0.isUnfair }
  }
}

extension SurfaceHandout {
  private static func text(_ share: Share) -> String {
    func percent(_ value: Double) -> String { ReportText.fixed(100 * value, decimals: 1) }
    return "\(percent(share.kept.estimate)) % (\(percent(share.kept.lower)) to \(percent(share.kept.upper)))"
  }

  private static func name(_ contract: PremiumStudy.Contract) -> String {
    switch contract {
    case .straddle: "straddles at the money"
    case .put15: "puts"
    case .call15: "calls"
    case .putSpread15: "put spreads"
    case .callSpread15: "call spreads"
    case .put30: "30-delta puts"
    case .call30: "30-delta calls"
    }
  }

  private var judgement: String {
    guard let kept = shares.first?.kept else { return "" }
    let isBeyond = abs(kept.estimate) > SurfaceHandout.most
    if kept.isAboveZero { return "it pays those who sell, and an agent that sells here has found that" }
    if kept.isBelowZero { return "it pays those who buy, and an agent that buys here has found that" }
    if let other = shares.dropFirst().first(where: { $0.isUnfair }) {
      return "nothing there, but \(SurfaceHandout.name(other.contract)) of 15 delta are not fair on it"
    }
    return isBeyond
      ? "not told from 0, but too few days to say that it is within 5 %" : "nothing that is told from 0, and within 5 %"
  }

  /// What everyone must read who sees a figure of made-up quotes: two sentences.
  package var sentences: [String] {
    guard let straddle = shares.first else { return [] }
    return [
      "The surface itself: one-day straddles at the money of \(symbol), sold at every close and paid at the next in \(count) days of this span, "
        + "gross of costs, kept \(SurfaceHandout.text(straddle)) of their premium: \(judgement).",
      "Of 15 delta, the drift taken out: "
        + shares.dropFirst().map { "\(SurfaceHandout.name($0.contract)) \(SurfaceHandout.text($0))" }.joined(
          separator: ", ")
        + ".",
    ]
  }
}

extension SurfaceHandout {
  /// Shares of the premium, as fractions.
  package var json: JSON {
    .object([
      "symbol": .string(symbol), "surface": .string(level.rawValue), "first": .string("\(days.lowerBound)"),
      "last": .string("\(days.upperBound)"), "options": .integer(Int64(count)), "fair": .bool(isFair),
      "kept": .object(
        Dictionary(
          uniqueKeysWithValues: shares.map { share in
            (
              share.contract.rawValue,
              .array([.number(share.kept.estimate), .number(share.kept.lower), .number(share.kept.upper)])
            )
          })),
    ])
  }
}
