// One order before the gate: each rule in turn says how many it lets through, and the fewest are the answer.

extension RiskGate {
  /// What every question begins with, looked up where it lies.
  struct Facts {
    /// Of a package of the order.
    let one: GreekExposure
    let netLiquidationDollars: Double
    /// How many legs the book has; they are the first of the account's scratch.
    private(set) var held: Int32 = 0
    /// Why the desk is not active.
    let cause: StateCause?

    @inline(__always)
    init(_ legs: UpToFour<OrderLeg>, account: RiskAccount, market: RiskMarket) {
      one = market.exposure(of: legs)
      netLiquidationDollars = account.state.pointee.netLiquidationDollars
      cause = account.state.pointee.cause
    }

    @inline(__always)
    mutating func look(at book: Book, account: RiskAccount, market: RiskMarket) {
      held = Int32(truncatingIfNeeded: market.addLegs(of: book, to: account.legs))
    }
  }

  /// An order, the account that it is for, and the market as it stands. It looks at all of them where they lie: a rule that copied an account or a profile
  /// to read one number of it would cost more than its arithmetic.
  struct Question {
    let legs: UpToFour<OrderLeg>
    let asked: Int
    /// Lives as long as the question.
    let profile: UnsafePointer<RiskProfile>
    let account: RiskAccount
    let book: Book
    let market: RiskMarket
    /// Of the order itself among those in flight, where it is judged at its fill.
    let place: Int?
    let facts: Facts
    /// What other orders may add and take, where the order itself is in flight.
    private var others: (rising: GreekExposure, falling: GreekExposure)?

    @inline(__always)
    init(
      _ legs: UpToFour<OrderLeg>, asked: Int, facts: Facts, profile: UnsafePointer<RiskProfile>, account: RiskAccount,
      book: Book, market: RiskMarket, place: Int? = nil
    ) {
      self.legs = legs
      self.asked = asked
      self.profile = profile
      self.account = account
      self.book = book
      self.market = market
      self.place = place
      self.facts = facts
    }

    @inline(__always)
    private var exposures: ExposureJudge {
      let state = account.state
      return ExposureJudge(
        limits: profile.pointee.limits, held: state.pointee.held, rising: others?.rising ?? state.pointee.rising,
        falling: others?.falling ?? state.pointee.falling)
    }

    private var held: Int { Int(facts.held) }

    /// Leaves the order's own headroom out of what is in flight.
    mutating func releaseOwn() {
      var rising = GreekExposure.zero
      var falling = GreekExposure.zero
      forOthers { other in
        let whole = market.exposure(of: other.legs) * Double(other.quantity)
        rising += whole.rising
        falling += whole.falling
      }
      others = (rising, falling)
    }

    func refused(_ reason: RiskReason) -> Verdict {
      Verdict(asked: asked, quantity: 0, reason: reason, basis: profile.pointee.limits.basis)
    }

    func verdict(purpose: Purpose, isClosing: Bool, isFill: Bool, cost: FillCost) -> Verdict {
      var answer = Verdict(asked: asked, quantity: max(asked, 0), reason: nil, basis: profile.pointee.limits.basis)
      let returnable = returnable()
      if isClosing || purpose == .exit { answer.cap(at: returnable, .nothingToClose) }
      if asked <= 0 { return refused(.nothingToClose) }
      if purpose == .exit { return answer }
      if answer.quantity > returnable { applyOpeningRules(to: &answer, returnable: returnable, isFill: isFill) }
      // What nobody can count can still be given back.
      if !account.state.pointee.held.isFinite, answer.quantity <= returnable { return answer }
      applyGreeks(to: &answer, cost)
      applyShock(to: &answer, cost)
      if answer.quantity > returnable {
        applySize(to: &answer, returnable: returnable)
        applyNotional(to: &answer)
      }
      return answer
    }

    /// Packages all of whose legs only give back what is held and no other order in flight gives back already.
    @inline(__always)
    func returnable() -> Int {
      var most = Int.max
      for index in legs.indices {
        let leg = legs[index]
        let held = book.quantity(of: leg.contract)
        guard held != 0, (held > 0) != (leg.ratio > 0) else { return 0 }
        var available = abs(held)
        forOthers { other in
          for index in other.legs.indices where other.legs[index].contract == leg.contract {
            let ratio = Int(other.legs[index].ratio)
            if (ratio > 0) != (held > 0) { available -= abs(ratio) * other.quantity }
          }
        }
        most = min(most, max(available, 0) / abs(Int(leg.ratio)))
      }
      return most
    }

