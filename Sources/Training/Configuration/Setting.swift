// One entry of the table that drives configuration files, --set and their help.

internal import Market
package import Text

/// The place of a setting in what holds it.
typealias SettingPath<Root, Value> = any WritableKeyPath<Root, Value> & Sendable

/// A setting of a whole run.
package typealias Setting = SettingOf<RunConfiguration>

/// One configurable number, word or list: its key, its meaning, and how it is read from and written to a configuration.
package struct SettingOf<Root>: Sendable {
  /// Dotted, in snake_case: `algorithm.learning_rate`.
  package let key: String
  /// One line for people.
  package let help: String
  /// What a value must be, in words.
  package let expected: String
  package let read: @Sendable (Root) -> JSON
  /// False where the value is not what `expected` says.
  let write: @Sendable (inout Root, JSON) -> Bool

  static func number(
    _ key: String, _ path: SettingPath<Root, Double>, _ range: ClosedRange<Double>,
    _ help: String
  ) -> SettingOf {
    SettingOf(
      key: key, help: help, expected: "a number \(describe(range))",
      read: { .number($0[keyPath: path]) },
      write: { configuration, value in
        guard let number = value.doubleValue, range.contains(number) else { return false }
        configuration[keyPath: path] = number
        return true
      })
  }

  static func optionalNumber(
    _ key: String, _ path: SettingPath<Root, Double?>, _ range: ClosedRange<Double>,
    _ help: String
  ) -> SettingOf {
    SettingOf(
      key: key, help: help, expected: "null or a number \(describe(range))",
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

  static func integer(
    _ key: String, _ path: SettingPath<Root, Int>, _ range: ClosedRange<Int>,
    _ help: String
  ) -> SettingOf {
    SettingOf(
      key: key, help: help, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)",
      read: { .integer(Int64($0[keyPath: path])) },
      write: { configuration, value in
        guard let number = value.integerValue, let integer = Int(exactly: number), range.contains(integer) else {
          return false
        }
        configuration[keyPath: path] = integer
        return true
      })
  }

  static func flag(
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

  static func text(
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
  static func choice<Value: Sendable & Equatable>(
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

  static func integers(
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

  static func words(
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

  static func date(
    _ key: String, _ path: SettingPath<Root, CalendarDate>, _ help: String
  ) -> SettingOf {
    SettingOf(
      key: key, help: help, expected: "a date like 2009-12-31", read: { .string($0[keyPath: path].description) },
      write: { configuration, value in
        guard let date = value.stringValue.flatMap({ CalendarDate($0) }) else { return false }
        configuration[keyPath: path] = date
        return true
      })
  }

  static func optionalChoice<Value: Sendable & Equatable>(
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
  func lifted<Outer>(_ holder: SettingPath<Outer, Root>) -> SettingOf<Outer> {
    SettingOf<Outer>(
      key: key, help: help, expected: expected, read: { read($0[keyPath: holder]) },
      write: { write(&$0[keyPath: holder], $1) })
  }

  private static func describe(_ range: ClosedRange<Double>) -> String {
    range.upperBound == .greatestFiniteMagnitude
      ? "of at least \(JSON.number(range.lowerBound).text)"
      : "from \(JSON.number(range.lowerBound).text) to \(JSON.number(range.upperBound).text)"
  }
}
