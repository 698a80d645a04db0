// A played day in lines of 80 columns: the trade log, what trading cost, and where the value came from.

import Evaluation
import Market
import Text
import Trading

extension DeskPlay {
  /// Everything that is printed.
  package var lines: [String] {
    var lines = head + [""]
    lines += ["TRADE LOG"]
    let log = desk.log.flatMap(entryLines)
    lines += log.isEmpty ? ["  nothing was traded"] : log
    lines += [""] + costLines + [""] + valueLines
    if let risk = desk.risk { lines += [""] + exposureLines(risk) }
    let held = heldLines
    if !held.isEmpty { lines += ["", "HELD"] + held }
    if !exits.isEmpty {
      lines += ["", "EXIT PLANS"]
      for exit in exits {
        let first = exit.order < 0 ? "  own order \(-exit.order)  " : "  order \(exit.order)  "
        lines += ReportText.wrapped(exit.summary, first: first, rest: padded("", first.count))
      }
    }
    return lines
  }

  private var head: [String] {
    let (settings, sessions) = (desk.settings, script.sessions)
    var lines: [String] = []
    func entry(_ name: String, _ text: String) {
      lines += ReportText.wrapped(text, first: padded(name, 11), rest: padded("", 11))
    }
    if settings.execution.mode == .ideal { lines += ReportText.wrapped(ExecutionMode.watermark) }
    let dates = sessions.first.map { "\($0.date)" } ?? ""
    let last = sessions.count > 1 ? sessions.last.map { " to \($0.date)" } ?? "" : ""
    entry("desk", "\(script.path): \(counted(sessions.count, "session")), \(dates)\(last)")
    if settings.execution.mode == .realistic {
      for notice in settings.execution.notices { entry("fills", notice) }
      entry(
        "latency", "\(counted(settings.execution.latencyMinutes, "minute")) from a decision to the quote that fills it")
      entry("fees", settings.fees.name)
      for notice in feeNotices { entry("", notice) }
    }
    entry(
      "exercise",
      settings.exercise == .cash ? "every option is paid its value" : "options on shares deliver them at the strike")
    if let activeLine {
      lines += ReportText.wrapped(activeLine, rest: padded("", 11))
    } else {
      entry("limits", "none; --risk trades under limits")
    }
    if script.outsideHours > 0 {
      entry("left out", "\(counted(script.outsideHours, "line")) from outside of the sessions' hours")
    }
    return lines
  }

  // MARK: the log

  private func entryLines(_ entry: DeskEntry) -> [String] {
    let time = entry.minute < 0 ? "opens" : clockText(min(entry.minute + 1, closeMinute(entry.date)))
    let start = "\(entry.date) \(time) "
    func line(_ order: Int64?, _ text: String) -> [String] {
      let name = order.map { $0 < 0 ? "own" : "\($0)" } ?? ""
      let first = start + String(repeating: " ", count: max(0, 4 - name.count)) + name + "  "
      return ReportText.wrapped(text, first: first, rest: padded("", first.count))
    }
    switch entry.what {
    case .refused(let order, let refusal): return line(order.id, "refused: \(refusal.words)")
    case .notCarried(let order, let refusal): return line(order, "short of margin: \(refusal.words)")
    case .ruled(let order, let rule): return line(order, "refused: \(rule.words)")
    case .tooRich(let order): return line(order, "refused: the account holds more money than is counted")
    case .marginShort(let amount, let needed):
      return line(
        nil,
        "MARGIN: \(money(amount)) short of what the book needs; nothing opens that needs more"
          + (needed.notice.map { " (\($0))" } ?? ""))
    case .margin(let standing): return marginLines(standing, line)
    case .marginUnknown(let error): return line(nil, "\(error)")
    case .order(let event):
      switch event.what {
      case .filled: return []
      case .priced(let net, let before, let minute):
        let from = " from \(clockText(minute + 1))"
        return line(event.order, (before.map { "limit \(price($0)) becomes " } ?? "limit ") + price(net) + from)
      default: return line(event.order, event.words(desk.table))
      }
    case .filled(let fill, let realised): return fillLines(fill, realised, line)
    case .settled(let position, let isEarly): return line(nil, settledWords(position, isEarly))
    case .adjusted(let position, let underlying): return line(nil, adjustedWords(position, underlying))
    case .dividend(let share, let shares, let cash):
      return line(
        nil,
        "\(cash < 0 ? "paid" : "received") a dividend of \(symbol(share)) on \(abs(shares)) shares: \(money(abs(cash)))"
      )
    case .forced(let order, let share, let shares, let reason):
      return line(
        order, "\(shares < 0 ? "sells" : "buys") \(abs(shares)) \(symbol(share)) at the next quote: \(reason.words)")
    case .decided(let order, let words): return line(order, words)
    case .risk(let entry): return riskLines(entry, line)
    case .restarted(let keepsOrders):
      return line(
        nil, "restarted: \(keepsOrders ? "orders work on" : "orders are lost"), plans and limits are read back")
    case .nothingToCancel(let id): return line(id, "nothing to cancel: it does not work any more")
    }
  }

