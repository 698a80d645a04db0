// What an option is worth, every number with its unit and its clock.

import Evaluation
import Market
package import Pricing
package import Text

/// The numbers that `strikeforge price` prints.
package struct PriceAnswer {
  struct Quantity {
    let name: String
    /// Nil where there is none, and why.
    let value: Result<Double, PricingError>
    let unit: String
    /// The clock that the number depends on.
    let clock: VolatilityClock?
  }

  let head: [(name: String, value: String)]
  /// That of the question, on which all is counted where nothing else is said.
  let clock: VolatilityClock
  private(set) var quantities: [Quantity] = []
  private(set) var notes: [String] = []

  /// Prices the question. Throws where its numbers have no answer at all.
  package init(_ question: PriceQuestion) throws(PricingError) {
    let terms = question.terms.european
    var head = [
      ("option", "\(terms.side)"), ("exercise", question.exercise.rawValue),
      ("settlement", question.settlesAtOpen ? "open" : "close"),
    ]
    if let symbol = question.symbol { head.insert(("symbol", "\(symbol)"), at: 0) }
    if let end = question.times.end { head.append(("last session", "\(end.date)")) }
    self.head = head
    clock = question.clock
    if question.symbol?.isStandard == false {
      notes.append("the root ends in a digit: the contract delivers something else than a hundred shares")
    }
    addInputs(question)
    try addQuote(question)
    try addValues(question)
  }

  private mutating func add(_ name: String, _ value: Double, _ unit: String, _ clock: VolatilityClock? = nil) {
    quantities.append(Quantity(name: name, value: .success(value), unit: unit, clock: clock))
  }

  private mutating func addInputs(_ question: PriceQuestion) {
    let terms = question.terms.european
    add("spot", terms.spot, "dollars a share")
    add("strike", terms.strike, "dollars a share")
    add("rate", terms.rate, "decimal a year", question.clock)
    add("dividend yield", terms.dividendYield, "decimal a year", question.clock)
    for clock in VolatilityClock.allCases {
      add("time to expiry", question.times.expiry.years(on: clock), "years", clock)
    }
  }

  private mutating func addQuote(_ question: PriceQuestion) throws(PricingError) {
    guard let quote = question.quote else { return }
    let implied = try QuoteVolatility(
      bid: quote.bid, ask: quote.ask, tick: question.tick, question.terms.escrowed)
    add("bid", quote.bid, "dollars a share")
    add("ask", quote.ask, "dollars a share")
    for (name, value) in [("bid", implied.bid), ("middle", implied.middle), ("ask", implied.ask)] {
      quantities.append(
        Quantity(name: "implied volatility of the \(name)", value: value, unit: "decimal a year", clock: question.clock)
      )
    }
    if case .success(let middle) = implied.middle {
      addVolatility("implied volatility of the middle", middle, question, except: question.clock)
    }
    if let uncertainty = implied.uncertainty {
      add("half the spread over vega", uncertainty, "decimal a year", question.clock)
    }
    if !implied.isIdentified {
      notes.append("the volatility is not identified: a point of it moves the price by less than half a tick")
    }
  }

  /// A volatility on the other clocks.
  private mutating func addVolatility(
    _ name: String, _ value: Double, _ question: PriceQuestion, except own: VolatilityClock
  ) {
    let known = ClockedVolatility(value, on: question.clock)
    for clock in VolatilityClock.allCases where clock != own {
      let converted = Result { () throws(PricingError) in
        try known.converted(to: clock, over: question.times.expiry).value
      }
      quantities.append(Quantity(name: name, value: converted, unit: "decimal a year", clock: clock))
    }
  }

  private mutating func addValues(_ question: PriceQuestion) throws(PricingError) {
    let clock = question.clock
    var terms = question.terms
    if question.volatility == nil, let quote = question.quote {
      let middle = quote.bid + (quote.ask - quote.bid) / 2
      do throws(PricingError) {
        terms.european.volatility = try ImpliedVolatility.solve(price: middle, terms.escrowed)
      } catch {
        notes.append("without a volatility there are no prices and Greeks: \(error)")
        return
      }
    }
    if let problem = terms.problem { throw problem }
    if let volatility = question.volatility {
      add("volatility", volatility, "decimal a year", clock)
      addVolatility("volatility", volatility, question, except: clock)
    }
    let european = terms.escrowed
    let value = try BlackScholes.value(european)
    add("European price", value.price, "dollars a share", clock)
    add("delta", value.delta, "dollars a dollar of the spot", clock)
    add("gamma", value.gamma, "delta a dollar of the spot", clock)
    add("vega", value.vegaPerVolatilityPoint, "dollars a volatility point", clock)
    add("theta", value.thetaPerYear, "dollars a year", clock)
    add("theta", value.thetaPerCalendarDay, "dollars a 365th of a year", clock)
    if clock == .session { add("theta", value.thetaPerSessionMinute, "dollars a session minute", clock) }
    if let atClose = question.times.atClose {
      add(
        "decay to the close",
        try BlackScholes.decayToClose(european, yearsAtClose: atClose.years(on: clock)), "dollars a share", clock)
    }
    add("rho", value.rhoPerPercentagePoint, "dollars a percentage point", clock)
    guard question.exercise == .american else { return }
    let american = try LeisenReimer.value(terms, steps: question.steps)
    add("American price", american.price, "dollars a share", clock)
    add("American delta", american.delta, "dollars a dollar of the spot", clock)
    add("American gamma", american.gamma, "delta a dollar of the spot", clock)
    add("early-exercise premium", american.earlyExercisePremium, "dollars a share", clock)
    if american.europeanMisleads(terms, tick: question.tick) {
      notes.append(
        terms.european.side == .call && terms.hasDividendInsideLife
          ? "a call over an ex-date: European price, Greeks and implied volatilities mislead"
          : "early exercise is worth more than half a tick: European price, Greeks and implied volatilities mislead")
    }
  }

  /// Lines for a terminal of 80 columns. A clock is named where it is not that of the question.
  package var lines: [String] {
    var rows = head.map { (head: $0.name, value: $0.value, unit: "") }
    rows.append(("clock", "\(clock.rawValue), where no other is named", ""))
    for quantity in quantities {
      let other = quantity.clock.flatMap { $0 == clock ? nil : ", \($0.rawValue) clock" } ?? ""
      switch quantity.value {
      case .success(let value): rows.append((quantity.name, Self.readable(value), quantity.unit + other))
      case .failure(let error): rows.append((quantity.name, "none", "\(error)"))
      }
    }
    let widths = (
      rows.map(\.head.count).max() ?? 0, rows.filter { !$0.unit.isEmpty }.map(\.value.count).max() ?? 0
    )
    func filled(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    return rows.flatMap { row -> [String] in
      let start = filled(row.head, widths.0) + "  "
      guard !row.unit.isEmpty else { return [start + row.value] }
      let beginning = start + filled(row.value, widths.1) + "  "
      return ReportText.wrapped(
        row.unit, first: beginning, rest: filled("", beginning.count),
        columns: max(ReportText.columns, beginning.count + 32))
    } + notes.flatMap { ReportText.wrapped($0, first: "note: ", rest: "      ") }
  }

  /// Six decimals, and six digits of what is below a tenth: prices and Greeks of an expiry's last minutes are read by their first digits.
  static func readable(_ value: Double) -> String {
    let text = value.description
    if let mark = text.firstIndex(of: "e"), let mantissa = Double(text[..<mark]) {
      return ReportText.trimmed(mantissa, decimals: 5) + text[mark...]
    }
    var decimals = 6
    var reach = 0.1
    while value != 0, abs(value) < reach, decimals < 12 {
      decimals += 1
      reach /= 10
    }
    return ReportText.trimmed(value, decimals: decimals)
  }

  package var json: JSON {
    .object([
      "option": .object(Dictionary(uniqueKeysWithValues: head.map { ($0.name, .string($0.value)) })),
      "quantities": .array(
        quantities.map { quantity in
          var members: [String: JSON] = ["name": .string(quantity.name), "unit": .string(quantity.unit)]
          members["clock"] = quantity.clock.map { .string($0.rawValue) } ?? .null
          switch quantity.value {
          case .success(let value): members["value"] = .number(value)
          case .failure(let error):
            members["value"] = .null
            members["reason"] = .string(error.description)
          }
          return .object(members)
        }),
      "notes": .array(notes.map { .string($0) }),
    ])
  }
}
