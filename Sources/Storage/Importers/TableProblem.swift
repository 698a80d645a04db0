// What can be wrong with a table of bars, and what to do about it.

/// Why a table of bars cannot be read.
package enum TableProblem: Equatable, Sendable, CustomStringConvertible {
  case empty
  case noRows
  case header(missing: [String], unexpected: [String])
  case repeatedColumn
  case noVolume
  case ofIndex
  case tooManyColumns(found: Int, limit: Int)
  case fieldCount(expected: Int, found: Int)
  case emptyLine
  case lineTooLong(limitBytes: Int)
  case tooManyRows(limit: Int)
  case unterminatedQuote
  case textAfterQuote
  case notADate(String)
  case intraday(String)
  case notANumber(String)
  case notFinite(String)
  case outOfRange(String)
  case noAdjustmentFactor(adjustedClose: String, close: String)
  case symbolName(String)
  case tooManySymbols(limit: Int)
  case noHeader(String)
  case headerAgain
  case notBars(String)
  case noDateInName
  case decimalOrThousands
  case dayOrMonth(String)
  case otherStamps(String)
  case noSuchTime(String)
  case otherWidth(String)
  case noZone(String)
  case noSide(String)
  case otherCalendar(String)
  case notFactors(String)
  case notEvents(String)
  /// Of a table of options.
  case chain(ChainProblem)

  /// What is no table of bars, but read elsewhere (`ChainFile`).
  static let chainWords = "an option chain"

  package var description: String {
    switch self {
    case .empty: "the file is empty"
    case .noRows: "there is a header but no row"
    case .header(let missing, let unexpected):
      "the header names no known layout: "
        + [
          missing.isEmpty ? nil : "missing " + SymbolProblem.listed(missing),
          unexpected.isEmpty
            ? nil : "unexpected " + SymbolProblem.listed(unexpected.map { $0.isEmpty ? "(an empty name)" : $0 }),
        ].compactMap { $0 }.joined(separator: "; ")
    case .repeatedColumn: "the column stands twice in the header"
    case .noVolume: "there is no volume, which every share has"
    case .ofIndex: "the file is of an index, which nobody can trade"
    case .tooManyColumns(let found, let limit): "the header names \(found) columns, more than \(limit)"
    case .fieldCount(let expected, let found):
      "\(found) field\(found == 1 ? "" : "s") where the header names \(expected)"
        + (found < expected ? " (the row is cut short)" : "")
    case .emptyLine: "an empty line between rows"
    case .lineTooLong(let limit): "the line is longer than \(limit) bytes, as no row of bars is"
    case .tooManyRows(let limit): "the symbol has more than \(limit) rows, more days than there have been markets"
    case .unterminatedQuote: "a quoted field does not end on its line"
    case .textAfterQuote: "text follows a closing quote"
    case .notADate(let found): "found '\(found)' where a date YYYY-MM-DD is expected"
    case .intraday(let found): "found '\(found)', a time of day among rows of whole days"
    case .notANumber(let found): "found '\(found)' where a number is expected"
    case .notFinite(let found): "found '\(found)', which is not a finite number"
    case .outOfRange(let found): "found '\(found)', which does not fit a double-precision number"
    case .noAdjustmentFactor(let adjusted, let close):
      "adjusted close '\(adjusted)' over close '\(close)' gives no finite adjustment factor"
    case .symbolName(let found): "found '\(found)' where a symbol is expected"
    case .tooManySymbols(let limit): "more than \(limit) different symbols"
    case .noHeader(let found): "the first line is data: there is no header ('\(found)')"
    case .headerAgain: "the header stands here again, as where files were joined"
    case .notBars(let kind): "this is \(kind), not bars"
    case .noDateInName: "the rows tell the time of day alone, and the file's name has no date"
    case .decimalOrThousands: "a comma may part thousands here, or stand before decimals"
    case .dayOrMonth(let found): "the day and the month of '\(found)' may be either, in every row that was looked at"
    case .otherStamps(let found): "found '\(found)', a stamp of another kind than in the rows before"
    case .noSuchTime(let found): "found '\(found)', a time that the clock of its zone shows never or twice"
    case .otherWidth(let width): "the rows are bars of \(width); only minutes and days are read"
    case .noZone(let evidence): "nothing says of which clock the times are (\(evidence))"
    case .noSide(let evidence): "nothing says whether a stamp is the beginning or the end of its minute (\(evidence))"
    case .notFactors(let found):
      "found \(found) where a factor file has a date YYYYMMDD, a price factor and a split factor"
    case .notEvents(let found): "found \(found)"
    case .otherCalendar(let evidence): "\(evidence): only sessions of the New York Stock Exchange are known"
    case .chain(let problem): problem.description
    }
  }

  var remedy: String {
    switch self {
    case .empty, .noRows: "export or fetch the file again"
    case .header, .repeatedColumn, .tooManyColumns:
      "use the columns "
        + BarLayout.common.map { $0.columns.joined(separator: ",") }.joined(separator: " or ")
        + ", or say what each column holds: --columns date,open,-,..."
    case .noVolume: "add the column volume, or name the series as an index: --index SYMBOL=FILE"
    case .ofIndex: "name the series as an index: --index SYMBOL=FILE"
    case .fieldCount, .unterminatedQuote, .textAfterQuote: "repair the row or fetch the file again"
    case .emptyLine: "remove the line, or fetch the file again if rows are missing there"
    case .lineTooLong: "check which file was meant, or fetch it again"
    case .tooManyRows: "check which file was meant, or aggregate it to one row a day"
    case .notADate: "write all dates in one way, best as YYYY-MM-DD"
    case .intraday: "write the date alone where the row is of a whole day, else leave it out"
    case .notANumber, .notFinite, .outOfRange:
      "correct the value, or leave the row out and say so with --allow missing-bars:SYMBOL:DATE --reason \"...\""
    case .noAdjustmentFactor: "correct the close or the adjusted close of that day"
    case .symbolName: "use 1 to 32 letters, digits or . - _ ^ = and begin with a letter, digit or ^"
    case .tooManySymbols: "split the file"
    case .noHeader: "say what the columns hold, for example --columns date,open,high,low,close,volume"
    case .headerAgain: "remove the line, or import the files one by one"
    case .notBars(let kind):
      kind == TableProblem.chainWords ? "leave out --layout and --columns, which are of bars" : "import bars"
    case .noDateInName: "give the file its vendor's name again, as 20240102_spy_minute_trade.csv"
    case .decimalOrThousands: "say which: --decimal comma or --decimal point"
    case .dayOrMonth: "say which comes first: --dates day-first or --dates month-first"
    case .otherStamps: "write all stamps in one way"
    case .noSuchTime: "write stamps with their offset from UTC"
    case .otherWidth: "fetch bars of one minute or one day"
    case .noZone: "say it: --zone \(StampZone.allCases.map(\.rawValue).joined(separator: "|"))"
    case .noSide: "say it: --stamp start or --stamp end"
    case .otherCalendar: "import another symbol"
    case .notFactors: "name a factor file of LEAN, or give splits one by one: --split SYMBOL:DATE:FACTOR"
    case .notEvents:
      "write a line date,kind,share and below it one line an event, such as 2024-09-18,rates,0.12; a fourth column time (HH:MM, New York) tells when "
        + "in the session it is over"
    case .chain(let problem): problem.remedy
    }
  }
}