  private func closeMinute(_ date: CalendarDate) -> Int {
    script.sessions.first { $0.date == date }?.minuteCount ?? TradingCalendar.fullSessionMinutes
  }

  private func fillLines(_ fill: OrderFill, _ realised: Int64?, _ line: (Int64?, String) -> [String]) -> [String] {
    var lines: [String] = []
    for index in fill.legs.indices {
      let leg = fill.legs[index]
      lines += line(
        index == 0 ? fill.order : nil,
        "\(leg.quantity < 0 ? "sold" : "bought") \(abs(leg.quantity)) \(symbol(leg.contract)) at \(price(leg.price)) "
          + "(\(price(leg.bid))/\(price(leg.ask)))")
    }
    let costs = fill.costs
    let items = CostKind.allCases.filter { costs[$0] != 0 }.map { "\($0.words) \(money(costs[$0]))" }
    let amount = fill.amount
    let flow = "\(amount < 0 ? "received" : "paid") \(money(abs(amount)))"
    let profit = realised.map { ", realised \(money($0))" } ?? ""
    let ideal = fill.isIdeal ? ", IDEAL" : ""
    lines += line(nil, flow + profit + "; costs " + (items.isEmpty ? "none" : items.joined(separator: ", ")) + ideal)
    return lines
  }

  private func settledWords(_ position: SettledPosition, _ isEarly: Bool) -> String {
    let contract = desk.table[position.contract]
    var words = "\(position.quantity) \(contract.symbol) \(position.outcome.rawValue)" + (isEarly ? " early" : "")
    words += " at \(price(position.price.price)) (\(position.price.source.rawValue))"
    if position.shares != 0 {
      words +=
        ", \(position.shares < 0 ? "delivers" : "receives") \(abs(position.shares)) shares at \(price(contract.strike))"
    }
    if position.cash != 0 { words += "; \(position.cash < 0 ? "paid" : "received") \(money(abs(position.cash)))" }
    if position.fee != 0 { words += "; fee \(money(position.fee))" }
    return words + "; realised \(money(position.realised))"
  }

  private func adjustedWords(_ position: AdjustedPosition, _ underlying: String) -> String {
    let before = "\(position.quantity) \(symbol(position.contract))"
    switch position.outcome {
    case .became(let contract, let quantity):
      let after = desk.table[contract]
      return "\(before) become \(quantity) \(after.symbol)"
        + (after.isOption ? " (strike \(price(after.strike)), \(after.multiplier) units)" : "")
        + (position.cash == 0 ? "" : "; \(position.cash < 0 ? "paid" : "received") \(money(abs(position.cash)))")
    case .closed(let reason): return "\(before) given back at the last mark for \(money(position.cash)): \(reason)"
    }
  }

  // MARK: sums

  private var costLines: [String] {
    let costs = desk.ledger.sums.pointee.costs
    var lines = ["COSTS, dollars"]
    for kind in CostKind.allCases where costs[kind] != 0 { lines.append(row(kind.words, money(costs[kind]))) }
    lines.append(row("all costs", money(costs.total)))
    let touch = desk.insideTouch
    if touch > 0 {
      lines.append(row("saved by fills inside the touch", money(touch)))
      let share = desk.insideTouchShare.map { DecimalText.fixed(100 * $0, decimals: 1) + " %" } ?? "nothing was earned"
      lines.append(row("  of the gross profit", share))
    }
    return lines + warnings.flatMap { ReportText.wrapped($0, first: "  warning: ", rest: "    ") }
  }

