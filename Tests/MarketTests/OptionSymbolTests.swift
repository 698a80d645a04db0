// Symbols of listed options: standard, padded, adjusted, and none.

import Testing

@testable import Market

@Suite struct OptionSymbolTests {
  @Test func `a symbol is read from the right`() throws {
    let symbol = try OptionSymbol("SPY251211C00600000")
    #expect(symbol.root == "SPY" && symbol.right == .call && symbol.strike == 600 && symbol.isStandard)
    #expect("\(symbol.expiry)" == "2025-12-11" && TradingCalendar.xnys.isSession(symbol.expiry) == true)
    // A Thursday: 1970-01-01 was one.
    #expect(symbol.expiry.daysSinceEpoch % 7 == 0)
    let padded = try OptionSymbol("SPY   251211C00600000")
    let prefixed = try OptionSymbol("O:SPY251211C00600000")
    #expect(padded == symbol && prefixed == symbol && "\(padded)" == "SPY251211C00600000")
    let half = try OptionSymbol("QQQ240229P00600500")
    #expect(half.strike == 600.5 && half.right == .put && "\(half)" == "QQQ240229P00600500")
    let six = try OptionSymbol("GOOGLE991231C00000001")
    #expect(six.root == "GOOGLE" && six.strikeThousandths == 1)
  }

  @Test func `a digit in the root marks another deliverable, and is not taken off`() throws {
    let symbol = try OptionSymbol("XOM2241220P00280000")
    #expect(symbol.root == "XOM2" && symbol.strike == 280 && !symbol.isStandard)
    #expect("\(symbol.expiry)" == "2024-12-20" && symbol.right == .put)
  }

  @Test(arguments: [
    ("", OptionSymbolError.Reason.tooShort), ("SPY", .tooShort), ("251211C00600000", .tooShort),
    ("SPY251211C0060000x", .strike), ("SPY251211C00000000", .noStrike), ("SPY251211X00600000", .right),
    ("SPY251311C00600000", .date), ("SPY250229C00600000", .date), ("SPY25121 C00600000", .date),
    ("spy251211C00600000", .root), ("SPY  251211C00600000", .root), ("SEVENTY251211C00600000", .root),
    ("1SPY251211C00600000", .root), ("S\u{E9}251211C00600000", .root), ("      251211C00600000", .root),
  ])
  func `what is no symbol says where`(text: String, reason: OptionSymbolError.Reason) throws {
    let error = try #require(#expect(throws: OptionSymbolError.self) { try OptionSymbol(text) })
    #expect(error.reason == reason && error.description.contains(reason.rawValue))
  }

  @Test func `a text of any length is named in one short sentence`() {
    for letter in ["9", "x", "\u{FFFD}", "e\u{301}"] {
      let text = "SPX231215C04500000" + String(repeating: letter, count: 3000)
      do throws(OptionSymbolError) {
        let symbol = try OptionSymbol(text)
        Issue.record("\(symbol)")
      } catch {
        #expect(error.description.utf8.count < 300 && error.description.hasPrefix("'SPX231215C04500000"))
      }
    }
  }
}
