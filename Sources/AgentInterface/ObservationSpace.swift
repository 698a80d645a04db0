// What an agent sees: named columns in an order that is the contract.

/// The columns of an observation. Their order is the contract: a changed column is a new space, and a policy trained on
/// another space refuses to load.
public struct ObservationSpace: Hashable, Codable, Sendable {
  /// One number of an observation.
  public struct Column: Hashable, Codable, Sendable {
    /// The column's name, unique within its space, for example `AAPL.rsi_14`.
    public let name: String
    /// The unit in words, for example `fraction` or `log ratio`.
    public let unit: String

    /// A column with its unit.
    public init(name: String, unit: String) {
      self.name = name
      self.unit = unit
    }
  }

  /// The columns in order.
  public let columns: [Column]

  /// A space of the given columns.
  public init(columns: [Column]) { self.columns = columns }

  /// The number of columns, D.
  public var count: Int { columns.count }
}
