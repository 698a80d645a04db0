// One order before the gate: each rule in turn says how many it lets through, and the fewest are the answer.

extension RiskGate {
  /// An order, the account that it is for, and the market as it stands.
  struct Question {
    let legs: UpToFour<OrderLeg>
    let asked: Int
    let profile: RiskProfile
    let account: RiskAccount
    let book: Book
    let market: RiskMarket
    /// Of the order itself among those in flight, where it is judged at its fill.
    let place: Int?
    var exposures: ExposureJudge
    let one: GreekExposure

    init(
      _ legs: UpToFour<OrderLeg>, asked: Int, gate: RiskGate, account: RiskAccount, book: Book,
      market: RiskMarket, place: Int?
    ) {
      self.legs = legs
      self.asked = asked
      profile = gate.profile
      self.account = account
      self.book = book
      self.market = market
      self.place = place
      let state = account.state
      exposures = ExposureJudge(
        limits: profile.limits, held: state.pointee.held, rising: state.pointee.rising, falling: state.pointee.falling)
      one = market.exposure(of: legs)
    }

    /// Leaves the order's own headroom out of what is in flight.
    mutating func releaseOwn() {
      var rising = GreekExposure.zero
      var falling = GreekExposure.zero
      forOthers { other in
        let whole = market.exposure(of: other.legs) * Double(other.quantity)
        rising += whole.rising
        falling += whole.falling
      }
      exposures.rising = rising
      exposures.falling = falling
    }

    func refused(_ reason: RiskReason) -> Verdict {
      Verdict(asked: asked, quantity: 0, reason: reason, basis: profile.limits.basis)
    }

    func verdict(purpose: Purpose, isClosing: Bool, isFill: Bool, cost: FillCost) -> Verdict {
      var answer = Verdict(asked: asked, quantity: max(asked, 0), reason: nil, basis: profile.limits.basis)
      let returnable = returnable()
      if isClosing || purpose == .exit { answer.cap(at: returnable, .nothingToClose) }
      if asked <= 0 { return refused(.nothingToClose) }
      if purpose == .exit { return answer }
      if answer.quantity > returnable { applyOpeningRules(to: &answer, returnable: returnable, isFill: isFill) }
      // What nobody can count can still be given back.
      if !exposures.held.isFinite, answer.quantity <= returnable { return answer }
      applyGreeks(to: &answer, cost)
      applyShock(to: &answer, cost)
      if answer.quantity > returnable {
        applySize(to: &answer, returnable: returnable)
        applyNotional(to: &answer)
      }
      return answer
    }

    /// Packages all of whose legs only give back what is held and no other order in flight gives back already.
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
      let state = account.state.pointee
      if let cause = state.cause {
        let before = answer.quantity
        answer.cap(at: returnable, cause.state == .halted ? .halted : .reducing)
        if answer.quantity < before { answer.cause = cause }
      }
      let elapsed = state.minute + 1
      let left = state.minuteCount - elapsed
      if !isFill {
        if elapsed < profile.firstMinutes { answer.cap(at: returnable, .firstMinutes) }
        if left < profile.lastMinutes { answer.cap(at: returnable, .lastMinutes) }
      }
      for index in legs.indices {
        let leg = legs[index]
        let risk = market[leg.contract]
        if !risk.isKnown { answer.cap(at: returnable, .unknownVolatility) }
        if risk.expiresToday, left <= profile.forcedFlatMinutes { answer.cap(at: returnable, .forcedFlat) }
        if let most = profile.soldDelta, risk.terms != nil, leg.ratio < 0, book.quantity(of: leg.contract) <= 0 {
          let delta = abs(risk.exposure.delta) / (risk.spot * Double(risk.multiplier))
          if !(delta <= most), answer.quantity > returnable {
            answer.cap(at: returnable, .soldDelta, current: 0, proposed: delta, maximum: most)
          }
        }
      }
    }

    private func netLiquidation(after quantity: Int, _ cost: FillCost) -> Double {
      account.state.pointee.netLiquidationDollars - cost.fixed - Double(quantity) * cost.perPackage
    }

    private func applyGreeks(to answer: inout Verdict, _ cost: FillCost) {
      for place in 0..<4 {
        let quantity = answer.quantity
        let fitting = ExposureJudge.largest(upTo: quantity) { count in
          exposures.fits(place, one, quantity: count, netLiquidationDollars: netLiquidation(after: count, cost))
        }
        guard fitting < quantity else { continue }
        answer.cap(
          at: fitting, RiskReason(rawValue: place) ?? .delta, current: exposures.proposed(place, one, quantity: 0),
          proposed: exposures.proposed(place, one, quantity: asked),
          maximum: profile.limits.maxima(netLiquidationDollars: netLiquidation(after: fitting + 1, cost))[place])
      }
    }

    // MARK: The worst shock

    private func applyShock(to answer: inout Verdict, _ cost: FillCost) {
      if answer.quantity == 0 { return }
      func most(_ count: Int) -> Double {
        profile.limits.mostShockLoss(netLiquidationDollars: netLiquidation(after: count, cost))
      }
      let others = lossOfOthers()
      func isBounded(_ count: Int) -> Bool { largestLoss(with: count) + others <= most(count) }
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

    /// The most that the book and so many packages can lose if they are held to expiry.
    private func largestLoss(with count: Int) -> Double {
      var legCount = 0
      for slot in book.usedSlots where !book.positions[slot].isFree {
        let position = book.positions[slot]
        let risk = market[position.contract]
        account.legs[legCount] = risk.leg(Int(position.quantity), price: risk.middle)
        legCount += 1
      }
      return LargestLoss.dollars(account.legs, count: addOrder(legs, count, at: legCount))
    }

    /// Puts an order's legs behind those that are there, bought at the ask and sold at the bid. Returns how many there are then.
    private func addOrder(_ legs: UpToFour<OrderLeg>, _ count: Int, at start: Int) -> Int {
      var end = start
      for index in legs.indices {
        let leg = legs[index]
        let risk = market[leg.contract]
        account.legs[end] = risk.leg(count * Int(leg.ratio), price: leg.ratio > 0 ? risk.ask : risk.bid)
        end += 1
      }
      return end
    }

    /// A bound of what the other orders in flight add to that, whichever of them are filled: the bounds of parts add up to no less than that of the whole.
    private func lossOfOthers() -> Double {
      var loss = 0.0
      forOthers { other in
        loss += LargestLoss.dollars(account.legs, count: addOrder(other.legs, other.quantity, at: 0))
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
      let state = account.state.pointee
      let most = profile.sizes.fraction(rank: state.volatilityRank) * max(state.netLiquidationDollars, 0)
      var loss = LargestLoss.dollars(account.legs, count: addOrder(legs, 1, at: 0))
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
      guard let most = profile.limits.notionalDollars else { return }
      for index in legs.indices {
        let underlying = market[legs[index].contract].underlying
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
        let risk = market[contract]
        return risk.underlying == underlying ? Double(abs(quantity)) * Double(risk.multiplier) * risk.middle : 0
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
