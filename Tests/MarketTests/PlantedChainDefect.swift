// Ways of spoiling a clean chain, each to just above or just below a threshold of the gate.

import Kernels

@testable import Market

/// One threshold of the gate, and how a clean chain is brought to just above or just below it.
enum ChainDefect: CaseIterable, Sendable {
  case negativeQuote, clearedQuotes, crossedWarns, crossedFails, lockedWarns, orderWarns, orderFails
  case highVolatility, highVolatilitiesFail, lowVolatilities, deltaSignWarns, deltaSignFails
  case exchanged, mixed, scaledStrikes, otherUnderlying, otherUnderlyingFails, staleUnderlying
  case belowIntrinsicWarns, belowIntrinsicFails, aboveBoundWarns, aboveBoundFails
  case parityWarns, parityFails, convexityWarns, convexityFails
  case vendorVolatility, deltaUnit, thetaUnit, thetaSign

  /// What was planted: where the finding must name it, and how many times. `severity`: what the finding must have, above the threshold; below it the finding
  /// is milder or is not there.
  struct Planted {
    var kind: String
    var severity: QualityFinding.Severity
    var count: Int
    var places: [String]
  }

  /// A share of quotes as thresholds count it: just above where a threshold is passed, else just not.
  private static func count(_ share: Double, of all: Int, _ isAbove: Bool) -> Int {
    let most = (0...all).last { Double($0) / Double(all) <= share } ?? 0
    return isAbove ? most + 1 : most
  }

  /// On the last date the expiry is within a week.
  static func clean(_ root: String, isNear: Bool) -> PlantedChain {
    PlantedChain(
      root: root, dates: [isNear ? "2024-03-08" : "2024-03-07"],
      minutes: (0..<13).map { Int32($0 * 30) }, hasGreeks: true)
  }

  /// Thresholds of shares are passed by one quote more, those of a quote by the smallest step of its price, in turns.
  func plant(in chain: inout PlantedChain, isAbove: Bool, _ random: inout RandomStream) -> Planted {
    switch self {
    case .negativeQuote, .clearedQuotes, .crossedWarns, .crossedFails, .lockedWarns, .orderWarns, .orderFails:
      plantQuotes(in: &chain, isAbove, &random)
    case .highVolatility, .highVolatilitiesFail, .lowVolatilities, .deltaSignWarns, .deltaSignFails:
      plantFigures(in: &chain, isAbove, &random)
    case .exchanged, .mixed, .scaledStrikes, .otherUnderlying, .otherUnderlyingFails, .staleUnderlying:
      plantUnderlying(in: &chain, isAbove, &random)
    case .belowIntrinsicWarns, .belowIntrinsicFails, .aboveBoundWarns, .aboveBoundFails, .parityWarns, .parityFails,
      .convexityWarns, .convexityFails:
      plantPrices(in: &chain, isAbove, &random)
    case .vendorVolatility, .deltaUnit, .thetaUnit, .thetaSign: plantVendor(in: &chain, isAbove, &random)
    }
  }

  // MARK: Quotes

