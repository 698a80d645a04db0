// Lines in, lines out, and how long an answer took.

private import Glibc
private import Text

/// The standard input by lines, each bounded.
struct LineReader {
  private var pending: [UInt8] = []
  /// Where the next line begins in `pending`.
  private var start = 0
  /// Between `start` and here is no line break.
  private var searched = 0
  private var isAtEnd = false
  /// The number of lines given out.
  private(set) var lineNumber = 0

  /// The next line without its line break, or nil at the end of the input.
  mutating func next() throws(ServeError) -> ArraySlice<UInt8>? {
    while true {
      if let end = lineBreak() {
        defer {
          start = end + 1
          searched = start
        }
        lineNumber += 1
        return pending[start..<end]
      }
      searched = pending.count
      guard pending.count - start <= Question.maximumBytes else {
        throw .badLine(
          number: lineNumber + 1, reason: "the line is longer than \(Question.maximumBytes) bytes",
          remedy: "send one JSON object a line")
      }
      if isAtEnd {
        guard start < pending.count else { return nil }
        defer { start = pending.count }
        lineNumber += 1
        return pending[start...]
      }
      try fill()
    }
  }

  private func lineBreak() -> Int? {
    pending.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress,
        let found = memchr(base + searched, Int32(UInt8(ascii: "\n")), bytes.count - searched)
      else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }

  private mutating func fill() throws(ServeError) {
    // What was given out goes once a block, not once a line.
    pending.removeSubrange(..<start)
    searched -= start
    start = 0
    var block = [UInt8](repeating: 0, count: 64 << 10)
    let count = block.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
    if count > 0 {
      pending.append(contentsOf: block[..<count])
    } else if count == 0 {
      isAtEnd = true
    } else if errno != EINTR {
      throw .failed("cannot read the standard input: \(String(cString: strerror(errno)))")
    }
  }
}

/// The standard output and error, a whole line at a time, never held back: the one door through which words leave, so that no terminal obeys what
/// a question or a bundle says.
package enum Output {
  package static func line(_ text: String) throws(ServeError) {
    if let code = write(line(of: text), to: STDOUT_FILENO) { throw failed(code) }
  }

  /// A line of JSON with its line break, in whose text nothing is left that a terminal would obey.
  static func jsonLine(_ bytes: [UInt8]) throws(ServeError) {
    if let code = write(bytes, to: STDOUT_FILENO) { throw failed(code) }
  }

  package static func error(_ text: String) {
    // There is nowhere left to report a failure to.
    _ = write(line(of: text), to: STDERR_FILENO)
  }

  private static func failed(_ code: Int32) -> ServeError {
    .failed(
      "cannot write to the standard output: \(String(cString: strerror(code))); "
        + (code == EPIPE ? "keep its reader running" : "make room where it goes"))
  }

  private static func line(of text: String) -> [UInt8] {
    Array(PrintableText.lines(text).utf8) + [UInt8(ascii: "\n")]
  }

  /// Writes all bytes; returns the system's error, or nil.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written)
      }
      if count >= 0 {
        written += count
      } else if errno != EINTR {
        return errno
      }
    }
    return nil
  }
}

/// The clock that an answer needs beside the time of day.
enum Clock {
  /// Nanoseconds of a clock that only runs forward.
  static func monotonicNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return nanoseconds(seconds: Int64(time.tv_sec), Int64(time.tv_nsec))
  }

  /// Beyond 292 years it begins again at the other end, as a difference does: what lies between two moments stays right.
  static func nanoseconds(seconds: Int64, _ nanoseconds: Int64) -> Int64 { seconds &* 1_000_000_000 &+ nanoseconds }

  /// Microseconds from one reading to a later one; 0 where the clock went back.
  static func microseconds(from begin: Int64, to end: Int64) -> Double { Double(max(0, end &- begin)) / 1000 }
}
