// Fitted surfaces at rest: to the bit what was fitted, of one chain, and refused where anything in them is not so.

import Glibc
import Market
import Pricing
import TestSupport
import Testing

@testable import Storage

@Suite struct FittedSurfaceFileTests {
  /// Three minutes of four expiries: enough quotes for a form, few, one strike, and one that is dearer early than late.
  private static let chain = Result { () throws -> OptionChain in
    let calendar = TradingCalendar.xnys
    let date = try #require(CalendarDate("2024-03-07"))
    let first = try #require(calendar.ordinal(of: date))
    var builder = ChainBuilder(underlying: "XSP", columns: [.bid, .ask])
    let root = builder.root("XSP")
    for (ahead, level, strikes) in [
      (1, 0.3, 90...110), (2, 0.225, 90...110), (5, 0.25, 99...101), (6, 0.25, 100...100),
    ] as [(Int, Double, ClosedRange<Int>)] {
      for minute in [100, 101, 200] {
        let left = calendar.remainingSessions(from: first, minute: Double(minute + 1), to: first + ahead)
        let years = VarianceClock().years(over: left)
        for strike in strikes {
          for right in [OptionSymbol.Right.call, .put] {
            let x = log(Double(strike) / 100)
            let value = try BlackScholes.plainValue(
              OptionTerms(
                right == .call ? .call : .put, spot: 100, strike: Double(strike), years: years,
                volatility: level - 0.2 * x + x * x))
            builder.add(
              contract: builder.number(
                root: root, expiry: calendar.sessions[first + ahead].date, right: right,
                strikeThousandths: strike * 1000),
              date: date, isExtendedHours: false, minute: Int32(minute),
              values: [Int32(max(value.price * 10_000 - 200, 0)), Int32(value.price * 10_000 + 200)],
              openInterest: ChainValue.none, underlying: ChainValue.none)
          }
        }
      }
    }
    let finished = builder.finish()
    return try #require(finished)
  }

  private func file() throws -> (file: FittedSurfaceFile, surfaces: [ChainSurface], entry: ChainEntry) {
    let chain = try Self.chain.get()
    let session = try #require(chain.sessions.first)
    let entry = ChainEntry(chain)
    let surfaces = try [101, 102, 201].map { try ChainSurface(chain, session, at: $0) }
    let file = FittedSurfaceFile(
      symbol: "XSP", contractDigest: entry.contractDigest,
      sessions: entry.sessions.map { .init(date: $0.date, digest: $0.digest) }, givenRate: nil,
      surfaces: surfaces.map { FittedSurface($0) })
    return (file, surfaces, entry)
  }

  @Test func whatIsWrittenComesBackToTheBit() throws {
    let (file, surfaces, entry) = try file()
    let scratch = try TemporaryFolder()
    let path = scratch.path + "/surfaces.h5"
    try file.write(to: path)
    try file.write(to: path)
    let read = try FittedSurfaceFile.read(path)
    #expect(read == file)
    #expect(try read.encoded() == file.encoded())
    var (smiles, kinds) = (0, Set<String>())
    for fitted in surfaces {
      let found = try #require(read.surface(on: fitted.date, minute: fitted.minute))
      for (own, kept) in zip(fitted.expiries, found.expiries) {
        #expect(own.refusal == kept.refusal)
        guard let smile = own.smile, let again = kept.smile else { continue }
        smiles += 1
        kinds.insert(smile.form.name + (smile.floor == nil ? "" : ", raised"))
        for k in stride(from: -6.0, through: 5, by: 0.25) {
          let x = k * smile.deviation
          #expect(smile.volatility(logMoneyness: x) == again.volatility(logMoneyness: x))
        }
      }
    }
    #expect(smiles >= 9 && kinds.count >= 3 && kinds.contains { $0.hasSuffix("raised") }, "\(smiles) \(kinds)")
    #expect(read.surface(on: surfaces[0].date, minute: 100) == nil)
    #expect(read.isOf(entry, on: surfaces[0].date))
    var other = entry
    other.sessions[0].digest = String(repeating: "0", count: 64)
    #expect(!read.isOf(other, on: surfaces[0].date) && !read.isOf(entry, on: CalendarDate(daysSinceEpoch: 0)))
    #expect(try StorageInspection.kind(path) == .fittedSurfaces)
    #expect(try StorageInspection.describe(path).contains { $0.0 == "smiles" && $0.1.hasPrefix("\(smiles) of 12") })
    // Nothing else is written over.
    try AtomicWrite.write(text: "x", to: scratch.path + "/notes")
    #expect(throws: StorageError.self) { try file.write(to: scratch.path + "/notes") }
  }

