// The chains that carry a vendor's volatilities, and how each vendor's is computed again.

import Market

@testable import Pricing

struct VendorChain: Sendable, CustomStringConvertible {
  let name: String
  let files: @Sendable () -> [(path: String, layout: VendorLayout)]
  let makeConvention: @Sendable () -> VendorConvention
  let computedFrom: String
  var differs: String?

  var description: String { name }
  var convention: VendorConvention { makeConvention() }

  func quotes(below folder: String) throws -> [VendorQuote] {
    try files().flatMap { try $0.layout.quotes(folder + "/" + $0.path) }
  }

  /// What is found in the files.
  func row(below folder: String) throws -> VendorRow {
    let quotes = try quotes(below: folder)
    let own = try VendorAgreement(quotes, convention)
    var otherwise: [String: Double] = [:]
    for (name, other) in others where !own.differences.isEmpty {
      let agreement = try VendorAgreement(quotes, other)
      let figure = agreement.medianAbsolute
      if figure.isFinite { otherwise[name] = Self.sixDigits(figure) }
    }
    return VendorRow(
      chain: name, options: own.differences.count,
      medianAbsoluteDifference: own.differences.isEmpty ? nil : Self.sixDigits(own.medianAbsolute),
      shareWithinThousandth: Self.sixDigits(own.shareWithinThousandth), computedFrom: computedFrom,
      otherwise: otherwise, differs: differs)
  }

  private static func sixDigits(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }

  /// The convention with one thing counted otherwise.
  private var others: [(String, VendorConvention)] {
    func changed(_ change: (inout VendorConvention) -> Void) -> VendorConvention {
      var other = convention
      change(&other)
      return other
    }
    var others = [
      ("calendar clock to the close", changed { ($0.clock, $0.ending) = (.calendar, .session) }),
      ("session clock", changed { ($0.clock, $0.ending) = (.session, .session) }),
      ("variance clock", changed { ($0.clock, $0.ending) = (.variance, .session) }),
      ("to the midnight before", changed { ($0.clock, $0.ending) = (.calendar, .midnightBefore) }),
      ("a day more", changed { ($0.clock, $0.ending) = (.calendar, .dayAfter) }),
      ("of the bid", changed { $0.price = .bid }), ("of the middle", changed { $0.price = .middle }),
      ("of the ask", changed { $0.price = .ask }), ("forward by parity", changed { $0.forward = .parity }),
      ("forward of the spot", changed { $0.forward = .spot }),
    ]
    if convention.rate != 0 { others.append(("rate 0", changed { $0.rate = 0 })) }
    if convention.dividends != nil { others.append(("without early exercise", changed { $0.dividends = nil })) }
    if convention.grid != nil { others.append(("not on its grid", changed { $0.grid = nil })) }
    return others
  }

  static let all = twoSided + endOfDay + asks + closes

  private static func one(
    _ name: String, _ path: String, _ layout: VendorLayout, from computedFrom: String, differs: String? = nil,
    _ convention: @escaping @Sendable () -> VendorConvention
  ) -> VendorChain {
    VendorChain(
      name: name, files: { [(path, layout)] }, makeConvention: convention, computedFrom: computedFrom, differs: differs)
  }

  /// Snapshots of whole chains after the close; the quotes are those of 16:15, when these options stop trading. SPY's dividends are public.
  private static let twoSided = [
    one(
      "SPX after the close of 2023-09-14", "chains/cboe/spx_quotedata_2023-09-14.csv.gz", .twoSided(day: "2023-09-14"),
      from:
        "middle; calendar clock, 16:15 to the close of the expiry (open, where settled there); rate 0.0535; forward by parity"
    ) { VendorConvention(minute: 975, rate: 0.0535) },
    one(
      "SPX after the close of 2026-03-13", "chains/cboe/spx_quotedata_2026-03-13.csv.gz", .twoSided(day: "2026-03-13"),
      from:
        "middle; calendar clock, 16:15 to the close of the expiry (open, where settled there); rate 0.037; forward by parity"
    ) { VendorConvention(minute: 975, rate: 0.037) },
    one(
      "SPY after the close of 2023-09-14", "chains/cboe/spy_quotedata_2023-09-14.csv.gz", .twoSided(day: "2023-09-14"),
      from:
        "middle less early exercise by the tree with dividends; calendar clock, 16:15 to the close; rate 0.053; forward by parity"
    ) {
      VendorConvention(
        minute: 975, rate: 0.053,
        dividends: dividends([
          ("2023-09-15", 1.583), ("2023-12-15", 1.906), ("2024-03-15", 1.595), ("2024-06-21", 1.759),
          ("2024-09-20", 1.746), ("2024-12-20", 1.966), ("2025-03-21", 1.696),
        ]))
    },
    one(
      "SPY after the close of 2025-05-16", "chains/cboe/spy_quotedata_2025-05-16.csv.gz", .twoSided(day: "2025-05-16"),
      from:
        "middle less early exercise by the tree with dividends; calendar clock, 16:15 to the close; rate 0.043; forward by parity"
    ) { VendorConvention(minute: 975, rate: 0.043, dividends: dividends([("2025-06-20", 1.761)])) },
  ]

