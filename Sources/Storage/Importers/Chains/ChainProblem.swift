// What can be wrong with a table of options, and what to do about it.

package import Market

/// Why a table of options, or a row of it, cannot be read.
package enum ChainProblem: Equatable, Sendable, CustomStringConvertible {
  /// The header of a chain that no layout has.
  case header(nearest: String, missing: [String])
  case noExpiry
  case expiry(String)
  case expired(expiry: CalendarDate, date: CalendarDate)
  case noStrike(String)
  case right(String)
  case otherSymbol(symbol: String, column: String)
  case symbol(OptionSymbolError)
  case noSession(CalendarDate, String)
  case noMoment
  case noDateAbove(String)
  case multiplier(String)
  case currency(String)
  case price(String)
  case fractionalStrike(String)
  case noDateInName
  case noUnderlying
  case differentUnits
  case noneLeft(roots: [String])
  case nothingToDeclare(DeclaredDeliverable)
  case tooManyContracts(limit: Int)
  case tooSparse

  package var description: String {
    switch self {
    case .header(let nearest, let missing):
      "this is an option chain, but no layout has its header: for the one of \(nearest) it lacks \(missing.joined(separator: ", "))"
    case .noExpiry: "a contract without an expiry"
    case .expiry(let found): "found '\(found)' where an expiry is expected"
    case .expired(let expiry, let date): "a quote of \(date) of a contract that expired on \(expiry)"
    case .noStrike(let found): "found '\(found)' where a strike above 0 and below 100,000 dollars is expected"
    case .right(let found): "found '\(found)' where call or put is expected"
    case .otherSymbol(let symbol, let column): "the symbol \(symbol) says something else than the column '\(column)'"
    case .symbol(let error): error.description
    case .noSession(let date, let why): "\(date) is no session (\(why))"
    case .noMoment: "nothing in the file says when its quotes were made"
    case .noDateAbove(let found): "found '\(found)' above the header where a date and a time are expected"
    case .multiplier(let found): "found a multiplier of '\(found)' where a contract of 100 units is expected"
    case .currency(let found): "found quotes in '\(found)'; only US dollars are read"
    case .price(let found): "found '\(found)', which is no price below 200,000 dollars, nor a size below 2,147,483,648"
    case .fractionalStrike(let found): "found '\(found)', a strike of less than a thousandth of a dollar's precision"
    case .noDateInName: "nothing but the file's name can say its date, and it does not"
    case .noUnderlying: "nothing says of which underlying these options are"
    case .differentUnits: "its Greeks or volumes are in other units than those of an earlier file of the same chain"
    case .noneLeft(let roots): "no option of a root \(roots.joined(separator: ", ")) is in it"
    case .nothingToDeclare(let deliverable):
      "--deliverable speaks of \(deliverable.root), but no option of that root and of \(deliverable.underlying) is imported"
    case .tooManyContracts(let limit): "there are more than \(limit) contracts, more than any underlying has had"
    case .tooSparse:
      "its rows speak of so many contracts and minutes, and so little of each, that no table of them fits the memory"
    }
  }

  var remedy: String {
    switch self {
    case .header: "export the file again with all columns of the layout"
    case .noExpiry, .expiry: "write the expiry as YYYY-MM-DD, or fetch the file again"
    case .expired: "check which of the two dates is wrong"
    case .noStrike, .fractionalStrike: "write strikes in dollars, and leave rows without one out"
    case .right: "write C or P, or call or put"
    case .otherSymbol: "fetch the file again; one of the two is of another contract"
    case .symbol: "fetch the file again"
    case .noSession: "leave the rows out, or correct their date"
    case .noMoment: "fetch a chain whose rows have a date"
    case .noDateAbove: "export the page again, in English"
    case .multiplier:
      "leave contracts of other deliverables out, say what they deliver with --deliverable ROOT:SHARE:UNITS, or check whether the column holds another unit"
    case .currency: "leave these contracts out"
    case .price: "leave the rows out, or fetch the file again"
    case .noDateInName: "give the file its vendor's name again, as aapl/20140602.csv"
    case .noUnderlying: "say it: SYMBOL=FILE"
    case .differentUnits: "import it into a store of its own"
    case .noneLeft: "name other roots with --roots, or none for all"
    case .nothingToDeclare: "name the root as the contracts have it, and the underlying as the file has it"
    case .tooManyContracts, .tooSparse: "split the file, or name the roots that are wanted: --roots SPXW"
    }
  }
}
