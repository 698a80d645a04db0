// What trading costs beside prices, to the micro-dollar.

import Market
import Testing
import Text
import Trading

/// A day on which all rates of the profiles hold.
private let day = march(3)

private func march(_ day: Int, _ year: Int = 2025) -> CalendarDate {
  CalendarDate(year: year, month: 3, day: day) ?? CalendarDate(daysSinceEpoch: 0)
}

/// Commission, clearing and regulatory fees of one order of options.
private func fees(_ table: FeeTable, price: Int, contracts: Int, on date: CalendarDate = day) -> Costs {
  let rates = table.rates(on: date)
  var costs = rates.fees(class: .option, price: price, quantity: contracts, proceeds: 0)
  var order = OrderCommission()
  costs[.commission] += rates.raise(
    &order, options: costs[.commission], shares: 0, hasOptions: true, hasShares: false)
  return costs
}

@Test func theProfilesChargeWhatTheySay() {
  // 0.65 + 0.025 + 0.02815.
  #expect(fees(.retail, price: 4_400, contracts: 1).total == 703_150)
  #expect(fees(.zeroCommission, price: 4_400, contracts: 1).total == 53_150)
  // One contract at 0.44: the minimum of a dollar, and 0.05315.
  let one = fees(.interactiveBrokers, price: 4_400, contracts: 1)
  #expect(one[.commission] == 1_000_000 && one[.clearing] == 25_000 && one[.regulatory] == 28_150)
  // Ten contracts: 6.50, 0.25 and 0.2815.
  let ten = fees(.interactiveBrokers, price: 4_400, contracts: 10)
  #expect(ten[.commission] == 6_500_000 && ten[.clearing] == 250_000 && ten[.regulatory] == 281_500)
  // Whoever exercises an option on shares pays nothing for it.
  for table in [FeeTable.retail, .zeroCommission, .interactiveBrokers] { #expect(table.rates(on: day).exercise == 0) }
  // Before 14 February 2025 clearing was 0.02.
  let before = fees(.retail, price: 4_400, contracts: 1, on: march(13).advanced(by: -28))
  #expect(before[.clearing] == 20_000)
}

/// Premium and commission a contract, from the broker's examples: 0.25 below 0.05, 0.50 below 0.10, 0.65 from there.
private let tiers: [(Int, Int64)] = [
  (1, 250_000), (499, 250_000), (500, 500_000), (999, 500_000), (1_000, 650_000), (50_000, 650_000),
]

@Test(arguments: tiers)
func premiumsHaveTheirTiers(price: Int, rate: Int64) {
  #expect(fees(.interactiveBrokers, price: price, contracts: 100)[.commission] == 100 * rate)
}

@Test func theMinimumIsOfTheOrderHoweverManyFillsItHas() {
  let rates = FeeTable.interactiveBrokers.rates(on: day)
  var order = OrderCommission()
  var charged: [Int64] = []
  for _ in 0..<3 {
    let costs = rates.fees(class: .option, price: 4_400, quantity: 1, proceeds: 0)
    charged.append(
      costs[.commission]
        + rates.raise(&order, options: costs[.commission], shares: 0, hasOptions: true, hasShares: false))
  }
  // 1.00 for the first, and then what three times 0.65 is more.
  #expect(charged == [1_000_000, 300_000, 650_000])
}

@Test func salesPayFeesThatPurchasesDoNot() {
  let rates = FeeTable.retail.rates(on: day)
  #expect(rates.fees(class: .option, price: 10_000, quantity: 1, proceeds: 0)[.saleFees] == 0)
  // 0.00279, and 27.80 of a million on 100 dollars.
  let sale = rates.fees(class: .option, price: 10_000, quantity: -1, proceeds: 100_000_000)
  #expect(sale[.saleFees] == 2_790 + 2_780)
  // Options of an index are free of both, and have a fee of their exchange: 0.58, below a dollar 0.49.
  let index = rates.fees(class: .indexOption, price: 10_000, quantity: -1, proceeds: 100_000_000)
  #expect(index[.saleFees] == 0 && index[.clearing] == 25_000 + 580_000)
  #expect(rates.fees(class: .indexOption, price: 9_999, quantity: 2, proceeds: 0)[.clearing] == 2 * (25_000 + 490_000))
  // Shares: 0.000166 each and at most 8.30, and the value's share; half to even where it ends in a half.
  let shares = rates.fees(class: .share, price: 6_000_000, quantity: -100, proceeds: 60_000_000_000)
  #expect(shares[.saleFees] == 16_600 + 1_668_000)
  #expect(rates.fees(class: .share, price: 1, quantity: -100_000, proceeds: 10_000_000)[.saleFees] == 8_300_000 + 278)
  // A thousand million dollars: more than 64 bits hold on the way.
  let large = rates.fees(class: .share, price: 1, quantity: -100_000, proceeds: 1_000_000_000_000_000)
  #expect(large[.saleFees] == 8_300_000 + 27_800_000_000)
  var halves = rates
  halves.saleValue = 500_000
  #expect(halves.fees(class: .option, price: 1, quantity: -1, proceeds: 1_000_000)[.saleFees] == 2_790)
  #expect(halves.fees(class: .option, price: 1, quantity: -1, proceeds: 3_000_000)[.saleFees] == 2_792)
}

@Test func ratesBeyondTheirDaysAreNamed() throws {
  let later = march(20, 2026)
  let notices = FeeTable.retail.notices(from: day, until: later)
  #expect(notices.contains("option_regulatory 0.02815 carried on from 2025-03-03"))
  #expect(notices.contains("option_clearing 0.025 carried on from 2025-02-14"))
  #expect(notices.contains("sale_value 0 carried on from 2025-05-14"))
  let earlier = FeeTable.retail.notices(from: march(1, 2020), until: march(2, 2020))
  #expect(earlier.contains("option_regulatory 0.02815 carried back to days before 2025-03-03"))
  #expect(earlier.contains("option_clearing 0.02 carried back to days before 2025-02-13"))
  // A choice is no fact that could grow old.
  #expect(!(notices + earlier).contains { $0.hasPrefix("option_commission") })
  // Of what is not traded nothing is said.
  #expect(
    FeeTable.retail.notices(from: day, until: day, of: [.option]) == [
      "option_clearing 0.025 carried on from 2025-02-14", "option_sale 0.00279 carried on from 2024-01-01",
    ])
  #expect(FeeTable.retail.notices(from: day, until: day, of: []).isEmpty)
}

