// Networks and spaces as JSON: how bundles and checkpoints write them down.

package import AgentInterface
package import Text

/// A JSON value of the wrong shape: which one, and what it must be.
package struct JSONShapeError: Error, Hashable, CustomStringConvertible {
  package let place: String
  package let requirement: String

  package init(_ place: String, _ requirement: String) {
    self.place = place
    self.requirement = requirement
  }

  package var description: String { "'\(place)' \(requirement)" }
}

extension JSON {
  /// Refuses keys outside `known` and missing ones. Throws with the nearest known key.
  package func requireKeys(_ known: [String], at place: String) throws(JSONShapeError) -> [String: JSON] {
    guard let members = objectValue else { throw JSONShapeError(place, "must be an object, found \(kindName)") }
    for key in members.keys.sorted() where !known.contains(key) {
      let hint = NearestName.of(key, among: known).map { ", did you mean '\($0)'?" } ?? ""
      throw JSONShapeError(place, "has the unknown key '\(key)'\(hint)")
    }
    for key in known where members[key] == nil { throw JSONShapeError(place, "lacks the key '\(key)'") }
    return members
  }

  fileprivate func count(_ range: ClosedRange<Int>, at place: String) throws(JSONShapeError) -> Int {
    guard let value = integerValue, range.contains(value) else {
      throw JSONShapeError(place, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }
}

extension NetworkSpec {
  /// Bounds of what is read from a file, so that no size computed from it can overflow.
  private static let widths = 1...65_536
  private static let maximumLayers = 16

  /// The network as JSON, keys in snake_case.
  package var json: JSON {
    let memoryJSON: JSON
    switch memory {
    case .none: memoryJSON = "none"
    case .lstm(let hidden, let critic):
      memoryJSON = ["lstm": ["hidden": .integer(Int64(hidden)), "critic": .string(critic.rawValue)]]
    }
    func tower(_ widths: [Int]) -> JSON { .array(widths.map { .integer(Int64($0)) }) }
    var members: [String: JSON] = [
      "inputs": .integer(Int64(inputs)), "actions": .integer(Int64(actions)), "memory": memoryJSON,
      "policy_tower": tower(policyTower), "value_tower": tower(valueTower),
      "activation": .string(activation.rawValue), "has_value_head": .bool(hasValueHead),
    ]
    if kind != .actorCritic { members[NetworkSpec.kindKey] = .string(kind.rawValue) }
    if !factors.isJoint { members[NetworkSpec.factorsKey] = tower(factors.widths) }
    return .object(members)
  }

  /// Stands only where it is no actor-critic network.
  private static let kindKey = "kind"
  /// Stands only where actions are factored: the choices of each factor.
  private static let factorsKey = "factors"

  /// The network of a JSON value that `json` wrote.
  package init(json: JSON, at place: String = "network") throws(JSONShapeError) {
    let keys = ["inputs", "actions", "memory", "policy_tower", "value_tower", "activation", "has_value_head"]
    let members = try json.requireKeys(
      keys + [NetworkSpec.kindKey, NetworkSpec.factorsKey].filter { json[$0] != nil }, at: place)
    func member(_ key: String) -> JSON { members[key] ?? .null }
    func tower(_ key: String) throws(JSONShapeError) -> [Int] {
      guard let widths = member(key).arrayValue, widths.count <= NetworkSpec.maximumLayers else {
        throw JSONShapeError("\(place).\(key)", "must be a list of at most \(NetworkSpec.maximumLayers) widths")
      }
      var result: [Int] = []
      for width in widths { result.append(try width.count(NetworkSpec.widths, at: "\(place).\(key)")) }
      return result
    }
    let memory: Memory
    if member("memory") == "none" {
      memory = .none
    } else {
      let kind = try member("memory").requireKeys(["lstm"], at: "\(place).memory")
      let parts = try (kind["lstm"] ?? .null).requireKeys(["hidden", "critic"], at: "\(place).memory.lstm")
      guard let critic = parts["critic"]?.stringValue.flatMap({ CriticMemory(rawValue: $0) }) else {
        let known = CriticMemory.allCases.map(\.rawValue).joined(separator: ", ")
        throw JSONShapeError("\(place).memory.lstm.critic", "must be one of \(known)")
      }
      memory = .lstm(
        hidden: try (parts["hidden"] ?? .null).count(NetworkSpec.widths, at: "\(place).memory.lstm.hidden"),
        critic: critic)
    }
    guard let activation = member("activation").stringValue.flatMap({ Activation(rawValue: $0) }) else {
      let known = Activation.allCases.map(\.rawValue).joined(separator: ", ")
      throw JSONShapeError("\(place).activation", "must be one of \(known)")
    }
    guard let hasValueHead = member("has_value_head").boolValue else {
      throw JSONShapeError("\(place).has_value_head", "must be true or false")
    }
    var kind = Kind.actorCritic
    if let found = members[NetworkSpec.kindKey] {
      guard let named = found.stringValue.flatMap({ Kind(rawValue: $0) }), named != .actorCritic else {
        throw JSONShapeError(
          "\(place).kind", "must be \(Kind.actionValues.rawValue) or \(Kind.dueling.rawValue), where it stands")
      }
      guard memory == .none, named == .dueling || !hasValueHead else {
        throw JSONShapeError("\(place).kind", "does not go with that memory or value head")
      }
      kind = named
    }
    let isJoint = members[NetworkSpec.factorsKey] == nil
    let actions = try member("actions").count(
      1...(isJoint ? ActionFactors.mostOfOne : ActionFactors.mostChoices), at: "\(place).actions")
    self.init(
      inputs: try member("inputs").count(NetworkSpec.widths, at: "\(place).inputs"), actions: actions, memory: memory,
      policyTower: try tower("policy_tower"), valueTower: try tower("value_tower"), activation: activation,
      hasValueHead: hasValueHead, kind: kind,
      factors: try NetworkSpec.factors(members[NetworkSpec.factorsKey], kind, actions, at: "\(place).factors"))
  }

  /// nil where they do not stand.
  private static func factors(_ json: JSON?, _ kind: Kind, _ actions: Int, at place: String) throws(JSONShapeError)
    -> ActionFactors?
  {
    guard let json else { return nil }
    guard let elements = json.arrayValue, (2...ActionFactors.mostFactors).contains(elements.count) else {
      throw JSONShapeError(
        place, "must be a list of 2 to \(ActionFactors.mostFactors) numbers of choices, where it stands")
    }
    var widths: [Int] = []
    for element in elements { widths.append(try element.count(1...ActionFactors.mostOfOne, at: place)) }
    if let problem = ActionFactors.problem(widths: widths) { throw JSONShapeError(place, "cannot be used: \(problem)") }
    guard widths.reduce(0, +) == actions else {
      throw JSONShapeError(place, "must have the network's \(actions) choices together, found \(widths.reduce(0, +))")
    }
    guard kind == .actorCritic else { throw JSONShapeError(place, "goes only with an actor and a critic") }
    return ActionFactors(widths: widths)
  }
}

extension ParameterLayout {
  /// The layout as JSON: name, shape and offset of each parameter, in order.
  package var json: JSON {
    .array(
      entries.map { entry in
        [
          "name": .string(entry.name), "shape": .array(entry.shape.map { .integer(Int64($0)) }),
          "offset": .integer(Int64(entry.offset)),
        ]
      })
  }
}

extension ObservationSpace {
  /// The columns as JSON, in order.
  package var json: JSON {
    .array(columns.map { ["name": .string($0.name), "unit": .string($0.unit)] })
  }

  /// The columns of a JSON value that `json` wrote. Names must be unique.
  package init(json: JSON, at place: String = "observation_columns") throws(JSONShapeError) {
    guard let elements = json.arrayValue else { throw JSONShapeError(place, "must be a list of columns") }
    var columns: [Column] = []
    var names: Set<String> = []
    for (index, element) in elements.enumerated() {
      let members = try element.requireKeys(["name", "unit"], at: "\(place)[\(index)]")
      guard let name = members["name"]?.stringValue, let unit = members["unit"]?.stringValue else {
        throw JSONShapeError("\(place)[\(index)]", "must hold texts")
      }
      guard names.insert(name).inserted else { throw JSONShapeError(place, "names the column '\(name)' twice") }
      columns.append(Column(name: name, unit: unit))
    }
    self.init(columns: columns)
  }
}

extension ActionSpace {
  /// The actions as JSON.
  package var json: JSON {
    var members: [String: JSON] = [
      "names": .array(names.map { .string($0) }), "fallback": fallback.map(json(of:)) ?? .null,
    ]
    if isFactored { members[ActionSpace.factorsKey] = ActionSpace.json(factors) }
    return .object(members)
  }

  /// An action as it stands in files and answers: its number where 32 bits hold that of every action, else the list of its choices.
  package func json(of action: ActionNumber) -> JSON {
    let words = heads.integers(action)
    return words.count == 1 ? .integer(words[0]) : .array(words.map { .integer($0) })
  }

  /// Stands only where actions are factored.
  package static let factorsKey = "factors"

  /// Factors as JSON.
  package static func json(_ factors: [Factor]) -> JSON {
    .array(factors.map { ["subject": .string($0.subject), "choices": .array($0.choices.map { .string($0) })] })
  }

  /// For recorded rollouts: which choices an action's digits are, the first the most significant; empty where an action is its name.
  package var digitsJSON: JSON { ActionSpace.json(isFactored ? factors : []) }

  /// The factors of a JSON value that `json` wrote. Each has 1 to 64 choices, all of them different, and a subject of its own.
  private static func factors(_ json: JSON, at place: String) throws(JSONShapeError) -> [Factor] {
    guard let elements = json.arrayValue, elements.count <= ActionFactors.mostFactors else {
      throw JSONShapeError(place, "must be a list of at most \(ActionFactors.mostFactors) factors")
    }
    var factors: [Factor] = []
    for (index, element) in elements.enumerated() {
      let own = "\(place)[\(index)]"
      let members = try element.requireKeys(["subject", "choices"], at: own)
      guard let subject = members["subject"]?.stringValue, let found = members["choices"]?.arrayValue,
        (1...ActionFactors.mostOfOne).contains(found.count)
      else { throw JSONShapeError(own, "must hold a subject and 1 to \(ActionFactors.mostOfOne) choices") }
      let choices = found.compactMap(\.stringValue)
      guard choices.count == found.count, Set(choices).count == found.count else {
        throw JSONShapeError("\(own).choices", "must be different texts")
      }
      guard !factors.contains(where: { $0.subject == subject }) else {
        throw JSONShapeError(place, "names the subject '\(subject)' twice")
      }
      factors.append(Factor(subject: subject, choices: choices))
    }
    return factors
  }

  /// The actions of a JSON value that `json` wrote. Names must be unique.
  package init(json: JSON, at place: String = "actions") throws(JSONShapeError) {
    let factorsJSON = json[ActionSpace.factorsKey]
    let members = try json.requireKeys(
      ["names", "fallback"] + (factorsJSON == nil ? [] : [ActionSpace.factorsKey]), at: place)
    let most = factorsJSON == nil ? ActionFactors.mostOfOne : ActionFactors.mostChoices
    guard let elements = members["names"]?.arrayValue, (1...most).contains(elements.count) else {
      throw JSONShapeError("\(place).names", "must be a list of 1 to \(most) names")
    }
    var names: [String] = []
    for element in elements {
      guard let name = element.stringValue else { throw JSONShapeError("\(place).names", "must hold texts") }
      // Whoever is told an action's name could not know which one is meant.
      guard !names.contains(name) else { throw JSONShapeError("\(place).names", "names the action '\(name)' twice") }
      names.append(name)
    }
    let fallbackJSON = members["fallback"] ?? .null
    /// As `json(of:)` wrote it.
    func fallback(_ heads: ActionFactors) throws(JSONShapeError) -> ActionNumber? {
      if fallbackJSON.isNull { return nil }
      let own = "\(place).fallback"
      guard heads.actionWords > 1 else {
        return ActionNumber(try fallbackJSON.count(0...Int(heads.actionCount - 1), at: own))
      }
      guard let elements = fallbackJSON.arrayValue, elements.count == heads.actionWords else {
        throw JSONShapeError(own, "must be a list of \(heads.actionWords) choices")
      }
      var choices: [Int] = []
      for (factor, element) in elements.enumerated() {
        choices.append(try element.count(0...(heads.widths[factor] - 1), at: "\(own)[\(factor)]"))
      }
      return heads.action(ofChoices: choices)
    }
    guard let factorsJSON else {
      self.init(names: names, fallback: try fallback(ActionFactors(joint: names.count)).map { Int($0) })
      return
    }
    let space = try ActionSpace.independent(factorsJSON, names: names, at: place)
    let action = try fallback(space.heads)
    self.init(independent: space.factors, fallback: action.map { space.choices(of: $0) })
  }

  /// The independent choices of a JSON value that `json(_:)` wrote, without a fallback. names: what their head is said to stand for.
  package static func independent(
    _ json: JSON, names: [String], at place: String = "actions"
  ) throws(JSONShapeError) -> ActionSpace {
    let factors = try factors(json, at: "\(place).\(factorsKey)")
    if let problem = ActionFactors.problem(widths: factors.map(\.choices.count)) {
      throw JSONShapeError("\(place).\(factorsKey)", "cannot be used: \(problem)")
    }
    let space = ActionSpace(independent: factors, fallback: nil)
    guard space.names == names else { throw JSONShapeError("\(place).names", "must be the choices of its factors") }
    return space
  }
}
