// The words that a program was started with, as text.

private import Glibc

/// A file's name may be any bytes, text is UTF-8: a word that is none would name another file than the one that was meant.
package enum ProcessWords {
  /// The words behind the program's name. Throws on one that is not UTF-8.
  package static func own() throws(UsageError) -> [String] {
    // Not even its own name: a library that was loaded before it has moved the environment, behind which Swift looks for the words.
    if CommandLine.argc < 1 { return try text(Array(kernelsWords().dropFirst())) }
    var words: [[UInt8]] = []
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let word = CommandLine.unsafeArgv[index] else { break }
      var bytes: [UInt8] = []
      var next = word
      while next.pointee != 0 {
        bytes.append(UInt8(bitPattern: next.pointee))
        next += 1
      }
      words.append(bytes)
    }
    return try text(words)
  }

  /// The words as the kernel keeps them, the program's name first; none where it does not tell.
  static func kernelsWords() -> [[UInt8]] {
    let descriptor = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 12)
    while true {
      let count = read(descriptor, &block, block.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += block[..<count]
    }
    // Each word ends with a zero.
    return bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast().map(Array.init)
  }

  /// The same for words that are at hand.
  static func text(_ words: [[UInt8]]) throws(UsageError) -> [String] {
    var texts: [String] = []
    for (index, word) in words.enumerated() {
      guard let text = String(validating: word, as: UTF8.self) else {
        throw UsageError(
          "word \(index + 1) of the command line, '\(PrintableText.name(String(decoding: word, as: UTF8.self)))', is not UTF-8; "
            + "rename the file that it names, and write the word in UTF-8")
      }
      texts.append(text)
    }
    return texts
  }
}
