// One gate for everything that trades: training's mask, a backtest and a desk ask it, and it never disagrees with itself.

/// Judges orders against an account's limits and state. It holds no account: all of them are windows, and many lanes ask one gate.
///
/// A verdict is a pure function of account, book, quotes and order. `evaluate` also keeps the headroom of what it lets through until `apply` or `cancel`,
/// so that two orders in flight never share it. `market`: on the quotes of the account's last mark. Orders are those
/// that `Order.refusal` finds nothing wrong with.
package struct RiskGate: Sendable {
  /// Whose order it is.
  package enum Purpose: Sendable {
    /// Somebody chose it: all limits apply.
    case decision
    /// A stop, a forced exit or a halt: it gives back what is held, and no limit, filter or state holds it back.
    case exit
  }

  /// What filling takes from the account, at most: limits are fractions of what is left. Dollars.
  package struct FillCost: Sendable {
    package var fixed: Double
    package var perPackage: Double

    package init(fixed: Double = 0, perPackage: Double = 0) {
      self.fixed = fixed
      self.perPackage = perPackage
    }
  }

  /// Orders of decisions in flight at once; exits have the rest of the account's places.
  package static let mostDecisions = 8

  package let profile: RiskProfile

  package init(_ profile: RiskProfile) { self.profile = profile }

  /// What the gate says to an order: the mask is `isAllowed` of it.
  package func judge(
    _ order: Order, as purpose: Purpose = .decision, on account: RiskAccount, book: Book,
    market: RiskMarket
  ) -> Verdict {
    var facts = Facts(order.legs, account: account, market: market)
    facts.look(at: book, account: account, market: market)
    return withUnsafePointer(to: profile) { profile in
      RiskGate.verdict(
        of: Question(
          order.legs, asked: order.quantity, facts: facts, profile: profile, account: account, book: book,
          market: market),
        as: purpose, isClosing: order.effect == .closes)
    }
  }

  /// On an order that is not in flight yet.
  @inline(__always)
  private static func verdict(of question: Question, as purpose: Purpose, isClosing: Bool) -> Verdict {
    let flight = question.account.flight
    if flight.free == nil || (purpose == .decision && flight.decisions >= RiskGate.mostDecisions) {
      return question.refused(.tooManyOrders)
    }
    return question.verdict(purpose: purpose, isClosing: isClosing, isFill: false, cost: FillCost())
  }

  /// Judges an order of each lane, by the same rules lane after lane: packages that may be traded, 0 where none. No memory is asked for.
  ///
  /// orders, quantities: (N). Lanes outside of `lanes` are not touched, so that threads may share the arrays.
  package func judge(
    _ orders: UnsafePointer<Order>, lanes: Range<Int>, accounts: LaneAccounts, risks: RiskMemory,
    markets: RiskMarketMemory, quantities: UnsafeMutablePointer<Int32>
  ) {
    withUnsafePointer(to: profile) { profile in
      withUnsafeTemporaryAllocation(of: Facts.self, capacity: RiskGate.block) { facts in
        var first = lanes.lowerBound
        while first < lanes.upperBound {
          let block = first..<min(first + RiskGate.block, lanes.upperBound)
          // Every block has the scratch of the first.
          func account(_ lane: Int) -> RiskAccount {
            risks.account(lane, scratchOf: lanes.lowerBound + lane - first)
          }
          // Accounts, books and quotes of lanes lie far apart in memory: for a block of them all is looked up before anything is answered.
          for lane in block {
            facts[lane - first] = Facts(orders[lane].legs, account: risks[lane], market: markets[lane])
          }
          for lane in block {
            facts[lane - first].look(
              at: accounts.bookWindow(lane, owner: nil), account: account(lane), market: markets[lane])
          }
          for lane in block {
            let order = orders + lane
            let verdict = RiskGate.verdict(
              of: Question(
                order.pointee.legs, asked: order.pointee.quantity, facts: facts[lane - first], profile: profile,
                account: account(lane), book: accounts.bookWindow(lane, owner: nil), market: markets[lane]),
              as: .decision, isClosing: order.pointee.effect == .closes)
            quantities[lane] = Int32(truncatingIfNeeded: verdict.quantity)
          }
          first = block.upperBound
        }
      }
    }
  }

  /// Lanes that are looked up together: what fits into a kilobyte, which stands on the stack.
  private static let block = 16

  /// Judges, counts, and keeps the headroom of what may be traded. Nothing is kept of an order that is refused.
  package func evaluate(
    _ order: Order, as purpose: Purpose = .decision, on account: RiskAccount, book: Book,
    market: RiskMarket
  ) -> Verdict {
    let verdict = judge(order, as: purpose, on: account, book: book, market: market)
    if let reason = verdict.reason {
      if verdict.isAllowed {
        account.state.pointee.counters.reduced[reason.rawValue] += 1
      } else {
        account.state.pointee.counters.blocked[reason.rawValue] += 1
      }
    }
    guard verdict.isAllowed, let place = account.flight.free else { return verdict }
    account.orders[place] = ReservedOrder(
      id: order.id, legs: order.legs, quantity: verdict.quantity, effect: order.effect, purpose: purpose)
    account.state.pointee.inFlight += 1
    reserve(on: account, market: market)
    return verdict
  }

  /// Keeps account of an order that works already: one that an earlier session or process has left.
  package func keep(
    _ order: Order, quantity: Int, as purpose: Purpose, on account: RiskAccount, market: RiskMarket
  ) {
    guard let place = account.flight.free, quantity > 0 else { return }
    account.orders[place] = ReservedOrder(
      id: order.id, legs: order.legs, quantity: quantity, effect: order.effect, purpose: purpose)
    account.state.pointee.inFlight += 1
    reserve(on: account, market: market)
  }

  /// How many of an order in flight may be filled, judged once more on the fill's own quotes: the account was marked on them, and so was `market`.
  /// What does not fit is counted as shrunk at the fill. Nothing of an order that was never let through.
  ///
  /// offered: packages that the market fills. cost: at most what filling takes from the account; no exit is asked for it.
  package func judgeFill(
    order id: Int64, offered: Int, cost: @autoclosure () -> FillCost, on account: RiskAccount, book: Book,
    market: RiskMarket
  ) -> Verdict {
    guard let place = account.place(of: id) else {
      return Verdict(asked: offered, quantity: 0, reason: .nothingToClose, basis: profile.limits.basis)
    }
    let reserved = account.orders[place]
    let asked = min(offered, reserved.quantity)
    let verdict = withUnsafePointer(to: profile) { profile in
      var facts = Facts(reserved.legs, account: account, market: market)
      facts.look(at: book, account: account, market: market)
      var question = Question(
        reserved.legs, asked: asked, facts: facts, profile: profile, account: account, book: book, market: market,
        place: place)
      question.releaseOwn()
      return question.verdict(
        purpose: reserved.purpose, isClosing: reserved.effect == .closes, isFill: true,
        cost: reserved.purpose == .exit ? FillCost() : cost())
    }
    if let reason = verdict.reason {
      account.state.pointee.counters.shrunkAtFill[reason.rawValue] += Int64(asked - verdict.quantity)
    }
    return verdict
  }

  /// What orders in flight may add and take, on these quotes. The account knows how many they are, or more.
  func reserve(on account: RiskAccount, market: RiskMarket) {
    var rising = GreekExposure.zero
    var falling = GreekExposure.zero
    var count = 0
    let places = account.state.pointee.inFlight == 0 ? 0 : account.orderCapacity
    for place in 0..<places where account.orders[place].id != 0 {
      count += 1
      let whole =
        market.exposure(of: account.orders[place].legs) * Double(account.orders[place].quantity)
      rising += whole.rising
      falling += whole.falling
    }
    account.state.pointee.rising = rising
    account.state.pointee.falling = falling
    account.state.pointee.inFlight = count
  }
}
