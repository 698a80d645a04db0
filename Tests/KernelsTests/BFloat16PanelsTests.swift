// The LSTM kernels with bfloat16 products, of every unit, against double precision and against the float32 ones fed with the same rounded numbers.

import Glibc
import Kernels
import OpCases
import Testing

/// A layer of `OpCases`.
private struct Layer: CustomTestStringConvertible {
  let shape: OpCases.StepShape
  var rows: Int { shape.rows }
  var inputs: Int { shape.inputs }
  var hidden: Int { shape.hidden }
  var testDescription: String { shape.description }

  static let all = OpCases.stepShapes.map { Layer(shape: $0) }

  /// Place of a unit's gate in (4H) in the panels' order.
  func place(gate: Int, unit: Int) -> Int { unit / 16 * 64 + gate * 16 + unit % 16 }
}

/// The bfloat16 number that is nearest, the even one of two.
private func nearest(_ x: Float) -> Float {
  guard x.isFinite else { return x }
  let below = Float(bitPattern: x.bitPattern & 0xffff_0000)
  let above = Float(bitPattern: below.bitPattern + 0x1_0000)
  // Beyond the largest number as if there were another one.
  let toBelow = abs(Double(x) - Double(below))
  let toNext = abs((above.isFinite ? abs(Double(above)) : 0x1p128) - abs(Double(x)))
  if toBelow == toNext { return below.bitPattern & 0x1_0000 == 0 ? below : above }
  return toBelow < toNext ? below : above
}

private func number(_ word: UInt16) -> Float { Float(bitPattern: UInt32(word) << 16) }

/// Words between two fences, for kernels to write.
private struct FencedWords {
  private let storage: WordStorage
  let count: Int
  var base: UnsafeMutablePointer<UInt16> { storage.base + 32 }

  init(count: Int) {
    self.count = count
    storage = WordStorage(count: count + 64)
  }

  init(_ words: [UInt16]) {
    self.init(count: words.count)
    for (index, word) in words.enumerated() { base[index] = word }
  }

  var array: [UInt16] { Array(UnsafeBufferPointer(start: base, count: count)) }
  var isIntact: Bool {
    (0..<32).allSatisfy { storage.base[$0] == 0xffff && storage.base[32 + count + $0] == 0xffff }
  }
}

struct BFloat16PanelsTests {
  @Test(arguments: OpCases.units) fileprivate func `numbers are rounded to the nearest, ties to even`(
    unit: BFloat16Unit
  ) {
    var random = RandomStream(seed: 3, purpose: .market)
    var numbers: [Float] = [
      0, -0.0, 1, -1, 1.00390625, 1.01171875, 3.0e38, 3.4e38, -3.4e38, .infinity, -.infinity, 0x116C2p-149,
      -0x116C2p-149,
      .leastNormalMagnitude,
    ]
    for _ in 0..<500 { numbers.append(Float(random.nextNormal() * exp(20 * random.nextNormal()))) }
    let panels = BFloat16Panels(unit: unit, inputs: numbers.count, hidden: 16)
    let operands = FencedWords(count: panels.depth)
    panels.takeInputs(rows: 1, numbers, into: operands.base)
    for (x, word) in zip(numbers, operands.array) {
      // Denormal numbers become zero.
      let expected = abs(x) < .leastNormalMagnitude ? (x.sign == .minus ? -0.0 : 0) : nearest(x)
      #expect(number(word).bitPattern == expected.bitPattern, "\(x) became \(number(word))")
    }
    panels.takeInputs(rows: 1, [Float](repeating: .nan, count: numbers.count), into: operands.base)
    #expect(operands.array.prefix(numbers.count).allSatisfy { number($0).isNaN })
    #expect(operands.isIntact)
  }

