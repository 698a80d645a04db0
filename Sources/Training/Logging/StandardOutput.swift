// Standard output as a person reads it: line by line.

@preconcurrency private import Glibc

package enum StandardOutput {
  /// Lines appear as they are written, also in a pipe, so that nothing is lost when the process is killed.
  package static func bufferLines() { setvbuf(stdout, nil, _IOLBF, 0) }

  /// What became of all that was printed.
  package enum Ending: Sendable, Equatable {
    case arrived
    /// Whoever read it went away before its end, as `head` does.
    case readerLeft
    /// There was no room for all of it.
    case lost
  }

  package static func ending() -> Ending {
    if fflush(stdout) == 0, ferror(stdout) == 0 { return .arrived }
    // Which of the writes failed, and why, is not kept: a pipe is asked whether anybody still reads it.
    var asked = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
    let hasAnswer = poll(&asked, 1, 0) == 1
    return hasAnswer && Int32(asked.revents) & (Int32(POLLERR) | Int32(POLLHUP)) != 0 ? .readerLeft : .lost
  }
}
