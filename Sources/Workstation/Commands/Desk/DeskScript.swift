// A scripted day: what was quoted, ordered and announced, in the order in which it happened.

package import Market
import Pricing
import Text
package import Trading

/// Sessions of a script, read and checked whole before anything is traded.
package struct DeskScript {
  enum Entry {
    case quote(Int32, MinuteQuote)
    /// By the underlying's number in the table.
    case price(Int32, Int)
    case order(Order)
    /// An order whose contract is chosen when it is sent.
    case wish(EntryWish)
    case cancel(Int64)
    /// The process ends and another one goes on; whether orders that work are kept.
    case restart(keepsOrders: Bool)
  }

  struct Item {
    var minute: Int
    var line: Int
    var entry: Entry
  }

  struct ScriptSession {
    let date: CalendarDate
    let minuteCount: Int
    var adjustments: [(underlying: String, adjustment: ContractAdjustment)] = []
    /// Micro-dollars a share.
    var dividends: [String: Int64] = [:]
    var openings: [String: Int] = [:]
    var closes: [String: Int] = [:]
    /// Of implied volatility among the year before, 0 to 1, as it was known before the opening.
    var volatilityRank: Double?
    /// By underlying, dollars.
    var averageTrueRanges: [String: Double] = [:]
    /// Of last night, by contract.
    var openInterests: [Int32: Int] = [:]
    var items: [Item] = []
  }

  package let path: String
  package private(set) var table = ContractTable()
  private(set) var sessions: [ScriptSession] = []
  /// Quotes and prices from outside of the sessions: seen, neither traded nor marked.
  package private(set) var outsideHours = 0
  private var known: [String: TradedContract] = [:]
  private let deliverables: [DeclaredDeliverable]
  private var orderIds: Set<Int64> = []
  /// Of opening orders.
  private(set) var exitPlans: [Int64: ExitPlan] = [:]
  /// Plans that an order may name.
  private let plans: [String: ExitPlan]
  /// Of orders whose contract is chosen when they are sent.
  private(set) var wishedUnderlyings: Set<String> = []

  /// Reads JSON lines. Throws at the first line that cannot be played. `deliverables`: what was declared of contracts that a corporate action has changed.
  /// `plans`: by the names that orders may give as their exit.
  package init(
    _ bytes: [UInt8], path: String, deliverables: [DeclaredDeliverable] = [], plans: [String: ExitPlan] = [:]
  ) throws(DeskScriptError) {
    self.path = path
    self.deliverables = deliverables
    self.plans = plans
    var number = 0
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      if line.allSatisfy({ $0 == 32 || $0 == 9 || $0 == 13 }) { continue }
      try read(try DeskLine(line, number: number, path: path))
    }
    guard !sessions.isEmpty else {
      throw DeskScriptError(
        path: path, line: nil, problem: "it has no session; begin with a line such as {\"session\": \"2025-12-11\"}")
    }
  }

  private mutating func read(_ line: DeskLine) throws(DeskScriptError) {
    let kind = try line.kind()
    if kind == .session { return try readSession(line) }
    guard let place = sessions.indices.last else {
      throw line.refusal("it stands before the first session; begin with a line such as {\"session\": \"2025-12-11\"}")
    }
    switch kind {
    case .session: return
    case .quote: try readQuote(line, place)
    case .price:
      let underlying = table.addUnderlying(try line.share("price"))
      try append(.price(underlying, try line.price("dollars")), line, place)
    case .order:
      try append(line.has("selects") ? .wish(try wish(line)) : .order(try order(line)), line, place)
    case .cancel: try append(.cancel(Int64(try line.whole("cancel", 1...Int.max))), line, place)
    case .restart:
      let word = try line.text("restart")
      guard ["keeps_orders", "loses_orders"].contains(word) else {
        throw line.refusal("'restart' is '\(PrintableText.name(word))'; it must be keeps_orders or loses_orders")
      }
      try append(.restart(keepsOrders: word == "keeps_orders"), line, place)
    case .opening:
      let name = try line.share("opening")
      sessions[place].openings[name] = try once(sessions[place].openings[name], try line.price("dollars"), line)
    case .close:
      let name = try line.share("close")
      sessions[place].closes[name] = try once(sessions[place].closes[name], try line.price("dollars"), line)
    case .volatilityRank:
      guard sessions[place].items.isEmpty else {
        throw line.refusal("a volatility_rank is known before the opening; write it before the session's first quote")
      }
      let rank = Double(try line.decimal("volatility_rank", decimals: 6, 0...1)) / 1e6
      sessions[place].volatilityRank = try once(sessions[place].volatilityRank, rank, line)
    case .averageTrueRange:
      let name = try beforeTrading("average_true_range", line, place)
      let dollars = Double(try line.price("dollars")) / Double(TickRule.perDollar)
      sessions[place].averageTrueRanges[name] = try once(sessions[place].averageTrueRanges[name], dollars, line)
    case .dividend:
      let name = try beforeTrading("dividend", line, place)
      let dollars = Int64(try line.decimal("dollars", decimals: 6, 0...DeskLine.mostDollars))
      sessions[place].dividends[name] = try once(sessions[place].dividends[name], dollars, line)
    case .split:
      let name = try beforeTrading("split", line, place)
      let most = Int(CorporateAction.largestSplit)
      let (becomes, of) = (try line.whole("becomes", 1...most), line.has("of") ? try line.whole("of", 1...most) : 1)
      try adjust(ContractAdjustment(split: becomes, for: of), name, line, place)
    case .payment:
      let name = try beforeTrading("payment", line, place)
      try adjust(ContractAdjustment(payment: try line.price("dollars")), name, line, place)
    }
  }

  /// The line of the first restart.
  var restartLine: Int? {
    for session in sessions {
      for item in session.items {
        if case .restart = item.entry { return item.line }
      }
    }
    return nil
  }

  private mutating func readSession(_ line: DeskLine) throws(DeskScriptError) {
    let date = try line.date("session")
    guard let minutes = TradingCalendar.xnys.tradingMinutes(date) else {
      throw line.refusal("\(date) lies outside of the years that the calendar knows")
    }
    guard minutes > 0 else { throw line.refusal("the exchange is closed on \(date)") }
    if let last = sessions.last, last.date >= date {
      throw line.refusal("\(date) stands behind \(last.date); sessions must be in order")
    }
    sessions.append(ScriptSession(date: date, minuteCount: minutes))
  }

  private func once<Value>(_ before: Value?, _ value: Value, _ line: DeskLine) throws(DeskScriptError) -> Value {
    guard before == nil else { throw line.refusal("it says again what a line of this session has said; leave one") }
    return value
  }

  /// What happens before an opening stands before the first minute.
  private func beforeTrading(_ key: String, _ line: DeskLine, _ place: Int) throws(DeskScriptError) -> String {
    guard sessions[place].items.isEmpty else {
      throw line.refusal("a \(key) belongs to the opening of its session; write it before the session's first quote")
    }
    return try line.share(key)
  }

  private mutating func adjust(
    _ adjustment: ContractAdjustment?, _ name: String, _ line: DeskLine, _ place: Int
  ) throws(DeskScriptError) {
    guard let adjustment else { throw line.refusal("no share is split like that") }
    sessions[place].adjustments.append((name, adjustment))
    // The names that it gives to contracts are known from here on.
    for contract in table.contracts where contract.underlying == name {
      if let (adjusted, _) = adjustment.contract(from: contract) { known[adjusted.symbol] = adjusted }
    }
  }

  private mutating func append(_ entry: Entry, _ line: DeskLine, _ place: Int) throws(DeskScriptError) {
    let minute = try line.minute()
    if let last = sessions[place].items.last, minute < last.minute {
      throw line.refusal("it is earlier than line \(last.line); lines must be in the order of their times")
    }
    guard (0..<sessions[place].minuteCount).contains(minute) else {
      switch entry {
      case .quote, .price: outsideHours += 1
      case .order, .wish, .cancel, .restart:
        throw line.refusal(
          "nobody trades at \(try line.text("time")); the session of \(sessions[place].date) ends at "
            + clockText(sessions[place].minuteCount))
      }
      return
    }
    sessions[place].items.append(Item(minute: minute, line: line.number, entry: entry))
  }

  // MARK: contracts

  private mutating func add(_ symbol: String, _ line: DeskLine) throws(DeskScriptError) -> Int32 {
    let contract = try line.contract(symbol, known: known, deliverables)
    known[symbol] = contract
    if contract.isOption, !contract.isCashSettled { _ = table.add(TradedContract(share: contract.underlying)) }
    return table.add(contract)
  }

  private mutating func readQuote(_ line: DeskLine, _ place: Int) throws(DeskScriptError) {
    let contract = try add(try line.text("quote"), line)
    var quote = MinuteQuote(bid: try line.price("bid"), ask: try line.price("ask"), minute: try line.minute())
    if line.has("bid_size") { quote.bidSize = try line.whole("bid_size", DeskLine.counts) }
    if line.has("ask_size") { quote.askSize = try line.whole("ask_size", DeskLine.counts) }
    if line.has("lowest_ask") { quote.lowestAsk = try line.price("lowest_ask") }
    if line.has("highest_bid") { quote.highestBid = try line.price("highest_bid") }
    if line.has("volume") { quote.volume = try line.whole("volume", DeskLine.counts) }
    if line.has("open_interest") {
      let interest = try line.whole("open_interest", DeskLine.counts)
      if let before = sessions[place].openInterests.updateValue(interest, forKey: contract), before != interest {
        throw line.refusal(
          "'open_interest' is \(interest), and \(before) before; it is of last night, and stays for the session")
      }
    }
    quote.isFilledForward = try line.flag("filled_forward")
    try append(.quote(contract, quote), line, place)
  }

  // MARK: orders

  private mutating func order(_ line: DeskLine) throws(DeskScriptError) -> Order {
    let id = Int64(try line.whole("order", 1...Int.max))
    guard orderIds.insert(id).inserted else { throw line.refusal("order \(id) stands twice; give it another number") }
    if let key = DeskLine.Kind.selecting.first(where: line.has) {
      throw line.refusal("'\(key)' belongs to an order that 'selects' its contract")
    }
    let effect: Order.Effect
    let legs: JSON
    switch (line.members["opens"], line.members["closes"]) {
    case (let opens?, nil): (effect, legs) = (.opens, opens)
    case (nil, let closes?): (effect, legs) = (.closes, closes)
    default:
      throw line.refusal("an order has either 'opens' or 'closes': its legs such as {\"SPY251211C00600000\": -1}")
    }
    guard let ratios = legs.objectValue, (1...UpToFour<OrderLeg>.capacity).contains(ratios.count) else {
      throw line.refusal(
        "its legs must be one to four contracts with whole ratios such as {\"SPY251211C00600000\": -1}")
    }
    var read: [OrderLeg] = []
    for symbol in ratios.keys.sorted() {
      guard case .integer(let ratio)? = ratios[symbol], ratio != 0, ratio.magnitude <= Order.mostRatio else {
        throw line.refusal(
          "the ratio of \(PrintableText.name(symbol)) must be a whole number from 1 to \(Order.mostRatio), or its negative"
        )
      }
      read.append(OrderLeg(contract: try add(symbol, line), ratio: Int32(ratio)))
    }
    guard let legs = UpToFour(read) else { throw line.refusal("it has no legs") }
    if let plan = line.members["exit"] {
      guard effect == .opens else { throw line.refusal("'exit' belongs to an order that opens") }
      exitPlans[id] = try exitPlan(plan, legs, line)
    }
    return Order(
      id: id, legs: legs, quantity: line.has("quantity") ? try line.whole("quantity", 1...Order.mostQuantity) : 1,
      effect: effect, kind: try kind(line), submittedMinute: try line.minute(),
      closes: line.has("of") ? Int64(try line.whole("of", 1...Int.max)) : 0)
  }

  private func exitPlan(
    _ value: JSON, _ legs: UpToFour<OrderLeg>?, _ line: DeskLine
  ) throws(DeskScriptError) -> ExitPlan {
    do throws(ExitPlanError) {
      let named = value.stringValue.flatMap { plans[$0] }
      let plan: ExitPlan
      if let named { plan = named } else { plan = try ExitPlan(value, place: "its exit") }
      if let legs { try ExitPackage(legs, in: table).mayFollow(plan, in: table) }
      return plan
    } catch {
      throw line.refusal("\(error)")
    }
  }

  /// An order that says which delta of which underlying it wants.
  private mutating func wish(_ line: DeskLine) throws(DeskScriptError) -> EntryWish {
    let id = Int64(try line.whole("order", 1...Int.max))
    guard orderIds.insert(id).inserted else { throw line.refusal("order \(id) stands twice; give it another number") }
    for key in ["opens", "closes", "of", "limit", "stop", "aggressive", "chase", "give_up", "changes"]
    where line.has(key) {
      throw line.refusal("'\(key)' does not go with 'selects', which buys one contract at the market")
    }
    let underlying = try line.share("selects")
    wishedUnderlyings.insert(underlying)
    guard let side = OptionSide.allCases.first(where: { "\($0)" == (try? line.text("right")) }) else {
      throw line.refusal("'right' must say whether it selects a call or a put")
    }
    let target = Double(try line.decimal("delta", decimals: 6, 0.01...0.99)) / 1e6
    var selection = ContractSelection(targetDelta: target, leastVolume: 0, leastOpenInterest: 0)
    if line.has("most_spread") {
      selection.mostSpread = Double(try line.decimal("most_spread", decimals: 6, 0.001...1)) / 1e6
    }
    if line.has("least_volume") { selection.leastVolume = try line.whole("least_volume", DeskLine.counts) }
    if line.has("least_open_interest") {
      selection.leastOpenInterest = try line.whole("least_open_interest", DeskLine.counts)
    }
    if line.has("highest_rank") {
      selection.highestVolatilityRank = Double(try line.decimal("highest_rank", decimals: 6, 0...1)) / 1e6
    }
    var plan = ExitPlan.fullTarget
    if let value = line.members["exit"] {
      plan = try exitPlan(value, nil, line)
      exitPlans[id] = plan
    }
    return EntryWish(
      order: id, underlying: underlying, side: side, selection: selection,
      quantity: line.has("quantity") ? try line.whole("quantity", 1...Order.mostQuantity) : nil,
      stopLoss: plan.stopLoss)
  }

  private func kind(_ line: DeskLine) throws(DeskScriptError) -> OrderKind {
    let kinds = ["limit", "stop", "aggressive"].filter(line.has)
    guard kinds.count <= 1 else {
      throw line.refusal("it has \(kinds.map { "'\($0)'" }.joined(separator: " and ")); an order has one of them")
    }
    if kinds != ["aggressive"], let key = ["chase", "give_up", "changes"].first(where: line.has) {
      throw line.refusal("'\(key)' belongs to an order with 'aggressive'")
    }
    let most = DeskLine.mostDollars
    switch kinds.first {
    case "limit": return .limit(net: try line.decimal("limit", decimals: 4, -most...most))
    case "stop": return .stop(net: try line.decimal("stop", decimals: 4, -most...most))
    case "aggressive":
      return .aggressive(
        AggressiveLimit(
          aggressiveMillionths: try line.decimal("aggressive", decimals: 6, 0...1),
          chaseMillionthsPerMinute: line.has("chase") ? try line.decimal("chase", decimals: 6, 0...1) : 0,
          giveUpMinutes: line.has("give_up") ? try line.whole("give_up", 0...TradingCalendar.fullSessionMinutes) : nil,
          mostChanges: line.has("changes") ? try line.whole("changes", 0...TradingCalendar.fullSessionMinutes) : .max))
    default: return .market
    }
  }
}

/// A time of day at the exchange, so many minutes after the opening.
func clockText(_ minute: Int) -> String {
  let time = TradingCalendar.xnys.openMinute + minute
  func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }
  return two(time / 60) + ":" + two(time % 60)
}
