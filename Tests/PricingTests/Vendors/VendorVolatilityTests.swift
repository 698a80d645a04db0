// What vendors say of volatility, computed again from their prices: to a thousandth near the money, or it is said what they count otherwise.
//
// The chains are nobody's to give away. Where they lie is told by the environment variable STRIKEFORGE_MARKET_DATA, a folder with `chains` and `lean` in it;
// without it only the table of what was found is read.

import FoundationEssentials
import Glibc
import Market
import TestSupport
import Testing

@testable import Pricing

/// A row of `Tests/Fixtures/Measured/vendor_volatilities.json`.
struct VendorRow: Codable, Equatable {
  var chain: String
  /// Options near the money that the vendor gives a volatility.
  var options: Int
  var medianAbsoluteDifference: Double?
  var shareWithinThousandth: Double
  /// The clock, rate, price and forward of those figures.
  var computedFrom: String
  /// The same figure with one thing counted otherwise.
  var otherwise: [String: Double]
  /// What the vendor does otherwise, where nothing makes its numbers agree to a thousandth.
  var differs: String?
}

@Suite struct VendorVolatilityTests {
  static let folder = getenv("STRIKEFORGE_MARKET_DATA").map { String(cString: $0) }

  private static func rows() throws -> [VendorRow] {
    try GoldenFile.readMeasured("vendor_volatilities", as: [VendorRow].self)
  }

  @Test func `every chain agrees to a thousandth, or the table says what differs`() throws {
    let rows = try Self.rows()
    #expect(rows.map(\.chain) == VendorChain.all.map(\.name))
    for row in rows {
      let agrees = row.medianAbsoluteDifference.map { $0 <= 0.001 } ?? false
      #expect(agrees || row.differs?.isEmpty == false, "\(row.chain)")
      #expect(row.options > 0 || row.differs != nil)
    }
  }

  @Test(.enabled(if: folder != nil), arguments: VendorChain.all)
  func `a chain's volatilities are those of the table`(chain: VendorChain) throws {
    let folder = try #require(Self.folder)
    let found = try chain.row(below: folder)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    let text = String(decoding: try encoder.encode(found), as: UTF8.self)
    let known = try Self.rows().first { $0.chain == chain.name }
    #expect(known.map { found.isNear($0) } == true, "found: \(text)")
  }
}

extension VendorRow {
  /// Whether two rows tell the same: figures are written with six digits behind the point.
  func isNear(_ other: VendorRow) -> Bool {
    func near(_ a: Double?, _ b: Double?) -> Bool { a == b || abs((a ?? .infinity) - (b ?? .infinity)) < 2e-6 }
    return options == other.options && near(medianAbsoluteDifference, other.medianAbsoluteDifference)
      && near(shareWithinThousandth, other.shareWithinThousandth) && computedFrom == other.computedFrom
      && Set(otherwise.keys) == Set(other.otherwise.keys)
      && otherwise.allSatisfy { near($0.value, other.otherwise[$0.key]) } && differs == other.differs
  }
}
