// What a report says of capital at work.

extension Exposure {
  /// One sentence where the exposure fell below half of its start because the account grew, without a line break; nil where it did not.
  package var warning: String? {
    guard let decline else { return nil }
    func dollars(_ value: Double) -> String { ReportText.grouped(value, decimals: 0) }
    return
      "What was at work fell from \(ReportText.percent(decline.firstShare, decimals: 1)) of the account (first quarter of the "
      + "sessions with a position) to \(ReportText.percent(decline.lastShare, decimals: 1)) (last quarter), because the account "
      + "grew from \(dollars(decline.firstValue)) to \(dollars(decline.lastValue)) $ and a unit did not: "
      + "environment.unit_share sizes units by the account."
  }
}
