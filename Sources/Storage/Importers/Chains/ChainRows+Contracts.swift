// Of which contract a row of a table of options is.

import Market
import Text

extension ChainRows {
  mutating func add(_ buffer: UnsafeBufferPointer<UInt8>, _ group: ChainPlan.Group) -> (TableProblem, Int)? {
    let contract: (root: String, expiry: CalendarDate, right: OptionSymbol.Right, strike: Int)
    if let place = at.symbol(group.side) {
      // A line without its other half.
      if group.side != .row, isEmpty(place) { return nil }
      switch symbol(buffer, place, group.side) {
      case .failure(let problem): return (problem.problem, problem.place)
      case .success(let symbol):
        contract = (symbol.root, symbol.expiry, symbol.right, symbol.strikeThousandths)
      }
    } else {
      switch columns(buffer, group.side) {
      case .failure(let problem): return (problem.problem, problem.place)
      case .success(let found): contract = found
      }
    }
    if let roots, !roots.contains(contract.root) { return nil }
    if let place = at.deliveryCode, !isEmpty(place), text(buffer, place) != "0",
      ContractTerms.of(root: contract.root).isStandard
    {
      otherDeliverables += 1
      return nil
    }
    let minute = moments[group.snapshot]
    guard contract.expiry >= minute.date else {
      return (
        .chain(.expired(expiry: contract.expiry, date: minute.date)),
        at.expiry ?? at.symbol(group.side) ?? -1
      )
    }
    for (index, place) in group.places.enumerated() {
      guard place >= 0 else {
        values[index] = ChainValue.none
        continue
      }
      if let problem = value(buffer, place, plan.columns[index], into: index) { return (problem, place) }
    }
    if let place = group.sizes, let problem = sizes(buffer, place) { return (problem, place) }
    var openInterest = ChainValue.none
    if let place = group.openInterest {
      switch whole(buffer, place, decimals: 0) {
      case .success(let value): openInterest = value
      case .failure(let problem): return (problem.problem, place)
      }
    }
    var underlying = underlyingRow
    if let place = group.underlying {
      switch whole(buffer, place, decimals: 4) {
      case .success(let value): underlying = value
      case .failure(let problem): return (problem.problem, place)
      }
    } else if let (bid, ask) = group.underlyingSides, case .success(let low) = whole(buffer, bid, decimals: 4),
      case .success(let high) = whole(buffer, ask, decimals: 4), low > 0, high >= low
    {
      underlying = low + (high - low) / 2
    }
    let name = underlyingName(buffer, root: contract.root)
    if lastUnderlying < 0 || underlyings[lastUnderlying] != name {
      guard CSVImporter.isSymbol(name) else { return (.symbolName(String(name.prefix(40))), at.underlying ?? -1) }
      guard underlyings.count < CSVImporter.symbolLimit else {
        return (.tooManySymbols(limit: CSVImporter.symbolLimit), at.underlying ?? -1)
      }
    }
    let builder = self.builder(for: name)
    guard builders[builder].contractCount < ChainRows.contractLimit,
      builders[builder].rootCount < ChainBuilder.rootLimit
    else {
      return (.chain(.tooManyContracts(limit: ChainRows.contractLimit)), -1)
    }
    let root = builders[builder].root(contract.root)
    let number = builders[builder].number(
      root: root, expiry: contract.expiry, right: contract.right, strikeThousandths: contract.strike)
    builders[builder].add(
      contract: number, date: minute.date, isExtendedHours: minute.isExtendedHours, minute: minute.minute,
      values: values, openInterest: openInterest, underlying: underlying)
    takenCount += 1
    return nil
  }

  struct Problem: Error {
    var problem: TableProblem
    var place: Int
  }

  /// The contract that a symbol names, which the columns beside it must name too.
  mutating func symbol(
    _ buffer: UnsafeBufferPointer<UInt8>, _ place: Int, _ side: ChainField.Side
  ) -> Result<OptionSymbol, Problem> {
    let index = side == .row ? 0 : side == .call ? 1 : 2
    if let known = symbols[index], isSame(buffer, place, symbolTexts[index]) { return .success(known) }
    guard !isEmpty(place) else { return .failure(Problem(problem: .chain(.noExpiry), place: place)) }
    let symbol: OptionSymbol
    do { symbol = try OptionSymbol(text(buffer, place)) } catch {
      return .failure(Problem(problem: .chain(.symbol(error)), place: place))
    }
    func other(_ place: Int) -> Result<OptionSymbol, Problem> {
      .failure(
        Problem(problem: .chain(.otherSymbol(symbol: symbol.description, column: plan.name(place))), place: place))
    }
    if let place = at.expiry {
      guard !isEmpty(place) else { return .failure(Problem(problem: .chain(.noExpiry), place: place)) }
      guard expiry(buffer, place) == symbol.expiry else { return other(place) }
    }
    if let place = at.strike {
      guard case .success(let strike) = strike(buffer, place), strike == symbol.strikeThousandths else {
        return other(place)
      }
    }
    if side != .row, symbol.right != (side == .call ? .call : .put) { return other(place) }
    if let place = at.right, case .success(let right) = right(buffer, place), right != symbol.right {
      return other(place)
    }
    symbolTexts[index] = bytes(buffer, place)
    symbols[index] = symbol
    return .success(symbol)
  }