  private func plantQuotes(in chain: inout PlantedChain, _ isAbove: Bool, _ random: inout RandomStream) -> Planted {
    let isHair = random.nextDouble() < 0.5
    switch self {
    case .negativeQuote:
      let cell = Int(random.nextInteger(below: UInt64(chain.cells)))
      if random.nextDouble() < 0.5 { chain.bid[cell] = isAbove ? -1 : 0 } else { chain.ask[cell] = isAbove ? -1 : 0 }
      return Planted(kind: "negative-quote", severity: .fail, count: 1, places: [chain.place(cell)])
    case .clearedQuotes:
      // Of 82 contracts more than half.
      let block = Int(random.nextInteger(below: UInt64(chain.minutes.count)))
      let slots = chain.contracts.indices.shuffled(&random).prefix(isAbove ? 42 : 41)
      for slot in slots {
        let cell = block * chain.contracts.count + slot
        (chain.bid[cell], chain.ask[cell]) = (0, 0)
      }
      return Planted(
        kind: "cleared-quotes", severity: .fail, count: 1,
        places: ["\(chain.dates[0]) minute \(chain.minutes[block])"])
    case .crossedWarns, .crossedFails:
      // Where a hair decides, many quotes are locked that could be crossed.
      let share = self == .crossedFails ? ChainGate.failureShare : ChainGate.warningShare
      let count = isHair && !isAbove ? 30 : ChainDefect.count(share, of: chain.cells, isAbove)
      let cells = chain.bid.indices.shuffled(&random).prefix(count)
      for cell in cells {
        chain.bid[cell] = chain.ask[cell] + (isHair ? isAbove ? 1 : 0 : 1 + Int32(random.nextInteger(below: 50)))
      }
      return Planted(
        kind: "crossed-quotes", severity: self == .crossedFails ? .fail : .warn, count: count,
        places: cells.map(chain.place))
    case .lockedWarns:
      let count = isHair && !isAbove ? 30 : ChainDefect.count(ChainGate.warningShare, of: chain.cells, isAbove)
      let cells = chain.bid.indices.shuffled(&random).prefix(count)
      for cell in cells { chain.bid[cell] = chain.ask[cell] - (isHair && !isAbove ? 1 : 0) }
      return Planted(kind: "locked-quotes", severity: .warn, count: count, places: cells.map(chain.place))
    default:
      // One option out of the money of a minute and right is dearer than its nearer neighbour by the smallest step, or by none.
      let share = self == .orderFails ? ChainGate.failureShare : ChainGate.warningShare
      let neighbours = 2 * (chain.contracts.count / 2 - 1) * chain.minutes.count
      let count = isHair && !isAbove ? 20 : ChainDefect.count(share, of: neighbours, isAbove)
      let series = (0..<2 * chain.minutes.count).shuffled(&random).prefix(count)
      var cells: [Int] = []
      for one in series {
        let (block, isPut) = (one / 2, one % 2)
        // Strikes 81...95 of puts, 105...119 of calls.
        let strike = (isPut == 1 ? 1 : 25) + Int(random.nextInteger(below: 15))
        let cell = block * chain.contracts.count + 2 * strike + isPut
        let dearer = isPut == 1 ? cell + 2 : cell - 2
        chain.bid[cell] = chain.ask[dearer] + (isHair ? isAbove ? 1 : 0 : 1 + Int32(random.nextInteger(below: 50)))
        chain.ask[cell] = chain.bid[cell] + 200
        cells.append(cell)
      }
      return Planted(
        kind: "strike-order", severity: self == .orderFails ? .fail : .warn, count: count,
        places: cells.map(chain.place)
      )
    }
  }

  // MARK: What the vendor says of them

  private func plantFigures(in chain: inout PlantedChain, _ isAbove: Bool, _ random: inout RandomStream) -> Planted {
    let isHair = random.nextDouble() < 0.5
    func take(_ count: Int) -> [Int] { Array(chain.bid.indices.shuffled(&random).prefix(count)) }
    switch self {
    case .highVolatility:
      let cells = take(isAbove ? 1 : 8)
      for cell in cells { chain.volatility[cell] = isAbove ? Float(5).nextUp : 5 }
      return Planted(kind: "impossible-volatility", severity: .warn, count: 1, places: cells.map(chain.place))
    case .highVolatilitiesFail:
      let cells = take(ChainDefect.count(ChainGate.failureShare, of: chain.cells, isAbove))
      for cell in cells { chain.volatility[cell] = Float(5).nextUp + 20 * Float(random.nextDouble()) }
      return Planted(
        kind: "impossible-volatility", severity: .fail, count: cells.count, places: cells.map(chain.place))
    case .lowVolatilities:
      let cells = take(
        isHair && !isAbove ? 30 : ChainDefect.count(ChainGate.warningShare, of: chain.cells, isAbove))
      for cell in cells {
        chain.volatility[cell] = isHair ? isAbove ? Float(0.01).nextDown : 0.01 : 0.0099 * Float(random.nextDouble())
      }
      return Planted(kind: "no-volatility", severity: .warn, count: cells.count, places: cells.map(chain.place))
    default:
      let share = self == .deltaSignFails ? ChainGate.failureShare : ChainGate.warningShare
      let cells = take(isHair && !isAbove ? 30 : ChainDefect.count(share, of: chain.cells, isAbove))
      for cell in cells {
        let isLow = random.nextDouble() < 0.5
        let sign: Float = chain.contract(cell).right == .call ? 1 : -1
        // The border, of a call -0.01 and 1.01.
        let border: Float = isLow ? -0.01 : 1.01
        let beyond: Float = isLow ? border.nextDown : border.nextUp
        chain.delta[cell] = sign * (isHair ? isAbove ? beyond : border : beyond * (1 + Float(random.nextDouble())))
      }
      return Planted(
        kind: "delta-sign", severity: self == .deltaSignFails ? .fail : .warn, count: cells.count,
        places: cells.map(chain.place))
    }
  }

  // MARK: The underlying

