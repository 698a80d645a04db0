// The tables of fees that the programs bring along. scripts/configurations/fees holds the same as files, to be copied and changed.

package import Market

extension FeeTable {
  /// The profiles by name, the default first.
  package static let profiles = [retail, zeroCommission, interactiveBrokers]

  /// nil where no profile is called so.
  package static func profile(named name: String) -> FeeTable? { profiles.first { $0.name == name } }

  /// 0.65 dollars a contract of options and nothing for shares, as many brokers ask; at the rates of March 2025 0.70315 with clearing and regulators.
  package static let retail = made(
    "retail", optionCommission: PremiumRate(650_000), optionOrderMinimum: 0, shareCommission: 0, shareOrderMinimum: 0,
    source: "a choice: what several brokers for private customers ask for")

  /// Clearing and regulators alone: 0.05315 dollars a contract.
  package static let zeroCommission = made(
    "zero_commission", optionCommission: PremiumRate(0), optionOrderMinimum: 0, shareCommission: 0,
    shareOrderMinimum: 0, source: "a choice: brokers that ask for no commission")

  /// The tiers of Interactive Brokers for up to 10,000 contracts a month, with one dollar an order at least.
  package static let interactiveBrokers = made(
    "ibkr", optionCommission: PremiumRate(650_000, below: [(500, 250_000), (1_000, 500_000)]),
    optionOrderMinimum: 1_000_000, shareCommission: 5_000, shareOrderMinimum: 1_000_000,
    source: "Interactive Brokers, commissions for up to 10,000 contracts a month, as listed in 2025")

  private static func made(
    _ name: String, optionCommission: PremiumRate, optionOrderMinimum: Int64, shareCommission: Int64,
    shareOrderMinimum: Int64, source: String
  ) -> FeeTable {
    func choice(_ rate: PremiumRate) -> [FeeRow] { [FeeRow(rate, source: source)] }
    var rows = common
    rows[.optionCommission] = choice(optionCommission)
    rows[.optionOrderMinimum] = choice(PremiumRate(optionOrderMinimum))
    rows[.shareCommission] = choice(PremiumRate(shareCommission))
    rows[.shareOrderMinimum] = choice(PremiumRate(shareOrderMinimum))
    do throws(FeeTableError) {
      return try FeeTable(name: name, rows: rows, source: "the profile \(name)")
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// What no broker chooses.
  private static let common: [Fee: [FeeRow]] = [
    .optionClearing: [
      FeeRow(
        until: day(2025, 2, 13), PremiumRate(20_000), source: "The Options Clearing Corporation, schedule of fees"),
      FeeRow(
        from: day(2025, 2, 14), PremiumRate(25_000),
        source: "The Options Clearing Corporation, 90 FR 10544: 0.025, and no limit a trade any more"),
    ],
    .optionRegulatory: [
      FeeRow(
        from: day(2025, 3, 3), PremiumRate(28_150),
        source: "sum of the exchanges' options regulatory fees as listed by Interactive Brokers, 3 March 2025")
    ],
    .indexOptionExchange: [
      FeeRow(
        from: day(2020, 2, 18), until: day(2021, 2, 24), PremiumRate(580_000, below: [(10_000, 490_000)]),
        source: "SPX weeklies as listed by Interactive Brokers while section 31 asked for 22.10 a million")
    ],
    .optionSale: [
      FeeRow(from: day(2024, 1, 1), PremiumRate(2_790), source: "FINRA, trading activity fee, options")
    ],
    .shareSale: [
      FeeRow(from: day(2024, 1, 1), PremiumRate(166), source: "FINRA, trading activity fee, covered equities")
    ],
    .shareSaleMost: [
      FeeRow(from: day(2024, 1, 1), PremiumRate(8_300_000), source: "FINRA, trading activity fee, covered equities")
    ],
    .saleValue: [
      FeeRow(
        from: day(2023, 2, 27), until: day(2024, 5, 21), PremiumRate(8_000_000),
        source: "SEC, section 31, fee rate advisory for fiscal year 2023"),
      FeeRow(
        from: day(2024, 5, 22), until: day(2025, 5, 13), PremiumRate(27_800_000),
        source: "SEC, section 31, fee rate advisory for fiscal year 2024"),
      FeeRow(from: day(2025, 5, 14), PremiumRate(0), source: "SEC, section 31, release 34-102779"),
    ],
    .exercise: [FeeRow(PremiumRate(0), source: "a choice: options on shares are exercised for nothing")],
  ]

  private static func day(_ year: Int, _ month: Int, _ day: Int) -> CalendarDate {
    CalendarDate(year: year, month: month, day: day) ?? CalendarDate(daysSinceEpoch: 0)
  }
}
