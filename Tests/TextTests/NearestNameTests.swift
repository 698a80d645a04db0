// The name that was meant.

import Testing
import Text

@Suite struct NearestNameTests {
  @Test func findsWhatWasMeant() {
    let known = ["--policy", "--stochastic", "--seed", "--help"]
    #expect(NearestName.of("--polcy", among: known) == "--policy")
    #expect(NearestName.of("--stochastik", among: known) == "--stochastic")
    #expect(NearestName.of("--sead", among: known) == "--seed")
    #expect(NearestName.of("completely-else", among: known) == nil)
    #expect(NearestName.editDistance("kitten", "sitting") == 3)
    #expect(NearestName.editDistance("", "abc") == 3 && NearestName.editDistance("abc", "") == 3)
    #expect(NearestName.editDistance("gmama", "gamma") == 1 && NearestName.editDistance("ab", "ba") == 1)
  }

  private static let keys = [
    "environment.allow_short", "environment.lanes", "environment.episode_length", "environment.store",
    "environment.unit_dollars", "environment.position_change_cost", "algorithm.gamma", "algorithm.learning_rate",
    "algorithm.learning_starts", "run.seed", "run.workers",
  ]

  /// Keys of other programs, and names of their own making: the section in front brings nothing nearer.
  @Test(arguments: [
    "environment.daily_loss_limit", "environment.max_leverage", "environment.stop_loss", "environment.slippage_bps",
    "algorithm.entropy", "run.device", "run.x", "environment.", "", ".", "daily_loss_limit", "q",
  ])
  func namesNothingWhereNothingIsNear(key: String) { #expect(NearestName.of(key, among: Self.keys) == nil) }

  @Test(arguments: [
    ("environment.alow_shorts", "environment.allow_short"), ("environment.short_allow", "environment.allow_short"),
    ("environment.lane", "environment.lanes"), ("environment.episode", "environment.episode_length"),
    ("enviroment.store", "environment.store"), ("algorithm.gmama", "algorithm.gamma"),
    ("algorithm.learningRate", "algorithm.learning_rate"), ("run.sede", "run.seed"),
  ])
  func findsTheKey(key: String, meant: String) { #expect(NearestName.of(key, among: Self.keys) == meant) }

  /// Two begin so: none is the one that was meant.
  @Test func namesNoneOfSeveral() { #expect(NearestName.of("algorithm.learning", among: Self.keys) == nil) }
}
