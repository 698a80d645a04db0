// Exposures and limits for people: lines of at most 80 columns.

import Market
import Text

extension ExposureLimits {
  /// Four totals and how much of their limits they use, in one reading: `1 % move: delta 300.44 (15 %), gamma 322.92 (32 %), ...`.
  package func line(_ exposure: GreekExposure, in basis: ExposureBasis, netLiquidationDollars: Double) -> String {
    let amounts = exposure.amounts * basis.scale
    let used = utilisations(of: exposure, in: basis, netLiquidationDollars: netLiquidationDollars)
    let parts = RiskLimit.allCases.prefix(4).map { limit in
      let share = used[limit.rawValue]
      let percent = share.isFinite ? DecimalText.fixed(100 * share, decimals: 0) : share.isNaN ? "?" : "over"
      let amount = amounts[limit.rawValue]
      return "\(limit.name) \(DecimalText.grouped(amount, decimals: abs(amount) < 1000 ? 2 : 0)) \(percent)%"
    }
    return (basis == .dollars ? "dollars: " : "1% move: ") + parts.joined(separator: ", ")
  }

  /// The limits themselves, for the line that says what is active.
  package var words: String {
    func percent(_ fraction: Double) -> String { DecimalText.fixed(100 * fraction, decimals: 1) + "%" }
    let notional = notionalDollars.map { ", notional \(DecimalText.dollars($0))" } ?? ""
    return "\(basis.rawValue) delta \(percent(deltaFraction)), gamma \(percent(gammaFraction)), theta "
      + "\(DecimalText.dollars(decayDollars)), vega \(percent(vegaFraction)), shock \(percent(shockFraction))\(notional)"
  }
}

extension RiskProfile {
  /// Limits, sizes and states in one sentence.
  package var words: String {
    func percent(_ fraction: Double) -> String { DecimalText.fixed(100 * fraction, decimals: 1) + "%" }
    let sold = soldDelta.map { ", delta sold \(DecimalText.fixed($0, decimals: 2))" } ?? ""
    return limits.words + "; order size \(percent(sizes.low))/\(percent(sizes.medium))/\(percent(sizes.high))\(sold)"
      + "; session reduces at \(percent(sessionTiers.reduce)), halts at \(percent(sessionTiers.halt)), kill switch at "
      + percent(killFraction)
  }
}

/// The parts of a desk that must be there before it trades. What is missing refuses, and is never replaced by something milder.
package struct DeskParts: Sendable {
  package var execution: String?
  package var fees: String?
  package var margin: String?
  package var profile: RiskProfile?
  package var state: DeskState?

  package init(
    execution: String? = nil, fees: String? = nil, margin: String? = nil, profile: RiskProfile? = nil,
    state: DeskState? = nil
  ) {
    self.execution = execution
    self.fees = fees
    self.margin = margin
    self.profile = profile
    self.state = state
  }

  /// One line that names every active part. Throws for the first that is missing, and for a profile that contradicts itself.
  package func line() throws(RiskError) -> String {
    guard let execution else { throw .missing(part: "execution model", remedy: "name one") }
    guard let fees else { throw .missing(part: "fee table", remedy: "name one") }
    guard let margin else { throw .missing(part: "margin rule", remedy: "name one") }
    guard let profile else { throw .missing(part: "risk profile", remedy: "give the limits") }
    guard let state else { throw .missing(part: "state of the desk", remedy: "keep a risk journal") }
    if let problem = profile.problem { throw problem }
    return "active: execution \(execution); fees \(fees); limits \(profile.words); margin \(margin); "
      + "state \(state.name)"
  }
}

extension MarginRules {
  /// For the line that says what is active.
  package var words: String {
    admitsUncovered ? "gross, uncovered shorts at the exchange's requirement" : "gross, no uncovered shorts"
  }
}

/// Whether an account can trade a symbol at all.
package enum TradableContracts {
  /// nil where one contract of any of these can be bought or sold by an account that holds nothing; else the sentence that says what is nearest to it.
  package static func problem(
    symbol: String, _ contracts: [ContractRisk], profile: RiskProfile, netLiquidationDollars: Double
  ) -> String? {
    guard !contracts.isEmpty else { return "\(symbol): no tradable contract fits: none is quoted" }
    var nearest: (verdict: Verdict, excess: Double)?
    for risk in contracts {
      for side in [1, -1] {
        let verdict = judge(one: risk, side: side, profile: profile, netLiquidationDollars: netLiquidationDollars)
        if verdict.isAllowed { return nil }
        let excess = verdict.maximum > 0 ? abs(verdict.proposed) / verdict.maximum : .infinity
        // What can be bought at all is named by what buying it needs.
        if side > 0, nearest.map({ excess < $0.excess }) ?? true { nearest = (verdict, excess) }
      }
    }
    guard let verdict = nearest?.verdict, let limit = verdict.reason?.limit else {
      return "\(symbol): no tradable contract fits: \(nearest?.verdict.reason?.name ?? "none is quoted")"
    }
    let isMoney = limit != .soldDelta
    func text(_ value: Double) -> String {
      isMoney ? DecimalText.dollars(abs(value)) : DecimalText.fixed(value, decimals: 4)
    }
    return "\(symbol): no tradable contract fits: \(limit.name) needs \(text(verdict.proposed)) a contract of "
      + text(verdict.maximum)
  }

  /// What an account that holds nothing is told about one contract in the middle of a session.
  private static func judge(
    one risk: ContractRisk, side: Int, profile: RiskProfile, netLiquidationDollars: Double
  ) -> Verdict {
    let memory = RiskMemory(positions: 1)
    defer { withExtendedLifetime(memory) {} }
    let gate = RiskGate(profile)
    let quotes = RiskMarketMemory(contracts: 1)
    defer { withExtendedLifetime(quotes) {} }
    quotes[0][0] = risk
    return LaneAccounts.withTemporary(capacity: 1, groupCapacity: 1) { book, _ in
      let value = MicroDollars.rounded(min(max(netLiquidationDollars, 0), 1e9))
      gate.beginSession(on: memory[0], netLiquidation: value, minuteCount: TradingCalendar.fullSessionMinutes)
      memory[0].state.pointee.minute = 194
      let leg = OrderLeg(contract: 0, ratio: Int32(side))
      let order = Order(id: 1, legs: UpToFour(leg), quantity: 1, effect: .opens, submittedMinute: 194)
      return gate.judge(order, on: memory[0], book: book, market: quotes[0])
    }
  }
}
