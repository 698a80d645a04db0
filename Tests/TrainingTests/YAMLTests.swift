// Configuration files: what YAML reads as what, and what it refuses where.

import Configuration
import Kernels
import Testing
import Text
import Training

@Suite struct YAMLTests {
  private func parse(_ text: String) throws(ConfigurationError) -> JSON {
    try YAML.parse(Array(text.utf8), source: "test.yaml")
  }

  private func place(_ text: String) -> [Int]? {
    do throws(ConfigurationError) {
      _ = try parse(text)
      return nil
    } catch {
      guard case .syntax("test.yaml", let line, let column, let problem) = error, !problem.isEmpty else { return [] }
      return [line, column]
    }
  }

  static let scalars: [(String, JSON)] = [
    ("", .null), ("~", .null), ("null", .null), ("Null", .null), ("NULL", .null), ("nULL", "nULL"),
    ("true", true), ("True", true), ("TRUE", true), ("false", false), ("False", false), ("FALSE", false),
    ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"), ("tRUE", "tRUE"),
    ("0", 0), ("12", 12), ("-12", -12), ("+12", 12), ("012", 12), ("9223372036854775807", .integer(.max)),
    ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .number(9223372036854775808)),
    ("1.5", .number(1.5)), ("-1.5", .number(-1.5)), (".5", .number(0.5)), ("1.", .number(1)), ("3e-4", .number(3e-4)),
    ("1E3", .number(1000)), ("+.5e1", .number(5)), ("0x1F", "0x1F"), ("0o17", "0o17"), ("0b1", "0b1"),
    (".inf", ".inf"), ("-.inf", "-.inf"), (".nan", ".nan"), ("inf", "inf"), ("nan", "nan"), ("1e400", "1e400"),
    ("0x1p3", "0x1p3"), ("1_000", "1_000"), ("1,5", "1,5"), ("1e", "1e"), ("e5", "e5"), ("--1", "--1"), ("+-1", "+-1"),
    ("1-2", "1-2"), (".", "."), ("+", "+"), ("2009-12-31", "2009-12-31"), ("12:30", "12:30"), ("1.2.3", "1.2.3"),
    ("'12'", "12"), ("\"true\"", "true"), ("'null'", "null"), ("''", ""), ("\"a\\tb\"", "a\tb"), ("'it''s'", "it's"),
    ("a b  # comment", "a b"), ("'#5'", "#5"), ("[1, a, 'b', []]", [1, "a", "b", []]), ("{}", [:]),
  ]

  @Test(arguments: scalars) func resolvesTheCoreSchema(text: String, expected: JSON) throws {
    #expect(try parse("key: \(text)") == ["key": expected])
  }

  @Test func readsNestingAndSequences() throws {
    let text = "a:\n  b: 1\n  c:\n    - x\n    - {d: 2.5, e: [3]}\n    -\n      - y\nf:\n"
    #expect(try parse(text) == ["a": ["b": 1, "c": ["x", ["d": 2.5, "e": [3]], ["y"]]], "f": .null])
    #expect(try parse("text: |\n  one\n  two\nfolded: >\n  a\n  b\n") == ["text": "one\ntwo\n", "folded": "a b\n"])
    #expect(try parse("") == [:])
    #expect(try parse("# only a comment\n") == [:])
    #expect(try parse("---\na: 1\n...\n") == ["a": 1])
    #expect(try parse("\u{FEFF}a: 1\n") == ["a": 1])
    #expect(try parse("a: 1\r\nb:\r\n  c: 2\r\n") == ["a": 1, "b": ["c": 2]])
    #expect(try parse("a:\t1\t# tabs between are allowed\n") == ["a": 1])
  }

  static let refused: [(String, [Int])] = [
    ("a: 1\nb: 2\na: 3\n", [3, 1]), ("a:\n  b: 1\n  b: 1\n", [3, 3]), ("a: &x 1\n", [1, 4]), ("a: &x [1]\n", [1, 4]),
    ("a: &x {b: 1}\n", [1, 4]), ("&x a: 1\n", [1, 1]), ("a: 1\nb: *a\n", [2, 4]), ("a: !!str 1\n", [1, 4]),
    ("a: !mine [1]\n", [1, 4]), ("? [a]\n: 1\n", [1, 3]), ("a: 1\n---\nb: 2\n", [2, 1]), ("a: 1\n\tb: 2\n", [2, 1]),
    ("a: \"open\n", [2, 1]), ("a: 1\nb: \u{1}\n", [2, 4]), ("a: b: c\n", [1, 5]), ("%YAML 3.0\n---\na: 1\n", [1, 1]),
  ]

  @Test(arguments: refused) func refusesByLineAndColumn(text: String, expected: [Int]) {
    #expect(place(text) == expected)
  }

  @Test func refusesDepthSizeAndBytes() throws {
    #expect(place("a: " + String(repeating: "[", count: 31) + String(repeating: "]", count: 31)) == nil)
    #expect(place(String(repeating: "[", count: 200_000)) == [1, 34])
    #expect(place(String(repeating: "- ", count: 40) + "x") == [1, 67])
    let large = [UInt8](repeating: 32, count: (1 << 20) + 1)
    #expect(throws: ConfigurationError.self) { try YAML.parse(large, source: "large.yaml") }
    for bytes: [UInt8] in [
      [97, 58, 32, 0xFF], [97, 58, 32, 0], [0xC3], [0xFE, 0xFF, 0], [97, 58, 10, 32, 0xED, 0xA0, 0x80],
    ] {
      #expect(throws: ConfigurationError.self) { try YAML.parse(bytes, source: "bytes.yaml") }
    }
  }

  @Test func neverTrapsOnDamagedText() throws {
    let original = Array(RunConfiguration().yamlText.utf8)
    var random = RandomStream(seed: 11, purpose: .market)
    let tokens: [[UInt8]] = [
      "&a ", "*a", "!!x ", "- ", "? ", ": ", "{", "[", "}", "]", "|", ">", "\"", "'", "\n", "\t", "---\n", "#", "\\x",
    ]
    .map { Array($0.utf8) }
    var refusals = 0
    for _ in 0..<2_000 {
      var bytes = original
      for _ in 0...random.next() % 4 {
        let place = Int(random.next() % UInt64(bytes.count))
        switch random.next() % 4 {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(contentsOf: tokens[Int(random.next() % UInt64(tokens.count))], at: place)
        default: bytes.removeSubrange(place..<min(bytes.count, place + 40))
        }
      }
      var configuration = RunConfiguration()
      do throws(ConfigurationError) {
        try configuration.apply(try YAML.parse(bytes, source: "damaged.yaml"), source: "damaged.yaml")
      } catch {
        #expect(error.description.contains("damaged.yaml"))
        refusals += 1
      }
    }
    #expect(refusals > 1_000)
  }
}
