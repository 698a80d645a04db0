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
  }
}
