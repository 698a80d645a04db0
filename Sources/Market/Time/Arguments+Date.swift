// A date as a flag of a command says it.

package import Text

extension Arguments {
  /// The value as a date; nil where the flag does not stand. Throws for what is no date.
  package func date(_ name: String) throws(UsageError) -> CalendarDate? {
    guard let text = value(name) else { return nil }
    guard let date = CalendarDate(text) else {
      throw UsageError("--\(name) is \(PrintableText.name(text)); it must be a date such as 2024-01-02")
    }
    return date
  }
}
