// What a desk may hold: a share, or a listed option with all that its life and its money follow from.

package import Market
package import Pricing

/// A share or a listed option, as positions, orders and margin speak of it. Prices and strikes are ten-thousandths of a dollar (`TickRule.perDollar`).
package struct TradedContract: Sendable, Hashable {
  package typealias Style = ContractTerms.Style
  package typealias Settlement = ContractTerms.Settlement

  /// The share's name, or the clearing house's symbol of the option.
  package let symbol: String
  /// The share whose price moves it: of a share itself.
  package let underlying: String
  /// nil for a share.
  package let option: OptionContract?
  /// nil for a share.
  package let side: OptionSide?
  /// Ten-thousandths of a dollar, raw as it is listed: it meets raw prices of the underlying, never adjusted ones. 0 for a share.
  package let strike: Int
  /// Units of the underlying; 1 for a share.
  package let multiplier: Int
  package let style: Style
  /// At the opening (AM) or the close (PM) of the settlement session.
  package let settlement: Settlement
  /// Whether it is always paid in cash; options on shares deliver them where the desk exercises physically.
  package let isCashSettled: Bool
  /// Whether the underlying is a broad index, of which a short option needs less margin. The volatility index is none.
  package let isBroadIndex: Bool
  /// As it is listed; nil for a share.
  package let expiry: CalendarDate?
  /// The last session in which it trades; nil for a share.
  package let lastSession: CalendarDate?
  /// The session whose opening or close makes its settlement price; nil for a share.
  package let settlementSession: CalendarDate?
  package let ticks: TickRule

  package var isOption: Bool { option != nil }

  /// A share.
  package init(share symbol: String) {
    self.symbol = symbol
    underlying = symbol
    option = nil
    side = nil
    strike = 0
    multiplier = 1
    style = .american
    settlement = .close
    isCashSettled = false
    isBroadIndex = false
    expiry = nil
    lastSession = nil
    settlementSession = nil
    ticks = .cent
  }

  /// A listed option; nil where no contract is dated so, or where nobody has said what it delivers (see `OptionContract.isStandard`).
  ///
  /// `deliverable`: what was declared of its root, where a corporate action has changed it; of another root it says nothing.
  package init?(
    _ option: OptionContract, deliverable: DeclaredDeliverable? = nil, calendar: TradingCalendar = .xnys
  ) {
    let declared = option.isStandard || deliverable?.root != option.root ? nil : deliverable
    guard option.isStandard || declared != nil else { return nil }
    let terms = option.terms
    self.init(
      option, symbol: option.description, of: declared?.underlying,
      strike: Int(option.strikeThousandths) * (TickRule.perDollar / 1000),
      multiplier: declared?.units ?? terms.multiplier, calendar: calendar)
  }

  /// What a listed option has become by a split or a special payment: the same life with another strike and multiplier, and a symbol whose root has the
  /// digit 1 behind it as the clearing house gives it. nil as for the listed one, and where the strike or the multiplier is not positive.
  /// `underlying`: the share where the root does not name it.
  package init?(
    adjusting option: OptionContract, of underlying: String? = nil, strike: Int, multiplier: Int,
    calendar: TradingCalendar = .xnys
  ) {
    guard strike > 0, multiplier > 0 else { return nil }
    let name = OptionContract(
      root: option.root + "1", expiry: option.expiry, right: option.right,
      strikeThousandths: Int(option.strikeThousandths))
    self.init(
      option, symbol: name.description, of: underlying, strike: strike, multiplier: multiplier, calendar: calendar)
  }

  private init?(
    _ option: OptionContract, symbol: String, of share: String?, strike: Int, multiplier: Int, calendar: TradingCalendar
  ) {
    guard let life = ContractLife(option, calendar: calendar) else { return nil }
    let terms = option.terms
    self.symbol = symbol
    underlying = share ?? terms.underlying ?? option.root
    self.option = option
    side = option.right == .call ? .call : .put
    self.strike = strike
    self.multiplier = multiplier
    style = terms.style
    settlement = terms.settlement
    isCashSettled = terms.isCashSettled
    // Contracts that are paid in cash are those of indices.
    isBroadIndex = terms.isCashSettled && underlying != "VIX"
    expiry = option.expiry
    lastSession = life.lastSession
    settlementSession = life.settlementSession
    ticks = QuoteRules.of(option.root).ticks
  }

  /// What the right is worth if it is used at a price of the underlying, a unit. Both in ten-thousandths of a dollar; of a share its price.
  package func intrinsic(underlying price: Int) -> Int {
    guard let side else { return price }
    return max(0, Int(side.rawValue) * (price - strike))
  }

  /// Whether it may be traded in a minute of a session: on no date behind its last session, and in no minute at or behind the close of the session
  /// (`minuteCount`), where quotes until 16:15 are seen and nobody trades.
  package func trades(on date: CalendarDate, minute: Int, of minuteCount: Int) -> Bool {
    guard (0..<minuteCount).contains(minute) else { return false }
    return lastSession.map { date <= $0 } ?? true
  }
}

