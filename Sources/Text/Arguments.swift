// Flags and operands of one command, checked against what the command declares.

/// A flag that a command understands.
package struct Flag: Sendable {
  /// Without the leading dashes, in kebab-case.
  package let name: String
  /// What its value is called in the help; nil where it takes none, empty where it has no name.
  package let valueName: String?
  package let help: String
  package let isRepeatable: Bool
  /// Whether the value may be left out; where it is not, it follows an equals sign.
  package let isValueOptional: Bool

  /// A flag that takes no value.
  package init(_ name: String, _ help: String = "") {
    self.name = name
    valueName = nil
    self.help = help
    isRepeatable = false
    isValueOptional = false
  }

  /// A flag whose value may be left out.
  package init(_ name: String, optional valueName: String, _ help: String) {
    self.name = name
    self.valueName = valueName
    self.help = help
    isRepeatable = false
    isValueOptional = true
  }

  /// A flag with a value.
  package init(_ name: String, _ valueName: String, repeats: Bool = false, _ help: String) {
    self.name = name
    self.valueName = valueName
    self.help = help
    isRepeatable = repeats
    isValueOptional = false
  }

  /// Flags with values that a program describes elsewhere.
  package static func values(_ names: String..., repeats: Bool = false) -> [Flag] {
    names.map { Flag($0, "", repeats: repeats, "") }
  }
}

/// What the user wrote after the command's name.
package struct Arguments: Sendable {
  /// Flag name and value ("" where it takes none), in the order written.
  package private(set) var flags: [(name: String, value: String)] = []
  package private(set) var operands: [String] = []

  /// Splits the words of a command line. `--flag value` and `--flag=value` are one; `--` ends the flags. `operandLimit`: how many words may
  /// stand that are no flags. `allowsEmptyValues`: whether `--flag=` is a value.
  package init(
    _ words: some Sequence<String>, flags known: [Flag], operandLimit: Int = .max, allowsEmptyValues: Bool = false
  ) throws(UsageError) {
    var rest = Array(words)[...]
    while let word = rest.popFirst() {
      guard word.hasPrefix("-"), word != "-" else {
        try addOperand(word, limit: operandLimit)
        continue
      }
      if word == "--" {
        while let word = rest.popFirst() { try addOperand(word, limit: operandLimit) }
        break
      }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let name = String(parts[0].drop { $0 == "-" })
      guard word.hasPrefix("--"), let flag = known.first(where: { $0.name == name }) else {
        throw UsageError(.unknownFlag(parts[0], nearest: NearestName.of(name, among: known.map(\.name) + ["help"])))
      }
      if !flag.isRepeatable, has(name) { throw UsageError(.repeated(name)) }
      guard let valueName = flag.valueName else {
        guard parts.count == 1 else { throw UsageError(.valueUnwanted(name)) }
        flags.append((name, ""))
        continue
      }
      if parts.count == 1, flag.isValueOptional {
        flags.append((name, ""))
      } else if let value = parts.count == 2 ? parts[1] : rest.popFirst(), allowsEmptyValues || !value.isEmpty {
        flags.append((name, value))
      } else {
        throw UsageError(.valueMissing(name, valueName: valueName.isEmpty ? nil : valueName))
      }
    }
  }

  private mutating func addOperand(_ word: String, limit: Int) throws(UsageError) {
    guard operands.count < limit else { throw UsageError(.unexpected(word)) }
    operands.append(word)
  }

  package func has(_ name: String) -> Bool { flags.contains { $0.name == name } }
  package func value(_ name: String) -> String? { flags.last { $0.name == name }?.value }
  package func values(_ name: String) -> [String] { flags.filter { $0.name == name }.map(\.value) }

  /// The value as a whole number; nil where the flag does not stand.
  package func wholeNumber(_ name: String, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
    guard let text = value(name) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw UsageError(
        "--\(name) is \(text); it must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}
