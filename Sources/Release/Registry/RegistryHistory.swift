// Every move of every alias, in one chain: which version served on any day, and what there was before it.

private import Market
internal import Storage
package import Text
package import Training

/// What a version is known by to those that it serves.
package enum RegistryAlias: String, Sendable, CaseIterable {
  case champion, challenger, fallback
}

/// One line of a registry's history.
package struct RegistryMove: Sendable, Equatable {
  package enum Kind: String, Sendable {
    /// A version came.
    case published
    /// An alias goes to a version.
    case moved
    /// The champion goes back to the one before.
    case rolledBack = "rolled_back"
    /// A version was removed by `gc`.
    case removed
  }

  package var kind: Kind
  package var version: String
  /// Of a move; nil for others.
  package var alias: RegistryAlias?
  /// The version that had the alias; nil where none had.
  package var from: String?
  /// UTC.
  package var time: String
  /// In words: what for, and by which rule.
  package var reason: String
  package var rule: String
  /// Of a publication: digest of the manifest.
  package var manifest: String?

  package init(
    _ kind: Kind, version: String, alias: RegistryAlias? = nil, from: String? = nil, reason: String, rule: String,
    manifest: String? = nil, time: String = UTCTime.now()
  ) {
    self.kind = kind
    self.version = version
    self.alias = alias
    self.from = from
    self.time = time
    self.reason = reason
    self.rule = rule
    self.manifest = manifest
  }

  var members: [String: JSON] {
    var members: [String: JSON] = [
      "kind": .string(kind.rawValue), "version": .string(version), "time": .string(time), "reason": .string(reason),
      "rule": .string(rule),
    ]
    if let alias {
      members["alias"] = .string(alias.rawValue)
      members["from"] = from.map(JSON.string) ?? .null
    }
    if let manifest { members["manifest"] = .string(manifest) }
    return members
  }

  package var json: JSON { .object(members) }

  /// One line for a person.
  package var sentence: String {
    let what =
      switch kind {
      case .published: "\(version) was published"
      case .removed: "\(version) was removed"
      case .moved: "\(alias?.rawValue ?? "nothing") went to \(version)" + (from.map { " from \($0)" } ?? "")
      case .rolledBack: "\(alias?.rawValue ?? "nothing") went back to \(version)" + (from.map { " from \($0)" } ?? "")
      }
    return PrintableText.sentence("\(time)  \(what): \(reason) (by \(rule))")
  }

  init?(_ members: [String: JSON]) {
    func text(_ name: String) -> String? { members[name]?.stringValue }
    guard let kind = text("kind").flatMap(Kind.init(rawValue:)), let version = text("version"),
      RegistryVersion.number(version) != nil, let time = text("time")
    else { return nil }
    self.init(
      kind, version: version, alias: text("alias").flatMap(RegistryAlias.init(rawValue:)), from: text("from"),
      reason: text("reason") ?? "", rule: text("rule") ?? "", manifest: text("manifest"), time: time)
  }
}

/// The history of one name, and what follows from it.
package struct RegistryHistory: Sendable {
  package let moves: [RegistryMove]
  /// What was done to it, in sentences.
  package let faults: [String]

  init(_ log: ChainedLog) {
    moves = log.entries.compactMap { RegistryMove($0.members) }
    var faults = log.faults.map(\.description)
    if moves.count != log.entries.count { faults.append("it holds a line that is no move") }
    self.faults = faults
  }

  init(moves: [RegistryMove]) {
    self.moves = moves
    faults = []
  }

  /// The version that each alias has after all moves.
  package var aliases: [RegistryAlias: String] { aliases(after: moves.count) }

  private func aliases(after count: Int) -> [RegistryAlias: String] {
    moves.prefix(count).reduce(into: [:]) { aliases, move in
      if let alias = move.alias { aliases[alias] = move.version }
    }
  }

  /// The same as they were at the end of a day, or at a moment, in UTC: `2026-11-29`, `2026-11-29T22:10:00Z`.
  package func aliases(on time: String) -> [RegistryAlias: String] {
    // A day's own moves begin with it: every moment of the day is below the next character.
    aliases(after: moves.firstIndex { $0.time.prefix(time.utf8.count) > time } ?? moves.count)
  }

  /// A day or a moment as `aliases(on:)` takes it. Throws for other words, which could be compared just as well, and would be answered wrongly.
  package static func time(_ text: String) throws(TrainingError) -> String {
    let form = Array("0000-00-00T00:00:00Z".utf8)
    let bytes = Array(text.utf8)
    let isLikeIt = zip(form, bytes).allSatisfy {
      $0 == UInt8(ascii: "0") ? UInt8(ascii: "0")...UInt8(ascii: "9") ~= $1 : $0 == $1
    }
    guard [10, 16, 19, 20].contains(bytes.count), isLikeIt, CalendarDate(text.prefix(10)) != nil,
      text.dropFirst(11).prefix(2) < "24", text.dropFirst(14).prefix(2) < "60", text.dropFirst(17).prefix(2) < "60"
    else {
      throw .refused(
        "'\(PrintableText.name(text))' is no time: write a day in UTC, like 2026-11-29, or a moment, like 2026-11-29T22:10:00Z"
      )
    }
    return text
  }

  /// Champions that one can go back to, the present one last: a move adds one, going back takes one away.
  package var champions: [String] {
    moves.reduce(into: []) { champions, move in
      guard move.alias == .champion else { return }
      switch move.kind {
      case .moved: if champions.last != move.version { champions.append(move.version) }
      case .rolledBack: if champions.count > 1 { champions.removeLast() }
      case .published, .removed: break
      }
    }
  }

  /// The digest of a version's manifest as it was published; nil where the history knows no such version, or it was removed.
  func manifest(of version: String) -> String? {
    moves.reduce(nil) { digest, move in
      guard move.version == version else { return digest }
      switch move.kind {
      case .published: return move.manifest
      case .removed: return nil
      case .moved, .rolledBack: return digest
      }
    }
  }

  /// Whether the last that is said of a version is that it was removed.
  func wasRemoved(_ version: String) -> Bool { moves.last { $0.version == version }?.kind == .removed }

  /// The highest number that any version ever had; 0 for none.
  var highest: Int { moves.compactMap { RegistryVersion.number($0.version) }.max() ?? 0 }

  /// Versions that were published and not removed, in order.
  package var versions: [String] {
    var versions: [String] = []
    for move in moves {
      if move.kind == .published, !versions.contains(move.version) { versions.append(move.version) }
      if move.kind == .removed { versions.removeAll { $0 == move.version } }
    }
    return versions
  }
}
