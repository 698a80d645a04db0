// The options of one underlying: a table of contracts, and what was quoted of them, session by session.

import Text

/// All contracts of an underlying, of whatever root, and their quotes.
package struct OptionChain: Sendable, Equatable {
  package let underlying: String
  /// In order (expiry, strike, right, root), none twice. Sessions speak of them by their numbers here.
  package let contracts: [OptionContract]
  /// By date; of one date those of the hours of the session before those outside of them.
  package let sessions: [ChainSession]
  package let declaration: ChainDeclaration
  /// What contracts deliver whose root does not say it, by root, none twice; others of such roots are never traded.
  package internal(set) var deliverables: [DeclaredDeliverable] = []
  /// What was found wrong while rows were brought together, for the gate. It is told in a store's quality record, and no part of the chain itself.
  package var conflicts: [ChainConflict] = []

  /// Traps where contracts or sessions are not in order, or a session speaks of a contract that is not in the table.
  package init(
    underlying: String, contracts: [OptionContract], sessions: [ChainSession], declaration: ChainDeclaration,
    deliverables: [DeclaredDeliverable] = [], conflicts: [ChainConflict] = []
  ) {
    precondition(zip(contracts, contracts.dropFirst()).allSatisfy { $0 < $1 }, "contracts of \(underlying) in no order")
    precondition(
      zip(sessions, sessions.dropFirst()).allSatisfy { OptionChain.key($0) < OptionChain.key($1) },
      "sessions of \(underlying) in no order")
    precondition(
      sessions.allSatisfy { ($0.contracts.first ?? 0) >= 0 && Int($0.contracts.last ?? -1) < contracts.count },
      "a session of \(underlying) has a contract that is not in the table")
    self.underlying = underlying
    self.contracts = contracts
    self.sessions = sessions
    self.declaration = declaration
    self.conflicts = conflicts
    for deliverable in deliverables { declare(deliverable) }
  }

  static func key(_ session: ChainSession) -> Int64 {
    Int64(session.date.daysSinceEpoch) * 2 + (session.isExtendedHours ? 1 : 0)
  }

  package static func == (left: OptionChain, right: OptionChain) -> Bool {
    left.underlying == right.underlying && left.contracts == right.contracts && left.sessions == right.sessions
      && left.declaration == right.declaration && left.deliverables == right.deliverables
  }

  /// The quotes in the hours of a session.
  package func session(on date: CalendarDate) -> ChainSession? { session(on: date, isExtendedHours: false) }

  package func session(on date: CalendarDate, isExtendedHours: Bool) -> ChainSession? {
    let wanted = Int64(date.daysSinceEpoch) * 2 + (isExtendedHours ? 1 : 0)
    let place = sessions.firstPlace { OptionChain.key($0) >= wanted }
    guard place < sessions.count, OptionChain.key(sessions[place]) == wanted else { return nil }
    return sessions[place]
  }

  /// The number of a contract, by halving the table; nil where it is not in it.
  package func number(of contract: OptionContract) -> Int? {
    let place = contracts.firstPlace { !($0 < contract) }
    return place < contracts.count && contracts[place] == contract ? place : nil
  }

  /// What is known of it beside its sessions.
  package var head: OptionChain {
    OptionChain(
      underlying: underlying, contracts: contracts, sessions: [], declaration: declaration, deliverables: deliverables,
      conflicts: conflicts)
  }

  /// Cells that say anything, in and outside the hours of sessions.
  package var quoteCount: Int { sessions.reduce(0) { $0 + $1.quoteCount } }
}

/// Two rows that contradict each other.
package struct ChainConflict: Sendable, Equatable {
  package enum Kind: String, Sendable {
    /// Two rows of one contract in one minute.
    case quote = "different-quotes"
    /// Two values of open interest on one day.
    case openInterest = "open-interest-changes"
    /// Two prices of the underlying in one minute.
    case underlying = "different-underlying"
  }

  package var kind: Kind
  /// nil where the conflict is about the underlying.
  package var contract: OptionContract?
  package var date: CalendarDate
  package var minute: Int
  package var first: Int32
  package var second: Int32

  package init(
    kind: Kind, contract: OptionContract?, date: CalendarDate, minute: Int, first: Int32, second: Int32
  ) {
    self.kind = kind
    self.contract = contract
    self.date = date
    self.minute = minute
    self.first = first
    self.second = second
  }
}
