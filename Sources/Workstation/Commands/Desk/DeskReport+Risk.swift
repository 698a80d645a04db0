// What the risk manager of a played day did, and what it leaves.

import Evaluation
import Text
import Trading

extension DeskPlay {
  func riskLines(_ entry: DeskRiskEntry, _ line: (Int64?, String) -> [String]) -> [String] {
    switch entry {
    case .judged(let order, let verdict, let isFill):
      return line(order, (isFill ? "at its fill " : "") + verdict.sentence)
    case .state(let cause):
      return line(nil, (cause?.state ?? .active).name + (cause.map { ": \($0.words)" } ?? ""))
    case .alert(let alert): return line(nil, "alert: \(alert.words)")
    case .exposure(let exposure, let value):
      guard let limits = desk.risk?.profile.limits else { return [] }
      return line(nil, limits.line(exposure, in: limits.basis, netLiquidationDollars: MicroDollars.dollars(value)))
    case .closes(let order, let group, let reason): return line(order, "closes order \(group): \(reason.words)")
    case .journal(let error): return line(nil, "\(error)")
    }
  }

  /// Both readings of the exposure that is left, and all that was held back.
  func exposureLines(_ risk: DeskRisk) -> [String] {
    let state = risk.state
    let value = MicroDollars.dollars(desk.value)
    var lines = ["EXPOSURE and limits, \(risk.profile.limits.basis.rawValue) binds"]
    for basis in ExposureBasis.allCases {
      lines += ReportText.wrapped(
        risk.profile.limits.line(state.held, in: basis, netLiquidationDollars: value), first: "  ", rest: "    ")
    }
    lines.append("  state: \(state.desk.name)" + (state.cause.map { ", \($0.words)" } ?? ""))
    let counters = state.counters.lines
    for counted in counters { lines += ReportText.wrapped(counted, first: "  ", rest: "    ") }
    if counters.isEmpty { lines.append("  nothing was refused, made smaller or over a limit") }
    return lines
  }
}
