// The reader of option chains.

import Kernels
import Market
import Storage

/// Tables of options of several layouts, and the gate that questions whatever was read.
final class ChainSubject: Subject {
  static let name = "chain"
  /// A damaged gzip stream may announce any size.
  static let limitBytes = 1 << 22

  func seeds() throws -> [[UInt8]] { try ChainSeeds.all() }

  private static let tokens = [
    "strike", "expiry", "expiration", "C", "put", "2021-01-04", "0001-01-01", "9999-12-31", "2015-01-31", "99999999",
    "-2147483648", "2147483647", "9223372036854775807", "1e300", "nan", "x", "Date: ", " at ", "O:", "SPXW  ", "\"\"",
    "16:00", "09:30", "GMT-4", "REGULAR", "34260000", "86400000", "9223372036854775807", "1000000000", "#expiry",
    "american", "european", "openinterest",
  ]

  func input(_ random: RandomStream, pool: Pool) throws -> [UInt8] {
    var mutator = Mutator(random: random, tokens: ChainSubject.tokens)
    if mutator.chance(1, in: 8) { return archive(&mutator) }
    let bytes = mutator.damaged(pool.document(&mutator), others: pool.documents)
    return mutator.chance(1, in: 16) ? try Gzip.deflate(bytes, path: "seed") : bytes
  }

  /// An archive that is whole, and whose members are not: damage to its bytes alone hardly gets behind their checksums.
  private func archive(_ mutator: inout Mutator) -> [UInt8] {
    var members = mutator.pick(ChainSeeds.members).map { (name: $0.name, text: Array($0.text.utf8)) }
    let others = members.map(\.text)
    repeat {
      let place = mutator.below(members.count)
      if mutator.chance(1, in: 3) {
        let name = mutator.damaged(Array(members[place].name.utf8), others: members.map { Array($0.name.utf8) })
        members[place].name = String(decoding: name.prefix(1000), as: UTF8.self)
      } else {
        members[place].text = mutator.damaged(members[place].text, others: others)
      }
    } while mutator.chance(1, in: 2)
    return ChainSeeds.archive(members)
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    var verdict = Verdict.refused
    // Universes of LEAN say in their names of which date and underlying they are.
    for (name, path) in [("AAA", "in.csv"), (nil, "in.csv"), (nil, "in/aapl/20140602.csv")] {
      do {
        let file = ChainFile(bytes, path: path, underlying: name, limitBytes: ChainSubject.limitBytes)
        guard let reading = try file.read() else { continue }
        for chain in reading.chains {
          try require(chain.quoteCount >= 0 && !chain.contracts.isEmpty, "a chain of nothing")
          for session in chain.sessions {
            try require(session.minutes.allSatisfy { (-1440...2880).contains($0) }, "minutes \(session.minutes)")
          }
        }
        let report = QualityGate.examine([], chains: reading.chains, allowances: [])
        for finding in report.findings { _ = try refusal(finding.message) }
        verdict = .read
      } catch let error as StorageError {
        _ = try refusal(error.description, names: "'in")
      }
    }
    return verdict
  }
}
