// Lines in, lines out, and how long an answer took.

private import Glibc
private import Text

/// The standard input by lines, each bounded.
struct LineReader {
  private var pending: [UInt8] = []
  private var searched = 0
  private var isAtEnd = false
  /// The number of lines given out.
  private(set) var lineNumber = 0

  /// The next line without its line break, or nil at the end of the input.
  mutating func next() throws(ServeError) -> [UInt8]? {
    while true {
      if let end = pending[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(pending[..<end])
        pending.removeSubrange(...end)
        searched = 0
        lineNumber += 1
        return line
      }
      searched = pending.count
      guard pending.count <= Question.maximumBytes else {
        throw .badLine(
          number: lineNumber + 1, reason: "the line is longer than \(Question.maximumBytes) bytes",
          remedy: "send one JSON object a line")
      }
      if isAtEnd {
        guard !pending.isEmpty else { return nil }
        defer { pending = [] }
        searched = 0
        lineNumber += 1
        return pending
      }
      try fill()
    }
  }

  private mutating func fill() throws(ServeError) {
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
    if let code = write(text, to: STDOUT_FILENO) {
      throw .failed("cannot write to the standard output: \(String(cString: strerror(code))); keep its reader running")
    }
  }

  package static func error(_ text: String) {
    // There is nowhere left to report a failure to.
    _ = write(text, to: STDERR_FILENO)
  }

  /// Writes the text and a line break; returns the system's error, or nil.
  private static func write(_ text: String, to descriptor: Int32) -> Int32? {
    let bytes = Array(PrintableText.lines(text).utf8) + [UInt8(ascii: "\n")]
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
