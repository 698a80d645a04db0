// Fitted surfaces at rest: sealed, moment after moment, without a quote.

package import Market
import Text

/// Surfaces that were fitted to the chain of one store, and which sessions of it they are of.
///
/// A sealed file of its own kind. Its columns, one row a moment below `surfaces` and one row an expiry of a moment below `expiries`:
///
/// | column | content |
/// |---|---|
/// | `surfaces/day`, `minute`, `expiries` i64 | days since 1970-01-01, minutes from the open, how many rows of `expiries` belong to it |
/// | `surfaces/rate`, `rate_error` f64, `rate_source` u8 | of the chain, a year of the calendar; a place in `ChainForward.DiscountSource` |
/// | `expiries/root`, `expiry`, `sessions_ahead`, `quotes`, `inside`, `butterflies`, `butterflies_left`, `calendar_places`, `beyond_quotes`, `knots` i64 | place in the attribute `roots`, days since 1970-01-01, counts |
/// | `expiries/parts`, `form`, `discount_source`, `refusal` u8 | see `FittedSurfaceCodes` |
/// | `expiries/years`, `calendar_years`, `forward`, `forward_error`, `discount`, `at_the_money`, `form_at_the_money`, `quoted_low`, `quoted_high`, `flattening`, `rms`, `worst`, `calendar_worst`, `refusal_a`, `refusal_b`, `p0` to `p4` f64 | of the smile, of its forward and of its fit; 0 where there is none |
/// | `knots/place`, `variance` f64 | of smiles between quotes, one behind the other |
package struct FittedSurfaceFile: Sendable, Equatable {
  /// A session of the chain that surfaces are of.
  package struct Session: Sendable, Equatable {
    package var date: CalendarDate
    /// That of the catalogue of the store, as 64 hexadecimal digits.
    package var digest: String

    package init(date: CalendarDate, digest: String) { (self.date, self.digest) = (date, digest) }
  }

  package let symbol: String
  /// Of the table of contracts, as 64 hexadecimal digits.
  package let contractDigest: String
  /// By date.
  package let sessions: [Session]
  /// A rate that was given; nil: what parity said, moment by moment.
  package let givenRate: Double?
  /// By session and minute.
  package let surfaces: [FittedSurface]

  /// Traps unless sessions and moments ascend, and every moment is of a session.
  package init(
    symbol: String, contractDigest: String, sessions: [Session], givenRate: Double?, surfaces: [FittedSurface]
  ) {
    precondition(
      FittedSurfaceFile.isInOrder(sessions, surfaces), "\(surfaces.count) surfaces of \(symbol) are in no order")
    (self.symbol, self.contractDigest, self.sessions) = (symbol, contractDigest, sessions)
    (self.givenRate, self.surfaces) = (givenRate, surfaces)
  }

  static func isInOrder(_ sessions: [Session], _ surfaces: [FittedSurface]) -> Bool {
    let dates = Set(sessions.map(\.date))
    return zip(sessions, sessions.dropFirst()).allSatisfy { $0.date < $1.date }
      && zip(surfaces, surfaces.dropFirst()).allSatisfy { ($0.date, $0.minute) < ($1.date, $1.minute) }
      && surfaces.allSatisfy { dates.contains($0.date) }
  }

  /// That of a moment, by halving; nil where there is none.
  package func surface(on date: CalendarDate, minute: Int) -> FittedSurface? {
    let place = surfaces.firstPlace { ($0.date, $0.minute) >= (date, minute) }
    guard place < surfaces.count, surfaces[place].date == date, surfaces[place].minute == minute else { return nil }
    return surfaces[place]
  }

  /// Whether a session of a store's chain is, number for number, the one that the surfaces are of.
  package func isOf(_ entry: ChainEntry, on date: CalendarDate) -> Bool {
    guard entry.underlying == symbol, entry.contractDigest == contractDigest else { return false }
    return sessions.contains { session in
      session.date == date
        && entry.sessions.contains { $0.date == date && !$0.isExtendedHours && $0.digest == session.digest }
    }
  }

  /// What all its expiries have together.
  package struct Summary: Sendable, Equatable {
    package var (expiries, smiles, betweenQuotes, mended, raised, quotes, inside) = (0, 0, 0, 0, 0, 0, 0)
  }

  package var summary: Summary {
    var sum = Summary()
    for one in surfaces.lazy.flatMap(\.expiries) {
      sum.expiries += 1
      guard let smile = one.smile else { continue }
      sum.smiles += 1
      if case .interpolated = smile.form { sum.betweenQuotes += 1 }
      if smile.isCut || smile.flattening > 0 { sum.mended += 1 }
      if smile.floor != nil { sum.raised += 1 }
      sum.quotes += one.residuals?.count ?? 0
      sum.inside += one.residuals?.inside ?? 0
    }
    return sum
  }

  /// Writes the file, whole or not at all, over none but one of its own kind.
  package func write(to path: String) throws(StorageError) {
    try AtomicWrite.write(try encoded(path: path), to: path, replacing: .fittedSurfaces)
  }

  package static func read(_ path: String) throws(StorageError) -> FittedSurfaceFile {
    try decode(SealedFile.read(path, .fittedSurfaces), path: path)
  }

  package func encoded(path: String = "surfaces") throws(StorageError) -> [UInt8] {
    let all = surfaces.flatMap(\.expiries)
    let roots = Set(all.map(\.root)).sorted()
    var places: [String: Int64] = [:]
    for (place, root) in roots.enumerated() { places[root] = Int64(place) }
    typealias Column = RolloutFile.Column
    var columns: [String: Column] = [
      "surfaces/day": Column(.integers(surfaces.map { Int64($0.date.daysSinceEpoch) })),
      "surfaces/minute": Column(.integers(surfaces.map { Int64($0.minute) })),
      "surfaces/expiries": Column(.integers(surfaces.map { Int64($0.expiries.count) })),
      "surfaces/rate": Column(.doubles(surfaces.map(\.rate.value))),
      "surfaces/rate_error": Column(.doubles(surfaces.map(\.rate.error))),
      "surfaces/rate_source": Column(.bytes(surfaces.map { FittedSurfaceCodes.code($0.rate.source) })),
      "expiries/root": Column(.integers(all.map { [places] in places[$0.root] ?? 0 })),
    ]
    for (name, value) in FittedSurfaceCodes.integers {
      columns["expiries/" + name] = Column(.integers(all.map { Int64(value($0)) }))
    }
    for (name, value) in FittedSurfaceCodes.bytes { columns["expiries/" + name] = Column(.bytes(all.map(value))) }
    for (name, value) in FittedSurfaceCodes.doubles { columns["expiries/" + name] = Column(.doubles(all.map(value))) }
    let parameters = all.map(FittedSurfaceCodes.parameters)
    for place in 0..<FittedSurfaceCodes.parameterCount {
      columns["expiries/p\(place)"] = Column(.doubles(parameters.map { $0[place] }))
    }
    let curves = all.compactMap(FittedSurfaceCodes.curve)
    columns["knots/place"] = Column(.doubles(curves.flatMap(\.places)))
    columns["knots/variance"] = Column(.doubles(curves.flatMap(\.values)))
    var attributes = [
      "symbol": symbol, "contract_digest": contractDigest, "roots": roots.joined(separator: ","),
      "fresh_minutes": "\(ChainSurface.freshMinutes)",
      "session_digests": sessions.map { "\($0.date) \($0.digest)" }.joined(separator: ","),
    ]
    if let givenRate { attributes["given_rate"] = "\(givenRate)" }
    return try RolloutFile(attributes: attributes, columns: columns, content: .fittedSurfaces).encoded(path: path)
  }
}

