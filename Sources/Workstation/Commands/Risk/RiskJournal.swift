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
    let record = try journal.read()
    if let record { try journal.write(record) }
    return (journal, record)
  }

  /// nil where there is no file.
  private func read() throws(RiskError) -> RiskRecord? {
    let bytes: [UInt8]
    do throws(StorageError) {
      bytes = try FileSystem.read(path, limitBytes: 1 << 16)
    } catch {
      if case .system(_, _, let code) = error, code == ENOENT { return nil }
      throw .journal(reason: "\(error)")
    }
    guard let json = try? JSON.parse(bytes), let record = RiskRecord(json) else {
      throw .journal(
        reason:
          "\(PrintableText.name(path)) is none that was written here; see what happened to it before you remove it")
    }
    return record
  }

  /// Re-arms the kill switch that the file holds. Returns what is written then; throws `RiskError` where it is not latched, and leaves the file as it is.
  package func rearm(because reason: String) throws(RiskError) -> RiskRecord {
    guard let record = try read() else {
      throw .contradiction("\(PrintableText.name(path)) is not there; name the file that `desk --risk-journal` keeps")
    }
    guard let rearmed = record.rearmed(because: reason) else {
      throw .contradiction("the kill switch of \(PrintableText.name(path)) is not latched: nothing is to be re-armed")
    }
    try write(rearmed)
    return rearmed
  }

  package func write(_ record: RiskRecord) throws(RiskError) {
    do throws(StorageError) {
      try AtomicWrite.write(text: record.json.prettyText + "\n", to: path)
    } catch {
      throw .journal(reason: "\(error)")
    }
  }
}
