// Neither program starts beside a secret: what stands in environment variables is read by every child, crash report and log.

private import Glibc

/// Environment variables that are named like secrets. Their values are never shown.
package struct SecurityError: Error, Equatable, CustomStringConvertible {
  /// Sorted.
  package let names: [String]
  /// What was allowed by name, as it stood.
  package let allowed: String

  package var description: String {
    let one = names.count == 1
    let shown = names.map(PrintableText.name)
    let allowance = (allowed.isEmpty ? [] : [PrintableText.of(allowed)]) + shown
    return "SecurityError: refusing to start, because the environment variable\(one ? "" : "s") "
      + "\(shown.joined(separator: ", ")) \(one ? "is" : "are") named like \(one ? "a secret" : "secrets"); take "
      + "\(one ? "it" : "them") out (`unset \(shown.joined(separator: " "))`) and keep secrets in a file or a secret manager, "
      + "or, where \(one ? "it is" : "they are") none, set "
      + "\(EnvironmentSecrets.allowanceVariable)=\(allowance.joined(separator: ","))"
  }
}

/// Secrets are known by how their names end, whoever owns them: a list of owners is never complete, and one that this program has no use for
/// still ends in its children and crash reports.
package enum EnvironmentSecrets {
  /// Names, with commas between them, that hold no secret in spite of how they end.
  package static let allowanceVariable = "STRIKEFORGE_ALLOW_ENVIRONMENT"

  /// Words that stand for a secret wherever a name ends with them, also without an underscore before them: `TWSPASSWORD`.
  private static let words = [
    "PASSWORD", "PASSWD", "PASSPHRASE", "PASSCODE", "SECRET", "TOKEN", "APIKEY", "SECRETKEY", "ACCESSKEY", "PRIVATEKEY",
    "CREDENTIAL", "CREDENTIALS", "PASSWORDS", "SECRETS", "MNEMONIC",
  ]
  /// Words that stand for one only as the last of several: `PWD` is a folder, `COMPASS` and `HOTKEY` are words.
  private static let lastParts: Set<Substring> = [
    "KEY", "PASS", "PWD", "PW", "CREDS", "PAT", "JWT", "DSN", "OTP", "AUTH", "APIKEYS", "KEYS", "BEARER",
  ]
  /// What is hung on behind a secret's name: numbers, how it is written, and which of several accounts it opens.
  private static let decorations: Set<Substring> = [
    "ID", "B64", "BASE64", "PEM", "JSON", "STRING", "BASE", "LIVE", "PAPER", "PROD", "PRODUCTION", "TEST", "SANDBOX",
    "DEV",
    "DEMO", "PRIMARY", "SECONDARY", "OLD", "NEW",
  ]
  /// Ends of names whose secret lies elsewhere, or is meant to be seen: `TWS_PASSWORD_FILE`, `STRIPE_PUBLISHABLE_KEY`.
  private static let harmless = [
    "FILE", "PATH", "DIR", "DIRECTORY", "FOLDER", "PUBLIC_KEY", "PUBLISHABLE_KEY", "PUBLICKEY", "PUBKEY",
  ]
  /// Names that hold none by a convention that everybody keeps: the fingerprint of the key that a person signs with or that an image was checked by (all of
  /// Python's), and the path of a file.
  private static let known: Set<String> = ["GPG_KEY", "GPGKEY", "GOOGLE_APPLICATION_CREDENTIALS"]

  /// Throws where a variable that is not empty is named like a secret and not allowed by name.
  package static func refuse(in environment: some Sequence<(name: String, value: String)>) throws(SecurityError) {
    let environment = Array(environment)
    let allowance = environment.last { $0.name == allowanceVariable }?.value ?? ""
    let allowed = Set(allowance.split(separator: ",").map { $0.filter { $0 != " " } })
    let names = environment.filter { !$0.value.isEmpty && isSecret($0.name) && !allowed.contains($0.name) }.map(\.name)
    guard names.isEmpty else { throw SecurityError(names: Set(names).sorted(), allowed: allowance) }
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

  /// Whether a name ends like a secret's, in letters of either case.
  package static func isSecret(_ name: String) -> Bool {
    let upper = name.uppercased()
    guard !known.contains(upper), !harmless.contains(where: { upper.hasSuffix($0) }) else { return false }
    var parts = upper.split(separator: "_")
    while let last = parts.last, parts.count > 1, decorations.contains(last) || last.allSatisfy(\.isNumber) {
      parts.removeLast()
    }
    guard let last = parts.last else { return false }
    // `API_KEY2` as `API_KEY`.
    let digits = last.reversed().prefix { $0.isNumber }.count
    let word = last.dropLast(digits)
    return words.contains { word.hasSuffix($0) } || parts.count > 1 && lastParts.contains(word)
  }
}