  @Test(arguments: OpCases.units, Layer.all)
  fileprivate func `a step agrees with double precision and with float32 kernels`(unit: BFloat16Unit, layer: Layer) {
    let (rows, inputs, hidden) = (layer.rows, layer.inputs, layer.hidden)
    let panels = BFloat16Panels(unit: unit, inputs: inputs, hidden: hidden)
    let numbers = LayerNumbers(rows: rows, inputs: inputs, hidden: hidden, weightScale: 1.5, stateScale: 0.5)
    let weights = FencedWords(count: panels.weightCount)
    let recurrent = FencedWords(count: panels.recurrentCount)
    let bias = FencedBuffer(count: 4 * hidden)
    panels.pack(
      inputWeight: numbers.inputWeight, hiddenWeight: numbers.hiddenWeight, biases: numbers.biases,
      weights: weights.base, biasSum: bias.base, recurrent: recurrent.base)
    let (operands, next) = (FencedWords(count: rows * panels.depth), FencedWords(count: rows * panels.depth))
    panels.takeHidden(rows: rows, numbers.before, into: operands.base)
    panels.takeInputs(rows: rows, numbers.x, into: operands.base)
    let tape = FencedWords(count: rows * panels.tapeWidth)
    let (cell, output) = (FencedBuffer(count: rows * hidden), FencedBuffer(count: rows * hidden))
    panels.forward(
      rows: rows, operands: operands.base, weights: weights.base, bias: bias.base, cellBefore: numbers.cellBefore,
      tape: tape.base, cell: cell.base, output: output.base, nextOperands: next.base)
    for buffer in [bias, cell, output] { #expect(buffer.isIntact) }
    for buffer in [weights, recurrent, operands, next, tape] { #expect(buffer.isIntact) }

    // Forward weights are rounded after they are scaled for a power of two.
    func rounded(_ weight: Float, gate: Int) -> Float {
      let scale: Float = gate == 2 ? -2.88539008 : -1.44269504
      return Float(Double(nearest(scale * weight)) / Double(scale))
    }
    var exact = numbers
    (exact.x, exact.before) = (numbers.x.map(nearest), numbers.before.map(nearest))
    exact.inputWeight = numbers.inputWeight.enumerated().map { rounded($1, gate: $0 / (hidden * inputs)) }
    exact.hiddenWeight = numbers.hiddenWeight.enumerated().map { rounded($1, gate: $0 / (hidden * hidden)) }
    let (saved, cells, outputs, following) = (tape.array, cell.array, output.array, next.array)
    for row in 0..<rows {
      for unit in 0..<hidden {
        let (values, nextCell) = exact.step(row: row, unit: unit)
        let at = row * hidden + unit
        let expected = values + [tanh(nextCell)]
        for part in 0..<5 {
          // Half precision near 1 is 2^-11 apart, the activations are off by 1e-4 at most.
          let half = Float16(bitPattern: saved[((unit / 16 * rows + row) * 5 + part) * 16 + unit % 16])
          #expect(abs(Double(half) - expected[part]) < 4e-4)
        }
        #expect(abs(Double(cells[at]) - nextCell) < 1e-4 * max(1, abs(nextCell)))
        #expect(abs(Double(outputs[at]) - values[3] * tanh(nextCell)) < 1e-4)
        #expect(number(following[row * panels.depth + panels.hiddenPlace + unit]) == nearest(outputs[at]))
      }
    }
    let plain = LSTMPanels()
    let plainWeights = FloatStorage(count: LSTMPanels.weightCount(inputs: inputs, hidden: hidden))
    let rest = (0..<5).map { _ in FloatStorage(count: 4 * max(rows, hidden) * hidden) }
    plain.pack(
      inputs: inputs, hidden: hidden, inputWeight: exact.inputWeight, hiddenWeight: exact.hiddenWeight,
      biases: exact.biases, weights: plainWeights.base, biasSum: rest[0].base, recurrent: rest[1].base)
    plain.forward(
      rows: rows, inputs: inputs, hidden: hidden, x: exact.x, hiddenBefore: exact.before,
      weights: plainWeights.base, bias: rest[0].base, cellBefore: exact.cellBefore, gates: rest[2].base,
      cell: rest[3].base,
      output: rest[4].base)
    for at in 0..<(rows * hidden) { #expect(abs(rest[4].base[at] - outputs[at]) < 1e-4) }
  }

  @Test(arguments: OpCases.units, Layer.all)
  fileprivate func `gradients agree with double precision`(unit: BFloat16Unit, layer: Layer) {
    let (rows, inputs, hidden) = (layer.rows, layer.inputs, layer.hidden)
    let panels = BFloat16Panels(unit: unit, inputs: inputs, hidden: hidden)
    var random = RandomStream(seed: 18, purpose: .market, lane: UInt32(hidden))
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(0.5 * random.nextNormal()) } }
    let tape = FencedWords((0..<(rows * 5 * hidden)).map { _ in Float16(Float(random.nextDouble())).bitPattern })
    let (cellBefore, above) = (numbers(rows * hidden), numbers(rows * hidden))
    let (carried, biasBefore) = (numbers(rows * hidden), numbers(4 * hidden))
    let (cellGradient, biasGradient) = (FencedBuffer(carried), FencedBuffer(biasBefore))
    let gates = FencedWords(count: rows * 4 * hidden)
    let steps = BFloat16Panels.Steps(panels, rowCapacity: rows)
    // Three steps, of which the last is looked at.
    let x = (0..<3).map { _ in
      FencedWords((0..<(rows * panels.depth)).map { _ in UInt16(numbers(1)[0].bitPattern >> 16) })
    }
    var weightGradient = [[Double]](
      repeating: [Double](repeating: 1, count: panels.depth), count: 4 * hidden)
    var biasSums = biasBefore.map(Double.init)
    let saved = tape.array.map { Double(Float16(bitPattern: $0)) }
    for step in 0..<3 {
      let carriedBefore = cellGradient.array
      panels.backward(
        rows: rows, tape: tape.base, cellBefore: cellBefore, hiddenGradient: above, cellGradient: cellGradient.base,
        biasGradient: biasGradient.base, gates: gates.base, operands: x[step].base, step: step, of: steps)
      let found = gates.array
      for row in 0..<rows {
        for unit in 0..<hidden {
          let at = row * hidden + unit
          func part(_ index: Int) -> Double { saved[((unit / 16 * rows + row) * 5 + index) * 16 + unit % 16] }
          let values = (0..<4).map(part)
          let (expected, total) = gateGradients(
            values, squashed: part(4), cellBefore: Double(cellBefore[at]), above: Double(above[at]),
            carried: Double(carriedBefore[at]))
          #expect(abs(Double(cellGradient.array[at]) - total * values[1]) < 2e-6)
          for gate in 0..<4 {
            let place = layer.place(gate: gate, unit: unit)
            let narrow = Double(number(found[row * 4 * hidden + place]))
            #expect(abs(narrow - expected[gate]) <= abs(expected[gate]) / 250 + 1e-6)
            biasSums[place] += expected[gate]
            for column in 0..<panels.depth {
              weightGradient[gate * hidden + unit][column] +=
                narrow * Double(number(x[step].base[row * panels.depth + column]))
            }
          }
        }
      }
    }
    for (sum, expected) in zip(biasGradient.array, biasSums) { #expect(abs(Double(sum) - expected) < 3e-5) }

    // Through the recurrent weights.
    let (inputWeight, hiddenWeight) = (numbers(4 * hidden * inputs), numbers(4 * hidden * hidden))
    let (weights, recurrent) = (FencedWords(count: panels.weightCount), FencedWords(count: panels.recurrentCount))
    let bias = FencedBuffer(count: 4 * hidden)
    panels.pack(
      inputWeight: inputWeight, hiddenWeight: hiddenWeight, biases: biasBefore, weights: weights.base,
      biasSum: bias.base, recurrent: recurrent.base)
    let start = numbers(rows * hidden)
    let target = FencedBuffer(start)
    panels.addThrough(rows: rows, gates: gates.base, recurrent: recurrent.base, target: target.base)
    let found = gates.array.map { Double(number($0)) }
    for row in 0..<rows {
      for column in 0..<hidden {
        var expected = Double(start[row * hidden + column])
        for line in 0..<(4 * hidden) {
          let place = layer.place(gate: line / hidden, unit: line % hidden)
          expected += found[row * 4 * hidden + place] * Double(nearest(hiddenWeight[line * hidden + column]))
        }
        #expect(abs(Double(target.array[row * hidden + column]) - expected) < 3e-5)
      }
    }

    // Into the weights' gradients.
    let gradient = FencedBuffer([Float](repeating: 0, count: panels.weightCount))
    panels.addWeightGradient(of: steps, count: 3, rows: rows, to: gradient.base)
    let unpacked = [4 * hidden * inputs, 4 * hidden * hidden, 4 * hidden].map {
      FencedBuffer([Float](repeating: 1, count: $0))
    }
    panels.addUnpacked(
      gradient: gradient.base, biasGradient: biasGradient.base, inputWeight: unpacked[0].base,
      hiddenWeight: unpacked[1].base, bias: unpacked[2].base)
    let (inputGradient, hiddenGradient) = (unpacked[0].array, unpacked[1].array)
    for line in 0..<(4 * hidden) {
      for column in 0..<inputs {
        #expect(abs(Double(inputGradient[line * inputs + column]) - weightGradient[line][column]) < 5e-5)
      }
      for column in 0..<hidden {
        let expected = weightGradient[line][panels.hiddenPlace + column]
        #expect(abs(Double(hiddenGradient[line * hidden + column]) - expected) < 5e-5)
      }
      let place = layer.place(gate: line / hidden, unit: line % hidden)
      #expect(unpacked[2].array[line] == 1 + biasGradient.array[place])
    }
    for buffer in [cellGradient, biasGradient, bias, target, gradient] + unpacked { #expect(buffer.isIntact) }
    for buffer in [tape, gates, weights, recurrent] + x { #expect(buffer.isIntact) }
  }

  /// Far beyond where gates saturate, and where they are not numbers at all.
  @Test(arguments: OpCases.units) fileprivate func `activations keep their limits`(unit: BFloat16Unit) {
    let panels = BFloat16Panels(unit: unit, inputs: 1, hidden: 16)
    let weights = FencedWords(count: panels.weightCount)
    let recurrent = FencedWords(count: panels.recurrentCount)
    let bias = FencedBuffer(count: 64)
    panels.pack(
      inputWeight: [Float](repeating: 1, count: 64), hiddenWeight: [Float](repeating: 0, count: 64 * 16),
      biases: [Float](repeating: 0, count: 64), weights: weights.base, biasSum: bias.base, recurrent: recurrent.base)
    let x: [Float] = [-1e30, -3000, -100, 0, 100, 3000, 1e30, .nan]
    let (operands, next) = (FencedWords(count: 8 * panels.depth), FencedWords(count: 8 * panels.depth))
    panels.takeInputs(rows: 8, x, into: operands.base)
    panels.takeHidden(rows: 8, [Float](repeating: 0, count: 128), into: operands.base)
    let tape = FencedWords(count: 8 * panels.tapeWidth)
    let (cell, output) = (FencedBuffer(count: 128), FencedBuffer(count: 128))
    panels.forward(
      rows: 8, operands: operands.base, weights: weights.base, bias: bias.base,
      cellBefore: [Float](repeating: 0, count: 128), tape: tape.base, cell: cell.base, output: output.base,
      nextOperands: next.base)
    func close(_ row: Int, _ expected: Float) -> Bool {
      (0..<16).allSatisfy { abs(output.array[row * 16 + $0] - expected) < 1e-4 }
    }
    #expect((0..<3).allSatisfy { close($0, 0) })
    #expect(close(3, 0))
    #expect((4..<7).allSatisfy { close($0, Float(tanh(1.0))) })
    #expect((0..<16).allSatisfy { output.array[7 * 16 + $0].isNaN && cell.array[7 * 16 + $0].isNaN })
  }

  /// Tiles of any number of rows give a row the same bits.
  @Test(arguments: OpCases.units) fileprivate func `a row does not depend on the others`(unit: BFloat16Unit) {
    let (inputs, hidden, rows) = (7, 48, 23)
    let panels = BFloat16Panels(unit: unit, inputs: inputs, hidden: hidden)
    var random = RandomStream(seed: 5, purpose: .market)
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(0.5 * random.nextNormal()) } }
    let (weights, recurrent) = (FencedWords(count: panels.weightCount), FencedWords(count: panels.recurrentCount))
    let bias = FencedBuffer(count: 4 * hidden)
    panels.pack(
      inputWeight: numbers(4 * hidden * inputs), hiddenWeight: numbers(4 * hidden * hidden),
      biases: numbers(4 * hidden), weights: weights.base, biasSum: bias.base, recurrent: recurrent.base)
    let (x, before, cellBefore) = (numbers(rows * inputs), numbers(rows * hidden), numbers(rows * hidden))
    func outputs(_ range: Range<Int>) -> [Float] {
      let count = range.count
      let (operands, next) = (FencedWords(count: count * panels.depth), FencedWords(count: count * panels.depth))
      panels.takeInputs(rows: count, Array(x[(range.lowerBound * inputs)...]), into: operands.base)
      panels.takeHidden(rows: count, Array(before[(range.lowerBound * hidden)...]), into: operands.base)
      let tape = FencedWords(count: count * panels.tapeWidth)
      let (cell, output) = (FencedBuffer(count: count * hidden), FencedBuffer(count: count * hidden))
      panels.forward(
        rows: count, operands: operands.base, weights: weights.base, bias: bias.base,
        cellBefore: Array(cellBefore[(range.lowerBound * hidden)...]), tape: tape.base, cell: cell.base,
        output: output.base, nextOperands: next.base)
      return output.array
    }
    let whole = outputs(0..<rows)
    for count in 1...rows { #expect(outputs(0..<count) == Array(whole[..<(count * hidden)]), "\(count) rows") }
    #expect(outputs(9..<rows) == Array(whole[(9 * hidden)...]))
  }
}