/// Why a request for symbols cannot be met. Each sentence says what to do.
package enum SymbolProblem: Equatable, Sendable, CustomStringConvertible {
  case absent(requested: String, existing: [String])
  case requestedTwice(String)
  case noneGiven
  case severalForOneSeries([String])
  case namedByFile([String])
  case unusable(String)
  /// Two files' bars of one symbol that are no one series.
  case differentFiles(String)
  case differentBars(shared: Int, revised: Int)
  case differentPrices(String, shared: Int, repriced: Int)
  case noneLeft(String)
  /// The store has bars of the symbol that are no one series with these.
  case differentStore(symbol: String, store: String)
  case otherSplit(symbol: String, date: String, known: Double, given: Double)
  /// Factors for prices that have been adjusted.
  case factorsTwice(String)

  /// So many names as fit a line.
  static func listed(_ names: [String]) -> String {
    let shown = names.prefix(8).joined(separator: ", ")
    return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
  }
  /// Of chains in a store.
  case noChain
  case noChainSession(String, first: String, last: String)
  case noChainMinute(String, first: String, last: String)

  package var description: String {
    switch self {
    case .absent(let requested, let existing):
      "there is no symbol '\(requested)'; the file holds \(SymbolProblem.listed(existing)): ask for one of these"
    case .requestedTwice(let symbol): "the symbol '\(symbol)' is asked for twice; name it once"
    case .noneGiven: "the file holds one series and does not name its symbol; name it: SYMBOL=FILE"
    case .severalForOneSeries(let symbols):
      "the file holds one series, but \(symbols.count) symbols are asked for (\(symbols.joined(separator: ", "))); name one: SYMBOL=FILE"
    case .namedByFile(let existing):
      "the file names its symbols itself (\(SymbolProblem.listed(existing))); ask for one of these, or write the file alone for all of them"
    case .unusable(let found):
      "'\(found)' is not a symbol; use 1 to 32 letters, digits or . - _ ^ = and begin with a letter, digit or ^"
    case .differentFiles(let symbol):
      "the bars of \(symbol) here and in an earlier file differ in width or columns; import one of them"
    case .differentBars(let shared, let revised):
      "of \(shared) bars that a member before has too, \(revised) are others, as of another symbol; import the members one by one: "
        + "SYMBOL=ARCHIVE.zip:MEMBER"
    case .differentPrices(let symbol, let shared, let repriced):
      "of \(shared) bars of \(symbol) that an earlier file has too, \(repriced) differ by more than 1 % in price, as those of another "
        + "symbol or of prices that were adjusted otherwise; import one of the files, or each under a name of its own: SYMBOL=FILE"
    case .differentStore(let symbol, let store):
      "the bars of \(symbol) here are of another kind, or have other columns, than those in \(store); name another store, or make it "
        + "anew with --replace"
    case .otherSplit(let symbol, let date, let known, let given):
      "\(symbol) is known to have split \(DeclaredSplit.words(known)) on \(date), not \(DeclaredSplit.words(given)); leave the --split out, "
        + "correct the file, or make the store anew with --replace"
    case .factorsTwice(let symbol):
      "the bars of \(symbol) have adjustment factors of their own; leave --factors out, or import raw prices"
    case .noChain: "it holds no option chain; import one: strikeforge import CHAIN --output STORE"
    case .noChainSession(let date, let first, let last):
      "it has no quotes in the hours of \(date); its sessions are of \(first) to \(last): choose one of these (without --date they are listed)"
    case .noChainMinute(let date, let first, let last):
      "nothing is quoted in that minute of \(date); its first minute ends at \(first), its last at \(last): choose another"
    case .noneLeft(let symbol): "no bar of \(symbol) is left between the dates that are taken; choose others"
    }
  }
}
