// The tests that take minutes.

import Glibc

/// Whether the long tests run: where the environment variable STRIKEFORGE_SLOW is 1, as `scripts/test --slow` sets it. A file that asks belongs to
/// a part of scripts/slow-parts.txt.
package enum SlowTests {
  package static var areEnabled: Bool { getenv("STRIKEFORGE_SLOW").map { String(cString: $0) } == "1" }
}
