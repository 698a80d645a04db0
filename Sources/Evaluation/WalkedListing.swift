// Which part of a walk a symbol could be traded in, where it was not listed all the time.

package import Environments
package import Market
import Trading

/// One symbol of a walk of T decisions over symbols of which some were listed for a time alone.
package struct WalkedListing: Sendable, Equatable {
  package var symbol: String
  /// The dates of its first and last bar.
  package var first: CalendarDate
  package var last: CalendarDate
  /// Of the T decisions those at which its factor allowed hold alone and its columns were neutral.
  package var maskedDecisions: Int
  package var decisions: Int
  /// Positions that were closed at its last close, because it is no longer traded.
  package var closedAtEnd: Int

  /// Empty where every symbol was listed all the time.
  static func all(_ record: BacktestRecord, _ environment: any TradingEnvironment) -> [WalkedListing] {
    let tape = environment.tape
    guard !tape.areAllAlwaysListed else { return [] }
    return tape.symbols.indices.map { symbol in
      let listing = tape.listings[symbol]
      let walked = decisions(symbol, record, environment)
      return WalkedListing(
        symbol: tape.symbols[symbol], first: tape.dates[listing.lowerBound], last: tape.dates[listing.upperBound - 1],
        maskedDecisions: record.count - walked.count, decisions: record.count,
        closedAtEnd: record.fills.count { $0.symbol == symbol && $0.endsListing })
    }
  }

  /// The decisions of a walk, from 0 on, at which a symbol might be ordered.
  private static func decisions(
    _ symbol: Int, _ record: BacktestRecord, _ environment: any TradingEnvironment
  ) -> Range<Int> {
    let (bars, begin) = (environment.decisionBars(symbol: symbol), record.initialAccount.bar)
    return (bars.lowerBound - begin..<bars.upperBound - begin).clamped(to: 0..<record.count)
  }

  /// The closes of a walk, from 0 on, at which a symbol might be held; nil where it was always listed. At the last close of one that is no longer traded nothing
  /// is held any more.
  static func held(
    _ symbol: Int, _ record: BacktestRecord, _ environment: any TradingEnvironment
  ) -> Range<Int>? {
    guard !environment.tape.isAlwaysListed(symbol) else { return nil }
    let walked = decisions(symbol, record, environment)
    let isEnded = walked.upperBound < record.count
    return walked.lowerBound..<max(walked.lowerBound, walked.upperBound - (isEnded ? 1 : 0))
  }

  /// For a person; nil where it could be traded at each decision.
  package var sentence: String? {
    guard maskedDecisions > 0 else { return nil }
    let ended =
      switch closedAtEnd {
      case 0: ""
      case 1: "; a position was closed at its last close"
      default: "; \(closedAtEnd) positions were closed at its last close"
      }
    return
      "\(symbol) has bars from \(first) to \(last): at \(maskedDecisions) of \(decisions) decisions it could not be traded, and its columns were neutral"
      + ended
  }
}
