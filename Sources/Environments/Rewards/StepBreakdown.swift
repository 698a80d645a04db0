// What a step did to the account, and what the learner's reward takes off it.

package import Trading

/// What the reward of a step takes off its change of value, term by term, in micro-dollars: a learning signal that no account ever pays.
package struct Penalties: Sendable, Equatable {
  package var turnover: Int64
  package var drawdown: Int64
  /// For entries against the last minutes' move.
  package var momentum: Int64

  package init(turnover: Int64 = 0, drawdown: Int64 = 0, momentum: Int64 = 0) {
    self.turnover = turnover
    self.drawdown = drawdown
    self.momentum = momentum
  }

  package var total: Int64 { turnover + drawdown + momentum }

  package static func += (left: inout Penalties, right: Penalties) {
    left.turnover += right.turnover
    left.drawdown += right.drawdown
    left.momentum += right.momentum
  }
}

/// A step's money and its penalties. `reward` is what the learner gets.
package struct StepBreakdown: Sendable, Equatable {
  package var change: ValueChange
  package var penalties: Penalties

  package init(change: ValueChange = ValueChange(), penalties: Penalties = Penalties()) {
    self.change = change
    self.penalties = penalties
  }

  package var reward: Int64 { change.total - penalties.total }

  package static func += (left: inout StepBreakdown, right: StepBreakdown) {
    left.change += right.change
    left.penalties += right.penalties
  }
}