  private static func dividends(_ listed: [(String, Double)]) -> [(date: CalendarDate, amount: Double)] {
    listed.compactMap { text, amount in CalendarDate(text).map { ($0, amount) } }
  }

  private static let endOfDay = [
    one(
      "SPY end of day, 2021", "chains/SPY_eod_2021/prod_options_1y.csv.gz",
      .named(symbol: "optionroot", day: nil, volatility: "impliedvol", spot: "underlying_last"),
      from: "middle, put on the file's grid; calendar clock, close to close; rate 0, no dividends; forward of the spot"
    ) { VendorConvention(forward: .spot, grid: (0.01, 10, 1024)) },
    one(
      "SPX end of day, two deep options of 2017", "chains/SPX_eod_2017/test_data_options.csv",
      .named(symbol: "optionroot", day: nil, volatility: "impliedvol", spot: "underlying_last"),
      from: "middle; calendar clock, close to close; rate 0, no dividends; forward of the spot",
      differs: "no option of it is within 2 % of the forward: there is nothing near the money to agree on"
    ) { VendorConvention(forward: .spot) },
  ]

  /// Chains of a web page in the middle of a session. Their spot is newer than their quotes: the volatilities are those of the pair.
  private static let asks = [
    ("", "2026-02-11 11:19"), ("_2", "2026-02-12 10:10"), ("_3", "2026-02-12 12:59"), ("_4", "2026-02-13 10:50"),
  ].map { (suffix: String, moment: String) in
    let day = String(moment.prefix(10))
    return one(
      "SPY in the session, \(moment)", "chains/yahoo_SPY_2026-02/SPY_options\(suffix).csv.gz",
      .named(symbol: "contractSymbol", day: day, volatility: "impliedVolatility", spot: "underlyingPrice"),
      from: "ask; whole days from date to date and one more, by 365; rate 0, no dividends; forward of the file's spot"
    ) { VendorConvention(price: .ask, ending: .dayAfter, minute: 660, forward: .spot) }
  }

  private static let closes =
    // The index is not in the file: its public close.
    [("20151222", "2015-12-22", 2038.97), ("20151223", "2015-12-23", 2064.29)].map { file, day, spot in
      one(
        "SPX closes of \(day)", "lean/indexoption/usa/universes/spx/\(file).csv",
        .closes(root: "SPX", day: day, spot: spot),
        from:
          "close; calendar clock, 16:00 to the first minute of the expiry's date; rate 0.01, no dividends; forward of the index"
      ) { VendorConvention(ending: .midnightBefore, rate: 0.01, forward: .spot) }
    }
    + [
      VendorChain(
        name: "AAPL closes, June 2014",
        files: {
          ["02", "03", "04", "05", "09", "10", "11", "12", "13", "16"].map { day in
            (
              "lean/option/usa/universes/aapl/201406\(day).csv.gz",
              .closes(root: "AAPL", day: "2014-06-\(day)", spot: nil)
            )
          }
        }, makeConvention: { VendorConvention(ending: .midnightBefore, rate: 0.0075, forward: .spot) },
        computedFrom:
          "close; calendar clock, 16:00 to the first minute of the expiry's date; rate 0.0075; forward of the spot",
        differs:
          "its volatilities belong to no one spot: no spot, clock or rate makes them agree; at neighbouring strikes they jump, "
          + "from 0.31 to 1.88 and 3.56 within one expiry, where those of the prices lie between 0.22 and 0.28")
    ]
}
