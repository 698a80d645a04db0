// Names in a bundle: whoever is told one must know which is meant.

import Glibc
import Inference
import TestSupport
import Testing
import Text

@Suite struct PolicyBundleNamesTests {
  private func refusal(_ actions: [String]) throws -> String? {
    let bytes = try PolicyBundleTests.forged { metadata, _ in
      metadata["actions"] = JSON.object(["names": .array(actions.map { .string($0) }), "fallback": 0]).text
    }
    do {
      _ = try PolicyBundle.decode(bytes, path: "forged")
      return nil
    } catch {
      return error.description
    }
  }

  @Test func actionsHaveNamesOfTheirOwn() throws {
    #expect(try refusal(["sell", "hold", "buy", "wait", "close"]) == nil)
    for names in [["sell", "sell", "buy", "wait", "close"], ["a", "b", "c", "d", "a"], ["", "b", "", "d", "e"]] {
      let sentence = try #require(try refusal(names))
      #expect(sentence.contains("'forged' contradicts itself") && sentence.contains("twice; export anew"))
    }
    let hostile = "\u{1B}[2J" + String(repeating: "x", count: 5000)
    let sentence = try #require(try refusal([hostile, hostile, "c", "d", "e"]))
    #expect(sentence == PrintableText.of(sentence) && sentence.hasSuffix("export anew"))
  }

  /// Told by the first bytes, before anything else of the file is read.
  @Test func aBundleIsToldByItsBeginning() throws {
    let bytes = try PolicyBundleTests.smallBytes()
    #expect(PolicyBundle.isBeginning(Array(bytes.prefix(1 << 16))))
    #expect(!PolicyBundle.isBeginning([]) && !PolicyBundle.isBeginning([UInt8](repeating: 0, count: 4096)))
    let other = Safetensors(metadata: ["format": "pt"], tensors: [.init("w", shape: [1], [Float(1)])]).encode()
    #expect(!PolicyBundle.isBeginning(other))
    let folder = try TemporaryFolder()
    try folder.write([], to: "big")
    for size in [900 << 20, 3 << 30] {
      try #require(truncate(folder.place("big"), size) == 0)
      do {
        _ = try PolicyBundle.load(path: folder.place("big"))
        Issue.record("holes are a bundle")
      } catch {
        #expect(error.description.contains("big'"))
      }
    }
  }
}