  /// The contract that columns name.
  mutating func columns(
    _ buffer: UnsafeBufferPointer<UInt8>, _ side: ChainField.Side
  ) -> Result<(root: String, expiry: CalendarDate, right: OptionSymbol.Right, strike: Int), Problem> {
    guard let expiryPlace = at.expiry, !isEmpty(expiryPlace) else {
      return .failure(Problem(problem: .chain(.noExpiry), place: at.expiry ?? -1))
    }
    guard let expiry = expiry(buffer, expiryPlace) else {
      return .failure(Problem(problem: .chain(.expiry(shown(buffer, expiryPlace))), place: expiryPlace))
    }
    guard let strikePlace = at.strike else {
      return .failure(Problem(problem: .chain(.noStrike("")), place: -1))
    }
    let strike: Int
    switch self.strike(buffer, strikePlace) {
    case .success(let found): strike = found
    case .failure(let problem): return .failure(Problem(problem: problem.problem, place: strikePlace))
    }
    let right: OptionSymbol.Right
    switch side {
    case .call: right = .call
    case .put: right = .put
    case .row:
      guard let place = at.right else {
        return .failure(Problem(problem: .chain(.right("")), place: -1))
      }
      switch self.right(buffer, place) {
      case .success(let found): right = found
      case .failure(let problem): return .failure(Problem(problem: problem.problem, place: place))
      }
    }
    if let place = at.root, !isEmpty(place) {
      let root = text(buffer, place)
      guard ChainRows.isRoot(root) else {
        return .failure(Problem(problem: .symbolName(shown(buffer, place)), place: place))
      }
      return .success((root, expiry, right, strike))
    }
    let underlying = underlyingName(buffer, root: "")
    if let last = lastRoot, last.expiry == expiry, last.underlying == underlying {
      return .success((last.root, expiry, right, strike))
    }
    let root = ContractTerms.root(ofUnderlying: underlying, expiry: expiry)
    lastRoot = (underlying, expiry, root)
    return .success((root, expiry, right, strike))
  }

  /// As `OptionSymbol` reads it.
  static func isRoot(_ text: String) -> Bool {
    guard let first = text.utf8.first, (65...90).contains(first), text.utf8.count <= 6 else { return false }
    return text.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) }
  }

  mutating func expiry(_ buffer: UnsafeBufferPointer<UInt8>, _ place: Int) -> CalendarDate? {
    if let expiry, isSame(buffer, place, expiryText) { return expiry }
    let text = bytes(buffer, place)
    // Beyond what a symbol can name there is no contract.
    guard let date = ChainDates.date(text[...]), (1973...2099).contains(date.civil.year) else { return nil }
    (expiry, expiryText) = (date, text)
    return date
  }

  /// Thousandths of a dollar.
  func strike(_ buffer: UnsafeBufferPointer<UInt8>, _ place: Int) -> Result<Int, Problem> {
    func failure(_ problem: ChainProblem) -> Result<Int, Problem> {
      .failure(Problem(problem: .chain(problem), place: place))
    }
    let divisor = plan.layout.strikeDivisor
    guard case .value(let millionths) = FixedPoint.read(buffer, starts[place], ends[place], decimals: 6) else {
      return failure(.noStrike(shown(buffer, place)))
    }
    let (thousandths, rest) = millionths.quotientAndRemainder(dividingBy: 1000 * divisor)
    guard (1...99_999_999).contains(thousandths) else { return failure(.noStrike(shown(buffer, place))) }
    guard rest == 0 else { return failure(.fractionalStrike(shown(buffer, place))) }
    return .success(thousandths)
  }

  func right(_ buffer: UnsafeBufferPointer<UInt8>, _ place: Int) -> Result<OptionSymbol.Right, Problem> {
    switch text(buffer, place).lowercased() {
    case "c", "call", "calls": .success(.call)
    case "p", "put", "puts": .success(.put)
    default: .failure(Problem(problem: .chain(.right(shown(buffer, place))), place: place))
    }
  }

  func underlyingName(_ buffer: UnsafeBufferPointer<UInt8>, root: String) -> String {
    if let named { return named }
    if let place = at.underlying, !isEmpty(place) {
      // Cboe writes an index with a sign before it.
      let name = text(buffer, place)
      return name.hasPrefix("^") ? String(name.dropFirst()) : name
    }
    return ContractTerms.of(root: root).underlying ?? root
  }

  mutating func builder(for underlying: String) -> Int {
    if lastUnderlying >= 0, underlyings[lastUnderlying] == underlying { return lastUnderlying }
    if let place = underlyings.firstIndex(of: underlying) {
      lastUnderlying = place
      return place
    }
    underlyings.append(underlying)
    builders.append(
      ChainBuilder(
        underlying: underlying, columns: plan.columns, declaration: plan.layout.declaration,
        keepsLast: plan.layout.keepsLast))
    lastUnderlying = builders.count - 1
    return lastUnderlying
  }
}
