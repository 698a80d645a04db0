// Every policy that is judged on a window leaves a line beside the store: the more have looked, the less the best of them proves.

package import Evaluation
private import Glibc
package import Market
private import Storage
private import Text

/// One policy's look at one window of one content of a store.
package struct Look: Sendable, Equatable {
  /// Content hash of the store.
  package var store: String
  /// For example `held-out`.
  package var window: String
  /// The first decision's close and the last one.
  package var from: CalendarDate
  package var until: CalendarDate
  /// `DeployedPolicy.decisionDigest`.
  package var policy: String
  package var run: String
  package var algorithm: String
  package var program: String

  package init(
    store: String, window: String, from: CalendarDate, until: CalendarDate, policy: String, run: String,
    algorithm: String, program: String
  ) {
    self.store = store
    self.window = window
    self.from = from
    self.until = until
    self.policy = policy
    self.run = run
    self.algorithm = algorithm
    self.program = program
  }
}

/// The ledger of looks, `<store>.looks.jsonl`, a `ChainedLog`. A line is a JSON object:
///
/// | member | content |
/// |---|---|
/// | `sequence`, `previous` | see `ChainedLog` |
/// | `kind` | `look` |
/// | `time` | UTC |
/// | `store` | content hash |
/// | `window` | `name`, `from` and `until` (the closes of the first decision and of the last session) |
/// | `policy` | digest of what decides |
/// | `run`, `algorithm`, `program` | names, and the version that looked |
///
/// A look is another policy's digest on this store and window: the same policy again adds no line. Lines of another `kind` are passed over, so that a ledger
/// of all trials may hold looks among other things.
package enum LookLedger {
  package static let suffix = ".looks.jsonl"

  /// The ledger of a store: beside the file itself, also where the store is named through a link.
  package static func path(ofStore store: String) -> String {
    guard let resolved = realpath(store, nil) else { return store + suffix }
    defer { free(resolved) }
    let target = String(cString: resolved)
    var status = stat()
    // The user's own words where they name the file itself.
    if lstat(store, &status) == 0, status.st_mode & S_IFMT != S_IFLNK { return store + suffix }
    return target + suffix
  }

  /// Writes a look down, unless it stands there already, and says how many there are. A ledger that cannot be written, or that was changed, is said
  /// in the answer and is no error.
  package static func record(_ look: Look, beside store: String) -> WindowLooks {
    let path = path(ofStore: store)
    do {
      let log = try ChainedLog.append(to: path) { log in
        log.entries.contains { isSame($0.members, look) } ? nil : members(of: look)
      }
      return looks(log, look, path: path, unrecorded: nil)
    } catch {
      // What cannot be written may still be read.
      guard let log = try? ChainedLog.read(path) else {
        return WindowLooks(count: 1, place: 1, overlapping: 0, ledger: path, unrecorded: error.description)
      }
      let isKnown = log.entries.contains { isSame($0.members, look) }
      return looks(log, look, path: path, unrecorded: isKnown ? nil : error.description)
    }
  }

  private static func members(of look: Look) -> [String: JSON] {
    [
      "kind": .string("look"), "time": .string(UTCTime.now()), "store": .string(look.store),
      "window": .object([
        "name": .string(look.window), "from": .string(look.from.description), "until": .string(look.until.description),
      ]),
      "policy": .string(look.policy), "run": .string(look.run), "algorithm": .string(look.algorithm),
      "program": .string(look.program),
    ]
  }

  /// What a line says of its look; nil where it is another kind of line.
  private static func look(_ members: [String: JSON]) -> Look? {
    func text(_ name: String) -> String? { members[name]?.stringValue }
    guard text("kind") == "look", let store = text("store"), let window = members["window"],
      let name = window["name"]?.stringValue, let from = window["from"]?.stringValue.flatMap({ CalendarDate($0) }),
      let until = window["until"]?.stringValue.flatMap({ CalendarDate($0) }), let policy = text("policy")
    else { return nil }
    return Look(
      store: store, window: name, from: from, until: until, policy: policy, run: text("run") ?? "",
      algorithm: text("algorithm") ?? "", program: text("program") ?? "")
  }

  /// Whether a line is the look of this policy at this store and window, whoever calls it what.
  private static func isSame(_ members: [String: JSON], _ look: Look) -> Bool {
    guard let one = self.look(members) else { return false }
    return one.policy == look.policy && isSameWindow(one, look)
  }

  private static func isSameWindow(_ one: Look, _ other: Look) -> Bool {
    one.store == other.store && one.window == other.window && one.from == other.from && one.until == other.until
  }

  private static func looks(_ log: ChainedLog, _ own: Look, path: String, unrecorded: String?) -> WindowLooks {
    var (here, elsewhere): ([String], Set<String>) = ([], [])
    for look in log.entries.compactMap({ look($0.members) }) {
      if isSameWindow(look, own) {
        if !here.contains(look.policy) { here.append(look.policy) }
      } else if look.from <= own.until, own.from <= look.until {
        elsewhere.insert(look.policy)
      }
    }
    if !here.contains(own.policy) { here.append(own.policy) }
    return WindowLooks(
      count: here.count, place: (here.firstIndex(of: own.policy) ?? 0) + 1,
      overlapping: elsewhere.subtracting(here).count, ledger: path, faults: log.faults.map(\.description),
      unrecorded: unrecorded)
  }
}
