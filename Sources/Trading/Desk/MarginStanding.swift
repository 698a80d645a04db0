// What a book needs as a desk shows it: the requirement, what it takes of the cash, and the matching that it rests on.

package import Market

/// A book's requirement at one moment. Money in micro-dollars.
package struct MarginStanding: Sendable {
  /// Positions that are margined together, by symbol.
  package struct Line: Sendable, Equatable {
    package var words: String
    package var gross: Int64
  }

  /// Before credit.
  package var requirement: MarginRequirement
  /// What was received for all that is held, less what was paid for it, without fees.
  package var credit: Int64
  package var cash: Int64
  /// What is asked of what stands together, in the order of the underlyings in the book: it adds up to the whole requirement. What is long and covers nothing
  /// is left out.
  package var lines: [Line]

  package init(requirement: MarginRequirement, credit: Int64, cash: Int64, lines: [Line] = []) {
    self.requirement = requirement
    self.credit = credit
    self.cash = cash
    self.lines = lines
  }
}

extension MarginRequirement {
  /// What a reader must know of a requirement that no proof calls the least; nil where it is proven.
  package var notice: String? {
    isLeast ? nil : "no matching was proven to need the least: this is enough, and less might be"
  }
}

extension Book {
  /// The parameters as of `margin`. price: how the prices of worst payoffs are printed.
  package func standing(
    in table: ContractTable, rules: MarginRules, cash: Int64, ask: (Int32) -> Int?, underlyingPrice: (Int32) -> Int?
  ) throws(MarginError) -> MarginStanding {
    var standing = MarginStanding(requirement: MarginRequirement(), credit: 0, cash: cash)
    for matched in try marginMatches(in: table, rules: rules, ask: ask, underlyingPrice: underlyingPrice) {
      standing.requirement += matched.match.requirement
      let symbols = matched.contracts.map { table[$0].symbol }
      for group in matched.match.groups where group.kind != .long {
        standing.lines.append(
          MarginStanding.Line(
            words: group.words(symbols: symbols) { MicroDollars.decimal(Int64($0) * Money.microDollarsPerTick) },
            gross: group.gross))
      }
    }
    for slot in usedSlots where !positions[slot].isFree { standing.credit -= positions[slot].basis }
    return standing
  }
}

extension Desk {
  /// Writes into the log what the book needs at the end of a minute, where anything in it was sold, and how its legs are matched.
  package func noteMargin(minute: Int, view: some MarketView) {
    guard book.usedSlots.contains(where: { book.positions[$0].quantity < 0 }) else { return }
    do throws(MarginError) {
      let standing = try book.standing(
        in: table, rules: settings.margin, cash: ledger.cash.pointee,
        ask: { number in view.quote(of: number, minute: minute).flatMap { $0.fills(at: minute) ? $0.ask : nil } },
        underlyingPrice: { view.underlyingPrice(of: $0, minute: minute) })
      note(view.date, .margin(standing), minute: minute)
    } catch {
      note(view.date, .marginUnknown(error), minute: minute)
    }
  }
}
