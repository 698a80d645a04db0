// A line of progress fits a terminal, whatever is worked on.

import Testing

@testable import Text

@Suite struct ProgressLineTests {
  @Test func tellsTheShare() {
    #expect(ProgressLine.text("reading a.csv", share: 0) == "reading a.csv  [........................]   0 %")
    #expect(ProgressLine.text("reading a.csv", share: 0.5) == "reading a.csv  [############............]  50 %")
    #expect(ProgressLine.text("reading a.csv", share: 1) == "reading a.csv  [########################] 100 %")
    #expect(ProgressLine.text("writing a.h5", share: nil) == "writing a.h5 ...")
  }

  @Test(arguments: [nil, -1, 0, 0.999, 1, 7, Double.nan, Double.infinity] as [Double?])
  func fitsALineWhateverItIsAbout(share: Double?) {
    for words in ["", "reading " + String(repeating: "x", count: 300), "reading \u{1B}[2J\u{E9}"] {
      let line = ProgressLine.text(words, share: share)
      #expect(line.unicodeScalars.count < 80 && !line.contains("\u{1B}") && !line.contains("\n"), "\(line)")
    }
  }
}
