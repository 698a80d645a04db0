// Are a vendor's volatilities and deltas possible at all?

struct ChainVolatilityCheck: ChainCheck {
  static let identifier = "chain-volatility"

  /// Annual decimals between which a volatility is believed.
  static let believed: ClosedRange<Float> = 0.01...5

  private let chain: OptionChain
  private let lastSessions: [CalendarDate?]
  private var high, low, sign: ChainFindings
  private var (volatilities, deltas) = (0, 0)
  /// How many would be in order if they were in percent, or without a sign; and how many are larger than any delta.
  private var (inPercent, unsigned, large) = (0, 0, 0)

  init(_ chain: OptionChain) {
    self.chain = chain.head
    lastSessions = chain.contracts.map { ContractLife($0)?.lastSession }
    let none = ChainFindings(chain, ChainVolatilityCheck.identifier)
    (high, low, sign) = (none, none, none)
  }

  mutating func examine(_ session: ChainSession) {
    guard !session.isExtendedHours else { return }
    let chain = chain
    let lastMinute = (TradingCalendar.xnys.tradingMinutes(session.date) ?? 0) - 1
    func text(_ row: Int, _ what: String, _ value: Float) -> String {
      let (block, slot) = row.quotientAndRemainder(dividingBy: session.contracts.count)
      return
        "\(chain.contracts[Int(session.contracts[slot])]) \(session.date) minute \(session.minutes[block]): \(what) \(value)"
    }
    for (row, bits) in session.columns[ChainColumn.impliedVolatility.rawValue].enumerated() {
      guard let value = ChainValue.float(bits) else { continue }
      // In its last minute a contract has no time left that a volatility could be of.
      let (block, slot) = row.quotientAndRemainder(dividingBy: session.contracts.count)
      if lastSessions[Int(session.contracts[slot])] == session.date, Int(session.minutes[block]) >= lastMinute {
        continue
      }
      volatilities += 1
      if value > ChainVolatilityCheck.believed.upperBound { high.add(session.date) { text(row, "volatility", value) } }
      if value < ChainVolatilityCheck.believed.lowerBound { low.add(session.date) { text(row, "volatility", value) } }
    }
    for (row, bits) in session.columns[ChainColumn.delta.rawValue].enumerated() {
      guard let value = ChainValue.float(bits) else { continue }
      deltas += 1
      let isCall = chain.contracts[Int(session.contracts[row % session.contracts.count])].right == .call
      let wanted: ClosedRange<Float> = isCall ? -0.01...1.01 : -1.01...0.01
      if wanted.contains(value / 100) { inPercent += 1 }
      if (-0.01...1.01).contains(value) { unsigned += 1 }
      if !wanted.contains(value) {
        if abs(value) > 1.01 { large += 1 }
        sign.add(session.date) { text(row, "delta", value) }
      }
    }
  }

  var findings: [QualityFinding] {
    var findings: [QualityFinding] = []
    findings += high.ifAny(
      "impossible-volatility", ChainGate.severity(high.count, of: volatilities) == .fail ? .fail : .warn,
      suggestion: "Do not use this column; a volatility of such a size is made of a price that nobody quoted.",
      "\(high.count) of \(volatilities) volatilities are above 500 % (\(ChainGate.percent(high.count, of: volatilities)))."
    )
    if ChainGate.severity(low.count, of: volatilities) != nil {
      findings.append(
        low.finding(
          "no-volatility", .warn, suggestion: "Take them for missing.",
          "\(low.count) of \(volatilities) volatilities are below 1 % (\(ChainGate.percent(low.count, of: volatilities))): what vendors write where they found none."
        ))
    }
    if let severity = ChainGate.severity(sign.count, of: deltas) {
      // A hundredth of a wrong delta is nearly 0, which any may be: percent show in that many are too large, and none is wrong otherwise.
      let isPercent = inPercent == deltas && large == sign.count && large * 10 > deltas
      let unit = isPercent ? " They are in percent." : unsigned == deltas ? " They have no sign." : ""
      findings.append(
        sign.finding(
          "delta-sign", unit.isEmpty ? severity : .warn,
          suggestion: "Check whether calls and puts are exchanged, or deltas are in percent.",
          "\(sign.count) of \(deltas) deltas are not between 0 and 1 of a call, or -1 and 0 of a put.\(unit)"))
    }
    return findings
  }
}
