// Alpha Vantage: newest first, New York time, and the stamp is the bar's end. Its columns are everybody's, so that it must be named or prove itself.

extension BarLayout {
  static let alphaVantage = BarLayout(
    name: "alpha-vantage", words: "Alpha Vantage, newest first, stamped at the bar's end",
    columns: ["timestamp", "open", "high", "low", "close", "volume"], zone: .newYork, side: .end, isRecognised: false)
}
