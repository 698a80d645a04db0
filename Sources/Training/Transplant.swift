// Parameters carried from one network into another that sees more columns or chooses among more actions.

package import AgentInterface
package import Inference
import Text

/// A mapping by names: of tensors, of observation columns, of actions.
///
/// An action of the new space stands for the old action all of whose orders it contains: where the rest of its orders is forced, the new policy chooses
/// as the old one did. Weights from columns that the old network did not have are zero.
package struct Transplant {
  package struct Side: Sendable {
    let spec: NetworkSpec
    let columns: [String]
    let actions: ActionSpace

    package init(spec: NetworkSpec, columns: [String], actions: ActionSpace) {
      self.spec = spec
      self.columns = columns
      self.actions = actions
    }
  }

  private let old: Side
  private let new: Side
  /// Of each new column: its place among the old ones, or nil.
  private let columns: [Int?]
  /// Of each new action: the old action that it stands for; nil where there is none or more than one.
  private let actions: [Int?]

  package init(from old: Side, to new: Side) {
    self.old = old
    self.new = new
    columns = new.columns.map { name in old.columns.firstIndex(of: name) }
    let known = old.actions.names.indices.map { Set(old.actions.orders(atPlace: $0)) }
    actions = new.actions.names.indices.map { place in
      let wanted = Set(new.actions.orders(atPlace: place))
      let matches = known.indices.filter { known[$0].isSubset(of: wanted) }
      return matches.count == 1 ? matches[0] : nil
    }
  }

  /// In which way the two differ at all; nil where one network fits the other as it is.
  package var difference: String? {
    if let difference = architectureDifference ?? headDifference { return difference }
    return Transplant.difference(old.columns, new.columns, "columns")
      ?? Transplant.difference(old.actions.names, new.actions.names, "actions")
  }

  private static func difference(_ old: [String], _ new: [String], _ kind: String) -> String? {
    if old.count != new.count { return "it has \(old.count) \(kind) and this run \(new.count)" }
    return zip(old, new).first { $0 != $1 }.map { "among its \(kind) is '\($0)' where this run has '\($1)'" }
  }

  /// Why the one cannot be carried into the other; nil where it can.
  package var problem: String? {
    if let difference = architectureDifference ?? headDifference { return difference }
    if let lost = old.columns.first(where: { !new.columns.contains($0) }) {
      return "its column '\(lost)' is not among this run's"
    }
    if let place = actions.firstIndex(of: nil) {
      return
        "the action '\(new.actions.names[place])' stands for none of its actions (\(old.actions.names.joined(separator: "; ")))"
    }
    return nil
  }

  /// The first part of the network that is built differently, besides its columns and actions.
  private var architectureDifference: String? {
    let (theirs, own) = (old.spec.json.objectValue ?? [:], new.spec.json.objectValue ?? [:])
    for key in Set(theirs.keys).union(own.keys).sorted() where !["inputs", "actions", "factors"].contains(key) {
      guard theirs[key] != own[key] else { continue }
      return "its network's \(key) is \(theirs[key]?.text ?? "absent"), this run's \(own[key]?.text ?? "absent")"
    }
    return nil
  }

  /// Weights of joint actions say nothing about single choices, nor the reverse.
  private var headDifference: String? {
    guard old.actions.isFactored != new.actions.isFactored else { return nil }
    return "it makes \(old.actions.kindInWords) and this run \(new.actions.kindInWords)"
  }

  /// `values` (old P) in the new layout. `fresh`: (new P) an untrained network's, of which nothing is kept but the size.
  package func parameters(_ values: [Float], onto fresh: [Float]) -> [Float] {
    let (from, to) = (ParameterLayout(old.spec), ParameterLayout(new.spec))
    guard values.count == from.count, fresh.count == to.count else { return fresh }
    var result = fresh
    for entry in to.entries {
      guard let source = from.entry(entry.name) else { continue }
      let isHead = entry.name.hasPrefix(new.spec.actionHeadName + ".")
      let readsColumns = readsObservations(entry.name)
      let rows = entry.shape[0]
      let (width, sourceWidth) = (entry.count / rows, source.count / source.shape[0])
      for row in 0..<rows {
        let sourceRow = isHead ? actions[row] ?? row : row
        for column in 0..<width {
          let sourceColumn = readsColumns ? columns[column] : column
          result[entry.offset + row * width + column] =
            sourceColumn.map { values[source.offset + sourceRow * sourceWidth + $0] } ?? 0
        }
      }
    }
    return result
  }

  /// Whether a tensor's columns are those of the observation.
  private func readsObservations(_ name: String) -> Bool {
    let spec = new.spec
    if spec.hiddenCount > 0 { return name.hasSuffix(".weight_ih_l0") || name == "critic.weight" }
    let policy = spec.policyTower.isEmpty ? spec.actionHeadName : spec.policyLayerName(0)
    let value = spec.valueTower.isEmpty ? spec.valueHeadName : spec.valueLayerName(0)
    return name == policy + ".weight" || name == value + ".weight"
  }

  /// The running statistics of `state`, with those of its columns in the new order. New columns begin at mean 0 and variance 1; so that they find
  /// their scale, what was counted counts as `countLimit` rows at most.
  package func statistics(of state: StateRecord, countLimit: Double) -> StateRecord {
    var state = state
    let name = "normalizer/observation"
    func mapped(_ values: [Double]?, fresh: Double) -> [Double]? {
      guard let values, values.count == old.columns.count else { return values }
      return columns.map { $0.map { values[$0] } ?? fresh }
    }
    state.doubles[name + "_mean"] = mapped(state.doubles[name + "_mean"], fresh: 0)
    state.doubles[name + "_variance"] = mapped(state.doubles[name + "_variance"], fresh: 1)
    if columns.contains(nil), let count = state.doubles[name + "_count"] {
      state.doubles[name + "_count"] = count.map { min($0, countLimit) }
    }
    return state
  }
}
