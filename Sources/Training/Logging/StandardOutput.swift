// Standard output as a person reads it: line by line.

@preconcurrency private import Glibc

package enum StandardOutput {
  /// Lines appear as they are written, also in a pipe, so that nothing is lost when the process is killed.
  package static func bufferLines() { setvbuf(stdout, nil, _IOLBF, 0) }

  /// Whether everything that was printed arrived.
  package static func isIntact() -> Bool { fflush(stdout) == 0 && ferror(stdout) == 0 }
}
