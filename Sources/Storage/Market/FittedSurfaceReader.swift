// Fitted surfaces out of a file's columns, each checked before it is believed.

package import Market
import Text

extension FittedSurfaceFile {
  /// The surfaces that a file's bytes hold. Throws an error that names `path` where they are not what was written, or are no surfaces.
  package static func decode(_ bytes: [UInt8], path: String) throws(StorageError) -> FittedSurfaceFile {
    let file = try RolloutFile(decoding: bytes, path: path, content: .fittedSurfaces)
    return try FittedSurfaceReader(file, path: path).read()
  }
}

private struct FittedSurfaceReader {
  private let file: RolloutFile
  private let path: String

  init(_ file: RolloutFile, path: String) { (self.file, self.path) = (file, path) }

  private func damaged(_ place: String, _ reason: String) -> StorageError {
    .damaged(path: path, place: place, reason: reason)
  }

  private func text(_ name: String) throws(StorageError) -> String {
    guard let text = file.attributes[name] else { throw damaged("'/'", "it has no attribute '\(name)'") }
    return text
  }

  // MARK: Columns

  private func integers(_ name: String, count: Int?) throws(StorageError) -> [Int64] {
    guard case .integers(let values)? = file.columns[name]?.values, count ?? values.count == values.count else {
      throw damaged("'/\(name)'", "it does not hold as many whole numbers as it should")
    }
    return values
  }

  private func doubles(_ name: String, count: Int?) throws(StorageError) -> [Double] {
    guard case .doubles(let values)? = file.columns[name]?.values, count ?? values.count == values.count else {
      throw damaged("'/\(name)'", "it does not hold as many numbers as it should")
    }
    return values
  }

  private func bytes(_ name: String, count: Int) throws(StorageError) -> [UInt8] {
    guard case .bytes(let values)? = file.columns[name]?.values, count == values.count else {
      throw damaged("'/\(name)'", "it does not hold as many codes as it should")
    }
    return values
  }

  /// Counts of what lies in another column, one behind the other: where each begins. They must add up to all of it.
  private func places(_ counts: [Int64], name: String, of total: Int) throws(StorageError) -> [Range<Int>] {
    var places: [Range<Int>] = []
    places.reserveCapacity(counts.count)
    var start = 0
    for count in counts {
      guard count >= 0, count <= Int64(total - start) else {
        throw damaged("'/\(name)'", "it announces more than there is")
      }
      places.append(start..<start + Int(count))
      start += Int(count)
    }
    guard start == total else { throw damaged("'/\(name)'", "it announces less than there is") }
    return places
  }

  private func date(_ day: Int64, _ name: String) throws(StorageError) -> CalendarDate {
    guard let day = Int32(exactly: day), (0...100_000).contains(day) else {
      throw damaged("'/\(name)'", "it holds what is no day")
    }
    return CalendarDate(daysSinceEpoch: day)
  }

  private func source(_ code: UInt8, _ name: String) throws(StorageError) -> ChainForward.DiscountSource {
    guard ChainForward.DiscountSource.allCases.indices.contains(Int(code)) else {
      throw damaged("'/\(name)'", "it names a source that there is not")
    }
    return ChainForward.DiscountSource.allCases[Int(code)]
  }

  // MARK: Surfaces

  func read() throws(StorageError) -> FittedSurfaceFile {
    let symbol = try text("symbol")
    guard CSVImporter.isSymbol(symbol) else { throw damaged("attribute 'symbol'", "it is no symbol") }
    guard try text("fresh_minutes") == "\(ChainSurface.freshMinutes)" else {
      throw damaged("attribute 'fresh_minutes'", "other quotes were fresh then: make the file again")
    }
    let roots = try text("roots").split(separator: ",").map(String.init)
    guard roots.allSatisfy(CSVImporter.isSymbol) else { throw damaged("attribute 'roots'", "one is no symbol") }
    var givenRate: Double?
    if let rate = file.attributes["given_rate"] {
      guard let value = Double(rate), value.isFinite else { throw damaged("attribute 'given_rate'", "it is no rate") }
      givenRate = value
    }
    let days = try integers("surfaces/day", count: nil)
    let minutes = try integers("surfaces/minute", count: days.count)
    let counts = try integers("surfaces/expiries", count: days.count)
    let rates = try doubles("surfaces/rate", count: days.count)
    let errors = try doubles("surfaces/rate_error", count: days.count)
    let sources = try bytes("surfaces/rate_source", count: days.count)
    let expiries = try self.expiries(roots)
    let places = try self.places(counts, name: "surfaces/expiries", of: expiries.count)
    var surfaces: [FittedSurface] = []
    surfaces.reserveCapacity(days.count)
    for row in days.indices {
      let date = try date(days[row], "surfaces/day")
      guard let length = TradingCalendar.xnys.tradingMinutes(date), (0...Int64(length)).contains(minutes[row]) else {
        throw damaged("'/surfaces/minute'", "it holds what is no minute of a session")
      }
      guard rates[row].isFinite, errors[row] >= 0 else { throw damaged("'/surfaces/rate'", "it holds what is no rate") }
      surfaces.append(
        FittedSurface(
          date: date, minute: Int(minutes[row]),
          rate: ChainRate(
            value: rates[row], error: errors[row], source: try source(sources[row], "surfaces/rate_source")),
          expiries: try raised(expiries[places[row]])))
    }
    let sessions = try self.sessions()
    guard FittedSurfaceFile.isInOrder(sessions, surfaces) else {
      throw damaged("'/surfaces/day'", "the moments are in no order, or of no session that it names")
    }
    return FittedSurfaceFile(
      symbol: symbol, contractDigest: try digest(try text("contract_digest"), "contract_digest"), sessions: sessions,
      givenRate: givenRate, surfaces: surfaces)
  }

