// One small JSON value: what manifests, configurations and requests are made of.

/// A JSON value. Whole numbers that fit are `integer`, all others `number`; objects are written with sorted keys, so that equal
/// values have equal text.
public enum JSON: Hashable, Sendable {
  /// null
  case null
  /// true or false
  case bool(Bool)
  /// A number written without fraction or exponent that fits 64 bits.
  case integer(Int64)
  /// Any other number; never NaN or infinite in a parsed value.
  case number(Double)
  /// Text.
  case string(String)
  /// Values in order.
  case array([JSON])
  /// Named values.
  case object([String: JSON])
}
