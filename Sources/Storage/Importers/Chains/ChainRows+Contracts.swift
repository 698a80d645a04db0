// Of which contract a row of a table of options is.

import Market
import Text

extension ChainRows {
  func add(_ buffer: UnsafeBufferPointer<UInt8>, _ group: Group) -> (TableProblem, Int)? {
    let contract: (root: String, expiry: CalendarDate, right: OptionSymbol.Right, strike: Int)
    if let place = group.symbol {
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
    // What the table says must be what was declared.
    if !deliverables.isEmpty, let place = at.multiplier, !isEmpty(place),
      (deliverables.first { $0.root == contract.root }?.units ?? 100) != otherMultiplier ?? 100
    {
      return (.chain(.multiplier(shown(buffer, place))), place)
    }
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
        at.expiry ?? group.symbol ?? -1
      )
    }
    // A column that only another side of the line has is none here.
    if !group.isWhole {
      for column in ChainBuilder.rowHead..<out.numbers.count { out.numbers[column] = ChainValue.none }
    }
    if let problem = values(buffer, group.cells) { return problem }
    if let place = group.sizes, let problem = sizes(buffer, place, group) { return (problem, place) }
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
    let series: (builder: Int, number: Int)
    if let last = lastSeries, last.root == contract.root, last.underlying == name {
      series = (last.builder, last.number)
    } else {
      switch self.series(name, root: contract.root) {
      case .success(let found): series = found
      case .failure(let problem): return (problem.problem, problem.place)
      }
    }
    let number = builders[series.builder].number(
      root: series.number, expiry: contract.expiry, right: contract.right, strikeThousandths: contract.strike)
    guard number < ChainRows.contractLimit else {
      return (.chain(.tooManyContracts(limit: ChainRows.contractLimit)), -1)
    }
    out.numbers[0] = number
    out.numbers[1] = minute.minute
    out.numbers[2] = openInterest
    out.numbers[3] = underlying
    builders[series.builder].add(
      UnsafeBufferPointer(out.numbers), date: minute.date, isExtendedHours: minute.isExtendedHours)
    takenCount += 1
    return nil
  }

  /// Where contracts of a root belong: in which builder, and under which number of it.
  private func series(_ underlying: String, root: String) -> Result<(builder: Int, number: Int), Problem> {
    func failure(_ problem: TableProblem, _ place: Int) -> Result<(builder: Int, number: Int), Problem> {
      .failure(Problem(problem: problem, place: place))
    }
    let builder: Int
    if let known = underlyings.firstIndex(of: underlying) {
      builder = known
    } else {
      guard CSVImporter.isSymbol(underlying) else {
        return failure(.symbolName(String(underlying.prefix(40))), at.underlying ?? -1)
      }
      guard underlyings.count < CSVImporter.symbolLimit else {
        return failure(.tooManySymbols(limit: CSVImporter.symbolLimit), at.underlying ?? -1)
      }
      underlyings.append(underlying)
      builders.append(
        ChainBuilder(
          underlying: underlying, columns: plan.columns, declaration: plan.layout.declaration,
          keepsLast: plan.layout.keepsLast))
      builder = builders.count - 1
    }
    guard builders[builder].rootCount < ChainBuilder.rootLimit else {
      return failure(.chain(.tooManyContracts(limit: ChainRows.contractLimit)), -1)
    }
    let number = builders[builder].root(root)
    lastSeries = (root, underlying, builder, number)
    return .success((builder, number))
  }

  struct Problem: Error {
    var problem: TableProblem
    var place: Int
  }

  /// The contract that a symbol names, which the columns beside it must name too.
  func symbol(
    _ buffer: UnsafeBufferPointer<UInt8>, _ place: Int, _ side: ChainField.Side
  ) -> Result<OptionSymbol, Problem> {
    let index = side == .row ? 0 : side == .call ? 1 : 2
    if let known = symbols[index], fields.isSame(buffer, place, symbolTexts[index]) { return .success(known) }
    guard !isEmpty(place) else { return .failure(Problem(problem: .chain(.noExpiry), place: place)) }
    let symbol: OptionSymbol
    if let known = symbols[index], let same = sameSeries(buffer, place, as: known, symbolTexts[index]) {
      symbol = same
    } else {
      do { symbol = try OptionSymbol(text(buffer, place)) } catch {
        return .failure(Problem(problem: .chain(.symbol(error)), place: place))
      }
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
    symbolTexts[index] = fields.bytes(buffer, place)
    symbols[index] = symbol
    return .success(symbol)
  }

  /// A symbol that differs from one that was read in nothing but right and strike; nil for any other.
  private func sameSeries(
    _ buffer: UnsafeBufferPointer<UInt8>, _ place: Int, as known: OptionSymbol, _ knownText: [UInt8]
  ) -> OptionSymbol? {
    let (start, end) = (fields.start(place), fields.end(place))
    let head = end - start - 9
    guard end - start == knownText.count, head > 0 else { return nil }
    for offset in 0..<head where buffer[start + offset] != knownText[offset] { return nil }
    let letter = buffer[start + head]
    guard letter == UInt8(ascii: "C") || letter == UInt8(ascii: "P") else { return nil }
    var strike = 0
    for place in end - 8..<end {
      let digit = buffer[place] &- 48
      guard digit < 10 else { return nil }
      strike = strike * 10 + Int(digit)
    }
    guard strike > 0 else { return nil }
    return OptionSymbol(
      OptionContract(
        root: known.root, expiry: known.expiry, right: letter == UInt8(ascii: "C") ? .call : .put,
        strikeThousandths: strike))
  }

  /// The contract that columns name.
  func columns(
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
      if let known = rootText, fields.isSame(buffer, place, known.bytes) {
        return .success((known.root, expiry, right, strike))
      }
      let root = text(buffer, place)
      guard ChainRows.isRoot(root) else {
        return .failure(Problem(problem: .symbolName(shown(buffer, place)), place: place))
      }
      rootText = (fields.bytes(buffer, place), root)
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

  func expiry(_ buffer: UnsafeBufferPointer<UInt8>, _ place: Int) -> CalendarDate? {
    if let expiry, fields.isSame(buffer, place, expiryText) { return expiry }
    let text = fields.bytes(buffer, place)
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
    guard case .value(let millionths) = FixedPoint.read(buffer, fields.start(place), fields.end(place), decimals: 6)
    else {
      return failure(.noStrike(shown(buffer, place)))
    }
    let (thousandths, rest) = millionths.quotientAndRemainder(dividingBy: 1000 * divisor)
    guard (1...99_999_999).contains(thousandths) else { return failure(.noStrike(shown(buffer, place))) }
    guard rest == 0 else { return failure(.fractionalStrike(shown(buffer, place))) }
    return .success(thousandths)
  }

  func right(_ buffer: UnsafeBufferPointer<UInt8>, _ place: Int) -> Result<OptionSymbol.Right, Problem> {
    // Most write one letter.
    if fields.end(place) - fields.start(place) == 1 {
      let letter = buffer[fields.start(place)] | 32
      if letter == UInt8(ascii: "c") { return .success(.call) }
      if letter == UInt8(ascii: "p") { return .success(.put) }
    }
    switch text(buffer, place).lowercased() {
    case "call", "calls": return .success(.call)
    case "put", "puts": return .success(.put)
    default: return .failure(Problem(problem: .chain(.right(shown(buffer, place))), place: place))
    }
  }

  func underlyingName(_ buffer: UnsafeBufferPointer<UInt8>, root: String) -> String {
    if let named { return named }
    if let place = at.underlying, !isEmpty(place) {
      if let known = underlyingText, fields.isSame(buffer, place, known.bytes) { return known.name }
      // Cboe writes an index with a sign before it.
      let text = text(buffer, place)
      let name = text.hasPrefix("^") ? String(text.dropFirst()) : text
      underlyingText = (fields.bytes(buffer, place), name)
      return name
    }
    // As it was of the row before: a name's own underlying is looked up in a table.
    if let last = lastSeries, last.root == root, at.underlying == nil { return last.underlying }
    return ContractTerms.of(root: root).underlying ?? deliverables.first { $0.root == root }?.underlying ?? root
  }
}