/// How the parts of an expiry stand in columns.
enum FittedSurfaceCodes {
  static let parameterCount = 5

  /// Bits of `parts`.
  static let (hasForward, hasSmile, hasResiduals, isCut, isRaised): (UInt8, UInt8, UInt8, UInt8, UInt8) =
    (1, 2, 4, 8, 16)
  /// Of `form`: 0 where there is no smile.
  static let (quadratic, svi, interpolated): (UInt8, UInt8, UInt8) = (1, 2, 3)

  static func code(_ source: ChainForward.DiscountSource) -> UInt8 {
    UInt8(ChainForward.DiscountSource.allCases.firstIndex(of: source) ?? 0)
  }

  static let integers: [(String, @Sendable (FittedExpiry) -> Int)] = [
    ("expiry", { Int($0.expiry.daysSinceEpoch) }), ("sessions_ahead", { $0.sessionsAhead }),
    ("quotes", { $0.residuals?.count ?? 0 }), ("inside", { $0.residuals?.inside ?? 0 }),
    ("butterflies", { $0.repairs.butterflies }), ("butterflies_left", { $0.repairs.butterfliesLeft }),
    ("calendar_places", { $0.repairs.calendarPlaces }), ("beyond_quotes", { $0.repairs.beyondQuotes }),
    ("knots", { curve($0)?.places.count ?? 0 }),
  ]

