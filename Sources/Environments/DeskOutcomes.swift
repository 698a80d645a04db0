// What a desk did to an account beside filling its orders: what it refused, cut and forced, and when it ended all trading.

package import Market
package import Trading

/// What became of orders beside their fills, summed over the sessions of a walk.
package struct DeskOutcomes: Sendable, Equatable {
  /// A session in which the kill switch of a symbol's account latched.
  package struct Latch: Sendable, Equatable {
    /// The tape's number of the symbol.
    package var symbol: Int
    package var date: CalendarDate

    package init(symbol: Int, date: CalendarDate) {
      (self.symbol, self.date) = (symbol, date)
    }
  }

  /// Why a desk gave a position back that its account had not decided to give back.
  package enum Ending: Int, Sendable, CaseIterable {
    /// What a session or an account may lose, and a limit of exposure that the market has moved it over.
    case lossLimit, exposureLimit
    case stop
    /// Before the close, what expires with the session.
    case closingTime
    /// Nobody gave it back: it was held to its end.
    case settlement

    package var words: String {
      switch self {
      case .lossLimit: "limit of loss"
      case .exposureLimit: "limit of exposure"
      case .stop: "stop"
      case .closingTime: "closing time"
      case .settlement: "settlement"
      }
    }

    /// Of actions that close.
    init(_ actions: RiskActions) {
      self =
        actions.contains(.closeAll) ? .lossLimit : actions.contains(.closeDrift) ? .exposureLimit : .closingTime
    }
  }

  /// A fill that was none of the account's own decisions.
  package struct ForcedFill: Sendable, Equatable {
    /// The tape's number of the symbol.
    package var symbol: Int
    package var bar: Int
    package var ending: Ending
  }

  /// By reason, as the risk manager counts.
  package var risk = RiskCounters()
  package var orders = OptionsCounts()
  package var latches: [Latch] = []
  /// In the order in which they were filled.
  package var forcedFills: [ForcedFill] = []

  package init() {}

  /// Name and number of everything that happened, the most serious first; empty where nothing did.
  package var counts: [(name: String, count: Int64)] {
    var counts: [(name: String, count: Int64)] = []
    func add(_ what: String, _ count: (RiskReason) -> Int64) {
      for reason in RiskReason.allCases where count(reason) > 0 {
        counts.append(("\(what): \(reason.name)", count(reason)))
      }
    }
    func limits(_ numbers: SIMD8<Int64>) -> (RiskReason) -> Int64 { { $0.limit.map { numbers[$0.rawValue] } ?? 0 } }
    add("over a limit after an entry", limits(risk.violations))
    add("refused", { risk.blocked[$0.rawValue] })
    add("made smaller", { risk.reduced[$0.rawValue] })
    add("shrunk at the fill", { risk.shrunkAtFill[$0.rawValue] })
    add("moved over a limit by the market", limits(risk.drift))
    add("over a limit after an exit", limits(risk.exitsOverLimit))
    let others = [
      ("entries without a quote at their minute", orders.unquotedEntries),
      ("entries not taken at their fill", orders.refusedEntries), ("exits forced by the desk", orders.forcedExits),
      ("  of them by the stop", orders.stopped), ("minutes in which an exit waited", orders.waitingExits),
      ("positions held to settlement", orders.settled),
    ]
    return counts + others.filter { $0.1 > 0 }.map { (name: $0.0, count: $0.1) }
  }
}

extension RiskCounters {
  static func += (left: inout RiskCounters, right: RiskCounters) {
    left.blocked &+= right.blocked
    left.reduced &+= right.reduced
    left.shrunkAtFill &+= right.shrunkAtFill
    left.drift &+= right.drift
    left.violations &+= right.violations
    left.exitsOverLimit &+= right.exitsOverLimit
  }
}
