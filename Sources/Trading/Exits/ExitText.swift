// What a decision says in a log.

extension ExitReason {
  package var words: String {
    switch self {
    case .stopLoss: "stop loss"
    case .expiry: "flat before expiry"
    case .timeDecay: "time exit"
    case .scaleOut: "scale-out"
    case .trailingStop: "trailing stop"
    case .profitTarget: "profit target"
    case .underlyingTarget: "underlying's target"
    case .roll: "roll"
    }
  }
}

extension ExitPosition {
  /// One line: reason, packages, prices and gain. Of a position that was opened for a credit the prices are those at which it is bought back.
  package func sentence(of decision: ExitDecision) -> String {
    func shown(_ value: Int) -> String { PriceText.dollars(state.entry < 0 ? -value : value) }
    let isPrice = decision.value != ExitMoment.unquoted
    var parts = ["entry \(PriceText.dollars(abs(state.entry)))"]
    switch decision.reason {
    case .trailingStop: parts += ["best \(shown(state.peak))", "stop \(shown(decision.level))"]
    case .stopLoss, .scaleOut, .profitTarget: parts.append("level \(shown(decision.level))")
    case .expiry, .timeDecay, .underlyingTarget, .roll: break
    }
    parts.append(
      isPrice
        ? "now \(shown(decision.value)), \(PriceText.percent(state.gainBasisPoints(at: decision.value)))"
        : "without a quote: the order works until one stands")
    return "\(decision.reason.words): \(decision.reason == .roll ? "exchanges" : "closes") \(decision.quantity) of "
      + "\(state.held), " + parts.joined(separator: ", ")
  }

  /// One line about where it stands.
  package var summary: String {
    func shown(_ value: Int) -> String { PriceText.dollars(state.entry < 0 ? -value : value) }
    var parts = ["\(plan.kind.rawValue): \(state.held) of \(state.entryQuantity) held", "entry \(shown(state.entry))"]
    parts.append("best \(shown(state.peak))")
    if plan.trail != nil { parts.append(state.stop == ExitState.noStop ? "no stop yet" : "stop \(shown(state.stop))") }
    if !plan.rungs.isEmpty { parts.append("rungs fired \(state.latched.nonzeroBitCount) of \(plan.rungs.count)") }
    return parts.joined(separator: ", ")
  }
}