  private func digest(_ text: String, _ name: String) throws(StorageError) -> String {
    guard text.utf8.count == 64, text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
      throw damaged("attribute '\(name)'", "it holds what is no digest")
    }
    return text
  }

  private func sessions() throws(StorageError) -> [FittedSurfaceFile.Session] {
    var sessions: [FittedSurfaceFile.Session] = []
    for one in try text("session_digests").split(separator: ",") {
      let words = one.split(separator: " ").map(String.init)
      guard words.count == 2, let date = CalendarDate(words[0]), TradingCalendar.xnys.isSession(date) == true else {
        throw damaged("attribute 'session_digests'", "it names what is no session")
      }
      sessions.append(.init(date: date, digest: try digest(words[1], "session_digests")))
    }
    return sessions
  }

  // MARK: Expiries

  /// An expiry, and what must be told of its smile once the one before it is known.
  private struct Row {
    var expiry: FittedExpiry
    var isRaised: Bool
    var atTheMoney: Double
  }

  private func expiries(_ roots: [String]) throws(StorageError) -> [Row] {
    let rootPlaces = try integers("expiries/root", count: nil)
    let count = rootPlaces.count
    var whole: [String: [Int64]] = [:]
    for (name, _) in FittedSurfaceCodes.integers { whole[name] = try integers("expiries/" + name, count: count) }
    var numbers: [String: [Double]] = [:]
    for (name, _) in FittedSurfaceCodes.doubles { numbers[name] = try doubles("expiries/" + name, count: count) }
    var codes: [String: [UInt8]] = [:]
    for (name, _) in FittedSurfaceCodes.bytes { codes[name] = try bytes("expiries/" + name, count: count) }
    var parameters: [[Double]] = []
    for place in 0..<FittedSurfaceCodes.parameterCount {
      parameters.append(try doubles("expiries/p\(place)", count: count))
    }
    let knotPlaces = try doubles("knots/place", count: nil)
    let knotValues = try doubles("knots/variance", count: knotPlaces.count)
    let knots = try places(whole["knots"] ?? [], name: "expiries/knots", of: knotPlaces.count)
    // Looked up once, not in every row.
    func column(_ name: String) -> [Double] { numbers[name] ?? [] }
    func counts(_ name: String) -> [Int64] { whole[name] ?? [] }
    let (years, calendarYears, forwards) = (column("years"), column("calendar_years"), column("forward"))
    let (forwardErrors, discounts) = (column("forward_error"), column("discount"))
    let (atTheMoney, formAtTheMoney) = (column("at_the_money"), column("form_at_the_money"))
    let (lows, highs, flattening) = (column("quoted_low"), column("quoted_high"), column("flattening"))
    let (squares, worst, calendarWorst) = (column("rms"), column("worst"), column("calendar_worst"))
    let (firsts, seconds) = (column("refusal_a"), column("refusal_b"))
    let (dates, ahead, quotes, inside) = (
      counts("expiry"), counts("sessions_ahead"), counts("quotes"), counts("inside")
    )
    let (negative, left) = (counts("butterflies"), counts("butterflies_left"))
    let (calendarPlaces, beyond) = (counts("calendar_places"), counts("beyond_quotes"))
    let (parts, forms) = (codes["parts"] ?? [], codes["form"] ?? [])
    let (discountSources, refusals) = (codes["discount_source"] ?? [], codes["refusal"] ?? [])
    var rows: [Row] = []
    rows.reserveCapacity(count)
    for row in 0..<count {
      guard roots.indices.contains(Int(clamping: rootPlaces[row])) else {
        throw damaged("'/expiries/root'", "it names a root that there is not")
      }
      let small = [ahead, quotes, inside, negative, left, calendarPlaces, beyond]
      guard small.allSatisfy({ (0...10_000_000).contains($0[row]) }) else {
        throw damaged("'/expiries'", "row \(row) counts what nobody can")
      }
      guard (0...200).contains(years[row]), (0...200).contains(calendarYears[row]) else {
        throw damaged("'/expiries/years'", "row \(row) is no time to an expiry")
      }
      func has(_ part: UInt8) -> Bool { parts[row] & part != 0 }
      var forward: FittedExpiry.Forward?
      if has(FittedSurfaceCodes.hasForward) {
        guard forwards[row] > 0, forwards[row].isFinite, forwardErrors[row] >= 0, discounts[row] > 0,
          discounts[row].isFinite
        else { throw damaged("'/expiries/forward'", "row \(row) is no forward") }
        forward = .init(
          forward: forwards[row], error: forwardErrors[row], discount: discounts[row],
          source: try source(discountSources[row], "expiries/discount_source"))
      }
      var smile: ChainSmile?
      if has(FittedSurfaceCodes.hasSmile) {
        guard
          let form = form(
            forms[row], parameters.map { $0[row] }, knotPlaces[knots[row]], knotValues[knots[row]]),
          formAtTheMoney[row] > 0, formAtTheMoney[row].isFinite, years[row] > 0, lows[row] <= highs[row],
          lows[row].isFinite, highs[row].isFinite, (0...1).contains(flattening[row])
        else { throw damaged("'/expiries/form'", "row \(row) is no smile") }
        smile = ChainSmile(
          form, atTheMoney: formAtTheMoney[row], years: years[row], quoted: lows[row]...highs[row],
          isCut: has(FittedSurfaceCodes.isCut), flattening: flattening[row], floor: nil)
      } else if forms[row] != 0 || !knots[row].isEmpty {
        throw damaged("'/expiries/form'", "row \(row) has a form and no smile")
      }
      guard let refusal = FittedSurfaceCodes.refusal(refusals[row], firsts[row], seconds[row]),
        (refusal == nil) == (smile != nil)
      else { throw damaged("'/expiries/refusal'", "row \(row) has neither a smile nor a reason, or both") }
      var repairs = FittedExpiry.Repairs()
      (repairs.butterflies, repairs.butterfliesLeft) = (Int(negative[row]), Int(left[row]))
      (repairs.calendarPlaces, repairs.beyondQuotes) = (Int(calendarPlaces[row]), Int(beyond[row]))
      repairs.calendarWorst = calendarWorst[row]
      let residuals = ChainExpiry.Residuals(
        rootMeanSquare: squares[row], worst: worst[row], inside: Int(inside[row]), count: Int(quotes[row]))
      rows.append(
        Row(
          expiry: FittedExpiry(
            root: roots[Int(rootPlaces[row])], expiry: try date(dates[row], "expiries/expiry"),
            sessionsAhead: Int(ahead[row]), years: years[row], calendarYears: calendarYears[row], forward: forward,
            smile: smile, refusal: refusal, residuals: has(FittedSurfaceCodes.hasResiduals) ? residuals : nil,
            repairs: repairs),
          isRaised: has(FittedSurfaceCodes.isRaised), atTheMoney: atTheMoney[row]))
    }
    return rows
  }

  private func form(
    _ code: UInt8, _ parameters: [Double], _ places: ArraySlice<Double>, _ values: ArraySlice<Double>
  ) -> ChainSmile.Form? {
    guard parameters.allSatisfy(\.isFinite), (code == FittedSurfaceCodes.interpolated) != places.isEmpty else {
      return nil
    }
    switch code {
    case FittedSurfaceCodes.quadratic: return .quadratic(Smile(slope: parameters[0], curvature: parameters[1]))
    case FittedSurfaceCodes.svi:
      return .svi(
        RawSVI(
          a: parameters[0], b: parameters[1], rho: parameters[2], m: parameters[3], sigma: parameters[4]))
    case FittedSurfaceCodes.interpolated:
      guard values.allSatisfy({ $0 > 0 && $0.isFinite }), places.allSatisfy(\.isFinite),
        zip(places, places.dropFirst()).allSatisfy({ $0 < $1 })
      else { return nil }
      return .interpolated(MonotoneCurve(places: Array(places), values: Array(values)))
    default: return nil
    }
  }

  /// The expiries of a moment, those that were raised to the one before with its smile; each has the volatility at the money that was written with it, to the bit.
  private func raised(_ rows: ArraySlice<Row>) throws(StorageError) -> [FittedExpiry] {
    var before: ChainSmile?
    var found: [FittedExpiry] = []
    for row in rows {
      var expiry = row.expiry
      if let smile = expiry.smile {
        guard !row.isRaised || before != nil else {
          throw damaged("'/expiries/parts'", "an expiry is raised to one that there is not")
        }
        let whole = ChainSmile(
          smile.form, atTheMoney: smile.formAtTheMoney, years: smile.years, quoted: smile.quoted, isCut: smile.isCut,
          flattening: smile.flattening, floor: row.isRaised ? before : nil)
        guard whole.atTheMoney == row.atTheMoney, whole.atTheMoney > 0 else {
          throw damaged("'/expiries/at_the_money'", "it is not what the smile says")
        }
        expiry.smile = whole
        before = whole
      }
      found.append(expiry)
    }
    return found
  }
}
