// A month of an index's option minutes: what its fitted surfaces cost beside reading the chain alone.

import Market
import Pricing
import Storage

/// `benchmark surface --month`: sessions from 2024-03-01 on, as text of made-up quotes. Each minute of a session quotes the contracts that end with it and with
/// the next, the second and the fifth session after, a hundred strikes each, calls and puts: 312,000 quotes a session.
struct SurfaceMonth {
  static let usualSessions = 21
  private static let ahead = [0, 1, 2, 5]
  private static let strikes = 100
  private static let strikeStep = 5
  private static let index = 15.0

  private let calendar = TradingCalendar.xnys
  private let ordinals: [Int]
  private let rounds: Int
  private let folder: TemporaryFolder

  init(sessions: Int, rounds: Int) throws(BenchmarkError) {
    guard let date = CalendarDate("2024-03-01"), let first = calendar.ordinal(of: date) else {
      throw .failed("the calendar does not know 2024-03-01")
    }
    ordinals = Array(first..<first + sessions)
    self.rounds = rounds
    folder = try TemporaryFolder()
  }

  /// Seconds of processor time of one round, all sessions.
  private struct Round {
    /// Text to a chain, in the two turns.
    var read = 0.0, readFirst = 0.0
    /// The chain to surfaces, every minute's.
    var fit = 0.0
    /// Surfaces to a file that is flushed.
    var write = 0.0
    /// The chain out of a market store, its digests checked.
    var stored = 0.0

    /// What surfaces cost of what reading alone does.
    var ratio: Double { (readFirst + fit + write) / read }
  }

  /// Both ways in turn, session by session; one line of JSON.
  func run() throws(BenchmarkError) {
    do {
      var all = [Round](repeating: Round(), count: rounds)
      var kept = [[FittedSurface]](repeating: [], count: rounds)
      var named: [FittedSurfaceFile.Session] = []
      var (joined, quotes, bytes): (ShelvedChain?, Int, Int) = (nil, 0, 0)
      for ordinal in ordinals {
        let text = try text(ordinal)
        for round in 0..<rounds {
          let start = ProcessorTime.seconds
          let alone = try chain(text)
          let afterAlone = ProcessorTime.seconds
          let chain = try chain(text)
          let entry = ChainEntry(chain)
          let afterRead = ProcessorTime.seconds
          for session in chain.sessions { kept[round] += try FittedSurface.all(of: chain, in: session).surfaces }
          let end = ProcessorTime.seconds
          all[round].read += afterAlone - start
          all[round].readFirst += afterRead - afterAlone
          all[round].fit += end - afterRead
          guard round == 0 else { continue }
          named += entry.sessions.map { .init(date: $0.date, digest: $0.digest) }
          quotes += alone.quoteCount
          bytes += text.count
          if joined == nil { joined = ShelvedChain(alone) } else { _ = try joined?.join(ShelvedChain(alone)) }
        }
      }
      guard let whole = try joined?.settled().whole() else { return }
      let entry = ChainEntry(whole)
      let (store, surfaces) = (folder.path + "/chain.h5", folder.path + "/surfaces.h5")
      try MarketStore.write(
        [], chains: [whole], provenance: [], qualityReport: nil, created: "2024-04-01T00:00:00Z", to: store)
      let opened = try MarketStoreFile(store)
      for round in 0..<rounds {
        let start = ProcessorTime.seconds
        let file = FittedSurfaceFile(
          symbol: whole.underlying, contractDigest: entry.contractDigest, sessions: named, givenRate: nil,
          surfaces: kept[round])
        try file.write(to: surfaces)
        let afterWrite = ProcessorTime.seconds
        for session in entry.sessions { _ = try opened.chain(entry) { $0 == session } }
        all[round].stored = ProcessorTime.seconds - afterWrite
        all[round].write = afterWrite - start
      }
      try report(all, of: try FittedSurfaceFile.read(surfaces), quotes: quotes, bytes: bytes)
    } catch let error as BenchmarkError {
      throw error
    } catch {
      throw .failed("\(error)")
    }
  }

