// An import as the words of a command line ask for it.

import Market
package import Text

extension MarketImport {
  /// Those of `strikeforge import`.
  package static let flags: [Flag] = [
    Flag("output", "FILE", "the market store to write (.h5); bars and chains are added to one that is there"),
    Flag("replace", "makes a store that is there anew"),
    Flag("symbols", "A,B", "which symbols to take from files that name them; all by default"),
    Flag("roots", "A,B", "of option chains, which roots to take, for example SPXW,SPY; all by default"),
    Flag(
      "deliverable", "ROOT:SHARE:UNITS", repeats: true,
      "what contracts of a root with a digit deliver, for example XOM2:XOM:150; without it nobody trades them"),
    Flag("extra-columns", "A,B", "columns beside the layout's own to keep, for environment.extra_columns"),
    Flag(
      "index", "SYMBOL=FILE", repeats: true,
      "a series that is an index, not a share: it needs no volume and is never traded, but may be a benchmark"),
    Flag(
      "allow", "CHECK:SYMBOL:DATE", repeats: true,
      "accepts one finding by name, for example price-continuity:AAPL:2000-09-29, or DATE..DATE; needs a --reason behind it"
    ),
    Flag("reason", "TEXT", repeats: true, "why the --allow before it is right; kept in the record and every report"),
    Flag(
      "split", "SYMBOL:DATE:FACTOR", repeats: true,
      "a split that the file does not tell, for example AAPL:2014-06-09:7 (3/2 and 1/8 too)"),
    Flag("factors", "SYMBOL=FILE", repeats: true, "splits and payments of a symbol, as a factor file of LEAN"),
    Flag("fill", "fills gaps of minutes that the gate lets pass, with bars that nobody may trade in"),
    Flag("dry-run", "tells what is understood, and stores nothing"),
    Flag("from", "DATE", "leaves out what is older"),
    Flag("until", "DATE", "leaves out what is newer"),
    Flag("common-dates", "takes the dates alone that all symbols have"),
    Flag("layout", "NAME", "the vendor's layout, where the columns do not tell it"),
    Flag("columns", "A,B", "what the columns hold, in file order: date,time,open,high,low,close,volume,- and so on"),
    Flag("zone", "ZONE", "the clock of the times: new-york, chicago, est or utc"),
    Flag("stamp", "SIDE", "which end of a minute its stamp tells: start or end"),
    Flag("adjusted", "WHAT", "what prices were adjusted for: none, splits or all"),
    Flag("decimal", "MARK", "what stands before decimals: point or comma"),
    Flag("price-divisor", "NUMBER", "what prices that are whole numbers are divided by, such as 10000"),
    Flag("dates", "ORDER", "of dates with slashes or points: day-first or month-first"),
  ]

  /// Operands are `[SYMBOL=]FILE`; the flags are those of `strikeforge import`. Refuses before anything is read.
  package init(_ arguments: Arguments) throws(UsageError) {
    let isDryRun = arguments.has("dry-run")
    guard let output = arguments.value("output") ?? (isDryRun ? "" : nil) else {
      throw UsageError("--output is missing: name the market store to write")
    }
    let extraColumns = try MarketImport.extraColumns(arguments)
    let allowances = try MarketImport.allowances(arguments)
    var sources = arguments.operands.map { operand in
      let (symbol, path) = MarketImport.split(operand)
      return Source(path: path, symbol: symbol)
    }
    for index in arguments.values("index") {
      let (symbol, path) = MarketImport.split(index)
      guard let symbol else { throw UsageError("--index \(index) names no symbol; write it SYMBOL=FILE") }
      sources.append(Source(path: path, symbol: symbol, isIndex: true))
    }
    guard !sources.isEmpty else {
      throw UsageError("no file is named: write [SYMBOL=]FILE, or --index SYMBOL=FILE for an index")
    }
    self.init(
      sources: sources, symbols: arguments.value("symbols")?.split(separator: ",").map(String.init),
      extraColumns: extraColumns, allowances: allowances, output: output)
    self.isDryRun = isDryRun
    if let value = arguments.value("roots") {
      let names = value.split(separator: ",", omittingEmptySubsequences: false).map { $0.uppercased() }
      guard names.allSatisfy(CSVImporter.isSymbol) else {
        throw UsageError("--roots is \(value), but must be names of roots such as SPXW,SPY")
      }
      roots = names
    }
    for name in BarDeclarations.flags {
      guard let said = arguments.value(name) else { continue }
      guard declared.take(said, for: name) else {
        throw UsageError("--\(name) is \(said), but must be \(BarDeclarations.expected(name))")
      }
    }
    cut = try MarketImport.cut(arguments)
    isReplacing = arguments.has("replace")
    isFilling = arguments.has("fill")
    for text in arguments.values("split") {
      guard let split = DeclaredSplit(text) else {
        throw UsageError(
          "--split is \(text), but must be SYMBOL:DATE:FACTOR, as AAPL:2014-06-09:7, or 3/2 or 1/8 for the factor")
      }
      guard !splits.contains(where: { $0.symbol == split.symbol && $0.action.date == split.action.date }) else {
        throw UsageError("--split \(text) names a date of \(split.symbol) that stands there already")
      }
      splits.append(split)
    }
    for text in arguments.values("deliverable") {
      let deliverable = try MarketImport.deliverable(text)
      guard !deliverables.contains(where: { $0.root == deliverable.root }) else {
        throw UsageError("--deliverable \(text) names a root that stands there already")
      }
      deliverables.append(deliverable)
    }
    for text in arguments.values("factors") {
      let (symbol, path) = MarketImport.split(text)
      guard let symbol else { throw UsageError("--factors \(text) names no symbol; write it SYMBOL=FILE") }
      factorFiles.append(Source(path: path, symbol: symbol))
    }
  }

