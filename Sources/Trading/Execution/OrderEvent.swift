// What happened to an order, minute by minute: everything that a log must say.

package import Market

/// Why an order, or the rest of it, does not work any more.
package enum OrderEnd: Sendable, Hashable {
  /// A contract without a quote, for an opening order.
  case noQuote(contract: Int32, QuoteFault)
  /// Nothing more could be had in the minute, for an opening order.
  case noLiquidity
  /// Its time was over.
  case gaveUp
  case sessionEnded
  /// A stop of the same position was reached first.
  case stopReached(order: Int64)
  /// What it closes is not held any more, or what it opens is not allowed any more.
  case notPermitted
  case cancelled
  /// A closing order whose contract has ended: the position is settled.
  case settled
}

/// One entry of an order's log.
package struct OrderEvent: Sendable, Hashable {
  package enum What: Sendable, Hashable {
    /// A limit was set, or moved, by the quote of the minute; it holds from a later one on. nil: the first.
    case priced(net: Int, before: Int?, fromMinute: Int)
    /// A closing order met no quote or nothing to take, and works on: said again whenever the reason is another one.
    case waits(contract: Int32, QuoteFault?)
    case stopReached(net: Int)
    case filled(quantity: Int, left: Int)
    case ended(OrderEnd, left: Int)
  }

  package var order: Int64
  package var minute: Int
  package var what: What

  /// In a log, without order and minute. Prices are net, in dollars a unit: negative where money comes in.
  package func words(_ table: ContractTable) -> String {
    func symbol(_ contract: Int32) -> String {
      table.contains(contract) ? table[contract].symbol : "contract \(contract)"
    }
    /// With the cents, even where they are none.
    func dollars(_ net: Int) -> String {
      let text = MicroDollars.decimal(Int64(net) * Money.microDollarsPerTick)
      guard let point = text.firstIndex(of: ".") else { return text + ".00" }
      return text.distance(from: point, to: text.endIndex) == 2 ? text + "0" : text
    }
    func rest(_ left: Int) -> String { "\(left) of it" }
    switch what {
    case .priced(let net, let before, let minute):
      guard let before else { return "limit \(dollars(net)) from minute \(minute)" }
      return "limit \(dollars(before)) becomes \(dollars(net)) from minute \(minute)"
    case .waits(let contract, let fault):
      guard let fault else { return "works on: nothing is left to take" }
      return "works on: the quote of \(symbol(contract)) is \(fault.words)"
    case .stopReached(let net): return "stop \(dollars(net)) reached"
    case .filled(let quantity, let left): return left == 0 ? "filled \(quantity)" : "filled \(quantity), \(left) left"
    case .ended(let end, let left):
      switch end {
      case .noQuote(let contract, let fault):
        return "cancelled \(rest(left)): the quote of \(symbol(contract)) is \(fault.words)"
      case .noLiquidity: return "cancelled \(rest(left)): nothing is left to take in its minute"
      case .gaveUp: return "cancelled \(rest(left)): its time is over"
      case .sessionEnded: return "cancelled \(rest(left)): the session is over"
      case .stopReached(let order): return "cancelled \(rest(left)): the stop of order \(order) was reached first"
      case .notPermitted: return "cancelled \(rest(left)): it is not permitted any more"
      case .cancelled: return "cancelled \(rest(left))"
      case .settled: return "ended with \(left) left: the position is settled"
      }
    }
  }
}
