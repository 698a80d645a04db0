// One session of one symbol as a game knows it: its contracts, how they are filled, and what they settle on.

package import Market
package import Trading

/// What all lanes read of one symbol's session. A day without contracts is a day on which nobody can enter.
package final class OptionsDay: Sendable {
  package let session: OptionTape.Session
  package let symbol: Int
  package let date: CalendarDate
  package let minuteCount: Int
  let table: ContractTable
  let execution: Execution
  /// nil where nothing can be held.
  let settlement: SettlementPrice?
  /// The tape's bar of minute 0.
  let firstBar: Int
  /// By contract: |strike| in dollars, and whether it is a call.
  let strikes: [Double]
  let multiplier: Double
  let expiry: Int32
  private let areCalls: [Bool]
  /// Whether its options are of the European style; those of a day without contracts are not.
  let isEuropean: Bool
  // As the session says them: asked at every step.
  let sessionsAhead: Int
  let yearsAtClose: Double
  private let firstRow: Int
  private let firstPlace: Int
  private let blocks: [Int16]
  private let contractCount: Int

  /// Nothing can be entered on a day whose contracts nobody has defined, or that ends before its settlement price is known.
  init(
    _ session: OptionTape.Session, firstBar: Int, configuration: OptionsConfiguration
  ) throws(ExecutionSettingError) {
    self.session = session
    self.firstBar = firstBar
    symbol = session.symbol
    date = session.date
    minuteCount = session.minuteCount
    let contracts = session.contracts.compactMap { TradedContract($0) }
    let isWhole = contracts.count == session.contracts.count && session.sessionsAhead == 0
    let price = isWhole ? session.settlementPrice : nil
    settlement = price.map { SettlementPrice(price: $0, source: .lastMinute) }
    table = ContractTable(price == nil ? [] : contracts)
    hasContracts = table.count > 0
    let rates =
      configuration.feeDollars.map { FeeRates.flat(optionMicroDollars: MicroDollars.rounded($0)) }
      ?? FeeTable.retail.rates(on: session.date)
    execution = try Execution(
      configuration.execution, rates: configuration.costFactor == 1 ? rates : rates.times(configuration.costFactor),
      table: table, date: session.date)
    strikes = session.contracts.map(\.strike)
    multiplier = Double(contracts.first?.multiplier ?? 100)
    expiry = Int32(session.expiry?.daysSinceEpoch ?? 0)
    areCalls = session.contracts.map { $0.right == .call }
    isEuropean = table.count > 0 && table[0].style == .european
    sessionsAhead = session.sessionsAhead
    yearsAtClose = session.yearsAtClose
    (firstRow, firstPlace) = (session.firstRow, session.firstPlace)
    (blocks, contractCount) = (session.blocks, session.contracts.count)
  }

  /// Whether anything can be entered in any of its minutes.
  package let hasContracts: Bool

  var underlying: String { table.underlyings.first ?? "" }

  /// Whether a contract is a call.
  func isCall(_ contract: Int32) -> Bool { areCalls[Int(contract)] }

  /// As those of the session.
  @inline(__always)
  func row(minute: Int) -> Int { firstRow + minute }
  @inline(__always)
  func place(minute: Int) -> Int {
    firstPlace + (blocks.isEmpty ? minute : Int(blocks[minute])) * contractCount
  }
}

/// The price that a day settles on, for all of its contracts.
struct DaySettlement: SettlementPrices {
  let close: SettlementPrice

  func price(of underlying: String, at settlement: ContractTerms.Settlement) -> SettlementPrice? {
    settlement == .close ? close : nil
  }
}
