// Factors and splits of real files, where these are at hand: STRIKEFORGE_MARKET_DATA names their folder.

import Glibc
import Market
import Testing

@testable import Storage

private let folder = getenv("STRIKEFORGE_MARKET_DATA").map { String(cString: $0) }

@Suite(.enabled(if: folder != nil)) struct VendorFactorTests {
  private func file(_ name: String) throws -> String { FileSystem.join(try #require(folder), name) }

  /// The dates and payments of a vendor's column are those of its adjusted closes. It reinvests what was paid at the close of that day, close / (close +
  /// payment); a factor here is 1 - payment / close before, which the move of that day does not change.
  @Test(arguments: ["AAPL", "MSFT", "SPY", "QQQ"]) func paymentsLeadToTheVendorsFactors(symbol: String) throws {
    let path = try file("daily/tiingo_\(symbol)_1d_2024_2026.csv")
    let vendor = try CSVImporter.read(path: path, symbolOverride: symbol).series[0]
    #expect(vendor.actions.count >= 7)
    var reinvested: [CorporateAction] = []
    for action in vendor.actions {
      let row = try #require(vendor.dates.firstIndex(of: action.date))
      let payment = (1 - action.payment) * vendor.close[row - 1]
      let factor = vendor.close[row] / (vendor.close[row] + payment)
      reinvested.append(try #require(CorporateAction(date: action.date, split: action.split, payment: factor)))
    }
    var own = vendor
    own.adjustmentFactors = own.adjustmentFactors.map { _ in 1 }
    own.adjust(for: reinvested)
    // Payments after the last row are in the vendor's factors alone.
    let last = try #require(vendor.adjustmentFactors.last)
    for row in own.dates.indices {
      let ratio = own.adjustmentFactors[row] * last / vendor.adjustmentFactors[row]
      #expect(abs(ratio - 1) < 1e-10, "\(own.dates[row]): \(ratio)")
    }
  }

  /// Twenty years of raw prices: exactly the four splits are called so, and a crash of half the price is not.
  @Test func theSplitsOfARealShareAreFound() throws {
    let raw = try CSVImporter.read(path: file("lean/equity/usa/daily/aapl.zip")).series[0]
    let found = QualityGate.examine([raw], allowances: []).findings.filter { $0.kind == "large-move" }
    let splits = found.filter { $0.suggestion.contains("--split") }
    let expected = ["2000-06-21:2", "2005-02-28:2", "2014-06-09:7", "2020-08-31:4"]
    #expect(
      splits.map { $0.suggestion.contains("--split AAPL:") ? $0.firstDate?.description : nil }
        == expected.map { String($0.prefix(10)) })
    for (finding, split) in zip(splits, expected) { #expect(finding.suggestion.contains("--split AAPL:\(split).")) }
    #expect(found.contains { $0.firstDate == CalendarDate("2000-09-29") && !$0.suggestion.contains("split") })
    // The vendor's own factors leave none.
    let actions = try FactorFile(path: file("lean/equity/usa/factor_files/aapl.csv")).actions
    #expect(actions.filter { $0.split != 1 }.map { "\($0.date):\(Int($0.split.rounded()))" } == expected)
    var series = raw
    series.adjust(for: actions)
    let left = QualityGate.examine([series], allowances: []).findings.filter { $0.suggestion.contains("split") }
    #expect(left.isEmpty, "\(left)")
  }
}