  private static func deliverable(_ text: String) throws(UsageError) -> DeclaredDeliverable {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3, ChainRows.isRoot(parts[0]), CSVImporter.isSymbol(parts[1]), let units = Int(parts[2]),
      (1...DeclaredDeliverable.mostUnits).contains(units)
    else {
      throw UsageError(
        "--deliverable is \(text), but must be ROOT:SHARE:UNITS, as XOM2:XOM:150, with 1 to "
          + "\(DeclaredDeliverable.mostUnits) units")
    }
    guard let deliverable = DeclaredDeliverable(root: parts[0], underlying: parts[1], units: units) else {
      throw UsageError(
        "--deliverable \(text): the root \(parts[0]) says itself what its contracts deliver; only one with a digit in it does not"
      )
    }
    return deliverable
  }

  private static func cut(_ arguments: Arguments) throws(UsageError) -> BarCut {
    let cut = BarCut(
      from: try arguments.date("from"), until: try arguments.date("until"), isCommon: arguments.has("common-dates"))
    if let from = cut.from, let until = cut.until, until < from {
      throw UsageError("--until \(until) lies before --from \(from)")
    }
    return cut
  }

  private static func extraColumns(_ arguments: Arguments) throws(UsageError) -> [String] {
    guard let value = arguments.value("extra-columns") else { return [] }
    let names = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let taken = BarLayout.common.flatMap { $0.columns.map { $0.lowercased() } }
    for (index, name) in names.enumerated() {
      guard ExtraColumn.isName(name), !taken.contains(name), !names[..<index].contains(name) else {
        throw UsageError(
          "--extra-columns is \(value), but must be distinct names of lower-case letters, digits and _, none of them a "
            + "layout's own")
      }
    }
    return names
  }

  /// Every --allow with the --reason that follows it.
  private static func allowances(_ arguments: Arguments) throws(UsageError) -> [QualityAllowance] {
    var allowances: [QualityAllowance] = []
    var pending: String?
    for (name, value) in arguments.flags {
      switch name {
      case "allow":
        if let pending { throw UsageError("--allow \(pending) has no --reason behind it") }
        pending = value
      case "reason":
        guard let allowed = pending else { throw UsageError("--reason stands without an --allow before it") }
        do {
          allowances.append(try QualityAllowance.parse(allowed, reason: value))
        } catch {
          throw UsageError("\(error)")
        }
        pending = nil
      default: break
      }
    }
    if let pending { throw UsageError("--allow \(pending) has no --reason behind it") }
    return allowances
  }

  /// `AAPL=bars.csv` names the symbol of a plain file.
  private static func split(_ operand: String) -> (symbol: String?, path: String) {
    guard let sign = operand.firstIndex(of: "="), CSVImporter.isSymbol(String(operand[..<sign])) else {
      return (nil, operand)
    }
    return (String(operand[..<sign]), String(operand[operand.index(after: sign)...]))
  }
}
