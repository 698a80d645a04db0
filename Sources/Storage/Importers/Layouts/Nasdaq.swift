// Historical quotes of nasdaq.com: newest first, dollar signs, splits in the prices.

extension BarLayout {
  static let nasdaq = BarLayout(
    name: "nasdaq", words: "historical quotes of nasdaq.com",
    columns: ["Date", "Close/Last", "Volume", "Open", "High", "Low"], zone: .newYork, side: .start, adjustment: .splits,
    isRecognised: false)
}
