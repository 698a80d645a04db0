// Decimal text against the standard library.

import Kernels
import Testing
import Text

@Suite struct DecimalNumberTests {
  private func parse(_ text: String) -> DecimalNumber.Result { DecimalNumber.parse(Array(text.utf8)[...]) }

  /// The standard library rounds correctly, so it is the judge of the short way.
  @Test func agreesWithTheStandardLibrary() {
    var random = RandomStream(seed: 5, purpose: .market)
    for _ in 0..<20_000 {
      var text = random.nextInteger(below: 4) == 0 ? "-" : ""
      for _ in 0..<(1 + random.nextInteger(below: 12)) { text += "\(random.nextInteger(below: 10))" }
      if random.nextInteger(below: 3) > 0 {
        text += "."
        for _ in 0..<(1 + random.nextInteger(below: 16)) { text += "\(random.nextInteger(below: 10))" }
      }
      if random.nextInteger(below: 8) == 0 { text += "e\(Int(random.nextInteger(below: 60)) - 30)" }
      #expect(parse(text) == Double(text).map { .value($0) }, "\(text)")
    }
  }

  @Test func edges() {
    #expect(parse("9007199254740993") == .value(9_007_199_254_740_992))
    #expect(parse("00000000000000000000000.5") == .value(0.5))
    #expect(parse("1e-400") == .value(0))
    #expect(parse(".5") == .value(0.5) && parse("5.") == .value(5))
    for text in ["", ".", "-", "+", "e5", "1e", "1e+", "1,5", "1_0", "0x1p3", " 1", "1 ", "--1", "1-", "infinit"] {
      #expect(parse(text) == .malformed, "\(text)")
    }
    for text in ["nan", "-NaN", "INF", "+infinity"] { #expect(parse(text) == .notFinite, "\(text)") }
    for text in ["1e309", "-1e309"] { #expect(parse(text) == .outOfRange, "\(text)") }
  }
}