  private func plantUnderlying(in chain: inout PlantedChain, _ isAbove: Bool, _ random: inout RandomStream) -> Planted {
    let block = Int(random.nextInteger(below: UInt64(chain.minutes.count)))
    let base = block * chain.contracts.count
    func planted(_ kind: String, _ severity: QualityFinding.Severity) -> Planted {
      Planted(
        kind: kind, severity: severity, count: 1, places: ["\(chain.dates[0]) minute \(chain.minutes[block])"])
    }
    switch self {
    case .exchanged:
      // Calls and puts of one strike more than half change places, or of one strike less; at 100 both cost the same.
      let pairs = (0..<41).filter { $0 != 20 }.shuffled(&random).prefix(isAbove ? 21 : 20)
      for pair in pairs {
        chain.bid.swapAt(base + 2 * pair, base + 2 * pair + 1)
        chain.ask.swapAt(base + 2 * pair, base + 2 * pair + 1)
      }
      return planted("calls-and-puts-exchanged", .fail)
    case .mixed:
      // Away from the money half of the calls and half of the puts are dearer by a twentieth of the price, and a step.
      let pairs = (0..<41).filter { abs($0 - 20) > 4 }.shuffled(&random)
      for (place, pair) in pairs.enumerated() {
        chain.move(base + 2 * pair + place % 2, by: isAbove ? 50_001 : 49_999)
      }
      return planted("mixed-prices", .fail)
    case .scaledStrikes:
      // 10 % around a power of ten.
      let power = [1000, 100, 10, 0.1, 0.01, 0.001].pick(&random)
      let (least, most) = (1_000_000 / power / 1.1, 1_000_000 / power / 0.9)
      let isLow = random.nextDouble() < 0.5
      let inside = isLow ? least.rounded(.down) + 1 : most.rounded(.up) - 1
      chain.underlying[block] = Int32(isAbove ? inside : isLow ? inside - 1 : inside + 1)
      return planted("strikes-scaled", .fail)
    case .otherUnderlying:
      chain.underlying[block] = ChainDefect.priceBy10Percent(isAbove, &random)
      return planted("other-underlying", .fail)
    case .otherUnderlyingFails:
      // Three minutes of 200 are more than a hundredth, two are not.
      let blocks = chain.minutes.indices.shuffled(&random).prefix(isAbove ? 3 : 2)
      for block in blocks { chain.underlying[block] = ChainDefect.priceBy10Percent(true, &random) }
      return Planted(
        kind: "other-underlying", severity: .fail, count: blocks.count,
        places: blocks.map { "\(chain.dates[0]) minute \(chain.minutes[$0])" })
    default:
      // Two cents of spreads and a thousandth of the price: 99.8801 and 100.1202 are beyond.
      chain.underlying[block] =
        random.nextDouble() < 0.5 ? isAbove ? 998_801 : 998_802 : isAbove ? 1_001_202 : 1_001_201
      return planted("stale-underlying", .warn)
    }
  }

  /// Beyond 10 % of what the options say by the smallest step, or not beyond.
  private static func priceBy10Percent(_ isBeyond: Bool, _ random: inout RandomStream) -> Int32 {
    let (low, high) = ((1_000_000 / 1.1).rounded(.down), (1_000_000 / 0.9).rounded(.up))
    return Int32(random.nextDouble() < 0.5 ? isBeyond ? low : low + 1 : isBeyond ? high : high - 1)
  }

  // MARK: Prices

