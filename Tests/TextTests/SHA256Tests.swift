// SHA-256 against the known answers of FIPS 180-4 and its own pieces.

import Testing
import Text

@Suite struct SHA256Tests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ])
  func knownAnswers(text: String, digest: String) {
    #expect(SHA256.hex(Array(text.utf8)) == digest)
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
}
