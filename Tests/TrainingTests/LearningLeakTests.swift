// A market that shows the next return: whoever learns takes all of it.

import TestSupport
import Testing

extension LearningProofTests {
  @Suite(.serialized) struct Leak {
    @Test func `the short version learns and its control does not`() throws { try proveShortly(.leak) }

    @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
    func `ten seeds reach the share of the known optimum, their controls do not`() throws { _ = try prove(.leak) }

    @Test func `the short version learns eight independent choices and its control does not`() throws {
      try proveShortly(.leakBasket)
    }

    @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
    func `ten seeds learn eight independent choices, their controls do not`() throws { _ = try prove(.leakBasket) }
  }
}