    /// States, hours, and what cannot be opened at all.
    private func applyOpeningRules(to answer: inout Verdict, returnable: Int, isFill: Bool) {
      let state = account.state
      if let cause = facts.cause {
        let before = answer.quantity
        answer.cap(at: returnable, cause.state == .halted ? .halted : .reducing)
        if answer.quantity < before { answer.cause = cause }
      }
      let elapsed = state.pointee.minute + 1
      let left = state.pointee.minuteCount - elapsed
      if !isFill {
        if elapsed < profile.pointee.firstMinutes { answer.cap(at: returnable, .firstMinutes) }
        if left < profile.pointee.lastMinutes { answer.cap(at: returnable, .lastMinutes) }
      }
      for index in legs.indices {
        let leg = legs[index]
        let risk = market.at(leg.contract)
        if !risk.pointee.isKnown { answer.cap(at: returnable, .unknownVolatility) }
        if risk.pointee.expiresToday, left <= profile.pointee.forcedFlatMinutes {
          answer.cap(at: returnable, .forcedFlat)
        }
        if let most = profile.pointee.soldDelta, leg.ratio < 0, risk.pointee.isOption,
          book.quantity(of: leg.contract) <= 0
        {
          let delta = abs(risk.pointee.exposure.delta) / (risk.pointee.spot * Double(risk.pointee.multiplier))
          if !(delta <= most), answer.quantity > returnable {
            answer.cap(at: returnable, .soldDelta, current: 0, proposed: delta, maximum: most)
          }
        }
      }
    }

    private func netLiquidation(after quantity: Int, _ cost: FillCost) -> Double {
      facts.netLiquidationDollars - cost.fixed - Double(quantity) * cost.perPackage
    }

    private func applyGreeks(to answer: inout Verdict, _ cost: FillCost) {
      let exposures = exposures
      // Nearly always all four let all of it through.
      if exposures.fitsAll(
        facts.one, quantity: answer.quantity, netLiquidationDollars: netLiquidation(after: answer.quantity, cost))
      {
        return
      }
      for place in 0..<4 {
        let quantity = answer.quantity
        let fitting = ExposureJudge.largest(upTo: quantity) { count in
          exposures.fits(place, facts.one, quantity: count, netLiquidationDollars: netLiquidation(after: count, cost))
        }
        guard fitting < quantity else { continue }
        answer.cap(
          at: fitting, RiskReason(rawValue: place) ?? .delta,
          current: exposures.proposed(place, facts.one, quantity: 0),
          proposed: exposures.proposed(place, facts.one, quantity: asked),
          maximum: exposures.limits.maxima(netLiquidationDollars: netLiquidation(after: fitting + 1, cost))[place])
      }
    }

    // MARK: The worst shock

    private func applyShock(to answer: inout Verdict, _ cost: FillCost) {
      if answer.quantity == 0 { return }
      func most(_ count: Int) -> Double {
        profile.pointee.limits.mostShockLoss(netLiquidationDollars: netLiquidation(after: count, cost))
      }
      let others = lossOfOthers()
      /// The most that the book and so many packages can lose if they are held to expiry.
      func largestLoss(_ count: Int) -> Double {
        LargestLoss.dollars(account.legs, count: held + addOrder(legs, count))
      }
      func isBounded(_ count: Int) -> Bool { largestLoss(count) + others <= most(count) }
      // Where all that can be lost fits, no cell need be priced.
      if isBounded(answer.quantity) { return }
      let (now, step) = cells()
      func fits(_ count: Int) -> Bool {
        for cell in 0..<ShockGrid.count {
          if step[cell] >= 0 { continue }
          if !(now[cell] + Double(count) * step[cell] >= -most(count)) { return false }
        }
        return true
      }
      let fitting = max(
        ExposureJudge.largest(upTo: answer.quantity, where: fits),
        ExposureJudge.largest(upTo: answer.quantity, where: isBounded))
      guard fitting < answer.quantity else { return }
      var worst = 0
      func loss(_ cell: Int, _ count: Int) -> Double { -(now[cell] + Double(count) * step[cell]) }
      for cell in 1..<ShockGrid.count where step[cell] < 0 || step[cell].isNaN {
        if step[worst] >= 0 || !(loss(cell, asked) <= loss(worst, asked)) { worst = cell }
      }
      answer.cap(
        at: fitting, .shock, current: loss(worst, 0), proposed: loss(worst, asked), maximum: most(fitting + 1))
    }

    /// Puts an order's legs behind those of the book, bought at the ask and sold at the bid. Returns how many they are.
    @inline(__always)
    private func addOrder(_ legs: UpToFour<OrderLeg>, _ count: Int) -> Int {
      for index in legs.indices {
        let leg = legs[index]
        let risk = market.at(leg.contract)
        account.legs[held + index] = risk.pointee.leg(
          count * Int(leg.ratio), price: leg.ratio > 0 ? risk.pointee.ask : risk.pointee.bid)
      }
      return legs.count
    }

    /// What so many packages can lose alone.
    private func largestLossAlone(_ legs: UpToFour<OrderLeg>, _ count: Int) -> Double {
      LargestLoss.dollars(account.legs + held, count: addOrder(legs, count))
    }

