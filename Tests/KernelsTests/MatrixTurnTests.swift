// Turned matrices, against plain loops.

import Kernels
import OpCases
import Testing

struct MatrixTurnTests {
  @Test(arguments: [(1, 1), (64, 26), (26, 64), (64, 64), (9, 16), (16, 9), (33, 47), (3, 5)])
  func `rows become columns`(rows: Int, columns: Int) {
    var random = RandomStream(seed: 3, purpose: .market)
    let source = FencedBuffer((0..<rows * (columns + 2)).map { _ in Float(random.nextNormal()) })
    let target = FencedBuffer([Float](repeating: 7, count: columns * (rows + 3)))
    let from = MatrixView(base: source.base, rows: rows, columns: columns, rowStride: columns + 2)
    let to = MatrixView(base: target.base, rows: columns, columns: rows, rowStride: rows + 3)
    MatrixTurn.write(from, into: to)
    for row in 0..<rows { for column in 0..<columns { #expect(to.row(column)[row] == from.row(row)[column]) } }
    MatrixTurn.add(from, to: to)
    for row in 0..<rows { for column in 0..<columns { #expect(to.row(column)[row] == 2 * from.row(row)[column]) } }
    for column in 0..<columns { for beyond in rows..<rows + 3 { #expect(to.row(column)[beyond] == 7) } }
    #expect(source.isIntact && target.isIntact)
  }
}
