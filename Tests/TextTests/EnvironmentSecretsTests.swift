// Which environment variables keep a program from starting, and what it says of them.

import Testing
import Text

@Suite struct EnvironmentSecretsTests {
  private func refused(_ variables: [(name: String, value: String)]) -> [String] {
    do throws(SecurityError) {
      try EnvironmentSecrets.refuse(in: variables)
      return []
    } catch {
      return error.names
    }
  }

  @Test(arguments: [
    "IB_PASSWORD", "APCA_API_SECRET_KEY", "APCA_API_KEY_ID", "POLYGON_API_KEY", "polygon_api_key", "MASSIVE_APIKEY",
    "TRADIER_TOKEN", "STRIKEFORGE_SECRET", "IBKR_ACCOUNT_PASSWD",
  ])
  func secretsAreRefused(name: String) { #expect(refused([(name, "x")]) == [name]) }

  /// Settings, secrets of programs that have nothing to do with trading, and variables without a value.
  @Test(arguments: [
    ("IB_HOST", "x"), ("STRIKEFORGE_SLOW", "1"), ("STRIKEFORGE_REVISION", "abc"), ("PASSWORD", "x"),
    ("GITHUB_TOKEN", "x"), ("IBUS_TOKEN", "x"), ("IB_PASSWORD", ""), ("MY_IB_PASSWORD", "x"), ("IB_PASSWORDLESS", "x"),
    ("", "x"), ("_", "x"),
  ])
  func othersAreNot(name: String, value: String) { #expect(refused([(name, value)]).isEmpty) }

  @Test func theSentenceNamesThemAllAndNoValue() throws {
    let error = try #require(throws: SecurityError.self) {
      try EnvironmentSecrets.refuse(in: [
        (name: "TWS_PASSWORD", value: "hunter2"), (name: "HOME", value: "/"), (name: "ALPACA_TOKEN", value: "hunter3"),
      ])
    }
    #expect(error.names == ["ALPACA_TOKEN", "TWS_PASSWORD"])
    #expect(error.description.contains("ALPACA_TOKEN, TWS_PASSWORD") && !error.description.contains("hunter"))
    #expect(error.description.contains("unset ALPACA_TOKEN TWS_PASSWORD"))
  }
}
