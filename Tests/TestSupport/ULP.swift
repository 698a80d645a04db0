// Distances between floating-point numbers.

package enum ULP {
  /// The number of representable floats between two finite values of any sign.
  package static func distance(_ a: Float, _ b: Float) -> Int {
    func ordered(_ x: Float) -> Int { x.sign == .minus ? -Int(x.magnitude.bitPattern) : Int(x.bitPattern) }
    return abs(ordered(a) - ordered(b))
  }
}
