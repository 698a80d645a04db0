// What the gate answers: how many, and if not all, why.

import Text

/// Why an order is made smaller or refused.
package enum RiskReason: Int, Sendable, CaseIterable {
  case delta, gamma, decay, vega, shock, size, notional, soldDelta
  case halted, reducing
  case firstMinutes, lastMinutes, forcedFlat
  /// No volatility follows from the quote.
  case unknownVolatility
  /// More is to be given back than is held.
  case nothingToClose
  /// As many orders are in flight as are kept account of.
  case tooManyOrders

  package var limit: RiskLimit? { RiskLimit(rawValue: rawValue) }

  /// One or two words for a table.
  package var name: String {
    if let limit { return limit.name }
    return switch self {
    case .halted: "halted"
    case .reducing: "reducing"
    case .firstMinutes: "first minutes"
    case .lastMinutes: "last minutes"
    case .forcedFlat: "forced flat"
    case .unknownVolatility: "no volatility"
    case .nothingToClose: "nothing to close"
    default: "orders in flight"
    }
  }
}

/// The answer to one order.
package struct Verdict: Sendable, Equatable {
  package enum Outcome: String, Sendable {
    case pass, reduced, refused
  }

  /// Packages that were asked for, and that may be traded.
  package var asked: Int
  package var quantity: Int
  /// What binds; nil where all may be traded.
  package var reason: RiskReason?
  package var basis: ExposureBasis
  /// Of the limit that binds, in its unit: as it stands with what is in flight, with all that was asked, and the most. 0 where the reason is no limit.
  package var current = 0.0
  package var proposed = 0.0
  package var maximum = 0.0
  /// Why the desk is halted or reducing, where that is the reason.
  package var cause: StateCause?

  package init(asked: Int, quantity: Int, reason: RiskReason?, basis: ExposureBasis) {
    self.asked = asked
    self.quantity = quantity
    self.reason = reason
    self.basis = basis
  }

  package var outcome: Outcome { quantity <= 0 ? .refused : quantity < asked ? .reduced : .pass }

  /// Whether an action that orders this is offered: of the mask.
  package var isAllowed: Bool { quantity > 0 }

  package var unit: String { reason?.limit?.unit(basis) ?? "" }

  /// One sentence.
  package var sentence: String {
    guard let reason else { return "pass: \(asked)" }
    return "\(outcome.rawValue)\(quantity > 0 ? " to \(quantity) of \(asked)" : ""): \(why(reason))"
  }

  private func why(_ reason: RiskReason) -> String {
    if let limit = reason.limit {
      let decimals = limit == .soldDelta ? 4 : 2
      func text(_ value: Double) -> String { DecimalText.grouped(value, decimals: decimals) }
      return "\(limit.name) is \(text(current)) and would be \(text(proposed)), at most \(text(maximum)) \(unit)"
    }
    return switch reason {
    case .halted, .reducing:
      "the desk \(reason == .halted ? "is halted" : "only reduces")\(cause.map { ": " + $0.words } ?? "")"
    case .firstMinutes: "nothing is opened so soon after the opening"
    case .lastMinutes: "nothing is opened so shortly before the close"
    case .forcedFlat: "what expires today is closed by now, and not opened"
    case .unknownVolatility: "the quote tells no volatility, so nobody knows the risk"
    case .nothingToClose: "it gives back more than is held and not yet being closed"
    default: "as many orders are in flight as may be; wait for one to be filled or cancel it"
    }
  }
}

/// The state of the desk.
package enum DeskState: Int, Sendable, Comparable, CaseIterable {
  case active, reducing, halted

  package static func < (left: DeskState, right: DeskState) -> Bool { left.rawValue < right.rawValue }

  package var name: String {
    switch self {
    case .active: "ACTIVE"
    case .reducing: "REDUCING"
    case .halted: "HALTED"
    }
  }
}

/// Why the desk is not active; the strongest first.
package enum StateCause: Int, Sendable, CaseIterable {
  case killSwitch, journal, sessionLoss, dailyLoss, rejects, staleData, jump, sessionDrawdown

  package var state: DeskState { self == .sessionDrawdown ? .reducing : .halted }

  /// What is over when it does not hold any more.
  package var overWords: String {
    switch self {
    case .killSwitch: "the kill switch is armed again"
    case .journal: "the risk journal can be written again"
    case .sessionLoss, .dailyLoss: "the session of the loss is over"
    case .rejects: "the session of the rejected orders is over"
    case .staleData: "quotes are young again"
    case .jump: "the pause behind the jump is over"
    case .sessionDrawdown: "the session has recovered so far that orders may open again"
    }
  }

  package var words: String {
    switch self {
    case .killSwitch: "the kill switch is latched; look into it, then re-arm it by hand"
    case .journal: "the risk journal cannot be written"
    case .sessionLoss: "the session has lost as much as it may, until the next one"
    case .dailyLoss: "the daily loss limit is reached, until the next session"
    case .rejects: "too many orders were rejected, until the next session"
    case .staleData: "quotes are too old, until they are younger"
    case .jump: "a price jumped, for a while"
    case .sessionDrawdown: "the session has lost so much that nothing is opened until it recovers"
    }
  }
}

/// A tier, a latch or a breaker that began or ended to hold.
package struct RiskAlert: Sendable, Equatable {
  /// nil: the tier that is told and forbids nothing.
  package var cause: StateCause?
  package var hasBegun: Bool

  package init(_ cause: StateCause?, hasBegun: Bool) {
    self.cause = cause
    self.hasBegun = hasBegun
  }

  package var words: String {
    guard let cause else {
      return hasBegun ? "the session has lost enough to be told" : "the session has recovered from its loss"
    }
    return hasBegun ? cause.words : cause.overWords
  }
}
