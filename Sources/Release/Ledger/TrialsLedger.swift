// Whatever is tried on a store, and every policy that is judged on it, leaves a line beside it: the more was tried, the less the best of it proves.

package import Evaluation
private import Glibc
private import Storage
private import Text

/// The ledger of trials, `<store>.trials.jsonl`, a `ChainedLog`. A line is a JSON object with the log's own members (see `ChainedLog`) and
///
/// | member | content |
/// |---|---|
/// | `kind` | `training`, `early_stop`, `ensemble_fit` or `look` |
/// | `time` | UTC |
/// | `store` | content hash |
/// | `run`, `algorithm`, `program` | names, and the version that tried |
/// | `subject`, `seed` | of a trial: digest of what was tried; the run's seed |
/// | `window` | of a look: `name`, `from` and `until` (the closes of the first decision and of the last session) |
/// | `policy`, `sharpe` | of a look: digest of what decides; the annual ratio that it saw |
///
/// A look is another policy's digest on this store and window: the same policy again adds no line. Lines of other kinds are passed over. Older programs
/// kept looks alone, in `<store>.looks.jsonl`: those still count, and nothing is written there any more.
package struct TrialsLedger: Sendable {
  package static let suffix = ".trials.jsonl"
  package static let olderSuffix = ".looks.jsonl"

  package let path: String
  package let trials: [Trial]
  package let looks: [Look]
  /// What is wrong with it, in sentences.
  package let faults: [String]
  /// Lines, and the digest of the last: whoever keeps both can prove later that nothing before was changed.
  package let position: (lines: Int, digest: String)

  /// The ledger of a store: beside the file itself, also where the store is named through a link.
  package static func path(ofStore store: String) -> String { file(of: store) + suffix }

  private static func file(of store: String) -> String {
    guard let resolved = realpath(store, nil) else { return store }
    defer { free(resolved) }
    var status = stat()
    // The user's own words where they name the file itself.
    if lstat(store, &status) == 0, status.st_mode & S_IFMT != S_IFLNK { return store }
    return String(cString: resolved)
  }

  package static func read(beside store: String) throws(TrialsLedgerError) -> TrialsLedger {
    do throws(StorageError) {
      return TrialsLedger(try ChainedLog.read(path(ofStore: store)), older: try older(of: store))
    } catch {
      throw TrialsLedgerError(reason: error.description)
    }
  }

  private static func older(of store: String) throws(StorageError) -> ChainedLog {
    try ChainedLog.read(file(of: store) + olderSuffix)
  }

  private init(_ log: ChainedLog, older: ChainedLog?) {
    let lines = (older?.entries ?? []) + log.entries
    path = log.path
    trials = lines.compactMap { Trial($0.members) }
    looks = lines.compactMap { Look($0.members) }
    let olderName = FileSystem.split(older?.path ?? "").name
    faults = (older?.faults ?? []).map { "in its older part \(olderName), \($0)" } + log.faults.map(\.description)
    position = log.position
  }

  /// How many things were tried on the store, at least 1: every configuration with every seed, every choice of a checkpoint and of an ensemble,
  /// each once, and every policy that was looked at of runs that the ledger knows nothing else of.
  package var count: Int {
    let tried = Set(trials.map { $0.kind.rawValue + $0.subject })
    let known = Set(trials.map(\.run))
    let strangers = Set(looks.filter { !known.contains($0.run) }.map(\.policy))
    return max(1, tried.count + strangers.count)
  }

  // MARK: Writing

  /// Writes a trial down; nil, or why that could not be done. `again`: the run goes on, so that its line may stand there.
  package static func record(_ trial: Trial, beside store: String, again: Bool = false) -> String? {
    let path = path(ofStore: store)
    do {
      if again {
        _ = try ChainedLog.append(to: path) { log in
          log.entries.contains { Trial($0.members)?.isSame(as: trial) == true } ? nil : trial.members
        }
      } else {
        try ChainedLog.append(trial.members, to: path)
      }
      return nil
    } catch {
      return error.description
    }
  }

  /// Writes a look down, unless it stands there already, and says how many there are. A ledger that cannot be written, or that was changed, is said
  /// in the answer and is no error.
  package static func record(_ look: Look, beside store: String) -> WindowLooks {
    let path = path(ofStore: store)
    let older = try? older(of: store)
    func isKnown(_ log: ChainedLog?) -> Bool {
      log?.entries.contains { Look($0.members)?.isSame(as: look) == true } ?? false
    }
    do {
      let log = try ChainedLog.append(to: path) { isKnown($0) || isKnown(older) ? nil : look.members }
      return TrialsLedger(log, older: older).windowLooks(of: look)
    } catch {
      // What cannot be written may still be read.
      let log = try? ChainedLog.read(path)
      let isWritten = isKnown(log) || isKnown(older)
      return TrialsLedger(log ?? ChainedLog(unreadable: path), older: older)
        .windowLooks(of: look, unrecorded: isWritten ? nil : error.description)
    }
  }

  private func windowLooks(of own: Look, unrecorded: String? = nil) -> WindowLooks {
    var (here, elsewhere): ([String], Set<String>) = ([], [])
    var sharpes: [String: Double] = [:]
    for look in looks {
      if look.isSameWindow(as: own) {
        if !here.contains(look.policy) { here.append(look.policy) }
        if let sharpe = look.sharpe { sharpes[look.policy] = sharpe }
      } else if look.from <= own.until, own.from <= look.until {
        elsewhere.insert(look.policy)
      }
    }
    if !here.contains(own.policy) { here.append(own.policy) }
    return WindowLooks(
      count: here.count, place: (here.firstIndex(of: own.policy) ?? 0) + 1,
      overlapping: elsewhere.subtracting(here).count, trials: count, sharpes: here.compactMap { sharpes[$0] },
      ledger: path, faults: faults, unrecorded: unrecorded)
  }
}

/// Why a ledger could not be read, in a sentence.
package struct TrialsLedgerError: Error, CustomStringConvertible {
  package let reason: String
  package var description: String { reason }
}
