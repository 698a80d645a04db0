// Numbers and paragraphs as a terminal of 80 columns shows them.

import Text

/// Formatting without locale.
package enum ReportText {
  package static let columns = 80
  /// What stands for an undefined figure.
  static let undefined = DecimalText.undefined

  /// Fixed decimals, half away from zero, never "-0.00"; exponent form from 1e12 on.
  package static func fixed(_ value: Double, decimals: Int) -> String { DecimalText.fixed(value, decimals: decimals) }

  /// Up to six decimals, without trailing zeros.
  package static func shortest(_ value: Double) -> String { trimmed(value, decimals: 6) }

  /// Up to so many decimals, without trailing zeros.
  package static func trimmed(_ value: Double, decimals: Int) -> String {
    let text = fixed(value, decimals: decimals)
    guard text.contains("."), !text.contains("e") else { return text }
    let trimmed = text.reversed().drop { $0 == "0" }.drop { $0 == "." }
    return String(trimmed.reversed())
  }

  /// Fixed decimals with thousands apart: `1,234,567.89`.
  package static func grouped(_ value: Double, decimals: Int) -> String {
    DecimalText.grouped(value, decimals: decimals)
  }

  static func percent(_ fraction: Double, decimals: Int) -> String { fixed(100 * fraction, decimals: decimals) + " %" }

  /// With its sign, also where it is positive.
  static func signed(_ value: Double, decimals: Int) -> String {
    let text = fixed(value, decimals: decimals)
    return text.hasPrefix("-") || text == undefined ? text : "+" + text
  }

  /// Four decimals: one draw of 999 is a thousandth.
  static func pValue(_ value: Double) -> String { value < 0.00005 ? "below 0.0001" : fixed(value, decimals: 4) }

  static func signedPercent(_ fraction: Double, decimals: Int) -> String {
    let text = percent(fraction, decimals: decimals)
    return text.hasPrefix("-") || text == undefined ? text : "+" + text
  }

  /// `text` at the right end of `width` columns.
  static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// Words in lines of at most `columns`; the first line starts with `first`, the others with `rest`. A word that fits no line is cut.
  package static func wrapped(_ text: String, first: String = "", rest: String = "", columns: Int = columns) -> [String]
  {
    var lines: [String] = []
    var line = first
    var isEmpty = true
    func room() -> Int { columns - line.count - (isEmpty ? 0 : 1) }
    var words: [String] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
      // A percent sign stays with its number.
      if word.hasPrefix("%"), let number = words.popLast() {
        words.append(number + " " + word)
      } else {
        words.append(String(word))
      }
    }
    for word in words {
      var word = word[...]
      while !word.isEmpty {
        if word.count <= room() {
          line += (isEmpty ? "" : " ") + word
          isEmpty = false
          word = word[word.endIndex...]
        } else if isEmpty {
          let cut = max(1, room())
          line += word.prefix(cut)
          word = word.dropFirst(cut)
          lines.append(line)
          line = rest
        } else {
          lines.append(line)
          line = rest
          isEmpty = true
        }
      }
    }
    if !isEmpty || lines.isEmpty { lines.append(line) }
    return lines.map { String($0.reversed().drop(while: { $0 == " " }).reversed()) }
  }
}
