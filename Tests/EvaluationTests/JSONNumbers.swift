// Reading numbers out of JSON.

import Inference

extension JSON {
  /// The numbers of an array.
  var numbers: [Double] { arrayValue?.compactMap(\.doubleValue) ?? [] }
}
