// What a desk's log says.

package import Market

/// One line of a desk's log, with the minute at whose end it happened; the number of minutes of the session stands for its close, -1 for before its opening.
package struct DeskEntry: Sendable {
  package enum What: Sendable {
    case refused(Order, OrderRefusal)
    /// The account could not carry it: at its decision, or when it would have been filled.
    case notCarried(order: Int64, MarginRefusal)
    /// A rule of small accounts that binds forbade it.
    case ruled(order: Int64, AccountRule)
    /// More money than is counted: nothing opens any more.
    case tooRich(order: Int64)
    case order(OrderEvent)
    /// `realised`: nil where it gave nothing back.
    case filled(OrderFill, realised: Int64?)
    case settled(SettledPosition, isEarly: Bool)
    case adjusted(AdjustedPosition, of: String)
    case dividend(share: Int32, shares: Int, cash: Int64)
    /// Shares that came by exercise or assignment are given back at the next quote.
    case forced(order: Int64, share: Int32, shares: Int, reason: ForcedReason)
    /// Behind a session's settlements cash does not cover the requirement, by so many micro-dollars.
    case marginShort(Int64, MarginRequirement)
    case margin(MarginStanding)
    case marginUnknown(MarginError)
    /// What a plan decided about the position that an order opened.
    case decided(order: Int64, String)
    case risk(DeskRiskEntry)
    /// Another process went on from here.
    case restarted(keepsOrders: Bool)
    /// Nobody works on an order of that number.
    case nothingToCancel(Int64)
  }

  /// Why a desk trades without being asked.
  package enum ForcedReason: Sendable, Hashable {
    /// The strike was paid with money that is not there, in micro-dollars.
    case shortOfCash(Int64)
    /// Shares are owed, and the account does not hold what they need, in micro-dollars.
    case shortOfMargin(Int64)

    package var words: String {
      switch self {
      case .shortOfCash: "cash is below zero"
      case .shortOfMargin: "the margin of owed shares is not there"
      }
    }
  }

  package var date: CalendarDate
  package var minute: Int
  package var what: What

  package init(date: CalendarDate, minute: Int, what: What) {
    self.date = date
    self.minute = minute
    self.what = what
  }
}

extension SettlementProblem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noPrice(let underlying, let contracts, let date, let settlement):
      let named =
        contracts.prefix(3).joined(separator: ", ") + (contracts.count > 3 ? " and \(contracts.count - 3) more" : "")
      let time = settlement == .opening ? "opening" : "close"
      return "\(named) cannot be settled: nobody says the \(time) of \(underlying) on \(date); add its \(time)"
    case .noShare(let underlying):
      return "options of \(underlying) deliver shares that the desk does not know; name \(underlying) as a contract"
    }
  }
}

extension OrderRefusal {
  /// In a sentence behind "order 7 is refused: ", with what to do.
  package var words: String {
    func dollars(_ price: Int) -> String { MicroDollars.decimal(Int64(clamping: price) * Money.microDollarsPerTick) }
    return switch self {
    case .quantityOutside(let quantity): "its quantity is \(quantity); it must be from 1 to \(Order.mostQuantity)"
    case .ratioOutside(let ratio): "a leg has the ratio \(ratio); it must be from 1 to \(Order.mostRatio), or negative"
    case .unitsOutside(let symbol, let units):
      "it would hold \(units) units of \(symbol); at most \(Order.mostUnits) are allowed"
    case .unknownContract(let number): "the desk knows no contract \(number)"
    case .contractTwice(let symbol): "\(symbol) stands in two legs; make one of them"
    case .ended(let symbol, let last): "\(symbol) traded last on \(last)"
    case .afterLastMinute(let minute): "minute \(minute) is outside of the session"
    case .limitOutside: "its shares of the spread must be from 0 to 1, its minutes and changes not below 0"
    case .priceOutside(let net): "its net price is \(dollars(net)), which no package can have"
    case .openingDouble(let id): "order \(id) has opened a position already; give it another number"
    case .nothingToClose(let symbol, let held, let asked):
      "it would trade \(asked) of \(symbol), and \(held) are held; a closing order gives back what is held"
    case .unknownGroup(let id): "order \(id), which it closes, holds nothing"
    case .replaced(let symbol, let successor): "\(symbol) has become \(successor); trade that"
    case .bookFull(let slots): "the book holds \(slots) already, as many as it may"
    }
  }
}
