// An import that is killed while it adds to a store loses nothing: the older store is there, or the newer one, whole.

import Glibc
import Kernels
import Storage
import TestSupport
import Testing

@Suite struct AppendingKillTests {
  @Test func theStoreIsTheOlderOneOrTheNewerOne() throws {
    let place = try Workplace()
    try place.importMarket(bars: 3000)
    for name in ["AAA", "BBB"] {
      let lines = try place.folder.read("\(name).csv").split(separator: "\n").prefix(2001)
      try place.folder.write(lines.map { $0 + "\n" }.joined(), to: "\(name)-older.csv")
    }
    func contentHash() throws -> String { try MarketStore.read(place.folder.place("market.h5")).contentHash }
    let whole = try contentHash()
    try place.succeed(["import", "AAA=AAA-older.csv", "BBB=BBB-older.csv", "--output", "market.h5", "--replace"])
    let older = try place.folder.bytes("market.h5")
    let olderHash = try contentHash()
    #expect(olderHash != whole)

    let words = ["import", "AAA=AAA.csv", "BBB=BBB.csv", "--output", "market.h5"]
    let start = ContinuousClock.now
    let told = try place.succeed(words)
    let took = ContinuousClock.now - start
    let microseconds = Double(took.components.seconds) * 1e6 + Double(took.components.attoseconds) * 1e-12
    #expect(told.output.contains("AAA: 1000 bars are new in market.h5, 2000 were there, 0 of these differ"), "\(told)")
    #expect(try contentHash() == whole)

    var random = RandomStream(seed: 17, purpose: .market)
    for _ in 0..<6 {
      try place.folder.write(older, to: "market.h5")
      let program = try Program.strikeforge.start(words, in: place.folder.path)
      usleep(UInt32(microseconds * random.nextDouble()))
      program.send(SIGKILL)
      let outcome = try program.wait()
      let found = try contentHash()
      #expect(found == whole || (found == olderHash && outcome.signal == SIGKILL), "\(outcome)")
    }
    try place.succeed(words)
    #expect(try contentHash() == whole)
    #expect(place.folder.names().filter { $0.contains("market") } == ["market.h5"])
  }
}
