// SHA-256 against the known answers of FIPS 180-4, its own pieces, and the processor's instructions against plain Swift.

import Kernels
import Testing
import Text

@Suite struct SHA256Tests {
  /// What this processor can do; the first is the twin of the others.
  static let forms: [SHA256.Form] = SHA256.Form.fastest == .plain ? [.plain] : [.plain, .instructions]

  private static func hex(_ bytes: [UInt8], _ form: SHA256.Form) -> String {
    var digest = SHA256(form)
    digest.update(bytes)
    return SHA256.hexDigits(digest.finalize())
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ])
  func knownAnswers(text: String, digest: String) {
    #expect(SHA256.hex(Array(text.utf8)) == digest)
    for form in Self.forms { #expect(Self.hex(Array(text.utf8), form) == digest, "\(form)") }
  }

  @Test func piecesGiveTheDigestOfTheWhole() {
    let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    for length in [55, 56, 63, 64, 65, 119, 120, 128, 300] {
      for piece in [1, 3, 64, 100] {
        var digest = SHA256()
        for start in stride(from: 0, to: length, by: piece) {
          digest.update(Array(bytes[start..<min(start + piece, length)]))
        }
        #expect(
          SHA256.hexDigits(digest.finalize()) == SHA256.hex(Array(bytes[..<length])), "\(length) bytes by \(piece)")
      }
    }
  }

  /// Each form has its table of constants, and every block goes through all of them: a wrong one changes every digest here.
  @Test func formsAgreeAtEveryLengthAndSplit() {
    var stream = RandomStream(seed: 1, purpose: .mutation)
    for length in 0...300 {
      let bytes = (0..<length).map { _ in UInt8(stream.nextInteger(below: 256)) }
      let whole = Self.hex(bytes, .plain)
      for form in Self.forms {
        #expect(Self.hex(bytes, form) == whole, "\(length) bytes, \(form)")
        for _ in 0..<4 {
          var digest = SHA256(form)
          var rest = bytes[...]
          while !rest.isEmpty {
            let piece = rest.prefix(Int(stream.nextInteger(below: 150)))
            // At any address, as a slice of a file has it.
            piece.withUnsafeBytes { digest.update($0) }
            rest = rest.dropFirst(piece.count)
          }
          #expect(SHA256.hexDigits(digest.finalize()) == whole, "\(length) bytes in pieces, \(form)")
        }
      }
    }
  }

  /// A digest that is read goes on as if it had not been.
  @Test func aDigestOfTheBeginningDisturbsNothing() {
    let bytes = (0..<200).map { UInt8($0) }
    for form in Self.forms {
      var digest = SHA256(form)
      digest.update(Array(bytes[..<90]))
      let first = digest.finalize()
      #expect(SHA256.hexDigits(first) == Self.hex(Array(bytes[..<90]), form))
      digest.update(UnsafeRawBufferPointer(start: nil, count: 0))
      digest.update(Array(bytes[90...]))
      #expect(SHA256.hexDigits(digest.finalize()) == Self.hex(bytes, .plain))
    }
  }
}
