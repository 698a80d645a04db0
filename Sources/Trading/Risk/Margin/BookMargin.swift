// What a book needs, underlying by underlying.

import Market
import Pricing

extension MarginLeg {
  /// A position in a contract. ask: what buying one unit back costs, in ten-thousandths of a dollar.
  package init(_ contract: TradedContract, quantity: Int, ask: Int) {
    guard let side = contract.side, let settles = contract.settlementSession else {
      self.init(shares: quantity)
      return
    }
    // On one day what settles at the opening ends before what settles at the close.
    let lapse = 2 * Int(settles.daysSinceEpoch) + (contract.settlement == .close ? 1 : 0)
    self.init(
      kind: side == .call ? .call : .put, strike: contract.strike, lapse: lapse, multiplier: contract.multiplier,
      quantity: quantity, ask: ask)
  }
}

/// What an order would add to a book.
package struct MarginAddition: Sendable {
  package var legs: UpToFour<OrderLeg>
  /// Packages.
  package var quantity: Int

  package init(legs: UpToFour<OrderLeg>, quantity: Int) {
    self.legs = legs
    self.quantity = quantity
  }

  /// Signed units of a contract.
  func quantity(of contract: Int32) -> Int {
    for index in legs.indices where legs[index].contract == contract { return Int(legs[index].ratio) * quantity }
    return 0
  }
}

extension Book {
  /// The requirement of what is held, with what an order would add: the sum over the underlyings, since nothing covers another underlying's short.
  ///
  /// ask: what a unit of a contract costs now, in ten-thousandths of a dollar; where it is nil a position counts at its own mark, and a contract that is
  /// not held yet at what using it would bring. underlyingPrice: of a contract's underlying, in the same unit.
  package func margin(
    in table: ContractTable, rules: MarginRules, adding addition: MarginAddition? = nil, ask: (Int32) -> Int?,
    underlyingPrice: (Int32) -> Int?
  ) throws(MarginError) -> MarginRequirement {
    var sum = MarginRequirement()
    var problem: MarginError?
    eachUnderlying(in: table, adding: addition, ask: ask, underlyingPrice: underlyingPrice) { legs, underlying in
      do throws(MarginError) {
        sum += try MarginRequirement(
          of: UnsafeBufferPointer(legs.legs), underlyingPrice: underlying.price, isBroadIndex: underlying.isBroadIndex,
          rules: rules)
      } catch {
        problem = problem ?? Book.naming(error, legs.contracts, table)
      }
    }
    if let problem { throw problem }
    return sum
  }

  /// The same with the matching of each underlying, and the contracts that its legs are.
  package func marginMatches(
    in table: ContractTable, rules: MarginRules, ask: (Int32) -> Int?, underlyingPrice: (Int32) -> Int?
  ) throws(MarginError) -> [(contracts: [Int32], match: MarginMatch)] {
    var matches: [(contracts: [Int32], match: MarginMatch)] = []
    var problem: MarginError?
    eachUnderlying(in: table, adding: nil, ask: ask, underlyingPrice: underlyingPrice) { legs, underlying in
      do throws(MarginError) {
        let match = try MarginMatch(
          of: Array(legs.legs), underlyingPrice: underlying.price, isBroadIndex: underlying.isBroadIndex, rules: rules)
        matches.append((Array(legs.contracts), match))
      } catch {
        problem = problem ?? Book.naming(error, legs.contracts, table)
      }
    }
    if let problem { throw problem }
    return matches
  }

  private typealias Legs = (legs: UnsafeMutableBufferPointer<MarginLeg>, contracts: UnsafeMutableBufferPointer<Int32>)

  /// Calls `body` with the legs of each underlying, in the order of the slots.
  private func eachUnderlying(
    in table: ContractTable, adding addition: MarginAddition?, ask: (Int32) -> Int?, underlyingPrice: (Int32) -> Int?,
    _ body: (_ legs: Legs, _ underlying: (price: Int?, isBroadIndex: Bool)) -> Void
  ) {
    let most = capacity + UpToFour<OrderLeg>.capacity
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: most) { contracts in
      var count = 0
      for slot in usedSlots where !positions[slot].isFree {
        contracts[count] = positions[slot].contract
        count += 1
      }
      if let addition {
        for index in addition.legs.indices where slot(of: addition.legs[index].contract) == nil {
          contracts[count] = addition.legs[index].contract
          count += 1
        }
      }
      withUnsafeTemporaryAllocation(of: MarginLeg.self, capacity: most) { legs in
        var first = 0
        while first < count {
          let underlying = table[contracts[first]]
          var end = first
          for place in first..<count where table[contracts[place]].underlying == underlying.underlying {
            contracts.swapAt(place, end)
            let leg = leg(contracts[end], table, addition, ask, underlyingPrice)
            legs.baseAddress?.advanced(by: end - first).initialize(to: leg)
            end += 1
          }
          let some = 0..<end - first
          body(
            (
              UnsafeMutableBufferPointer(rebasing: legs[some]),
              UnsafeMutableBufferPointer(rebasing: contracts[first..<end])
            ),
            (underlyingPrice(contracts[first]), underlying.isBroadIndex))
          first = end
        }
      }
    }
  }

  private func leg(
    _ number: Int32, _ table: ContractTable, _ addition: MarginAddition?, _ ask: (Int32) -> Int?,
    _ underlyingPrice: (Int32) -> Int?
  ) -> MarginLeg {
    let contract = table[number]
    let slot = slot(of: number)
    let held = slot.map { Int(positions[$0].quantity) } ?? 0
    let least = underlyingPrice(number).map { contract.intrinsic(underlying: $0) } ?? 0
    return MarginLeg(
      contract, quantity: held + (addition?.quantity(of: number) ?? 0),
      ask: max(least, ask(number) ?? slot.map { positions[$0].ask } ?? 0))
  }

  /// An error of a leg as one of its contract.
  private static func naming(
    _ error: MarginError, _ contracts: UnsafeMutableBufferPointer<Int32>, _ table: ContractTable
  ) -> MarginError {
    func contract(_ subject: MarginError.Subject) -> MarginError.Subject {
      guard case .leg(let place) = subject, contracts.indices.contains(place) else { return subject }
      return .contract(symbol: table[contracts[place]].symbol)
    }
    switch error {
    case .notAPrice(let subject): return .notAPrice(of: contract(subject))
    case .tooLarge(let subject): return .tooLarge(of: contract(subject))
    case .noUnderlyingPrice, .uncoveredCalls: return error
    }
  }
}
