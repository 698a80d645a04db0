// Work that may not survive, tried elsewhere first.

import CKernels

package enum Trial {
  /// Runs a function in a child process: the signal that ended it, SIGKILL where it took longer; 0 where none did, or where no child could be had.
  package static func signal(of body: @convention(c) () -> Void, milliseconds: Int32) -> Int32 {
    max(0, ckernels_signal_of_trial(body, milliseconds))
  }
}
