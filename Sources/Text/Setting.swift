// One configurable thing: its key, range, unit and meaning in one place, for files, flags, help and whoever validates.

/// The place of a setting in what holds it.
package typealias SettingPath<Root, Value> = any WritableKeyPath<Root, Value> & Sendable

/// One configurable number, word or list: its key, its meaning, and how it is read from and written to a configuration.
package struct SettingOf<Root>: Sendable {
  /// Dotted, in snake_case: `algorithm.learning_rate`.
  package let key: String
  /// One line for people.
  package let help: String
  /// What a value must be, in words.
  package let expected: String
  /// Whether a run that goes on may be given another value.
  package private(set) var mayChangeOnResume = false
  package let read: @Sendable (Root) -> JSON
  /// False where the value is not what `expected` says.
  package let write: @Sendable (inout Root, JSON) -> Bool

  package init(
    key: String, help: String, expected: String, read: @escaping @Sendable (Root) -> JSON,
    write: @escaping @Sendable (inout Root, JSON) -> Bool
  ) {
    self.key = key
    self.help = help
    self.expected = expected
    self.read = read
    self.write = write
  }

  /// The same setting, which may be told anew to a run that goes on.
  package var changeableOnResume: SettingOf {
    var setting = self
    setting.mayChangeOnResume = true
    return setting
  }

  /// The same of several.
  package static func changeableOnResume(_ settings: [SettingOf]) -> [SettingOf] { settings.map(\.changeableOnResume) }

  /// The value in `root`, where it is not what a value of this setting must be; nil where it is.
  package func wrongValue(in root: Root) -> String? {
    let value = read(root)
    var copy = root
    guard !write(&copy, value) else { return nil }
    // JSON has no words for numbers that are not finite.
    if let number = value.doubleValue, !number.isFinite { return "\(number)" }
    return value.text
  }

  package static func number(
    _ key: String, _ path: SettingPath<Root, Double>, _ range: ClosedRange<Double>,
    unit: String = "", _ help: String
  ) -> SettingOf {
    SettingOf(
      key: key, help: help, expected: "a number \(describe(range))" + words(unit),
      read: { .number($0[keyPath: path]) },
      write: { configuration, value in
        guard let number = value.doubleValue, range.contains(number) else { return false }
        configuration[keyPath: path] = number
        return true
      })
  }

  package static func optionalNumber(
    _ key: String, _ path: SettingPath<Root, Double?>, _ range: ClosedRange<Double>,
    unit: String = "", _ help: String
  ) -> SettingOf {
    SettingOf(
      key: key, help: help, expected: "null or a number \(describe(range))" + words(unit),
      read: { $0[keyPath: path].map(JSON.number) ?? .null },
      write: { configuration, value in
        if value == .null {
          configuration[keyPath: path] = nil
          return true
        }
        guard let number = value.doubleValue, range.contains(number) else { return false }
        configuration[keyPath: path] = number
        return true
      })
  }

  package static func integer(
    _ key: String, _ path: SettingPath<Root, Int>, _ range: ClosedRange<Int>,
    unit: String = "", _ help: String
  ) -> SettingOf {
    SettingOf(
      key: key, help: help,
      expected: "a whole number from \(range.lowerBound) to \(range.upperBound)" + words(unit),
      read: { .integer(Int64($0[keyPath: path])) },
      write: { configuration, value in
        guard let number = value.integerValue, let integer = Int(exactly: number), range.contains(integer) else {
          return false
        }
        configuration[keyPath: path] = integer
        return true
      })
  }

  package static func flag(
    _ key: String, _ path: SettingPath<Root, Bool>, _ help: String
  ) -> SettingOf {
    SettingOf(
      key: key, help: help, expected: "true or false", read: { .bool($0[keyPath: path]) },
      write: { configuration, value in
        guard let flag = value.boolValue else { return false }
        configuration[keyPath: path] = flag
        return true
      })
  }

  package static func text(
    _ key: String, _ path: SettingPath<Root, String>, expected: String = "text",
    _ help: String, accepts: @escaping @Sendable (String) -> Bool = { _ in true }
  ) -> SettingOf {
    SettingOf(
      key: key, help: help, expected: expected, read: { .string($0[keyPath: path]) },
      write: { configuration, value in
        guard let text = value.stringValue, accepts(text) else { return false }
        configuration[keyPath: path] = text
        return true
      })
  }

  /// One word of a closed set.
  package static func choice<Value: Sendable & Equatable>(
    _ key: String, _ path: SettingPath<Root, Value>, _ words: [(String, Value)],
    _ help: String
  ) -> SettingOf {
    SettingOf(
      key: key, help: help, expected: "one of " + words.map(\.0).joined(separator: ", "),
      read: { configuration in
        .string(words.first { $0.1 == configuration[keyPath: path] }?.0 ?? "")
      },
      write: { configuration, value in
        guard let word = value.stringValue, let match = words.first(where: { $0.0 == word }) else { return false }
        configuration[keyPath: path] = match.1
        return true
      })
  }

  package static func integers(
    _ key: String, _ path: SettingPath<Root, [Int]>, _ range: ClosedRange<Int>,
    _ help: String
  ) -> SettingOf {
    SettingOf(
      key: key, help: help,
      expected: "a list of whole numbers from \(range.lowerBound) to \(range.upperBound), like [64, 64]",
      read: { .array($0[keyPath: path].map { .integer(Int64($0)) }) },
      write: { configuration, value in
        guard let items = value.arrayValue else { return false }
        let numbers = items.compactMap { $0.integerValue.flatMap { Int(exactly: $0) } }
        guard numbers.count == items.count, numbers.allSatisfy(range.contains) else { return false }
        configuration[keyPath: path] = numbers
        return true
      })
  }

  package static func words(
    _ key: String, _ path: SettingPath<Root, [String]>, _ help: String
  ) -> SettingOf {
    SettingOf(
      key: key, help: help, expected: "a list of different words, like [AAPL, MSFT]",
      read: { .array($0[keyPath: path].map(JSON.string)) },
      write: { configuration, value in
        guard let items = value.arrayValue else { return false }
        let words = items.compactMap(\.stringValue)
        guard words.count == items.count, Set(words).count == words.count, !words.contains("") else { return false }
        configuration[keyPath: path] = words
        return true
      })
  }

  package static func optionalChoice<Value: Sendable & Equatable>(
    _ key: String, _ path: SettingPath<Root, Value?>, _ words: [(String, Value)],
    _ help: String
  ) -> SettingOf {
    SettingOf(
      key: key, help: help, expected: "null or one of " + words.map(\.0).joined(separator: ", "),
      read: { configuration in
        words.first { $0.1 == configuration[keyPath: path] }.map { .string($0.0) } ?? .null
      },
      write: { configuration, value in
        if value == .null {
          configuration[keyPath: path] = nil
          return true
        }
        guard let word = value.stringValue, let match = words.first(where: { $0.0 == word }) else { return false }
        configuration[keyPath: path] = match.1
        return true
      })
  }

  /// The same setting of what holds its holder.
  package func lifted<Outer>(_ holder: SettingPath<Outer, Root>) -> SettingOf<Outer> {
    lifted(get: { $0[keyPath: holder] }, set: { $0[keyPath: holder] = $1 })
  }

  /// The same setting of whatever holds its holder.
  package func lifted<Outer>(
    get: @escaping @Sendable (Outer) -> Root, set: @escaping @Sendable (inout Outer, Root) -> Void
  ) -> SettingOf<Outer> {
    var setting = SettingOf<Outer>(
      key: key, help: help, expected: expected, read: { read(get($0)) },
      write: { outer, value in
        var root = get(outer)
        guard write(&root, value) else { return false }
        set(&outer, root)
        return true
      })
    setting.mayChangeOnResume = mayChangeOnResume
    return setting
  }

  private static func words(_ unit: String) -> String { unit.isEmpty ? "" : " (\(unit))" }

  private static func describe(_ range: ClosedRange<Double>) -> String {
    range.upperBound == .greatestFiniteMagnitude
      ? "of at least \(JSON.number(range.lowerBound).text)"
      : "from \(JSON.number(range.lowerBound).text) to \(JSON.number(range.upperBound).text)"
  }
}
