// Numbers as people read them: so many decimals, thousands apart, no locale.

package enum DecimalText {
  /// What stands for a number that is not finite.
  package static let undefined = "-"

  /// Fixed decimals, half away from zero, never "-0.00"; exponent form from 1e12 on.
  package static func fixed(_ value: Double, decimals: Int) -> String {
    guard value.isFinite else { return undefined }
    let scale = (0..<decimals).reduce(1.0) { product, _ in product * 10 }
    let scaled = (abs(value) * scale).rounded()
    guard abs(value) < 1e12, scaled < 9e18 else { return value.description }
    let digits = String(Int64(scaled))
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard decimals > 0 else { return sign + digits }
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }

  /// Fixed decimals with thousands apart: `1,234,567.89`.
  package static func grouped(_ value: Double, decimals: Int) -> String {
    let text = fixed(value, decimals: decimals)
    guard !text.contains("e"), text != undefined else { return text }
    let sign = text.hasPrefix("-") ? "-" : ""
    let parts = text.dropFirst(sign.count).split(separator: ".")
    var whole = ""
    for (index, digit) in parts[0].enumerated() {
      if index > 0, (parts[0].count - index) % 3 == 0 { whole.append(",") }
      whole.append(digit)
    }
    return sign + whole + (parts.count > 1 ? "." + parts[1] : "")
  }

  /// Dollars: whole ones from a thousand on where `decimals` is nil, cents below.
  package static func dollars(_ value: Double, decimals: Int? = nil) -> String {
    let text = grouped(abs(value), decimals: decimals ?? (abs(value) < 1000 ? 2 : 0))
    return (value < 0 && text.contains { ("1"..."9").contains($0) } ? "-$" : "$") + text
  }
}
