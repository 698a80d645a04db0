// Terms of accounts by symbol: what is shipped, what a file says of one symbol, and what is refused.

import TestSupport
import Testing
import Text
import Trading
import Workstation

@Suite struct AccountTermsTests {
  private func layers(_ files: [String]) throws -> RiskProfileLayers {
    let folder = try TemporaryFolder()
    var paths: [String] = []
    for (number, text) in files.enumerated() {
      try folder.write(text, to: "terms\(number).yaml")
      paths.append(folder.place("terms\(number).yaml"))
    }
    return try RiskProfileLayers(files: paths)
  }

  @Test func `the index's account is ten times as large as the others'`() {
    let shipped = SymbolTerms.shipped
    #expect(shipped["SPY"].dollars == 10_000 && shipped["SPY"].profile.limits.decayDollars == 100)
    #expect(shipped["SPX"].dollars == 100_000 && shipped["SPX"].profile.limits.decayDollars == 1_000)
    #expect(shipped["SPX"].tier == .large && shipped["QQQ"].tier == .tiny)
    #expect(shipped.problem == nil)
  }

  @Test func `what a file says of all symbols binds each, and what it says of one that one alone`() throws {
    let layers = try layers([
      "limits:\n  theta_dollars: 50\nsymbols:\n  QQQ:\n    account:\n      dollars: 25000\n    limits:\n      theta_dollars: 75\n",
      "limits:\n  vega: 0.1\n",
    ])
    let terms = layers.terms
    #expect(terms["SPY"].profile.limits.decayDollars == 50 && terms["SPX"].profile.limits.decayDollars == 50)
    #expect(terms["QQQ"].profile.limits.decayDollars == 75 && terms["QQQ"].dollars == 25_000)
    #expect(["SPY", "QQQ", "SPX"].allSatisfy { terms[$0].profile.limits.vegaFraction == 0.1 })
    #expect(layers.saysDollars(of: "QQQ") && !layers.saysDollars(of: "SPY") && !layers.saysDollars(of: "SPX"))
  }

  @Test func `a file of overrides laid over the same base gives the same terms again`() throws {
    let base = "sizes:\n  low: 0.3\nsymbols:\n  SPX:\n    sizes:\n      low: 0.15\n      medium: 0.15\n"
    var layers = try layers([base])
    try layers.reduceRisk()
    try layers.tightenDelta()
    try layers.set("limits.theta_dollars=80")
    let terms = layers.terms
    #expect(terms["SPY"].profile.sizes.low == 0.2 && terms["SPX"].profile.sizes.low == 0.15)
    let again = try self.layers([base, layers.overrideFile])
    #expect(again.terms == terms)
    // What is shown is a file too.
    let shown = try self.layers([layers.text])
    #expect(shown.terms == terms)
  }

  @Test(arguments: [
    ("symbols:\n  SPX:\n    limits:\n      thetadollars: 5\n", "did you mean limits.theta_dollars?"),
    ("symbols:\n  spx:\n    limits:\n      theta_dollars: 5\n", "the name of a share or an index such as SPX"),
    ("symbols: 5\n", "a section a symbol"), ("account:\n  dollars: 0\n", "'account.dollars' is 0 but must be"),
    ("account:\n  tier: huge\n", "one of tiny, large"),
  ])
  func `a file that says no terms is refused in a sentence`(text: String, words: String) throws {
    do {
      _ = try layers([text])
      Issue.record("it was read")
    } catch {
      #expect("\(error)".contains(words), "\(error)")
    }
  }

  @Test func `a profile of one symbol that contradicts itself is named with it`() throws {
    let terms = try layers(["symbols:\n  SPX:\n    states:\n      kill: 0.001\n"]).terms
    let problem = try #require(terms.problem)
    #expect("\(problem)".hasPrefix("SPX: the session halts at a fall of 0.02"))
  }
}
