// No terminal obeys what a file says, and no sentence is drowned by it.

import Testing

@testable import Text

@Suite struct PrintableTextTests {
  /// Characters that move the cursor, clear the screen, set the title, break the line, or turn the direction of writing.
  private static let commanding = [
    "\u{1B}", "\r", "\u{7}", "\u{7F}", "\u{9B}", "\u{85}", "\u{2028}", "\u{202E}", "\u{2066}", "\u{FEFF}",
  ]

  @Test(arguments: commanding) func whatCommandsATerminalIsReplaced(_ mark: String) {
    let text = "a\(mark)[2Jb"
    for shown in [
      PrintableText.of(text), PrintableText.name(text), PrintableText.sentence(text), PrintableText.lines(text),
    ] {
      #expect(shown == "a\u{FFFD}[2Jb")
    }
    #expect(PrintableText.sentence("é 中 \u{1F600}") == "é 中 \u{1F600}")
  }

  @Test func linesKeepTheirFeedsAlone() {
    #expect(PrintableText.lines("a\nb\tc\r\n") == "a\nb\u{FFFD}c\u{FFFD}\n")
    #expect(PrintableText.of("a\nb") == "a\u{FFFD}b")
    let long = String(repeating: "x", count: 5000) + "\n"
    #expect(PrintableText.lines(long) == long)
  }

  @Test func whatIsTooLongLosesItsMiddle() {
    let sentence = "the key '" + String(repeating: "k", count: 1 << 20) + "' is unknown; leave it out"
    let shown = PrintableText.sentence(sentence)
    #expect(shown.hasPrefix("the key 'kkk") && shown.hasSuffix("kkk' is unknown; leave it out"))
    #expect(shown.contains("... ") && shown.unicodeScalars.count < 1010)
    #expect(PrintableText.name(sentence).unicodeScalars.count == PrintableText.longestName + 3)
    let whole = String(repeating: "é", count: 1000)
    #expect(PrintableText.sentence(whole) == whole)
  }

  /// JSON on a terminal (a report, an answer of the server) commands nothing either, and reads back to the same text.
  @Test(arguments: commanding) func jsonEscapesIt(_ mark: String) throws {
    let value: JSON = ["k\(mark)": .string("v\(mark)é")]
    for text in [value.text, value.prettyText] {
      #expect(PrintableText.lines(text) == text && text.contains("é"))
      #expect(try JSON.parse(text) == value)
    }
  }

  @Test func errorsAreSentences() {
    let key = String(repeating: "A", count: 900_000)
    let twice = JSONError(.duplicateKey("\u{202E}" + key), at: 7).description
    #expect(twice.unicodeScalars.count < 200 && twice.contains("stands twice") && PrintableText.of(twice) == twice)
    let flag = UsageError(.unknownFlag("--\u{1B}[2J" + key, nearest: nil)).message
    #expect(flag.unicodeScalars.count < 200 && PrintableText.of(flag) == flag)
    let other = UsageError("--window is \(key)\n, but must be held-out or selection").message
    #expect(other.hasSuffix("but must be held-out or selection") && PrintableText.of(other) == other)
    let secret = SecurityError(names: ["IB_\u{1B}[2J_TOKEN"], allowed: "").description
    #expect(PrintableText.of(secret) == secret)
  }

  /// Where Swift does not find the words, the kernel has them.
  @Test func theKernelKeepsTheWords() {
    let words = ProcessWords.kernelsWords()
    #expect(words.count >= 1 && words == CommandLine.arguments.map { Array($0.utf8) })
  }

  @Test func wordsAreTextOrRefused() throws {
    #expect(try ProcessWords.text([Array("évaluer".utf8), []]) == ["évaluer", ""])
    for bytes in [[0x72, 0xFF], [0xC3], [0xED, 0xA0, 0x80]] as [[UInt8]] {
      do {
        _ = try ProcessWords.text([[0x61], bytes])
        Issue.record("\(bytes) is text")
      } catch {
        #expect(error.message.contains("word 2 of the command line") && error.message.contains("UTF-8"))
      }
    }
  }
}
