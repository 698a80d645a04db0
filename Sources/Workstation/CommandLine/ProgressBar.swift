// How far a long piece of work has come, for whoever sits at a terminal.

import Glibc
import Text
import Training

/// A line on standard error that is written over and over, and goes away. Only terminals see it, and only where the work takes longer than a second.
final class ProgressBar {
  /// Seconds before it is first seen, and between two looks.
  private static let (patience, interval) = (1.0, 0.1)

  private let isShown = isatty(STDERR_FILENO) == 1
  private let start = MonotonicClock.seconds
  private var lastDrawn = 0.0
  private var isDrawn = false

  /// `share`: 0...1 of the work, or nil where nobody knows.
  func show(_ words: String, _ share: Double?) {
    guard isShown else { return }
    let now = MonotonicClock.seconds
    // What has no share is said once, before it is done.
    guard now - start > ProgressBar.patience, share == nil || now - lastDrawn > ProgressBar.interval else { return }
    lastDrawn = now
    isDrawn = true
    write("\r" + ProgressLine.text(words, share: share) + "\u{1B}[K")
  }

  /// Takes it away, so that something else can be printed.
  func clear() {
    guard isDrawn else { return }
    isDrawn = false
    write("\r\u{1B}[K")
  }

  private func write(_ text: String) {
    let bytes = Array(text.utf8)
    bytes.withUnsafeBytes { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
