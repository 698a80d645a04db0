// The file that keeps a latched kill switch latched when the process ends.

import Glibc
import Storage
import Text
package import Trading

/// The journal of one account's risk: whole or not there at all, whenever the process dies.
package struct RiskJournal: Sendable {
  package let path: String

  /// What a process of before left, or nil for an account's first day. Writes the file at once: a journal that cannot be kept refuses trading before the
  /// first order, not behind the last. Throws `RiskError.journal`.
  package static func open(_ path: String) throws(RiskError) -> (journal: RiskJournal, record: RiskRecord?) {
    let journal = RiskJournal(path: path)
    let bytes: [UInt8]
    do throws(StorageError) {
      bytes = try FileSystem.read(path, limitBytes: 1 << 16)
    } catch {
      if case .system(_, _, let code) = error, code == ENOENT { return (journal, nil) }
      throw .journal(reason: "\(error)")
    }
    guard let json = try? JSON.parse(bytes), let record = RiskRecord(json) else {
      throw .journal(
        reason:
          "\(PrintableText.name(path)) is none that was written here; see what happened to it before you remove it")
    }
    try journal.write(record)
    return (journal, record)
  }

  package func write(_ record: RiskRecord) throws(RiskError) {
    do throws(StorageError) {
      try AtomicWrite.write(text: record.json.prettyText + "\n", to: path)
    } catch {
      throw .journal(reason: "\(error)")
    }
  }
}
