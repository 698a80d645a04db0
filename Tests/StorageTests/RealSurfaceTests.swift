// Surfaces of real chains, where they are at hand: what fits, what was mended and what is refused is what is known of each.

import FoundationEssentials
import Glibc
import Market
import Testing

@testable import Storage

/// The folder of real market data, which is no part of the repository; nil where nobody named one.
private let folder = getenv("STRIKEFORGE_MARKET_DATA").map { String(cString: $0) }

/// What is known of the surface of one chain at one moment. No quote of it.
private struct Expected: Sendable {
  var path: String
  var underlying: String?
  var date: String?
  /// nil for the end of the last minute.
  var minute: Int?
  var expiries, smiles, betweenQuotes, mended, raised: Int
  /// Quotes that count, and of these those whose spread holds the smile's price: to a hundredth.
  var quotes: Int
  var inside: Double
  /// Points of volatility, the median of the expiries: to a twentieth.
  var rootMeanSquare: Double
  /// Of the whole chain, a year; nil where parity says none.
  var rate: Double?
}

private let surfaces: [Expected] = [
  Expected(
    path: "chains/cboe/spx_quotedata_2023-09-14.csv.gz", underlying: nil, date: nil, minute: nil, expiries: 59,
    smiles: 58, betweenQuotes: 0, mended: 1, raised: 19, quotes: 6773, inside: 0.7624, rootMeanSquare: 0.1367,
    rate: 0.05694),
  Expected(
    path: "chains/cboe/spx_quotedata_2026-03-13.csv.gz", underlying: nil, date: nil, minute: nil, expiries: 59,
    smiles: 45, betweenQuotes: 0, mended: 0, raised: 0, quotes: 774, inside: 1.0000, rootMeanSquare: 0.0059,
    rate: 0.03968),
  Expected(
    path: "chains/cboe/spy_quotedata_2023-09-14.csv.gz", underlying: nil, date: nil, minute: nil, expiries: 31,
    smiles: 30, betweenQuotes: 0, mended: 0, raised: 6, quotes: 2205, inside: 0.8150, rootMeanSquare: 0.2011, rate: nil),
  Expected(
    path: "chains/cboe/spy_quotedata_2025-05-16.csv.gz", underlying: nil, date: nil, minute: nil, expiries: 10,
    smiles: 9, betweenQuotes: 0, mended: 0, raised: 7, quotes: 676, inside: 0.3254, rootMeanSquare: 0.4420, rate: nil),
  Expected(
    path: "chains/yahoo_SPY_2026-02/SPY_options.csv.gz", underlying: "SPY", date: nil, minute: nil, expiries: 31,
    smiles: 31, betweenQuotes: 0, mended: 11, raised: 12, quotes: 4078, inside: 0.1251, rootMeanSquare: 0.3153,
    rate: nil
  ),
  Expected(
    path: "chains/yahoo_SPY_2026-02/SPY_options_2.csv.gz", underlying: "SPY", date: nil, minute: nil, expiries: 34,
    smiles: 34, betweenQuotes: 0, mended: 9, raised: 8, quotes: 4269, inside: 0.1169, rootMeanSquare: 0.2962, rate: nil),
  Expected(
    path: "chains/yahoo_SPY_2026-02/SPY_options_3.csv.gz", underlying: "SPY", date: nil, minute: nil, expiries: 34,
    smiles: 34, betweenQuotes: 0, mended: 10, raised: 15, quotes: 4462, inside: 0.1244, rootMeanSquare: 0.4365,
    rate: nil
  ),
  Expected(
    path: "chains/yahoo_SPY_2026-02/SPY_options_4.csv.gz", underlying: "SPY", date: nil, minute: nil, expiries: 33,
    smiles: 33, betweenQuotes: 0, mended: 10, raised: 17, quotes: 4428, inside: 0.1235, rootMeanSquare: 0.4198,
    rate: nil),
  Expected(
    path: "lean/option/usa/minute/goog/20151224_quote_american.zip", underlying: nil, date: "2015-12-24", minute: 5,
    expiries: 12, smiles: 12, betweenQuotes: 0, mended: 1, raised: 0, quotes: 490, inside: 1.0000,
    rootMeanSquare: 0.2042, rate: nil),
  Expected(
    path: "lean/option/usa/minute/goog/20151224_quote_american.zip", underlying: nil, date: "2015-12-24", minute: 100,
    expiries: 12, smiles: 12, betweenQuotes: 0, mended: 1, raised: 0, quotes: 483, inside: 0.9959,
    rootMeanSquare: 0.2160, rate: nil),
  Expected(
    path: "lean/option/usa/minute/goog/20151224_quote_american.zip", underlying: nil, date: "2015-12-24", minute: 195,
    expiries: 12, smiles: 12, betweenQuotes: 1, mended: 0, raised: 0, quotes: 365, inside: 0.9918,
    rootMeanSquare: 0.1595, rate: nil),
  Expected(
    path: "lean/indexoption/usa/minute/spxw/20210104_quote_european.zip", underlying: nil, date: nil, minute: 60,
    expiries: 3, smiles: 2, betweenQuotes: 2, mended: 0, raised: 0, quotes: 4, inside: 1.0000, rootMeanSquare: 0.0000,
    rate: nil),
  Expected(
    path: "lean/indexoption/usa/minute/spxw/20210105_quote_european.zip", underlying: nil, date: nil, minute: 60,
    expiries: 2, smiles: 2, betweenQuotes: 2, mended: 0, raised: 0, quotes: 4, inside: 1.0000, rootMeanSquare: 0.0000,
    rate: nil),
  Expected(
    path: "lean/indexoption/usa/minute/spxw/20210106_quote_european.zip", underlying: nil, date: nil, minute: 60,
    expiries: 4, smiles: 4, betweenQuotes: 4, mended: 0, raised: 0, quotes: 8, inside: 1.0000, rootMeanSquare: 0.0000,
    rate: nil),
  Expected(
    path: "lean/indexoption/usa/minute/spxw/20210107_quote_european.zip", underlying: nil, date: nil, minute: 60,
    expiries: 1, smiles: 0, betweenQuotes: 0, mended: 0, raised: 0, quotes: 0, inside: 0.0000, rootMeanSquare: 0.0000,
    rate: nil),
  Expected(
    path: "lean/indexoption/usa/minute/spxw/20210108_quote_european.zip", underlying: nil, date: nil, minute: 60,
    expiries: 4, smiles: 0, betweenQuotes: 0, mended: 0, raised: 0, quotes: 0, inside: 0.0000, rootMeanSquare: 0.0000,
    rate: nil),
  Expected(
    path: "chains/SPY_eod_2021/prod_options_1y.csv.gz", underlying: nil, date: "2021-01-04", minute: nil, expiries: 4,
    smiles: 1, betweenQuotes: 0, mended: 0, raised: 0, quotes: 9, inside: 1.0000, rootMeanSquare: 0.0068, rate: nil),
  Expected(
    path: "chains/SPY_eod_2021/prod_options_1y.csv.gz", underlying: nil, date: "2021-06-15", minute: nil, expiries: 4,
    smiles: 1, betweenQuotes: 0, mended: 0, raised: 0, quotes: 12, inside: 0.9167, rootMeanSquare: 0.0101, rate: nil),
  Expected(
    path: "chains/SPY_eod_2021/prod_options_1y.csv.gz", underlying: nil, date: "2021-12-30", minute: nil, expiries: 4,
    smiles: 1, betweenQuotes: 0, mended: 0, raised: 0, quotes: 13, inside: 0.8462, rootMeanSquare: 0.0116, rate: nil),
  Expected(
    path: "chains/SPX_eod_2017/test_data_options.csv", underlying: nil, date: nil, minute: nil, expiries: 1, smiles: 0,
    betweenQuotes: 0, mended: 0, raised: 0, quotes: 0, inside: 0.0000, rootMeanSquare: 0.0000, rate: nil),
]

