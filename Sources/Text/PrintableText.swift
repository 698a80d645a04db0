// What a file says, as a terminal can show it.

/// Text from outside, made fit for a sentence: files may hold megabytes where a name belongs, and bytes that command a terminal.
package enum PrintableText {
  /// The text with a replacement mark for every control character, line separator and mark that turns the direction of writing; cut off
  /// behind `longest` characters of Unicode (scalars).
  package static func of(_ text: String, longest: Int = 1000) -> String {
    if text.utf8.count <= longest, text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
    var shown = String.UnicodeScalarView()
    for (place, scalar) in text.unicodeScalars.enumerated() {
      if place == longest { return String(shown) + "..." }
      shown.append(isHarmless(scalar) ? scalar : "\u{FFFD}")
    }
    return String(shown)
  }

  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: false
    default: true
    }
  }
}
