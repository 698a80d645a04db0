// What a market store says of an option chain before its numbers are read.

package import Market
import Text

/// One chain of a store's catalogue.
package struct ChainEntry: Sendable, Equatable {
  package var underlying: String
  package var declaration: ChainDeclaration
  /// What was declared of contracts whose root does not say what they deliver.
  package var deliverables: [DeclaredDeliverable]
  /// The roots of its contracts, in the order in which the table numbers them.
  package var roots: [String]
  package var contractCount: Int
  /// The columns that the store has.
  package var columns: [ChainColumn]
  package var hasOpenInterest: Bool
  package var hasUnderlying: Bool
  package var sessions: [SessionEntry]
  /// SHA-256 of the table of contracts, as 64 hexadecimal digits: see `ChainDigest`.
  package var contractDigest: String

  package struct SessionEntry: Sendable, Equatable {
    package var date: CalendarDate
    package var isExtendedHours: Bool
    package var contracts: Int
    package var minutes: Int
    /// SHA-256 of the session's numbers, as 64 hexadecimal digits.
    package var digest: String

    /// Rows of its dense columns.
    var cells: Int { contracts * minutes }
  }

  /// What any session of a chain has, and so every one in a store.
  struct Presence {
    var columns: [ChainColumn]
    var hasOpenInterest: Bool
    var hasUnderlying: Bool
  }

  package init(_ chain: OptionChain) {
    let presence = Presence(
      columns: ChainColumn.allCases.filter { column in chain.sessions.contains { $0.has(column) } },
      hasOpenInterest: chain.sessions.contains { !$0.openInterest.isEmpty },
      hasUnderlying: chain.sessions.contains { !$0.underlying.isEmpty })
    self.init(
      chain, presence,
      sessions: chain.sessions.map { session in
        SessionEntry(
          date: session.date, isExtendedHours: session.isExtendedHours, contracts: session.contracts.count,
          minutes: session.minutes.count, digest: ChainDigest.session(session, presence))
      })
  }

  /// The same where its sessions are known; those of `chain` are not looked at.
  init(_ chain: OptionChain, _ presence: Presence, sessions: [SessionEntry]) {
    underlying = chain.underlying
    declaration = chain.declaration
    deliverables = chain.deliverables
    roots = Set(chain.contracts.map(\.root)).sorted()
    contractCount = chain.contracts.count
    (columns, hasOpenInterest, hasUnderlying) = (presence.columns, presence.hasOpenInterest, presence.hasUnderlying)
    contractDigest = ChainDigest.contracts(chain.contracts)
    self.sessions = sessions
  }

  var presence: Presence { Presence(columns: columns, hasOpenInterest: hasOpenInterest, hasUnderlying: hasUnderlying) }

  /// The folder of all chains in a store.
  static let folder = "chains"
  var place: String { ChainEntry.folder + "/" + underlying }

  /// SHA-256 of all that the chain is, as 64 hexadecimal digits.
  ///
  /// Fed the text `strikeforge chain 1` and a line feed, the entry's JSON without spaces, in which the digests of the table and of all sessions stand.
  package var digest: String {
    var digest = SHA256()
    digest.update(Array("strikeforge chain 1\n".utf8))
    digest.update(Array(json.text.utf8))
    return SHA256.hexDigits(digest.finalize())
  }

  var json: JSON {
    func optional(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
    // Only where there are any, so that chains without are what they ever were.
    let declared: [String: JSON] =
      deliverables.isEmpty ? [:] : ["deliverables": .array(deliverables.map(\.json))]
    let members: [String: JSON] = [
      "underlying": .string(underlying), "roots": .array(roots.map { .string($0) }),
      "contracts": .integer(Int64(contractCount)), "columns": .array(columns.map { .string($0.name) }),
      "open_interest": .bool(hasOpenInterest), "underlying_prices": .bool(hasUnderlying),
      "theta": optional(declaration.theta?.rawValue), "vega": optional(declaration.vega?.rawValue),
      "clock": optional(declaration.clock?.rawValue), "volume": optional(declaration.volume?.rawValue),
      "contract_digest": .string(contractDigest),
      "sessions": .array(
        sessions.map { session in
          .object([
            "day": .integer(Int64(session.date.daysSinceEpoch)), "extended_hours": .bool(session.isExtendedHours),
            "contracts": .integer(Int64(session.contracts)), "minutes": .integer(Int64(session.minutes)),
            "digest": .string(session.digest),
          ])
        }),
    ]
    return .object(members.merging(declared) { $1 })
  }

  /// Nil if the value is not of the form that `json` writes, or names what no store holds.
  init?(json: JSON) {
    func optional<Value: RawRepresentable<String>>(_ name: String, _ type: Value.Type) -> Value?? {
      guard let value = json[name] else { return nil }
      if value.isNull { return .some(nil) }
      return value.stringValue.flatMap(Value.init(rawValue:)).map { .some($0) } ?? nil
    }
    guard let underlying = json["underlying"]?.stringValue, CSVImporter.isSymbol(underlying),
      let roots = QualityRecord.all(json["roots"], { $0.stringValue }), roots.allSatisfy(CSVImporter.isSymbol),
      let contracts = json["contracts"]?.integerValue, contracts >= 0,
      let columns = QualityRecord.all(
        json["columns"], { name in ChainColumn.allCases.first { $0.name == name.stringValue } }),
      Set(columns).count == columns.count, let hasOpenInterest = json["open_interest"]?.boolValue,
      let hasUnderlying = json["underlying_prices"]?.boolValue,
      let theta = optional("theta", ChainDeclaration.ThetaUnit.self),
      let vega = optional("vega", ChainDeclaration.VegaUnit.self),
      let clock = optional("clock", ChainDeclaration.Clock.self),
      let volume = optional("volume", ChainDeclaration.VolumeSpan.self),
      let contractDigest = json["contract_digest"]?.stringValue,
      let deliverables = json["deliverables"] == nil
        ? [] : QualityRecord.all(json["deliverables"], DeclaredDeliverable.init(json:)),
      zip(deliverables, deliverables.dropFirst()).allSatisfy({ $0.root < $1.root }),
      let sessions = QualityRecord.all(json["sessions"], SessionEntry.init(json:))
    else { return nil }
    self.underlying = underlying
    self.deliverables = deliverables
    declaration = ChainDeclaration(theta: theta, vega: vega, clock: clock, volume: volume)
    self.roots = roots
    contractCount = contracts
    self.columns = columns
    self.hasOpenInterest = hasOpenInterest
    self.hasUnderlying = hasUnderlying
    self.sessions = sessions
    self.contractDigest = contractDigest
  }
}

extension DeclaredDeliverable {
  var json: JSON {
    .object(["root": .string(root), "underlying": .string(underlying), "units": .integer(Int64(units))])
  }

  init?(json: JSON) {
    guard let root = json["root"]?.stringValue, let underlying = json["underlying"]?.stringValue,
      CSVImporter.isSymbol(underlying), let units = json["units"]?.integerValue
    else { return nil }
    self.init(root: root, underlying: underlying, units: units)
  }
}

extension ChainEntry.SessionEntry {
  init?(json: JSON) {
    guard let number = json["day"]?.integerValue, let day = Int32(exactly: number),
      let isExtendedHours = json["extended_hours"]?.boolValue, let contracts = json["contracts"]?.integerValue,
      let minutes = json["minutes"]?.integerValue, (0...1 << 24).contains(contracts), (0...4320).contains(minutes),
      let digest = json["digest"]?.stringValue
    else { return nil }
    self.init(
      date: CalendarDate(daysSinceEpoch: day), isExtendedHours: isExtendedHours, contracts: contracts,
      minutes: minutes, digest: digest)
  }
}

/// SHA-256 of what a chain is made of, as 64 hexadecimal digits, however it lies in a file. All numbers are little-endian.
enum ChainDigest {
  /// Fed `strikeforge contracts 1` and a line feed, and for each contract its root's length (u64) and text, and as i32 expiry (days since 1970-01-01),
  /// strike (thousandths of a dollar) and right (0 call, 1 put).
  static func contracts(_ contracts: [OptionContract]) -> String {
    var bytes = Array("strikeforge contracts 1\n".utf8)
    for contract in contracts {
      append(UInt64(contract.root.utf8.count), to: &bytes)
      bytes += Array(contract.root.utf8)
      for number in [
        contract.expiry.daysSinceEpoch, contract.strikeThousandths, contract.right == .call ? 0 : 1,
      ] { append(number, to: &bytes) }
    }
    var digest = SHA256()
    digest.update(bytes)
    return SHA256.hexDigits(digest.finalize())
  }

  /// Fed `strikeforge chain session 1` and a line feed, the numbers of its contracts and its minutes, each with their count (u64) before them, and the values of
  /// each of `columns`, of open interest and of the underlying where the chain has them, as they lie in the store.
  static func session(_ session: ChainSession, _ presence: ChainEntry.Presence) -> String {
    var digest = SHA256()
    digest.update(Array("strikeforge chain session 1\n".utf8))
    func feed(_ numbers: [Int32]) {
      withUnsafeBytes(of: UInt64(numbers.count).littleEndian) { digest.update($0) }
      numbers.withUnsafeBytes { digest.update($0) }
    }
    feed(session.contracts)
    feed(session.minutes)
    for column in presence.columns { feed(ChainColumns.values(session, column)) }
    if presence.hasOpenInterest { feed(ChainColumns.openInterest(session)) }
    if presence.hasUnderlying { feed(ChainColumns.underlying(session)) }
    return SHA256.hexDigits(digest.finalize())
  }

  private static func append<Number: FixedWidthInteger>(_ number: Number, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
  }
}
