// The JSON reader accepts what RFC 8259 allows, refuses everything else by place, and never traps.

import Kernels
import Testing
import Text

@Suite struct JSONTests {
  @Test(
    arguments: [
      ("null", JSON.null), (" true\n", true), ("false", false), ("0", 0), ("-7", -7),
      ("9223372036854775807", 9_223_372_036_854_775_807),
      ("9223372036854775808", 9_223_372_036_854_775_808.0), ("-0", .number(-0.0)), ("1e3", 1000.0), ("-1.5E-2", -0.015),
      ("5e-324", .number(.leastNonzeroMagnitude)), ("1e-999", 0.0), ("\"\"", ""),
      (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{C}\n\r\t"),
      (#""\u00e9\u4E2D\uD83D\uDE00""#, "\u{E9}\u{4E2D}\u{1F600}"), ("\"\u{1F600}\u{7F}\"", "\u{1F600}\u{7F}"),
      ("[]", []),
      ("[1, [2], {}]", [1, [2], [:]]), (#"{"b":1,"a":{"c":null}}"#, ["a": ["c": .null], "b": 1]),
      (#""\u0000""#, "\u{0}"),
    ] as [(String, JSON)])
  func reads(text: String, expected: JSON) throws {
    #expect(try JSON.parse(text) == expected)
  }

  @Test(
    arguments: [
      ("", JSONError.Kind.unexpectedEnd, 0), ("  ", .unexpectedEnd, 2), ("[1,", .unexpectedEnd, 3),
      ("[1", .unexpectedEnd, 2),
      ("{\"a\"", .unexpectedEnd, 4), ("\"abc", .unexpectedEnd, 4), ("\"\\", .unexpectedEnd, 2),
      ("\"\\u12", .unexpectedEnd, 5),
      ("tru", .unexpectedEnd, 3), ("nil", .unexpectedByte(0x69, expected: "'null'"), 1),
      ("[1 2]", .unexpectedByte(0x32, expected: "',' or ']'"), 3),
      ("[1,]", .unexpectedByte(0x5D, expected: "a value"), 3),
      ("{\"a\":1,}", .unexpectedByte(0x7D, expected: "a key in quotation marks"), 7),
      ("{a:1}", .unexpectedByte(0x61, expected: "a key in quotation marks"), 1),
      ("{\"a\" 1}", .unexpectedByte(0x31, expected: "':'"), 5), ("NaN", .unexpectedByte(0x4E, expected: "a value"), 0),
      ("+1", .unexpectedByte(0x2B, expected: "a value"), 0), (".5", .unexpectedByte(0x2E, expected: "a value"), 0),
      ("1 1", .trailingContent, 2), ("{}x", .trailingContent, 2), ("01", .malformedNumber, 0),
      ("-", .malformedNumber, 0),
      ("1.", .malformedNumber, 0), ("[1e]", .malformedNumber, 1), ("1e+", .malformedNumber, 0),
      ("1e999", .numberOutOfRange, 0), ("\"\\x\"", .invalidEscape, 1), ("\"\\u12G4\"", .invalidEscape, 5),
      ("\"\\uD800\"", .loneSurrogate, 1), ("\"\\uDC00\"", .loneSurrogate, 1), ("\"\\uD800\\u0041\"", .loneSurrogate, 1),
      ("\"\n\"", .controlCharacter(0x0A), 1), ("{\"a\":1,\"a\":2}", .duplicateKey("a"), 7),
      ("\u{FEFF}1", .unexpectedByte(0xEF, expected: "a value"), 0),
      ("// no", .unexpectedByte(0x2F, expected: "a value"), 0),
    ] as [(String, JSONError.Kind, Int)])
  func refuses(text: String, kind: JSONError.Kind, offset: Int) {
    #expect(throws: JSONError(kind, at: offset)) { try JSON.parse(text) }
  }

  @Test(
    arguments: [
      [0x80], [0xC0, 0x80], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80],
      [0xF4, 0x90, 0x80, 0x80],
      [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0xFF],
    ] as [[UInt8]])
  func refusesBytesThatAreNotUTF8(bytes: [UInt8]) {
    #expect(throws: JSONError(.invalidUTF8, at: 1)) { try JSON.parse([0x22] + bytes + [0x22]) }
  }

  @Test func boundsDepthAndSize() throws {
    func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    _ = try JSON.parse(nested(64))
    #expect(throws: JSONError(.tooDeep(limit: 64), at: 64)) { try JSON.parse(nested(65)) }
    #expect(throws: JSONError(.tooDeep(limit: 2), at: 10)) { try JSON.parse(#"{"a":{"b":{}}}"#, maximumDepth: 2) }
    #expect(throws: JSONError(.tooDeep(limit: 64), at: 64)) { try JSON.parse(String(repeating: "[", count: 1_000_000)) }
    #expect(throws: JSONError(.tooLarge(bytes: 5, limit: 4), at: 0)) { try JSON.parse("12345", maximumBytes: 4) }
  }

  @Test func writesOneCanonicalForm() throws {
    let value: JSON = [
      "b": [1, 2.0, 1e300, .number(0.1)], "a": ["nested": .null, "\u{1}\"\\\n": "\u{E9}"], "Z": true,
    ]
    #expect(
      value.text == "{\"Z\":true,\"a\":{\"\\u0001\\\"\\\\\\n\":\"\u{E9}\",\"nested\":null},\"b\":[1,2.0,1e+300,0.1]}")
    #expect(
      (["b": [1, 2], "a": [[1], [:]], "c": [:]] as JSON).prettyText
        == "{\n  \"a\": [\n    [1],\n    {}\n  ],\n  \"b\": [1, 2],\n  \"c\": {}\n}")
    #expect(try JSON.parse(value.prettyText) == value)
  }

  @Test func looksInside() throws {
    let value = try JSON.parse(#"{"i": 3, "n": 2.5, "w": 1e3, "s": "x", "b": true, "a": [1], "o": {}, "z": null}"#)
    #expect(value["i"]?.integerValue == 3 && value["i"]?.doubleValue == 3 && value["w"]?.integerValue == 1000)
    #expect(value["n"]?.integerValue == nil && value["n"]?.doubleValue == 2.5 && value["s"]?.stringValue == "x")
    #expect(value["b"]?.boolValue == true && value["a"]?.arrayValue == [1] && value["o"]?.objectValue == [:])
    #expect(value["z"]?.isNull == true && value["none"] == nil && value["a"]?["i"] == nil)
    #expect(value["s"]?.doubleValue == nil && value["i"]?.stringValue == nil && value["i"]?.boolValue == nil)
  }

  @Test func everyDoubleReadsBackTheSame() throws {
    var stream = RandomStream(seed: 5, purpose: .market)
    for _ in 0..<2000 {
      let value = Double(bitPattern: stream.next())
      guard value.isFinite else { continue }
      #expect(try JSON.parse(JSON.number(value).text) == .number(value))
    }
  }

  @Test func damagedTextNeverTraps() throws {
    let source = Array(
      #"{"a":[1,-2.5e3,true,null,"x\u00e9\uD83D\uDE00\n"],"b":{"c":{"d":[[],{}]}},"name":"中文"}"#.utf8)
    var stream = RandomStream(seed: 11, purpose: .market)
    var refused = 0
    for _ in 0..<2000 {
      var bytes = source
      for _ in 0...Int(stream.nextInteger(below: 3)) {
        let place = Int(stream.nextInteger(below: UInt64(bytes.count)))
        switch stream.nextInteger(below: 4) {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: stream.next())
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(bytes[Int(stream.nextInteger(below: UInt64(bytes.count)))], at: place)
        default: bytes.removeLast(min(bytes.count - 1, Int(stream.nextInteger(below: 9))))
        }
      }
      do {
        let value = try JSON.parse(bytes)
        #expect(try JSON.parse(value.text) == value)
      } catch {
        refused += 1
        #expect((0...bytes.count).contains(error.offset))
      }
    }
    #expect(refused > 500)
  }
}