  private func report(
    _ all: [Round], of file: FittedSurfaceFile, quotes: Int, bytes: Int
  ) throws(BenchmarkError) {
    let minutes = ordinals.reduce(0) { $0 + calendar.sessions[$1].minuteCount }
    // At the close one of the expiries has settled.
    let settled = ordinals.count
    guard file.surfaces.count == minutes, file.summary.expiries == minutes * Self.ahead.count else {
      throw .failed("\(file.surfaces.count) surfaces of \(minutes) minutes, \(file.summary.expiries) expiries")
    }
    func median(_ value: (Round) -> Double) -> Double { all.map(value).sorted()[all.count / 2] }
    let ratios = all.map(\.ratio).sorted()
    print(
      "{\"sessions\": \(ordinals.count), \"minutes\": \(minutes), \"quotes\": \(quotes), \"text_bytes\": \(bytes), "
        + "\"smiles\": \(file.summary.smiles), \"refused\": \(file.summary.expiries - settled - file.summary.smiles), \"between_quotes\": \(file.summary.betweenQuotes), "
        + "\"inside_spread\": \(Double(file.summary.inside) / Double(max(file.summary.quotes, 1))), \"rounds\": \(rounds), "
        + "\"read_seconds\": \(median(\.read)), \"fit_seconds\": \(median(\.fit)), \"write_seconds\": \(median(\.write)), "
        + "\"read_of_store_seconds\": \(median(\.stored)), \"ratio\": \(ratios[all.count / 2]), "
        + "\"ratio_least\": \(ratios[0]), \"ratio_most\": \(ratios[all.count - 1])}")
  }

  private func chain(_ text: [UInt8]) throws -> OptionChain {
    guard let chain = try ChainFile(text, path: "month").read()?.chains.first else {
      throw BenchmarkError.failed("a table of made-up quotes is no chain")
    }
    return chain
  }

  /// The table of a session's quotes.
  private func text(_ ordinal: Int) throws -> [UInt8] {
    let session = calendar.sessions[ordinal]
    let surface = try SyntheticSurface(
      .market, .init(index: Self.index, indexKnown: session.open, spotThen: 5000), at: session.open)
    var batch = SurfaceBatch()
    var symbols: [[UInt8]] = []
    for ahead in Self.ahead {
      let half = Self.strikes / 2
      let contracts = (-half..<half).flatMap { place in
        OptionSide.allCases.map { (side: $0, strike: Double(5000 + place * Self.strikeStep)) }
      }
      try batch.append(sessionsAhead: ahead, contracts: contracts)
      symbols += contracts.map { side, strike in
        let contract = OptionContract(
          root: "SPXW", expiry: calendar.sessions[ordinal + ahead].date, right: side == .call ? .call : .put,
          strikeThousandths: Int(strike) * 1000)
        return Array(contract.description.utf8)
      }
    }
    var writer = SyntheticChainWriter()
    writer.reserve(rows: session.minuteCount * batch.count)
    let rules = QuoteRules.of("SPXW")
    let clock = VarianceClock()
    for minute in 0..<session.minuteCount {
      let spot = 5000 * (1 + 0.004 * Double((minute * 37 + ordinal * 11) % 101 - 50) / 50)
      let years = Self.ahead.map { ahead in
        clock.years(over: calendar.remainingSessions(from: ordinal, minute: Double(minute), to: ordinal + ahead))
      }
      try batch.price(on: surface, spot: spot, years: years, rules: rules, minute: minute, of: session.minuteCount)
      writer.begin(knownAt: session.start(ofMinute: minute + 1))
      for place in 0..<batch.count {
        writer.append(symbol: symbols[place], bid: Int32(batch.bids[place]), ask: Int32(batch.asks[place]))
      }
    }
    return writer.bytes
  }
}
