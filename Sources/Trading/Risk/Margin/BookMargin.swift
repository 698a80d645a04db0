// What a book needs, underlying by underlying.

import Market
import Pricing

/// What margin reads of a contract. Plain numbers, because it is asked at every fill, and a contract is copied with its names.
struct MarginTerms: Sendable {
  /// Of nothing, at no price.
  let leg: MarginLeg
  /// The table's number of the underlying.
  let underlying: Int32
  let isBroadIndex: Bool

  init(_ contract: TradedContract, underlying: Int32) {
    self.underlying = underlying
    isBroadIndex = contract.isBroadIndex
    guard let side = contract.side, let settles = contract.settlementSession else {
      leg = MarginLeg(shares: 0)
      return
    }
    // On one day what settles at the opening ends before what settles at the close.
    let lapse = 2 * Int(settles.daysSinceEpoch) + (contract.settlement == .close ? 1 : 0)
    leg = MarginLeg(
      kind: side == .call ? .call : .put, strike: contract.strike, lapse: lapse, multiplier: contract.multiplier,
      quantity: 0)
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
    var problem: (error: MarginError, contract: Int32?)?
    eachUnderlying(in: table.marginTerms, adding: addition, ask: ask, underlyingPrice: underlyingPrice) {
      legs, underlying in
      do throws(MarginError) {
        sum += try MarginRequirement(
          of: UnsafeBufferPointer(legs.legs), underlyingPrice: underlying.price, isBroadIndex: underlying.isBroadIndex,
          rules: rules)
      } catch {
        problem = problem ?? (error, Book.subject(of: error, among: legs.contracts))
      }
    }
    if let problem { throw Book.naming(problem.error, problem.contract, table) }
    return sum
  }

  /// The same with the matching of each underlying, and the contracts that its legs are.
  package func marginMatches(
    in table: ContractTable, rules: MarginRules, ask: (Int32) -> Int?, underlyingPrice: (Int32) -> Int?
  ) throws(MarginError) -> [(contracts: [Int32], match: MarginMatch)] {
    var matches: [(contracts: [Int32], match: MarginMatch)] = []
    var problem: (error: MarginError, contract: Int32?)?
    eachUnderlying(in: table.marginTerms, adding: nil, ask: ask, underlyingPrice: underlyingPrice) { legs, underlying in
      do throws(MarginError) {
        let match = try MarginMatch(
          of: Array(legs.legs), underlyingPrice: underlying.price, isBroadIndex: underlying.isBroadIndex, rules: rules)
        matches.append((Array(legs.contracts), match))
      } catch {
        problem = problem ?? (error, Book.subject(of: error, among: legs.contracts))
      }
    }
    if let problem { throw Book.naming(problem.error, problem.contract, table) }
    return matches
  }

  private typealias Legs = (legs: UnsafeMutableBufferPointer<MarginLeg>, contracts: UnsafeMutableBufferPointer<Int32>)

  /// Calls `body` with the legs of each underlying, in the order of the slots.
  private func eachUnderlying(
    in terms: [MarginTerms], adding addition: MarginAddition?, ask: (Int32) -> Int?, underlyingPrice: (Int32) -> Int?,
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
          let (underlying, isBroadIndex) = (
            terms[Int(contracts[first])].underlying, terms[Int(contracts[first])].isBroadIndex
          )
          var end = first
          for place in first..<count where terms[Int(contracts[place])].underlying == underlying {
            contracts.swapAt(place, end)
            let leg = leg(contracts[end], terms, addition, ask, underlyingPrice)
            legs.baseAddress?.advanced(by: end - first).initialize(to: leg)
            end += 1
          }
          let some = 0..<end - first
          body(
            (
              UnsafeMutableBufferPointer(rebasing: legs[some]),
              UnsafeMutableBufferPointer(rebasing: contracts[first..<end])
            ),
            (underlyingPrice(contracts[first]), isBroadIndex))
          first = end
        }
      }
    }
  }

  private func leg(
    _ number: Int32, _ terms: [MarginTerms], _ addition: MarginAddition?, _ ask: (Int32) -> Int?,
    _ underlyingPrice: (Int32) -> Int?
  ) -> MarginLeg {
    var leg = terms[Int(number)].leg
    let slot = slot(of: number)
    leg.quantity = (slot.map { Int(positions[$0].quantity) } ?? 0) + (addition?.quantity(of: number) ?? 0)
    guard leg.kind != .share else { return leg }
    let least = underlyingPrice(number).map { leg.value(at: $0) } ?? 0
    leg.ask = max(least, ask(number) ?? slot.map { positions[$0].ask } ?? 0)
    return leg
  }

  /// The contract that an error of a leg is about; nil where it is about no leg.
  private static func subject(of error: MarginError, among contracts: UnsafeMutableBufferPointer<Int32>) -> Int32? {
    switch error {
    case .notAPrice(.leg(let place)), .tooLarge(.leg(let place)):
      contracts.indices.contains(place) ? contracts[place] : nil
    case .notAPrice, .tooLarge, .noUnderlyingPrice, .uncoveredCalls: nil
    }
  }

  /// An error of a leg as one of its contract.
  private static func naming(_ error: MarginError, _ contract: Int32?, _ table: ContractTable) -> MarginError {
    guard let contract else { return error }
    let subject = MarginError.Subject.contract(symbol: table[contract].symbol)
    switch error {
    case .notAPrice: return .notAPrice(of: subject)
    case .tooLarge: return .tooLarge(of: subject)
    case .noUnderlyingPrice, .uncoveredCalls: return error
    }
  }
}
