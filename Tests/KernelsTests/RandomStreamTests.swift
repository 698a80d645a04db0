// Random numbers: known answers, independence of streams, distributions.

import Kernels
import Testing

struct RandomStreamTests {
  /// Known answers of the Random123 library, threefry2x32 with 20 rounds.
  @Test func `threefry gives the known answers`() {
    let zero = RandomStream.threefry(key: (0, 0), counter: (0, 0))
    #expect(zero == (0x6b20_0159, 0x99ba_4efe))
    let ones = RandomStream.threefry(key: (.max, .max), counter: (.max, .max))
    #expect(ones == (0x1cb9_96fc, 0xbb00_2be7))
    let pi = RandomStream.threefry(key: (0x1319_8a2e, 0x0370_7344), counter: (0x243f_6a88, 0x85a3_08d3))
    #expect(pi == (0xc492_3a9c, 0x483d_f7a0))
  }

  @Test func `a stream continues from its position`() {
    var whole = RandomStream(seed: 9, purpose: .fills, lane: 3)
    let first = (0..<10).map { _ in whole.next() }
    var resumed = RandomStream(seed: 9, purpose: .fills, lane: 3, position: 6)
    #expect((0..<4).map { _ in resumed.next() } == Array(first[6...]))
    #expect((0..<10).map { whole.word(at: $0) } == first)
  }

  @Test func `streams of other names differ`() {
    var seen: Set<UInt64> = []
    for purpose in RandomStream.Purpose.allCases {
      for lane in 0..<50 as Range<UInt32> {
        for seed in 0..<3 as Range<UInt64> {
          seen.insert(RandomStream(seed: seed, purpose: purpose, lane: lane).word(at: 0))
        }
      }
    }
    #expect(seen.count == RandomStream.Purpose.allCases.count * 150)
  }

  @Test func `normal draws have the moments of a normal distribution`() {
    var random = RandomStream(seed: 1, purpose: .market)
    let count = 200_000
    var moments = [Double](repeating: 0, count: 5)
    for _ in 0..<count {
      let x = random.nextNormal()
      for power in 1...4 {
        var term = 1.0
        for _ in 0..<power { term *= x }
        moments[power] += term / Double(count)
      }
    }
    // Five standard errors of each sample moment: sqrt(1, 2, 15, 96) / sqrt(n).
    let unit = 5 / Double(count).squareRoot()
    #expect(abs(moments[1]) < unit)
    #expect(abs(moments[2] - 1) < unit * 1.42)
    #expect(abs(moments[3]) < unit * 3.88)
    #expect(abs(moments[4] - 3) < unit * 9.8)
  }

  @Test func `the quantile inverts the cumulative probability`() {
    for exponent in -12...12 {
      let x = Double(exponent) / 2
      let p = NormalDistribution.cumulative(x)
      guard p < 1 else { continue }
      // The slope 1/n(x) magnifies the rounding of p itself.
      let tolerance = 1e-13 + 4 * p.ulp / NormalDistribution.density(x)
      #expect(abs(NormalDistribution.quantile(p) - x) < tolerance, "\(x)")
    }
    #expect(abs(NormalDistribution.quantile(0.975) - 1.959_963_984_540_054) < 1e-14)
  }

  @Test func `integers below a bound are uniform and a shuffle is a permutation`() {
    var random = RandomStream(seed: 2, purpose: .minibatchOrder)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { counts[Int(random.nextInteger(below: 7))] += 1 }
    for count in counts { #expect(abs(count - 10_000) < 5 * 93) }
    var values = Array(0..<100)
    random.shuffle(&values)
    #expect(values != Array(0..<100))
    #expect(values.sorted() == Array(0..<100))
  }

  @Test(arguments: [0, 1, 2, 16, 17, 1000, 70_001])
  func `a shuffle takes the words that single draws would take`(count: Int) {
    var (fast, plain) = (
      RandomStream(seed: 3, purpose: .minibatchOrder), RandomStream(seed: 3, purpose: .minibatchOrder)
    )
    (fast.position, plain.position) = (0xFFFF_FFF0, 0xFFFF_FFF0)
    var (values, expected) = (Array(0..<count), Array(0..<count))
    fast.shuffle(&values)
    for last in stride(from: count - 1, to: 0, by: -1) {
      expected.swapAt(last, Int(plain.nextInteger(below: UInt64(last + 1))))
    }
    #expect(values == expected && fast.position == plain.position)
  }
}