    /// A bound of what the other orders in flight add to that, whichever of them are filled: the bounds of parts add up to no less than that of the whole.
    private func lossOfOthers() -> Double {
      var loss = 0.0
      forOthers { other in
        loss += largestLossAlone(other.legs, other.quantity)
      }
      return loss
    }

    /// By cell: the worst that what is held comes to with any of the other orders in flight, and what a package adds.
    private func cells() -> (now: UnsafeMutablePointer<Double>, step: UnsafeMutablePointer<Double>) {
      let now = account.cells
      let step = account.cells + ShockGrid.count
      now.update(repeating: 0, count: ShockGrid.count)
      for slot in book.usedSlots where !book.positions[slot].isFree {
        let position = book.positions[slot]
        market.add(position.contract, quantity: Int(position.quantity), to: now)
      }
      forOthers { other in
        addCells(of: other.legs, to: step)
        for cell in 0..<ShockGrid.count { now[cell] += min(step[cell] * Double(other.quantity), 0) }
      }
      addCells(of: legs, to: step)
      return (now, step)
    }

    private func addCells(of legs: UpToFour<OrderLeg>, to step: UnsafeMutablePointer<Double>) {
      step.update(repeating: 0, count: ShockGrid.count)
      for index in legs.indices {
        market.add(legs[index].contract, quantity: Int(legs[index].ratio), to: step)
      }
    }

    // MARK: Size and notional

    private func applySize(to answer: inout Verdict, returnable: Int) {
      let state = account.state
      let most =
        profile.pointee.sizes.fraction(rank: state.pointee.volatilityRank)
        * max(facts.netLiquidationDollars, 0)
      var loss = largestLossAlone(legs, 1)
      if !(loss < .infinity) {
        // What nothing bounds is measured by the worst shock.
        let step = account.cells + ShockGrid.count
        addCells(of: legs, to: step)
        loss = 0
        for cell in 0..<ShockGrid.count where !(-step[cell] <= loss) { loss = -step[cell] }
      }
      let fitting = ExposureJudge.largest(upTo: answer.quantity) { $0 <= returnable || Double($0) * loss <= most }
      answer.cap(at: fitting, .size, current: 0, proposed: Double(asked) * loss, maximum: most)
    }

    private func applyNotional(to answer: inout Verdict) {
      guard let most = profile.pointee.limits.notionalDollars else { return }
      for index in legs.indices {
        let underlying = market.at(legs[index].contract).pointee.underlying
        let before = gross(of: underlying, with: 0)
        let fitting = ExposureJudge.largest(upTo: answer.quantity) { count in
          let after = gross(of: underlying, with: count)
          return after <= most || after <= before
        }
        answer.cap(
          at: fitting, .notional, current: before, proposed: gross(of: underlying, with: asked), maximum: most)
      }
    }

    /// What is held of an underlying with so many packages, at the middle, longs and shorts added; orders in flight as if they only added.
    private func gross(of underlying: Int32, with count: Int) -> Double {
      var sum = 0.0
      func value(_ contract: Int32, _ quantity: Int) -> Double {
        let risk = market.at(contract)
        return risk.pointee.underlying == underlying
          ? Double(abs(quantity)) * Double(risk.pointee.multiplier) * risk.pointee.middle : 0
      }
      for slot in book.usedSlots where !book.positions[slot].isFree {
        let position = book.positions[slot]
        var quantity = Int(position.quantity)
        for index in legs.indices where legs[index].contract == position.contract {
          quantity += count * Int(legs[index].ratio)
        }
        sum += value(position.contract, quantity)
      }
      for index in legs.indices where book.slot(of: legs[index].contract) == nil {
        sum += value(legs[index].contract, count * Int(legs[index].ratio))
      }
      forOthers { other in
        for index in other.legs.indices {
          let held = book.quantity(of: other.legs[index].contract)
          if held == 0 || (held > 0) == (other.legs[index].ratio > 0) {
            sum += value(other.legs[index].contract, other.quantity * Int(other.legs[index].ratio))
          }
        }
      }
      return sum
    }

    @inline(__always)
    private func forOthers(_ body: (ReservedOrder) -> Void) {
      guard account.state.pointee.inFlight > (place == nil ? 0 : 1) else { return }
      for other in 0..<account.orderCapacity where other != place && account.orders[other].id != 0 {
        body(account.orders[other])
      }
    }
  }
}

extension Verdict {
  /// Lets at most so many through, and remembers why where that is fewer than before.
  mutating func cap(
    at most: Int, _ reason: RiskReason, current: Double = 0, proposed: Double = 0, maximum: Double = 0
  ) {
    guard most < quantity else { return }
    quantity = max(most, 0)
    self.reason = reason
    (self.current, self.proposed, self.maximum) = (current, proposed, maximum)
    if reason != .halted, reason != .reducing { cause = nil }
  }
}
