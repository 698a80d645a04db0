// What a file, a flag or a request says, as a terminal can show it.

/// Text from outside, made fit for a sentence: files may hold megabytes where a name belongs, and bytes that command a terminal.
///
/// The doors where text leaves (a program's printing, the sentences of its errors, JSON text) use it, so that nobody who puts a sentence
/// together has to.
package enum PrintableText {
  /// The most characters of a name from outside that are repeated: enough to recognise it by.
  package static let longestName = 60

  /// The text with a replacement mark for every control character, line separator and mark that turns the direction of writing; cut off
  /// behind `longest` characters of Unicode (scalars).
  package static func of(_ text: String, longest: Int = 1000) -> String {
    if text.utf8.count <= longest, isPlain(text) { return text }
    var shown = String.UnicodeScalarView()
    for (place, scalar) in text.unicodeScalars.enumerated() {
      if place == longest { return String(shown) + "..." }
      shown.append(isHarmless(scalar) ? scalar : "\u{FFFD}")
    }
    return String(shown)
  }

  /// A name from outside: its first `longestName` characters.
  package static func name(_ text: String) -> String { of(text, longest: longestName) }

  /// One sentence. What is too long loses its middle: what to do about it stands at the end.
  package static func sentence(_ text: String) -> String {
    // With what stands between them no longer than what is shown whole.
    let (longest, head, tail) = (1000, 690, 300)
    if text.utf8.count <= longest, isPlain(text) { return text }
    guard text.unicodeScalars.count > longest else { return of(text) }
    var end = String.UnicodeScalarView()
    end.append(contentsOf: text.unicodeScalars.suffix(tail))
    return of(text, longest: head) + " " + of(String(end))
  }

  /// Several lines: the same for each, none of them cut off, the line feeds between them kept.
  package static func lines(_ text: String) -> String {
    if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) || $0 == 0x0A }) { return text }
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { shown.append(scalar == "\n" || isHarmless(scalar) ? scalar : "\u{FFFD}") }
    return String(shown)
  }

  private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { (0x20..<0x7F).contains($0) } }

  /// Whether a terminal shows a character where it stands, and does nothing else.
  static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: false
    default: true
    }
  }
}