  /// Sealed again, so that only what it says is wrong.
  @Test func whatIsNoSurfaceIsRefused() throws {
    let bytes = try file().file.encoded()
    let whole = try RolloutFile(decoding: bytes, path: "s", content: .fittedSurfaces)
    func refusal(_ change: (inout RolloutFile) -> Void) throws -> String? {
      var other = whole
      change(&other)
      let bytes = try other.encoded()
      do throws(StorageError) {
        _ = try FittedSurfaceFile.decode(bytes, path: "s")
        return nil
      } catch {
        return error.description
      }
    }
    func first(_ name: String, _ value: Double) -> (inout RolloutFile) -> Void {
      { file in
        guard case .doubles(var values)? = file.columns[name]?.values, !values.isEmpty else { return }
        values[0] = value
        file.columns[name] = .init(.doubles(values))
      }
    }
    func first(_ name: String, _ value: Int64) -> (inout RolloutFile) -> Void {
      { file in
        guard case .integers(var values)? = file.columns[name]?.values, !values.isEmpty else { return }
        values[0] = value
        file.columns[name] = .init(.integers(values))
      }
    }
    func code(_ name: String, _ value: UInt8) -> (inout RolloutFile) -> Void {
      { file in
        guard case .bytes(var values)? = file.columns[name]?.values else { return }
        values[0] = value
        file.columns[name] = .init(.bytes(values))
      }
    }
    #expect(try refusal { _ in } == nil)
    var told = 0
    func requireDamaged(_ name: String, _ change: (inout RolloutFile) -> Void) throws {
      let words = try refusal(change)
      #expect(words?.hasPrefix("'s' is damaged") == true, "\(name): \(words ?? "read")")
      told += 1
    }
    let attributes: [(String, String?)] = [
      ("symbol", nil), ("symbol", "a b"), ("roots", ""), ("session_digests", "2024-03-07 zz"), ("session_digests", ""),
      ("contract_digest", "0"), ("fresh_minutes", "3"), ("given_rate", "nan"),
    ]
    for (name, value) in attributes { try requireDamaged(name) { $0.attributes[name] = value } }
    try requireDamaged("no day") { $0.columns["surfaces/day"] = nil }
    try requireDamaged("one year") { $0.columns["expiries/years"] = .init(.doubles([1])) }
    let integers: [(String, Int64)] = [
      ("surfaces/minute", 391), ("surfaces/minute", -1), ("surfaces/minute", 150), ("surfaces/day", 0),
      ("surfaces/day", .max), ("surfaces/expiries", 5), ("surfaces/expiries", -1), ("surfaces/expiries", .max),
      ("expiries/root", 9), ("expiries/root", .min), ("expiries/expiry", .max), ("expiries/quotes", -1),
      ("expiries/knots", 1),
    ]
    for (name, value) in integers { try requireDamaged("\(name) \(value)", first(name, value)) }
    let doubles: [(String, Double)] = [
      ("surfaces/rate", .nan), ("surfaces/rate_error", -1), ("expiries/forward", 0), ("expiries/discount", .infinity),
      ("expiries/years", -1), ("expiries/at_the_money", 0.2), ("expiries/form_at_the_money", .nan),
      ("expiries/quoted_low", 1), ("expiries/quoted_high", .nan), ("expiries/flattening", 2), ("expiries/p1", .nan),
    ]
    for (name, value) in doubles { try requireDamaged("\(name) \(value)", first(name, value)) }
    let codes: [(String, UInt8)] = [
      ("expiries/form", 9), ("expiries/form", 3), ("expiries/refusal", 4), ("expiries/refusal", 9),
      ("expiries/discount_source", 200), ("surfaces/rate_source", 200), ("expiries/parts", 31),
    ]
    for (name, value) in codes { try requireDamaged("\(name) \(value)", code(name, value)) }
    #expect(told == 41)
    var cut = bytes
    cut[cut.count / 2] ^= 1
    #expect(throws: StorageError.self) { try FittedSurfaceFile.decode(cut, path: "s") }
  }
}
