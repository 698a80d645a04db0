// What `strikeforge import` is told of splits, factors and a store that is there, and cannot be.

import TestSupport

extension BadInput {
  static let ofImports: [BadInput] = [
    BadInput(
      "malformed split", "import AAA=AAA.csv --output new.h5 --split AAA:2001-01-05", exits: 64,
      says: "--split is AAA:2001-01-05", "SYMBOL:DATE:FACTOR"),
    BadInput(
      "a split told twice", "import AAA=AAA.csv --output new.h5 --split AAA:2001-01-05:2 --split AAA:2001-01-05:3",
      exits: 64, says: "names a date of AAA that stands there already"),
    BadInput(
      "a split of another symbol", "import AAA=AAA.csv --output new.h5 --split CCC:2001-01-05:2", exits: 1,
      says: "there is no symbol 'CCC'", "AAA"),
    BadInput(
      "factors of no symbol", "import AAA=AAA.csv --output new.h5 --factors f.csv", exits: 64,
      says: "--factors f.csv names no symbol"),
    BadInput(
      "bars for factors", "import AAA=AAA.csv --output new.h5 --factors AAA=BBB.csv", exits: 1,
      says: "'BBB.csv', line 1", "a factor file of LEAN"),
    BadInput(
      "a divisor that is none", "import AAA=AAA.csv --output new.h5 --price-divisor 3", exits: 64,
      says: "--price-divisor is 3", "a power of ten"),
    BadInput(
      "a damaged store to add to", "import AAA=AAA.csv --output market.h5", exits: 1, says: "'market.h5' is damaged",
      "make it again"
    ) { place in
      var bytes = try place.folder.bytes("market.h5")
      bytes[bytes.count / 2] ^= 1
      try place.folder.write(bytes, to: "market.h5")
    },
  ]
}
