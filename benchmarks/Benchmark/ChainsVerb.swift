// benchmark chains: how fast a table of options becomes a chain, and a quote of it is found.

import Glibc
import Market
import Storage
import Text

/// `benchmark chains --write FILE [--rows N]` makes a table in OptionsDX's layout; `benchmark chains FILE` reads it and looks quotes up.
enum ChainsVerb {
  static func run(_ words: [String]) throws(BenchmarkError) {
    var rest = words[...]
    guard let first = rest.popFirst() else { throw .usage("chains needs a file to read, or --write FILE [--rows N]") }
    if first == "--write" {
      guard let path = rest.popFirst() else { throw .usage("chains --write needs the name of the file") }
      var rows = 1_000_000
      if rest.first == "--rows", let number = rest.dropFirst().first.flatMap({ Int($0) }), number > 0 { rows = number }
      try write(rows: rows, to: path)
      return
    }
    try measure(first)
  }

  private static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// One line of JSON: rows, processor seconds, nanoseconds a quote, microseconds a minute's quotes of the largest session.
  private static func measure(_ path: String) throws(BenchmarkError) {
    let reading: ChainFileReading
    let bytes: [UInt8]
    do { bytes = try FileSystem.read(path) } catch { throw .failed(error.description) }
    let start = seconds()
    do {
      guard let found = try ChainFile(bytes, path: path, underlying: "SPY").read() else {
        throw BenchmarkError.failed("\(path) is no chain")
      }
      reading = found
    } catch let error as BenchmarkError {
      throw error
    } catch {
      throw .failed("\(error)")
    }
    let importSeconds = seconds() - start
    let chain = reading.chains[0]
    guard let session = chain.sessions.max(by: { $0.contracts.count < $1.contracts.count }) else {
      throw .failed("\(path) holds no session")
    }
    var (sum, state) = (Int64(0), UInt64(1))
    let lookups = 2_000_000
    let (minutes, contracts) = (session.minutes, session.contracts)
    let lookupStart = seconds()
    for _ in 0..<lookups {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let minute = Int(minutes[Int(state >> 33) % minutes.count])
      let contract = Int(contracts[Int(state >> 40) % contracts.count])
      if let quote = session.quote(minute: minute, contract: contract) { sum &+= Int64(quote.bid) }
    }
    let nanoseconds = (seconds() - lookupStart) / Double(lookups) * 1e9
    var buffer = [ChainQuote](repeating: ChainQuote(), count: contracts.count)
    let blocks = 200
    let blockStart = seconds()
    for index in 0..<blocks {
      let minute = Int(minutes[index % minutes.count])
      _ = buffer.withUnsafeMutableBufferPointer { session.quotes(minute: minute, into: $0) }
      sum &+= Int64(buffer[index % buffer.count].ask)
    }
    let microseconds = (seconds() - blockStart) / Double(blocks) * 1e6
    print(
      "{\"rows\": \(reading.provenance.rows), \"import_seconds\": \(importSeconds), \"lookup_nanoseconds\": \(nanoseconds), "
        + "\"block_microseconds\": \(microseconds), \"block_contracts\": \(contracts.count), \"sum\": \(sum)}")
  }

  /// Days of half-hourly snapshots of a chain of 5,000 strikes and expiries, 261 bytes a line.
  private static func write(rows: Int, to path: String) throws(BenchmarkError) {
    var bytes = Array(header.utf8)
    var written = 0
    let sessions = TradingCalendar.xnys.sessions(
      in: CalendarDate(daysSinceEpoch: 18_631)...CalendarDate(daysSinceEpoch: 19_300))
    var random = UInt64(7)
    func draw(_ bound: Int) -> Int {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(random >> 33) % bound
    }
    func cents(_ value: Int) -> String {
      let text = String(value % 100)
      return "\(value / 100).\(text.count < 2 ? "0" : "")\(text)0000"
    }
    func unit(_ value: Int) -> String {
      let text = String(value)
      return "0." + String(repeating: "0", count: 6 - text.count) + text
    }
    outer: for date in sessions {
      for half in 0..<13 {
        let minute = 600 + 30 * half
        let stamp = "\(date) \(minute / 60):\(minute % 60 == 0 ? "00" : "30")"
        for week in 1...25 {
          let expiry = date.advanced(by: 7 * week + 5 - date.weekday)
          for strike in 0..<200 {
            if written == rows { break outer }
            written += 1
            let call = 1 + draw(5000)
            let put = 1 + draw(5000)
            bytes +=
              Array(
                "\(Int64(date.daysSinceEpoch) * 86_400 + Int64(minute * 60 + 18_000)), \(stamp), \(date), \(minute / 60).\(minute % 60 == 0 ? "0" : "5")00000, 368.790000, \(expiry), 1610139600, \(7 * week).000000, \(unit(draw(999_999))), \(unit(draw(999_999))), \(unit(draw(999_999))), -\(unit(draw(999_999))), \(unit(draw(999_999))), \(unit(draw(999_999))), \(draw(9000)).000000, \(cents(call)), \(draw(99)) x \(draw(99)), \(cents(call)), \(cents(call + 3)), \(269 + strike).000000, \(cents(put)), \(cents(put + 4)), \(draw(99)) x \(draw(99)), \(cents(put)), -\(unit(draw(999_999))), \(unit(draw(999_999))), \(unit(draw(999_999))), -\(unit(draw(999_999))), -\(unit(draw(999_999))), \(unit(draw(999_999))), \(draw(9000)).000000, \(strike).000000, \(unit(draw(999_999)))\n"
                  .utf8)
          }
        }
      }
    }
    do { try AtomicWrite.write(bytes, to: path) } catch { throw .failed(error.description) }
    print("wrote \(path): \(written) rows, \(bytes.count) bytes")
  }

  private static let header =
    "[QUOTE_UNIXTIME], [QUOTE_READTIME], [QUOTE_DATE], [QUOTE_TIME_HOURS], [UNDERLYING_LAST], [EXPIRE_DATE], [EXPIRE_UNIX], [DTE], [C_DELTA], [C_GAMMA], "
    + "[C_VEGA], [C_THETA], [C_RHO], [C_IV], [C_VOLUME], [C_LAST], [C_SIZE], [C_BID], [C_ASK], [STRIKE], [P_BID], [P_ASK], [P_SIZE], [P_LAST], [P_DELTA], "
    + "[P_GAMMA], [P_VEGA], [P_THETA], [P_RHO], [P_IV], [P_VOLUME], [STRIKE_DISTANCE], [STRIKE_DISTANCE_PCT]\n"
}