// MARK: tables from files

/// A table in which every fee is a choice of so many dollars, but for what a test changes.
private func json(_ change: (inout [String: JSON]) -> Void = { _ in }) -> JSON {
  var fees: [String: JSON] = [:]
  for fee in Fee.allCases { fees[fee.rawValue] = [["dollars": 0.01, "source": "a test"]] }
  change(&fees)
  return ["name": "test", "fees": .object(fees)]
}

@Test func tablesAreReadAsTheyAreWritten() throws {
  let table = try FeeTable(
    json { fees in
      fees["option_commission"] = [
        [
          "dollars": 0.65, "source": "a",
          "below": [["premium": 0.05, "dollars": 0.25], ["premium": 0.1, "dollars": 0.5]],
        ]
      ]
      fees["option_clearing"] = [
        ["until": "2025-02-13", "dollars": 0.02, "source": "b"],
        ["from": "2025-02-14", "dollars": 0.025, "source": "c"],
      ]
    }, source: "fees.yaml")
  #expect(table.name == "test")
  #expect(table.row(of: .optionClearing, on: march(1)).rate == PremiumRate(25_000))
  #expect(table.row(of: .optionClearing, on: march(1, 2020)).rate == PremiumRate(20_000))
  #expect(table.rates(on: day).optionCommission == FeeTable.interactiveBrokers.rates(on: day).optionCommission)
}

