// What this program is and runs on.

private import Glibc

package enum BuildInformation {
  package static let version = "0.1.0"

  /// The source revision given to the process, or `unknown`: a binary does not guess where it came from.
  package static var revision: String {
    getenv("STRIKEFORGE_REVISION").map { String(cString: $0) } ?? "unknown"
  }
}
