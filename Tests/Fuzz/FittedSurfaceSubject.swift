// Files of surfaces that were fitted to a chain, damaged behind their seals and forged.

import Kernels
import Market
import Pricing
import Storage

final class FittedSurfaceSubject: Subject {
  static let name = "fitted-surface"
  private let damage = SealedDamage()

  /// Three moments of four expiries: quotes for a form, few, one strike, and more at the money early than late; a surface of one moment, and none.
  func seeds() throws -> [[UInt8]] {
    let chain = try FittedSurfaceSubject.chain()
    guard let session = chain.sessions.first else { throw Finding(reason: "a chain without a session") }
    let surfaces = try [101, 102, 201].map { FittedSurface(try ChainSurface(chain, session, at: $0)) }
    let smiles = surfaces.flatMap(\.expiries).count { $0.smile != nil }
    guard smiles >= 9 else { throw Finding(reason: "\(smiles) smiles of a chain that has nine") }
    return try [surfaces, Array(surfaces.prefix(1)), []].enumerated().map { place, surfaces in
      try FittedSurfaceFile(
        symbol: "XSP", contractDigest: String(repeating: "0", count: 64),
        sessions: [.init(date: session.date, digest: String(repeating: "a", count: 64))],
        givenRate: place == 1 ? 0.04 : nil, surfaces: surfaces
      ).encoded()
    }
  }

  private static func chain() throws -> OptionChain {
    let calendar = TradingCalendar.xnys
    guard let date = CalendarDate("2024-03-07"), let first = calendar.ordinal(of: date) else {
      throw Finding(reason: "no session on 2024-03-07")
    }
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
            let x = Double(strike) / 100 - 1
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
    guard let chain = builder.finish() else { throw Finding(reason: "a chain that is too large") }
    return chain
  }

  func input(_ random: RandomStream, pool: Pool) throws -> [UInt8] {
    var mutator = Mutator(random: random, tokens: [])
    return mutator.chance(1, in: 2) ? try forged(&mutator, pool) : damage.input(&mutator, pool: pool)
  }

  /// A whole file that says what no program ever wrote.
  private func forged(_ mutator: inout Mutator, _ pool: Pool) throws -> [UInt8] {
    let whole = pool.documents[mutator.below(2)]
    var file = try RolloutFile(decoding: whole, path: "seed", content: .fittedSurfaces)
    repeat {
      if mutator.chance(1, in: 4) {
        file.attributes[mutator.pick(file.attributes.keys.sorted() + ["given_rate"])] =
          mutator.chance(1, in: 6)
          ? nil
          : mutator.pick([
            "", "XSP", "XSP,SPX", "a b", "0", "nan", "-1e308", "0.04", "\u{1B}[2J", "2024-03-07 zz", "2024-03-07,",
            String(repeating: "0", count: 64), "2024-03-07 " + String(repeating: "b", count: 64),
          ])
        continue
      }
      let name = mutator.pick(file.columns.keys.sorted())
      switch file.columns[name]?.values {
      case .integers(var values)?:
        change(&values, &mutator, [.min, .max, -1, 0, 1, 2, 3, 4, 5, 390, 391, 19_789, 19_790, 1 << 31])
        file.columns[name] = .init(.integers(values))
      case .doubles(var values)?:
        change(&values, &mutator, [.nan, .infinity, -.infinity, -0.0, 0, 1e-300, 1e300, 0.2, 1, -1, -1e300, 1e-9])
        file.columns[name] = .init(.doubles(values))
      case .bytes(var values)?:
        change(&values, &mutator, [0, 1, 2, 3, 4, 7, 8, 16, 31, 255])
        file.columns[name] = .init(.bytes(values))
      default: file.columns[name] = nil
      }
    } while mutator.chance(2, in: 3)
    return try file.encoded()
  }

  private func change<Value>(_ values: inout [Value], _ mutator: inout Mutator, _ others: [Value]) {
    guard !values.isEmpty else { return }
    let place = mutator.below(values.count)
    switch mutator.below(12) {
    case 0: values.removeLast()
    case 1: values.append(values[place])
    case 2: values.swapAt(place, mutator.below(values.count))
    case 3: for place in values.indices { values[place] = mutator.pick(others) }
    default: values[place] = mutator.pick(others)
    }
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    do {
      let file = try FittedSurfaceFile.decode(bytes, path: "in")
      let again = try file.encoded()
      try require(try FittedSurfaceFile.decode(again, path: "again").encoded() == again, "surfaces do not come back")
      for surface in file.surfaces {
        try require(
          file.surface(on: surface.date, minute: surface.minute)?.minute == surface.minute, "a moment is not found")
        for expiry in surface.expiries {
          guard let smile = expiry.smile else { continue }
          for k in [-6.0, -1, 0, 0.5, 4, 7] {
            let volatility = smile.volatility(logMoneyness: k * smile.deviation)
            try require(volatility >= 0, "a volatility of \(volatility) at \(k) of \(expiry.expiry)")
          }
        }
      }
      return .read
    } catch let error as StorageError {
      return try refusal(error.description, names: "'in'")
    }
  }
}
