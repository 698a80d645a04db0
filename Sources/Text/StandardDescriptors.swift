// Standard input, output and error, whatever a program was started with.

private import Glibc

/// The descriptors 0, 1 and 2.
package enum StandardDescriptors {
  /// Opens each of the three that is closed on the null device.
  ///
  /// Must be the first thing that a program does: the next file that it opened would get the number, and what is written for a person would
  /// be written over that file.
  package static func openClosed() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest free number is this one. Where there is no null device, what can only be read takes the number: writing to it is an error.
      var opened = open("/dev/null", O_RDWR)
      if opened < 0 { opened = open("/", O_RDONLY | O_DIRECTORY) }
      // Somebody else cannot have taken the number meanwhile: no thread has been started yet.
      if opened >= 0, opened != descriptor {
        dup2(opened, descriptor)
        close(opened)
      }
    }
  }
}
