// How orders are executed: the settings of every model, their bounds, and what a report says of them.

private import Market
private import Text

/// Whether fills cost what they cost in a market.
package enum ExecutionMode: String, Sendable, CaseIterable {
  case realistic
  /// At the middle of the quote, in any size, without fees: nobody trades so. It is never a default, and whatever rests on it is marked.
  case ideal

  /// What stands in every report of a run on ideal fills.
  package static let watermark = "IDEAL EXECUTION: filled at mid, in any size, without fees; nobody can trade like this"
}

/// When a resting limit order is filled.
package enum FillRule: Sendable, Hashable {
  /// Rule A, for quotes that were recorded: only once the market has gone this many ticks through the limit. A touch fills nothing.
  case through(ticks: Int)
  /// Rule B, where nobody knows what was quoted inside a minute: by chance, the more often the further it goes across the quote.
  case hazard(HazardRule)

  /// The rule's name in reports.
  package var name: String {
    switch self {
    case .through(let ticks): "A: limits fill once the market is \(ticks) tick\(ticks == 1 ? "" : "s") through them"
    case .hazard(let rule):
      "B: limits fill by chance, \(rule.hazardPerMinute) a minute at mid, slope \(rule.slope), "
        + "adverse shift \(Double(rule.adverseMillionths) / 1e6) of the half-spread, seed \(rule.seed)"
    }
  }
}

/// What is wrong with a setting of execution, in one sentence.
package struct ExecutionSettingError: Error, Hashable, CustomStringConvertible {
  package let setting: String
  package let found: String
  package let expected: String

  package var description: String {
    PrintableText.sentence("execution: \(setting) is \(found) but must be \(expected)")
  }
}

/// The settings of all models of execution.
package struct ExecutionSettings: Sendable, Hashable {
  package var mode = ExecutionMode.realistic
  /// Whole minutes from the decision to the quote that fills it: at least one, so that nothing is filled on what it was decided on.
  package var latencyMinutes = 1
  /// An older quote fills nothing.
  package var mostQuoteAgeMinutes = MinuteQuote.mostAge
  package var impact = TouchImpact()
  package var participation = Participation()
  package var fillRule = FillRule.through(ticks: 1)
  /// What is given back of the half-spreads of an order of several legs that crosses: 0 for nothing.
  package var legDiscountMillionths = 0
  /// What an order that crosses pays of the way from the middle to the touch: above a million it pays more than was quoted, as whoever asks what dearer
  /// trading would leave wants it.
  package var halfSpreadMillionths = ExecutionSettings.millionths

  package init() {}

  package static let millionths = 1_000_000
  package static let mostHalfSpreadMillionths = 10 * millionths

  /// The settings themselves, or the first that no model can work with.
  package func checked() throws(ExecutionSettingError) -> ExecutionSettings {
    func check(_ isFine: Bool, _ setting: String, _ found: any CustomStringConvertible, _ expected: String)
      throws(ExecutionSettingError)
    {
      guard isFine else {
        throw ExecutionSettingError(setting: setting, found: found.description, expected: expected)
      }
    }
    let shares = 0...ExecutionSettings.millionths
    let most = TradingCalendar.fullSessionMinutes
    try check(
      (1...most).contains(latencyMinutes), "latency", "\(latencyMinutes) minutes", "from 1 to \(most) whole minutes")
    try check(
      (0...most).contains(mostQuoteAgeMinutes), "quote age", "\(mostQuoteAgeMinutes) minutes", "from 0 to \(most)")
    try check(
      (0...TouchImpact.mostThousandths).contains(impact.thousandths), "impact",
      Double(impact.thousandths) / 1000, "from 0 to \(TouchImpact.mostThousandths / 1000) ticks")
    try check(
      participation.millionths > 0 && shares.contains(participation.millionths), "participation",
      Double(participation.millionths) * 1e-6, "above 0 and at most 1")
    try check(
      (1...Order.mostQuantity).contains(participation.contractsWithoutVolume), "contracts without volume",
      participation.contractsWithoutVolume, "from 1 to \(Order.mostQuantity)")
    try check(
      (ExecutionSettings.millionths...ExecutionSettings.mostHalfSpreadMillionths).contains(halfSpreadMillionths),
      "half-spread", Double(halfSpreadMillionths) * 1e-6,
      "from 1 to \(ExecutionSettings.mostHalfSpreadMillionths / ExecutionSettings.millionths) times the quoted one")
    try check(
      shares.contains(legDiscountMillionths), "leg discount", Double(legDiscountMillionths) * 1e-6, "from 0 to 1")
    switch fillRule {
    case .through(let ticks): try check((1...100).contains(ticks), "ticks through a limit", ticks, "from 1 to 100")
    case .hazard(let rule):
      try check((0...10).contains(rule.hazardPerMinute), "hazard", rule.hazardPerMinute, "from 0 to 10 a minute")
      try check((0...20).contains(rule.slope), "hazard slope", rule.slope, "from 0 to 20")
      try check(
        shares.contains(rule.adverseMillionths), "adverse shift", Double(rule.adverseMillionths) * 1e-6, "from 0 to 1")
    }
    return self
  }

  /// What a report says of how orders were filled, a line each; the watermark of ideal fills is the first.
  package var notices: [String] {
    guard mode == .realistic else { return [ExecutionMode.watermark] }
    var lines = ["rule " + fillRule.name]
    if legDiscountMillionths > 0 {
      lines.append(
        "orders of several legs were given back \(Double(legDiscountMillionths) / 1e4) % of their half-spreads")
    }
    return lines
  }
}
