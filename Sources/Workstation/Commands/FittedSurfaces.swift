// Surfaces of a chain that are fitted once and kept: `strikeforge surface --write-surfaces`, and `--surfaces`, which finds them again.

import Evaluation
import Market
import Storage
import Text

enum FittedSurfaces {
  /// Fits all minutes in which the chain of a symbol is quoted, and tells what came of them.
  static func write(_ store: MarketStoreFile, _ arguments: Arguments, to path: String) throws -> Int32 {
    let command = SurfaceCommand.description
    try AtomicWrite.require(path, replacing: .fittedSurfaces, inputs: [arguments.operands[0]])
    let entry = try ChainHistory.entry(store, arguments)
    let rate = try arguments.value("rate").map { try SurfaceMarket.number($0, flag: "rate", in: -0.5...0.5) }
    let (first, last) = (try arguments.date("from"), try arguments.date("to"))
    let wanted = entry.sessions.filter { session in
      !session.isExtendedHours && first.map { $0 <= session.date } ?? true && last.map { session.date <= $0 } ?? true
    }
    guard !wanted.isEmpty else {
      let dates = entry.sessions.map(\.date)
      throw UsageError(
        "the chain of \(entry.underlying) has no session between --from and --to: it has those of "
          + "\(dates.first.map { "\($0)" } ?? "none") to \(dates.last.map { "\($0)" } ?? "none")", command: command)
    }
    var surfaces: [FittedSurface] = []
    var silent = 0
    for session in wanted {
      // A session at a time: chains are large.
      let chain = try store.chain(entry) { $0 == session }
      guard let found = chain.sessions.first else { continue }
      do throws(ChainSurfaceProblem) {
        let fitted = try FittedSurface.all(of: chain, in: found, rate: rate)
        surfaces += fitted.surfaces
        silent += fitted.silent
      } catch {
        throw UsageError(error.description, command: command)
      }
    }
    guard !surfaces.isEmpty else {
      throw UsageError(
        "none of \(silent) minutes of the chain of \(entry.underlying) says a volatility: it has no two-sided quotes there",
        command: command)
    }
    let file = FittedSurfaceFile(
      symbol: entry.underlying, contractDigest: entry.contractDigest,
      sessions: wanted.map { FittedSurfaceFile.Session(date: $0.date, digest: $0.digest) }, givenRate: rate,
      surfaces: surfaces)
    try file.write(to: path)
    let summary = file.summary
    print(
      "wrote \(path): surfaces of the chain of \(entry.underlying), \(counted(wanted.count, "session")), "
        + "\(counted(surfaces.count, "minute"))\(silent == 0 ? "" : ", \(silent) left out that say no volatility")")
    print(
      "\(summary.smiles) smiles of \(summary.expiries) expiries: \(summary.betweenQuotes) between quotes, \(summary.mended) cut or flattened, "
        + "\(summary.raised) raised")
    return 0
  }

  /// One moment of such a file, which must be of the store's own chain: of another no volatility is shown as if it were this one's.
  static func lines(_ store: MarketStoreFile, _ arguments: Arguments, from path: String) throws -> [String] {
    let command = SurfaceCommand.description
    let entry = try ChainHistory.entry(store, arguments)
    let file = try FittedSurfaceFile.read(path)
    guard let date = try arguments.date("date") else { return [] }
    let name = "'\(PrintableText.name(path))'"
    guard file.symbol == entry.underlying, file.sessions.contains(where: { $0.date == date }) else {
      let span = file.sessions.first.flatMap { first in file.sessions.last.map { "\(first.date) to \($0.date)" } }
      throw UsageError(
        "\(name) has no surface of \(entry.underlying) on \(date): it is of \(file.symbol), \(span ?? "no session")",
        command: command)
    }
    guard file.isOf(entry, on: date) else {
      throw UsageError(
        "\(name) is of another chain of \(file.symbol) on \(date) than \(store.path) holds: write it again with --write-surfaces",
        command: command)
    }
    let here = file.surfaces.filter { $0.date == date }
    let asked = try ChainSurfacePage.moment(arguments.value("time"), of: date)
    guard let last = here.last, let surface = asked.map({ file.surface(on: date, minute: $0) }) ?? last else {
      func clock(_ minute: Int?) -> String { TradingCalendar.xnys.clockTime(ofMinute: minute ?? 0) }
      throw UsageError(
        here.isEmpty
          ? "\(name) has no minute of \(date) that says a volatility: choose another --date"
          : "\(name) has no surface of that minute of \(date): it has \(here.count), from \(clock(here.first?.minute)) to \(clock(here.last?.minute))",
        command: command)
    }
    return lines(surface, symbol: file.symbol, path: path)
  }

  private static func lines(_ surface: FittedSurface, symbol: String, path: String) -> [String] {
    let clock = TradingCalendar.xnys.clockTime(ofMinute: surface.minute)
    var lines = ["Surface of \(symbol) by its chain, \(surface.date) \(clock) New York", ""]
    lines += ChainSurfacePage.paragraph(
      "As it was fitted and kept in \(PrintableText.name(path)); the chain is the store's own, number for number. "
        + (surface.rate.source == .none
          ? "Rate 0." : "Rate \(SurfaceText.fixed(100 * surface.rate.value, 2)) % a year."))
    let widths = [10, 6, 6, 10, 8, 8, 8, 8, 8]
    lines += [
      "", "Volatility, %, on the variance clock; fit in points",
      ChainSurfacePage.line(["expiry", "root", "ahead", "forward", "k = 0", "-1", "1", "rms", "quotes"], widths),
    ]
    var refused: [String] = []
    for one in surface.expiries {
      guard let smile = one.smile, let forward = one.forward else {
        if let refusal = one.refusal { refused += ChainSurfacePage.paragraph("\(one.expiry) \(one.root): \(refusal)") }
        continue
      }
      func volatility(_ k: Double) -> String {
        SurfaceText.fixed(100 * smile.volatility(logMoneyness: k * smile.deviation), 2)
      }
      lines.append(
        ChainSurfacePage.line(
          [
            "\(one.expiry)", one.root, "\(one.sessionsAhead)", SurfaceText.fixed(forward.forward, 2), volatility(0),
            volatility(-1), volatility(1), one.residuals.map { SurfaceText.fixed(100 * $0.rootMeanSquare, 2) } ?? "-",
            "\(one.residuals?.count ?? 0)",
          ], widths))
    }
    if !refused.isEmpty { lines += ["", "Without a smile"] + refused }
    return lines
  }
}