  private func plantPrices(in chain: inout PlantedChain, _ isAbove: Bool, _ random: inout RandomStream) -> Planted {
    let isHair = random.nextDouble() < 0.5
    let isFailure = [.belowIntrinsicFails, .aboveBoundFails, .parityFails, .convexityFails].contains(self)
    let share = isFailure ? ChainGate.failureShare : ChainGate.warningShare
    switch self {
    case .belowIntrinsicWarns, .belowIntrinsicFails, .aboveBoundWarns, .aboveBoundFails:
      let isBelow = self == .belowIntrinsicWarns || self == .belowIntrinsicFails
      // Far from the money, where no forward is made of them: of those below in the money, of those above any.
      let candidates = chain.bid.indices.filter { cell in
        let contract = chain.contract(cell)
        let inside = contract.right == .call ? 100 - contract.strike : contract.strike - 100
        return abs(inside) >= 18 && (!isBelow || inside > 0)
      }
      let count = isHair && !isAbove ? 20 : ChainDefect.count(share, of: chain.cells, isAbove)
      let cells = candidates.shuffled(&random).prefix(count)
      let slacks = chain.boundSlack
      for cell in cells {
        let contract = chain.contract(cell)
        let inside = contract.right == .call ? 100 - contract.strike : contract.strike - 100
        let (most, slack) = (contract.right == .call ? 100.0 : contract.strike, slacks[cell / chain.contracts.count])
        // In whole steps, beyond or just within.
        let beyond =
          isBelow ? ((inside - slack) * 10_000).rounded(.up) - 1 : ((most + slack) * 10_000).rounded(.down) + 1
        let further = isHair ? 0 : Double(random.nextInteger(below: 2000))
        let price = beyond + (isBelow ? -further : further) + (isHair && !isAbove ? isBelow ? 1 : -1 : 0)
        (chain.bid[cell], chain.ask[cell]) =
          isBelow ? (Int32(price) - 200, Int32(price)) : (Int32(price), Int32(price) + 200)
      }
      return Planted(
        kind: isBelow ? "below-intrinsic" : "above-bound", severity: isFailure ? .fail : .warn, count: count,
        places: cells.map(chain.pricedPlace))
    case .parityWarns, .parityFails:
      // Of a minute's pairs near the money, 35 of them, a few miss by more than their half-spreads, which are two cents.
      let pairs = 35 * chain.minutes.count
      let within = isFailure ? ChainParityCheck.failureShare : ChainParityCheck.warningShare
      let least = (0...pairs).first { Double($0) >= within * Double(pairs) } ?? 0
      let count = pairs - least + (isAbove ? 1 : 0)
      // Calls, but for the five strikes that say how far "near" reaches.
      let cells = chain.bid.indices.filter { $0 % 2 == 0 && (3...17).contains(abs(chain.contract($0).strike - 100)) }
      var taken = [Int](repeating: 0, count: chain.minutes.count)
      var places: [String] = []
      for cell in cells.shuffled(&random) where places.count < count {
        // No minute has so many that they are the rule.
        guard taken[cell / chain.contracts.count] < 8 else { continue }
        taken[cell / chain.contracts.count] += 1
        chain.move(cell, by: random.nextDouble() < 0.5 ? 300 : -300)
        places.append(
          "\(chain.root) \(chain.contract(cell).expiry) \(chain.contract(cell).strike) \(chain.dates[0]) minute \(chain.minute(cell))"
        )
      }
      return Planted(kind: "parity", severity: isFailure ? .fail : .warn, count: count, places: places)
    default:
      // Every second strike away from the money is dearer than its neighbours allow by the smallest step, or by none.
      let butterflies = 2 * (chain.contracts.count / 2 - 2) * chain.minutes.count
      let candidates = chain.bid.indices.filter { cell in
        let strike = Int(chain.contract(cell).strike)
        return abs(strike - 100) >= 2 && strike % 2 == 1 && cell % chain.contracts.count > 1
      }
      let most = isFailure ? ChainConvexityCheck.failureShare : share
      let count = isHair && !isAbove ? 200 : ChainDefect.count(most, of: butterflies, isAbove)
      let cells = candidates.shuffled(&random).prefix(count)
      for cell in cells {
        chain.move(cell, by: 200 + (isHair ? isAbove ? 1 : 0 : 1 + Int32(random.nextInteger(below: 50))))
      }
      return Planted(
        kind: "convexity", severity: isFailure ? .fail : .warn, count: count, places: cells.map(chain.pricedPlace))
    }
  }

  // MARK: A vendor's ways

  private func plantVendor(in chain: inout PlantedChain, _ isAbove: Bool, _ random: inout RandomStream) -> Planted {
    let own = chain.figures
    func planted(_ kind: String) -> Planted {
      // Every quote that is compared may be named.
      Planted(kind: kind, severity: .warn, count: 0, places: chain.bid.indices.map(chain.pricedPlace))
    }
    switch self {
    case .vendorVolatility:
      // All are off by a point of volatility, and a hair.
      let off: Float = (isAbove ? 0.010_01 : 0.009_99) * (random.nextDouble() < 0.5 ? 1 : -1)
      for cell in own.indices where !own[cell].volatility.isNaN { chain.volatility[cell] = own[cell].volatility + off }
      return planted("vendor-volatility")
    case .deltaUnit:
      // A fifth above or below their own, of deltas that stay possible.
      let factor: Float = random.nextDouble() < 0.5 ? isAbove ? 1.201 : 1.199 : isAbove ? 0.799 : 0.801
      for cell in own.indices where abs(own[cell].delta) < 0.8 { chain.delta[cell] = own[cell].delta * factor }
      return planted("delta-unit")
    case .thetaUnit:
      // Nearer to a 252nd of a year than to a 365th, or a fifth below.
      let factor: Float = random.nextDouble() < 0.5 ? isAbove ? 1.184 : 1.182 : isAbove ? 0.799 : 0.801
      for cell in own.indices where !own[cell].theta.isNaN { chain.theta[cell] = own[cell].theta * factor }
      return planted("theta-unit")
    default:
      // Without a sign, of 25 thetas one more than half or one less; the others are not said.
      let told = own.indices.filter { cell in
        let contract = chain.contract(cell)
        return abs(contract.strike - 100) <= 2 && (contract.right == .call) == (contract.strike >= 100)
      }
      for cell in own.indices { chain.theta[cell] = .infinity }
      for (place, cell) in told.shuffled(&random).enumerated() {
        chain.theta[cell] = own[cell].theta * (place < told.count / 2 + (isAbove ? 1 : 0) ? -1 : 1)
      }
      return planted("theta-unit")
    }
  }
}
