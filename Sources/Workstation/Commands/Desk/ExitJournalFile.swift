// The file that keeps exit plans when the process ends.

import Glibc
package import Storage
import Text
package import Trading

/// The exit plans of one desk, on the disk whenever a minute has changed them: whole or not there at all.
package struct ExitJournalFile: Sendable {
  package let path: String
  private var written: JSON?
  /// Entries of the desk's log that the plans knew when they were last looked at: what is behind them a restart learns anew, as from a broker.
  private var known = 0

  /// Throws `ExitPlanError` where the file is there and holds plans that nothing here takes over, or is none that was written here.
  package init(_ path: String) throws {
    self.path = path
    let bytes: [UInt8]
    do throws(StorageError) {
      bytes = try FileSystem.read(path, limitBytes: ExitJournalFile.mostBytes)
    } catch {
      if case .system(_, _, let code) = error, code == ENOENT { return }
      throw error
    }
    let name = PrintableText.name(path)
    guard let json = try? JSON.parse(bytes), let positions = json["positions"]?.arrayValue,
      let plans = json["plans"]?.arrayValue
    else { throw ExitPlanError.malformed("\(name) is no journal of exit plans; name another file") }
    guard positions.isEmpty, plans.isEmpty else {
      throw ExitPlanError.malformed(
        "\(name) holds plans of what an earlier desk held, and a script begins with nothing: look after them, then move it away or "
          + "name another file")
    }
  }

  private static let mostBytes = 1 << 26

  /// Writes the plans down where they are others than before.
  package mutating func write(_ keeper: ExitKeeper, of desk: Desk) throws(StorageError) {
    known = desk.log.count
    let json = keeper.json(in: desk.table)
    guard json != written else { return }
    try AtomicWrite.write(text: json.prettyText + "\n", to: path)
    written = json
  }

  /// What another process reads of it.
  package func read(of desk: Desk, ordersWork: Bool) throws -> ExitKeeper {
    let json = try JSON.parse(try FileSystem.read(path, limitBytes: ExitJournalFile.mostBytes))
    return try ExitKeeper(json, in: desk.table, behind: Array(desk.log.prefix(known)), ordersWork: ordersWork)
  }
}
