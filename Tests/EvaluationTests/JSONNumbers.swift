// Reading numbers out of JSON.

import Text

extension JSON {
  /// The numbers of an array.
  var numbers: [Double] { arrayValue?.compactMap(\.doubleValue) ?? [] }
}
