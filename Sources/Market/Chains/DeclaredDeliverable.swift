// What a contract that a corporate action has changed delivers, where somebody has said it.

/// The deliverable of a root's contracts, which nothing but the clearing house's memo says: so many units of one share and nothing else, for which the price
/// is quoted too. A payment beside the shares, shares of two companies, and a price of other units than those that are delivered cannot be said: such contracts
/// stay untradeable.
package struct DeclaredDeliverable: Hashable, Sendable {
  /// As `OptionSymbol.root`, with a digit in it.
  package let root: String
  /// The share that is delivered.
  package let underlying: String
  /// Units of it a contract, `1...mostUnits`.
  package let units: Int

  /// A hundred shares through the largest split that a share can have.
  package static let mostUnits = 100 * Int(CorporateAction.largestSplit)

  /// nil for a root whose own name says what it delivers, and for units that no contract has.
  package init?(root: String, underlying: String, units: Int) {
    guard !ContractTerms.of(root: root).isStandard, (1...DeclaredDeliverable.mostUnits).contains(units) else {
      return nil
    }
    (self.root, self.underlying, self.units) = (root, underlying, units)
  }
}

extension DeclaredDeliverable: CustomStringConvertible {
  /// `XOM2 delivers 150 XOM`.
  package var description: String { "\(root) delivers \(units) \(underlying)" }
}

extension OptionChain {
  /// What was declared of a contract's deliverable; nil for a standard one, and where nobody has.
  package func deliverable(of contract: OptionContract) -> DeclaredDeliverable? {
    contract.isStandard ? nil : deliverables.first { $0.root == contract.root }
  }

  /// Declares what a root's contracts deliver, in place of what was declared before, which is returned. Nothing where the chain has no contract of that root.
  @discardableResult
  package mutating func declare(_ deliverable: DeclaredDeliverable) -> DeclaredDeliverable? {
    guard contracts.contains(where: { $0.root == deliverable.root }) else { return nil }
    let before = deliverables.first { $0.root == deliverable.root }
    deliverables.removeAll { $0.root == deliverable.root }
    deliverables.append(deliverable)
    deliverables.sort { $0.root < $1.root }
    return before
  }
}
