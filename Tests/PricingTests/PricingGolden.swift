// What the golden files of option prices hold, and distances in units of the last place.

import TestSupport

@testable import Pricing

/// Options as a struct of arrays, and what is known of each.
struct GoldenOptions: Decodable {
  var side: [Int8]
  var spot, strike, rate, dividendYield, years, volatility, price: [Double]
  var delta, gamma, vega, theta, rho, d1, largerTerm: [Double]?

  subscript(index: Int) -> OptionTerms<Double> {
    OptionTerms(
      side[index] > 0 ? .call : .put, spot: spot[index], strike: strike[index], rate: rate[index],
      dividendYield: dividendYield[index], years: years[index], volatility: volatility[index])
  }

  var columns: OptionColumns<Double> {
    var columns = OptionColumns<Double>()
    for index in side.indices { columns.append(self[index]) }
    return columns
  }
}

struct GoldenValues: Decodable {
  struct Table: Decodable {
    var name: String
    var side: Int8
    var spot, strike, rate, dividendYield, years, volatility: Double
    var quantity: String
    var printed, value: Double
  }
  struct ZeroDay: Decodable {
    var name: String
    var side: Int8
    var spot, strike, rate, dividendYield, minutes, volatility: Double
    var price, delta, gamma, vega, theta, rho: Double
  }
  var grid: GoldenOptions
  var tables: [Table]
  var zeroDays: [ZeroDay]

  static func read() throws -> GoldenValues { try GoldenFile.read("pricing_values", as: GoldenValues.self) }
}

struct GoldenImplied: Decodable {
  var session: GoldenOptions
  var wide: GoldenOptions
}

struct GoldenAmerican: Decodable {
  struct Dividend: Decodable {
    var days, amount: Double
  }
  struct Case: Decodable {
    var side: Int8
    var spot, strike, rate, dividendYield, days, volatility: Double
    var dividends: [Dividend]
    var price, premium, delta, gamma: Double

    var terms: AmericanTerms {
      AmericanTerms(
        OptionTerms(
          side > 0 ? .call : .put, spot: spot, strike: strike, rate: rate, dividendYield: dividendYield,
          years: days / 365,
          volatility: volatility),
        dividends: dividends.map { CashDividend(years: $0.days / 365, amount: $0.amount) })
    }
  }
  var cases: [Case]
}

extension OptionValue<Double> {
  /// The bits of all its numbers.
  var bits: [UInt64] { [price, delta, gamma, vega, thetaPerYear, rho].map(\.bitPattern) }

  func number(_ quantity: String) -> Double? {
    ["price": price, "delta": delta, "gamma": gamma, "vega": vega, "theta": thetaPerYear, "rho": rho][quantity]
  }
}

extension BlackScholes {
  /// The pair of an option and of the same at another time to expiry.
  static func pair(
    _ terms: OptionTerms<Double>, later years: Double
  ) -> (first: OptionValue<Double>?, second: OptionValue<Double>?) {
    pair(
      terms.side, spot: terms.spot, strike: terms.strike, rate: terms.rate, dividendYield: terms.dividendYield,
      years: (terms.years, years), volatility: terms.volatility)
  }
}
