// Planted defects of a chain: found above their thresholds with contract and minute, and not below.

import Pricing
import Testing

@testable import Market

private let none = ChainValue.none

private func findings(_ chain: OptionChain) -> [QualityFinding] {
  ChainGate.findings([chain], bars: []).filter { $0.kind != "no-underlying-bars" }
}

private func kinds(_ chain: OptionChain) -> [String: QualityFinding.Severity] {
  Dictionary(findings(chain).map { ($0.kind, $0.severity) }) { first, _ in first }
}

@Suite struct ChainGateTests {
  @Test func aCleanChainHasNoFinding() {
    #expect(findings(PlantedChain().chain()).isEmpty)
  }

  /// One cell of 410 in each of two sessions is 0.24 %, five are 1.2 %.
  @Test func crossedQuotesAreFoundWithContractAndMinute() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<100 {
      var planted = PlantedChain()
      let cell = Int.random(in: 0..<planted.cells, using: &random)
      // Crossed by less than the spread between strikes.
      planted.bid[cell] = planted.ask[cell] + 10
      let found = findings(planted.chain())
      let finding = try #require(found.first { $0.kind == "crossed-quotes" })
      #expect(finding.severity == .warn && finding.count == 2)
      let contract = planted.contracts[cell % planted.contracts.count]
      let minute = planted.minutes[cell / planted.contracts.count]
      #expect(finding.samples.first?.hasPrefix("\(contract) 2024-03-07 minute \(minute):") == true)
    }
    for _ in 0..<100 {
      var planted = PlantedChain()
      for cell in (0..<planted.cells).shuffled(using: &random).prefix(6) { planted.bid[cell] = planted.ask[cell] + 10 }
      #expect(kinds(planted.chain())["crossed-quotes"] == .fail)
    }
  }

  @Test func sharesAreMeasuredAgainstTheirThresholds() {
    #expect(ChainGate.severity(1, of: 1000) == nil)
    #expect(ChainGate.severity(2, of: 1999) == .warn)
    #expect(ChainGate.severity(10, of: 1000) == .warn)
    #expect(ChainGate.severity(11, of: 1000) == .fail)
    #expect(ChainGate.severity(0, of: 0) == nil)
  }

  /// An ask of 0 is none, and what is not two-sided is not crossed, wherever it stands.
  @Test func oneSidedQuotesAreNotCrossed() {
    for cell in 0..<200 {
      var planted = PlantedChain()
      planted.ask[cell] = 0
      #expect(findings(planted.chain()).isEmpty, "\(cell)")
      planted.ask[cell] = none
      #expect(findings(planted.chain()).isEmpty, "\(cell)")
    }
  }

  @Test func negativePricesAreFoundOneByOne() throws {
    for cell in stride(from: 0, to: 400, by: 2) {
      var planted = PlantedChain()
      planted.bid[cell] = -1
      let finding = try #require(findings(planted.chain()).first { $0.kind == "negative-quote" })
      #expect(finding.severity == .fail && finding.count == 2)
      let contract = planted.contracts[cell % planted.contracts.count]
      #expect(finding.samples.first?.hasPrefix("\(contract) 2024-03-07 minute ") == true)
    }
  }

  @Test func clearedQuotesAndImpossibleVolatilitiesFailWithTheirCause() throws {
    var planted = PlantedChain()
    for cell in 0..<planted.cells {
      (planted.bid[cell], planted.ask[cell]) = (0, 0)
      planted.volatility[cell] = 20
    }
    let found = findings(planted.chain())
    let cleared = try #require(found.first { $0.kind == "cleared-quotes" })
    #expect(cleared.severity == .fail && cleared.message.contains("clears them outside of trading hours"))
    let volatility = try #require(found.first { $0.kind == "impossible-volatility" })
    #expect(volatility.severity == .fail && volatility.message.contains("above 500 %"))
  }

  @Test func callsAndPutsExchangedAreFound() {
    var planted = PlantedChain()
    for cell in stride(from: 0, to: planted.cells, by: 2) {
      planted.bid.swapAt(cell, cell + 1)
      planted.ask.swapAt(cell, cell + 1)
    }
    #expect(kinds(planted.chain())["calls-and-puts-exchanged"] == .fail)
  }

  @Test func strikesOfAnotherUnitAreFoundByTheUnderlying() {
    for (factor, price) in [(10, Int32(100_000)), (1000, 1000)] {
      var planted = PlantedChain()
      planted.underlying = planted.underlying.map { _ in price }
      let finding = findings(planted.chain()).first { $0.kind == "strikes-scaled" }
      #expect(finding?.severity == .fail, "\(factor)")
      #expect(finding?.message.contains("\(factor).0 times") == true)
    }
  }

  @Test func anotherUnderlyingIsFoundAndAStaleOneTold() {
    var planted = PlantedChain()
    planted.underlying = planted.underlying.map { _ in 1_400_000 }
    #expect(kinds(planted.chain())["other-underlying"] == .fail)
    planted.underlying = planted.underlying.map { _ in 1_005_000 }
    #expect(kinds(planted.chain()) == ["stale-underlying": .warn])
    planted.underlying = planted.underlying.map { _ in 1_000_500 }
    #expect(kinds(planted.chain()).isEmpty)
  }

  @Test func strikesOutOfOrderAreFound() {
    var planted = PlantedChain()
    for block in planted.minutes.indices {
      let cell = block * planted.contracts.count + 40
      planted.bid[cell] += 30_000
      planted.ask[cell] += 30_000
    }
    #expect(kinds(planted.chain())["strike-order"] == .fail)
  }

  @Test func expiriesOnWhichNothingExpiresFail() {
    var planted = PlantedChain()
    planted.contracts = planted.contracts.map {
      OptionContract(
        root: $0.root, expiry: CalendarDate("2024-03-16")!, right: $0.right,
        strikeThousandths: Int($0.strikeThousandths))
    }
    #expect(kinds(planted.chain())["no-such-expiry"] == .fail)
  }

  @Test func changedDeliverablesAreToldAndNotStandard() {
    var planted = PlantedChain()
    planted.contracts = planted.contracts.map {
      OptionContract(
        root: "XYZ2", expiry: $0.expiry, right: $0.right, strikeThousandths: Int($0.strikeThousandths))
    }
    #expect(kinds(planted.chain()) == ["changed-deliverable": .warn])
    #expect(planted.contracts.allSatisfy { !$0.isStandard })
    var chain = planted.chain()
    #expect(findings(chain)[0].suggestion.contains("--deliverable XYZ2:XYZ:UNITS"))
    if let declared = DeclaredDeliverable(root: "XYZ2", underlying: "XYZ", units: 150) { chain.declare(declared) }
    #expect(kinds(chain) == ["declared-deliverable": .warn])
    #expect(findings(chain)[0].message.contains("XYZ2 delivers 150 XYZ"))
  }

  @Test func contradictionsAreToldByKind() {
    let planted = PlantedChain()
    func conflict(_ kind: ChainConflict.Kind) -> ChainConflict {
      ChainConflict(
        kind: kind, contract: planted.contracts[3], date: planted.dates[0], minute: 100, first: 1, second: 2)
    }
    #expect(kinds(planted.chain(conflicts: [conflict(.quote)])) == ["different-quotes": .fail])
    #expect(kinds(planted.chain(conflicts: [conflict(.openInterest)])) == ["open-interest-changes": .warn])
    let many = [ChainConflict](repeating: conflict(.openInterest), count: 2)
    #expect(kinds(planted.chain(conflicts: many)) == ["open-interest-changes": .fail])
  }

  @Test func aChainWithoutBarsIsToldAndPasses() {
    let report = QualityGate.examine([], chains: [PlantedChain().chain()], allowances: [])
    #expect(report.passed)
    #expect(report.findings.map(\.kind) == ["no-underlying-bars"])
  }
}
