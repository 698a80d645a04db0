// The words of a command line, as this program refuses them.

import Text

extension Arguments {
  /// `values` take a value, those in `repeated` any number of times; `switches` take none. `operandLimit`: how many other words may stand.
  init(
    _ words: [String], values: [String] = [], repeated: [String] = [], switches: [String] = [], operandLimit: Int = 0
  ) throws(BenchmarkError) {
    let flags =
      values.map { Flag($0, "", "") } + repeated.map { Flag($0, "", repeats: true, "") } + switches.map { Flag($0) }
    do throws(UsageError) {
      try self.init(words, flags: flags, operandLimit: operandLimit)
    } catch {
      throw .usage(error.message)
    }
  }

  func count(_ name: String, limit: Int) throws(BenchmarkError) -> Int? {
    do throws(UsageError) {
      return try wholeNumber(name, in: 1...limit)
    } catch {
      throw .usage(error.message)
    }
  }
}

extension NearestName {
  /// What was probably meant, as the end of a refusal's first half.
  static func hint(_ name: String, among known: [String]) -> String {
    of(name, among: known).map { "; did you mean \($0)?" } ?? ""
  }
}