  private var warnings: [String] {
    var warnings: [String] = []
    let touch = desk.insideTouch
    if touch > 0, desk.insideTouchShare.map({ $0 > Desk.mostInsideTouch }) ?? true {
      let what =
        desk.grossProfit > 0
        ? "more than 30 % of the gross profit of \(money(desk.grossProfit)): it may rest"
        : "and without a gross profit the result rests"
      warnings.append("fills inside the touch saved \(money(touch)), \(what) on fills that a market does not give")
    }
    if desk.minutesWithoutVolume > 0 {
      warnings.append(
        "in \(counted(desk.minutesWithoutVolume, "minute")) nobody said sizes or volume: filled under the cap for that")
    }
    let facts = desk.facts
    if facts.dayTradesBeyond > 0 {
      warnings.append(
        "\(counted(facts.dayTradesBeyond, "day trade")) beyond three in five sessions with less than 25,000 dollars: a broker "
          + "would restrict the account (--bind day-trades refuses them)")
    }
    if facts.unsettledPurchases > 0 {
      warnings.append(
        "\(counted(facts.unsettledPurchases, "purchase")) with money that settles later: not in a cash account "
          + "(--bind settled-cash refuses them)")
    }
    return warnings
  }

  private var valueLines: [String] {
    let (ledger, marks) = (desk.ledger, desk.book.marks)
    let sums = ledger.sums.pointee
    var lines = ["VALUE, dollars"]
    func add(_ name: String, _ amount: Int64) { lines.append(row(name, money(amount))) }
    add("started with", ledger.start.pointee)
    add("price profit at mid", sums.priceProfit)
    add("settlements beyond the last mid", sums.settlementProfit)
    if sums.dividends != 0 { add("dividends", sums.dividends) }
    add("costs", -sums.costs.total)
    add("distance of marks from mid", sums.markChange)
    add("sum of these", ledger.start.pointee + sums.total)
    add("cash", ledger.cash.pointee)
    add("marks (bid of longs, ask of shorts)", marks.liquidation)
    add("value", desk.value)
    if marks.liquidation != marks.middle { add("value at mid", ledger.cash.pointee + marks.middle) }
    let gap = desk.widestGap
    lines += ReportText.wrapped(
      gap == 0
        ? "identity: cash + marks = start + sum of steps, to the micro-dollar, each of \(desk.balances) times"
        : "IDENTITY BROKEN by \(MicroDollars.decimal(gap)) dollars: the books are wrong")
    if marks.unquoted > 0 {
      lines += ReportText.wrapped(
        "\(counted(marks.unquoted, "position")) without a quote of the last minute: marked at the last one, moved by "
          + "the underlying and the time at the volatility of that quote"
          + (unmoved == 0 ? "" : " (\(unmoved) as it stood: its quote or the underlying's price does not tell one)")
          + "; a short at what its exercise would cost, at least")
    }
    if desk.isIdeal { lines += ReportText.wrapped(ExecutionMode.watermark) }
    return lines
  }

  private var heldLines: [String] {
    (0..<desk.book.capacity).compactMap { slot in
      let position = desk.book.positions[slot]
      guard !position.isFree else { return nil }
      return row(
        "\(position.quantity) \(symbol(position.contract)) at \(price(position.bid))/\(price(position.ask))",
        money(position.liquidation)) + (position.isQuoted ? "" : " *")
    } + (desk.book.marks.unquoted > 0 ? ["  * without a quote of the last minute"] : [])
  }

  // MARK: words

  private func symbol(_ contract: Int32) -> String { desk.table[contract].symbol }

  private func row(_ name: String, _ value: String) -> String {
    "  " + padded(name, 46) + String(repeating: " ", count: max(1, 22 - value.count)) + value
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private func price(_ price: Int) -> String { money(Int64(price) * Money.microDollarsPerTick) }

  /// Two decimals at least, and as many more as there are; thousands apart.
  func money(_ amount: Int64) -> String {
    let parts = MicroDollars.decimal(amount).split(separator: ".")
    let digits = parts[0].drop { $0 == "-" }
    var whole = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { whole.append(",") }
      whole.append(digit)
    }
    let decimals = parts.count > 1 ? String(parts[1]) : ""
    return (amount < 0 ? "-" : "") + whole + "." + decimals + String(repeating: "0", count: max(0, 2 - decimals.count))
  }
}