/// What a table may not be, and how the sentence begins.
private let refusals: [(String, @Sendable (inout [String: JSON]) -> Void, String)] = [
  (
    "a gap",
    {
      $0["option_clearing"] = [
        ["until": "2025-02-10", "dollars": 0.02, "source": "b"],
        ["from": "2025-02-14", "dollars": 0.025, "source": "c"],
      ]
    }, "fees.yaml: nobody says what option_clearing was from 2025-02-11 until 2025-02-13; add a row for these days"
  ),
  (
    "an overlap",
    {
      $0["option_clearing"] = [
        ["until": "2025-02-14", "dollars": 0.02, "source": "b"],
        ["from": "2025-02-14", "dollars": 0.025, "source": "c"],
      ]
    }, "fees.yaml: row 2 of option_clearing begins on 2025-02-14, before the row above it ends"
  ),
  (
    "a row without end before another",
    { $0["exercise"] = [["dollars": 1, "source": "b"], ["from": "2025-02-14", "dollars": 0.025, "source": "c"]] },
    "fees.yaml: row 2 of exercise follows a row without 'until'; only the last row may leave it out"
  ),
  (
    "a negative fee", { $0["option_sale"] = [["dollars": -0.01, "source": "b"]] },
    "fees.yaml: row 1 of option_sale has 'dollars' of -0.01; it must be between 0 and 100"
  ),
  (
    "an absurd fee", { $0["share_commission"] = [["dollars": 5, "source": "b"]] },
    "fees.yaml: row 1 of share_commission is 5 dollars a share; it must be between 0 and 1"
  ),
  (
    "a fee finer than money", { $0["option_sale"] = [["dollars": 0.0000001, "source": "b"]] },
    "fees.yaml: row 1 of option_sale has 'dollars' of 1e-07, finer than a millionth of a dollar; round it"
  ),
  (
    "no source", { $0["option_sale"] = [["dollars": 0]] },
    "fees.yaml: row 1 of option_sale does not say where it is known from; add 'source'"
  ),
  (
    "no date", { $0["option_sale"] = [["dollars": 0, "source": "b", "from": "3 March"]] },
    "fees.yaml: row 1 of option_sale has a 'from' that is no date; write it as 2025-03-03"
  ),
  (
    "a missing fee", { $0["exercise"] = nil },
    "fees.yaml does not say what exercise is; add a row with dollars a contract exercised, 0 where nothing is asked for"
  ),
  (
    "an unknown fee", { $0["exercize"] = [["dollars": 0, "source": "b"]] },
    "fees.yaml: there is no fee 'exercize'; did you mean 'exercise'?"
  ),
  (
    "no rows", { $0["exercise"] = [] }, "fees.yaml: exercise has no rows; add one with dollars a contract exercised"
  ),
  (
    "premiums of a fee that has none",
    { $0["exercise"] = [["dollars": 0, "source": "b", "below": [["premium": 1, "dollars": 0]]]] },
    "fees.yaml: row 1 of exercise has 'below'; a row of it has from, until, dollars, source"
  ),
  (
    "premiums that fall",
    {
      $0["option_commission"] = [
        ["dollars": 0, "source": "b", "below": [["premium": 1, "dollars": 0], ["premium": 0.5, "dollars": 0]]]
      ]
    }, "fees.yaml: row 1 of option_commission has premiums that do not rise"
  ),
]

@Test(arguments: refusals.indices)
func tablesThatCannotBeTrueAreRefused(index: Int) {
  let (name, change, sentence) = refusals[index]
  let error = #expect(throws: FeeTableError.self) { try FeeTable(json(change), source: "fees.yaml") }
  #expect(error?.description.hasPrefix(sentence) == true, "\(name): \(error?.description ?? "no error")")
}

@Test func whatIsNoTableAtAllIsRefused() {
  for json: JSON in [
    3, [], ["name": "a"], ["name": "a", "fees": 1], ["name": "", "fees": [:]], ["fees": [:], "x": 1],
  ] {
    #expect(throws: FeeTableError.self) { try FeeTable(json, source: "fees.yaml") }
  }
}
