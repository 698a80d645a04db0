// Up to four of something, inline: legs of an order, and what was executed of each.

/// Up to four of something, without memory of their own.
package struct UpToFour<Element: Sendable & Hashable>: Sendable, Hashable {
  package static var capacity: Int { 4 }

  @usableFromInline var first: Element
  @usableFromInline var second: Element
  @usableFromInline var third: Element
  @usableFromInline var fourth: Element
  @usableFromInline var size: UInt8
  @inlinable
  package var count: Int { Int(size) }

  /// One of them.
  package init(_ first: Element) {
    (self.first, second, third, fourth) = (first, first, first, first)
    size = 1
  }

  /// nil where there are none, or more than four.
  package init?(_ elements: some Collection<Element>) {
    guard let first = elements.first, elements.count <= UpToFour.capacity else { return nil }
    self.init(first)
    for element in elements.dropFirst() { append(element) }
  }

  /// Traps where there are four already.
  package mutating func append(_ element: Element) {
    precondition(count < UpToFour.capacity, "a fifth leg")
    size += 1
    self[count - 1] = element
  }

  package var indices: Range<Int> { 0..<count }

  /// Traps outside of `indices`.
  package subscript(index: Int) -> Element {
    get { element(index) }
    set { replace(index, newValue) }
  }

  @inline(__always)
  fileprivate func element(_ index: Int) -> Element {
    precondition(index >= 0 && index < count, "leg \(index) of \(count)")
    return switch index {
    case 0: first
    case 1: second
    case 2: third
    default: fourth
    }
  }

  @inline(__always)
  fileprivate mutating func replace(_ index: Int, _ element: Element) {
    precondition(index >= 0 && index < count, "leg \(index) of \(count)")
    switch index {
    case 0: first = element
    case 1: second = element
    case 2: third = element
    default: fourth = element
    }
  }
}

/// Legs by their own type: rooms above call these, where the same of any type would ask for its type at every call.
extension UpToFour where Element == OrderLeg {
  package var indices: Range<Int> { 0..<Int(size) }

  /// Traps outside of `indices`.
  package subscript(index: Int) -> OrderLeg {
    get { element(index) }
    set { replace(index, newValue) }
  }
}

extension UpToFour {
  /// What lies behind the last one says nothing.
  package static func == (left: Self, right: Self) -> Bool {
    left.count == right.count && left.indices.allSatisfy { left[$0] == right[$0] }
  }

  package func hash(into hasher: inout Hasher) {
    for index in indices { hasher.combine(self[index]) }
  }
}