/// The contracts that a desk speaks of by their numbers.
package struct ContractTable: Sendable {
  package private(set) var contracts: [TradedContract] = []
  /// The names of underlyings, in the order in which they came.
  package private(set) var underlyings: [String] = []
  /// By contract: which of `underlyings` it has.
  package private(set) var underlyingNumbers: [Int32] = []
  /// By contract: what margin reads of it.
  private(set) var marginTerms: [MarginTerms] = []
  private var numbers: [TradedContract: Int32] = [:]

  private var successors: [Int32: Successor] = [:]

  private struct Successor: Sendable {
    let number: Int32
    let date: CalendarDate
  }

  package init(_ contracts: [TradedContract] = []) {
    for contract in contracts { _ = add(contract) }
  }

  package var count: Int { contracts.count }

  /// Its number, which it keeps; the one that it has where it is known.
  package mutating func add(_ contract: TradedContract) -> Int32 {
    if let number = numbers[contract] { return number }
    let number = Int32(contracts.count)
    contracts.append(contract)
    let underlying = addUnderlying(contract.underlying)
    underlyingNumbers.append(underlying)
    marginTerms.append(MarginTerms(contract, underlying: underlying))
    numbers[contract] = number
    return number
  }

  /// The number of an underlying in `underlyings`, of which contracts may come later.
  package mutating func addUnderlying(_ name: String) -> Int32 {
    if let place = underlyings.firstIndex(of: name) { return Int32(place) }
    underlyings.append(name)
    return Int32(underlyings.count - 1)
  }

  package func number(of contract: TradedContract) -> Int32? { numbers[contract] }

  package func contains(_ number: Int32) -> Bool { number >= 0 && Int(number) < contracts.count }

  /// Remembers that a split or a payment made another contract of one on a date, on which nobody may trade it under its old name: a day later the same name
  /// may be listed anew. Traps where it becomes itself.
  package mutating func replace(_ number: Int32, by successor: Int32, on date: CalendarDate) {
    precondition(number != successor, "contract \(number) replaces itself")
    successors[number] = Successor(number: successor, date: date)
  }

  /// Forgets that: the name is that of a contract of today.
  package mutating func list(_ number: Int32) { successors[number] = nil }

  /// What a contract has become on a date.
  package func successor(of number: Int32, on date: CalendarDate) -> Int32? {
    successors[number].flatMap { $0.date == date ? $0.number : nil }
  }

  /// Units of the underlying in one of a contract, without a copy of what else it is. Traps where there is no such number.
  func multiplier(of number: Int32) -> Int { contracts[Int(number)].multiplier }

  /// Traps where there is no such number.
  package subscript(number: Int32) -> TradedContract { contracts[Int(number)] }
}
