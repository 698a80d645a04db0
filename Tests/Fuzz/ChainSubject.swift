// The reader of option chains.

import Kernels
import Market
import Storage

/// Tables of options of several layouts, and the gate that questions whatever was read.
final class ChainSubject: Subject {
  static let name = "chain"
  /// A damaged gzip stream may announce any size.
  static let limitBytes = 1 << 22

  func seeds() -> [[UInt8]] {
    let long =
      "timestamp,underlying,type,strike,expiry,bid,ask,iv,oi,root\n"
      + (0..<12).map { row in
        "2024-12-02 10:0\(row % 6),XOM,\(row % 2 == 0 ? "call" : "put"),\(110 + row),2024-12-20,1.\(row),1.9,0.2,\(row),\(row % 3 == 0 ? "XOM2" : "XOM")\n"
      }.joined()
    let wide = """
      [QUOTE_READTIME], [UNDERLYING_LAST], [EXPIRE_DATE], [C_DELTA], [C_GAMMA], [C_VEGA], [C_THETA], [C_RHO], [C_IV], [C_VOLUME], [C_LAST], [C_SIZE], [C_BID], [C_ASK], [STRIKE], [P_BID], [P_ASK], [P_SIZE], [P_LAST], [P_DELTA], [P_GAMMA], [P_VEGA], [P_THETA], [P_RHO], [P_IV], [P_VOLUME]
      2021-01-04 16:00, 368.79, 2021-01-08, 0.51, 0.03, 0.15, -0.25, 0.02, 0.221, 100, 4.1, 10 x 12, 4.05, 4.11, 369, 4.2, 4.26, 3 x 4, 4.3, -0.49, 0.03, 0.15, -0.24, -0.02, , 90

      """
    let export = """

      S&P 500 INDEX,Last: 6632.1899,Change:  -40.4301
      "Date: September 14, 2023 at 4:31 PM EDT",Bid: 1
      Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,Puts,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest
      Fri Dec 15 2023,SPX231215C04500000,44.25,-60.5,41,43,1035,0.2,0.5,0,35,4500.00,SPX231215P04500000,0.03,-9.87,30,31.5,48042,0.21,-0.5,0,3037

      """
    let yahoo = """
      contractSymbol,lastTradeDate,strike,lastPrice,bid,ask,volume,openInterest,impliedVolatility
      SPY260211C00500000,2026-02-11 15:22:33+00:00,500.0,192.08,191.32,193.87,,2,2.691409521484375

      """
    let quotes = """
      ticker,ask_exchange,ask_price,ask_size,bid_exchange,bid_price,bid_size,sequence_number,sip_timestamp
      O:SPY230327P00390000,1,1.2,5,1,1.1,6,1,1679664660000000000
      O:SPY230327P00390000,1,1.5,5,1,0,0,3,1679664669000000000

      """
    return [long, wide, export, yahoo, quotes].map { Array($0.utf8) }
  }

  private static let tokens = [
    "strike", "expiry", "expiration", "C", "put", "2021-01-04", "0001-01-01", "9999-12-31", "2015-01-31", "99999999",
    "-2147483648", "2147483647", "9223372036854775807", "1e300", "nan", "x", "Date: ", " at ", "O:", "SPXW  ", "\"\"",
    "16:00", "09:30", "GMT-4", "REGULAR",
  ]

  func input(_ random: RandomStream, pool: Pool) throws -> [UInt8] {
    var mutator = Mutator(random: random, tokens: ChainSubject.tokens)
    let bytes = mutator.damaged(pool.document(&mutator), others: pool.documents)
    return mutator.chance(1, in: 16) ? try Gzip.deflate(bytes, path: "seed") : bytes
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    var verdict = Verdict.refused
    for name in ["AAA", nil] {
      do {
        let file = ChainFile(bytes, path: "in.csv", underlying: name, limitBytes: ChainSubject.limitBytes)
        guard let reading = try file.read() else { continue }
        for chain in reading.chains {
          try require(chain.quoteCount >= 0 && !chain.contracts.isEmpty, "a chain of nothing")
          for session in chain.sessions {
            try require(session.minutes.allSatisfy { (-1440...2880).contains($0) }, "minutes \(session.minutes)")
          }
        }
        let report = QualityGate.examine([], chains: reading.chains, allowances: [])
        for finding in report.findings { _ = try refusal(finding.message) }
        verdict = .read
      } catch let error as StorageError {
        _ = try refusal(error.description, names: "'in.csv'")
      }
    }
    return verdict
  }
}