@Suite(.enabled(if: folder != nil)) struct RealSurfaceTests {
  @Test(arguments: surfaces)
  private func everySurfaceIsWhatIsKnownOfIt(_ known: Expected) throws {
    let folder = try #require(folder)
    let reading = try #require(try ChainFile(path: folder + "/" + known.path, underlying: known.underlying).read())
    let chain = try #require(reading.chains.first)
    let date = known.date.flatMap { CalendarDate($0) }
    let session = try #require(chain.sessions.first { !$0.isExtendedHours && (date == nil || $0.date == date) })
    let last = try #require(session.minutes.last)
    let surface = try ChainSurface(chain, session, at: known.minute ?? Int(last) + 1)
    let smiles = surface.expiries.filter { $0.smile != nil }
    let mended = smiles.count { $0.smile?.isCut == true || ($0.smile?.flattening ?? 0) > 0 }
    let residuals = surface.expiries.compactMap(\.residuals)
    let (quotes, inside) = (residuals.reduce(0) { $0 + $1.count }, residuals.reduce(0) { $0 + $1.inside })
    let errors = residuals.map { 100 * $0.rootMeanSquare }.sorted()
    let middle = errors.isEmpty ? 0 : errors[errors.count / 2]
    let found =
      "expiries \(surface.expiries.count), smiles \(smiles.count), between \(smiles.count { $0.whyInterpolated != nil }), mended \(mended), "
      + "raised \(smiles.count { $0.calendar.places > 0 }), quotes \(quotes), inside \(inside), rms \(middle), rate \(surface.rate)"
    #expect(surface.expiries.count == known.expiries && smiles.count == known.smiles, "\(found)")
    #expect(surface.expiries.count { $0.refusal != nil } == known.expiries - known.smiles)
    #expect(smiles.count { $0.whyInterpolated != nil } == known.betweenQuotes, "\(found)")
    // Whether a repair is needed can hang on a last digit.
    #expect(abs(mended - known.mended) <= 1, "\(found)")
    #expect(abs(smiles.count { $0.calendar.places > 0 } - known.raised) <= 1, "\(found)")
    #expect(abs(quotes - known.quotes) <= 2, "\(found)")
    #expect(abs(Double(inside) / Double(max(quotes, 1)) - known.inside) < 0.01, "\(found)")
    #expect(abs(middle - known.rootMeanSquare) <= 0.05 * known.rootMeanSquare + 0.001, "\(found)")
    if let rate = known.rate {
      #expect(abs(surface.rate.value - rate) < 0.0005, "\(found)")
    } else {
      #expect(surface.rate.source == .none, "\(found)")
    }
    for one in smiles {
      // Never far from what the quotes themselves say, and no number that is none.
      let atTheMoney = try #require(one.smile?.atTheMoney)
      #expect((0.03...1.5).contains(atTheMoney), "\(one.strikes.expiry) \(atTheMoney)")
      #expect(one.butterfliesLeft <= 6, "\(one.strikes.expiry) \(one.butterfliesLeft)")
    }
  }
}