  static let bytes: [(String, @Sendable (FittedExpiry) -> UInt8)] = [
    ("parts", { parts($0) }), ("form", { form($0) }),
    ("discount_source", { $0.forward.map { code($0.source) } ?? 0 }), ("refusal", { refusal($0.refusal).code }),
  ]

  static let doubles: [(String, @Sendable (FittedExpiry) -> Double)] = [
    ("years", { $0.years }), ("calendar_years", { $0.calendarYears }), ("forward", { $0.forward?.forward ?? 0 }),
    ("forward_error", { $0.forward?.error ?? 0 }), ("discount", { $0.forward?.discount ?? 0 }),
    ("at_the_money", { $0.smile?.atTheMoney ?? 0 }), ("form_at_the_money", { $0.smile?.formAtTheMoney ?? 0 }),
    ("quoted_low", { $0.smile?.quoted.lowerBound ?? 0 }), ("quoted_high", { $0.smile?.quoted.upperBound ?? 0 }),
    ("flattening", { $0.smile?.flattening ?? 0 }), ("rms", { $0.residuals?.rootMeanSquare ?? 0 }),
    ("worst", { $0.residuals?.worst ?? 0 }), ("calendar_worst", { $0.repairs.calendarWorst }),
    ("refusal_a", { refusal($0.refusal).first }), ("refusal_b", { refusal($0.refusal).second }),
  ]

  private static func parts(_ one: FittedExpiry) -> UInt8 {
    (one.forward == nil ? 0 : hasForward) | (one.smile == nil ? 0 : hasSmile)
      | (one.residuals == nil ? 0 : hasResiduals) | (one.smile?.isCut == true ? isCut : 0)
      | (one.smile?.floor == nil ? 0 : isRaised)
  }

  private static func form(_ one: FittedExpiry) -> UInt8 {
    switch one.smile?.form {
    case nil: 0
    case .quadratic: quadratic
    case .svi: svi
    case .interpolated: interpolated
    }
  }

  static func parameters(_ one: FittedExpiry) -> [Double] {
    switch one.smile?.form {
    case .quadratic(let smile): [smile.slope, smile.curvature, 0, 0, 0]
    case .svi(let svi): [svi.a, svi.b, svi.rho, svi.m, svi.sigma]
    case nil, .interpolated: [0, 0, 0, 0, 0]
    }
  }

  static func curve(_ one: FittedExpiry) -> MonotoneCurve? {
    if case .interpolated(let curve)? = one.smile?.form { curve } else { nil }
  }

  private static func refusal(_ refusal: ChainExpiry.Refusal?) -> (code: UInt8, first: Double, second: Double) {
    switch refusal {
    case nil: (0, 0, 0)
    case .noSuchExpiry: (1, 0, 0)
    case .expired: (2, 0, 0)
    case .noPairs: (3, 0, 0)
    case .oneStrike: (4, 0, 0)
    case .oneSideOfForward(let points): (5, Double(points), 0)
    case .atTheMoneyMoved(let from, let to): (6, from, to)
    }
  }

  /// nil for a code that is none.
  static func refusal(_ code: UInt8, _ first: Double, _ second: Double) -> ChainExpiry.Refusal?? {
    switch code {
    case 0: return .some(nil)
    case 1: return .some(.noSuchExpiry)
    case 2: return .some(.expired)
    case 3: return .some(.noPairs)
    case 4: return .some(.oneStrike)
    case 5:
      guard let points = Int(exactly: first) else { return nil }
      return .some(.oneSideOfForward(points: points))
    case 6: return .some(.atTheMoneyMoved(from: first, to: second))
    default: return nil
    }
  }
}
