// No program starts beside a secret: what stands in environment variables is read by every child, crash report and log.

private import Glibc

/// Environment variables that hold secrets which this program could use. Their values are never shown.
package struct SecurityError: Error, Equatable, CustomStringConvertible {
  /// Sorted.
  package let names: [String]

  package var description: String {
    let one = names.count == 1
    let names = names.map(PrintableText.name)
    return "SecurityError: refusing to start, because the environment variable\(one ? "" : "s") "
      + "\(names.joined(separator: ", ")) hold\(one ? "s" : "") a secret; take \(one ? "it" : "them") out (`unset "
      + "\(names.joined(separator: " "))`) and keep secrets in a secret manager"
  }
}

package enum EnvironmentSecrets {
  /// Brokers and data vendors whose secrets a trading program could use, as their variables begin; and this program's own.
  private static let owners = [
    "STRIKEFORGE", "IB", "IBKR", "IBGATEWAY", "TWS", "ALPACA", "APCA", "POLYGON", "MASSIVE", "TRADIER", "SCHWAB",
    "TRADESTATION", "TASTYTRADE", "DATABENTO", "ORATS", "TIINGO", "FINNHUB", "QUANDL", "BROKER",
  ]
  /// What the parts of a secret's name are called.
  private static let words: Set<Substring> = [
    "PASSWORD", "PASSWD", "PASS", "PWD", "SECRET", "TOKEN", "KEY", "APIKEY", "CREDENTIAL", "CREDENTIALS",
  ]

  /// Throws where a variable that is not empty is named like a secret: `IB_PASSWORD`, `APCA_API_SECRET_KEY`, `polygon_api_key`.
  package static func refuse(in environment: some Sequence<(name: String, value: String)>) throws(SecurityError) {
    let names = environment.filter { !$0.value.isEmpty && isSecret($0.name) }.map(\.name)
    guard names.isEmpty else { throw SecurityError(names: Set(names).sorted()) }
  }

  /// The same for the variables of this process.
  package static func refuseInProcess() throws(SecurityError) {
    var variables: [(name: String, value: String)] = []
    var next = environ
    while let entry = next.pointee {
      let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      variables.append((String(parts[0]), parts.count == 2 ? String(parts[1]) : ""))
      next += 1
    }
    try refuse(in: variables)
  }

  private static func isSecret(_ name: String) -> Bool {
    let parts = name.uppercased().split(separator: "_")
    guard let owner = parts.first, owners.contains(String(owner)) else { return false }
    return parts.dropFirst().contains { words.contains($0) }
  }
}
