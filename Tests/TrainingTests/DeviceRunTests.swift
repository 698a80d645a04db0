// Learners on another device than the processor: the same learning, resumed to the bit, and their incidents replayed there.

import AgentInterface
import Algorithms
import Inference
import Kernels
import Networks
import OpCases
import Storage
import TestSupport
import Testing
import Text

@testable import Training

@Suite struct DeviceRunTests {
  private static let devices = [DeviceFamily.cpu, ReferenceDevice.family]

  private func run(_ tag: AlgorithmTag, on device: DeviceFamily) -> WatchedRun {
    WatchedRun(tag) { $0.run.device = device }
  }

  /// Every algorithm moves its parameters on the second device as it does on the processor: but for last bits, and what Adam makes of gradients near zero.
  @Test(arguments: watched) func `every algorithm learns the same`(_ tag: AlgorithmTag) {
    let learned = DeviceRunTests.devices.map { device in
      let run = self.run(tag, on: device)
      let before = run.learner.parameters.values.array
      let found = run.run(rollouts: 3)
      #expect(found.isEmpty && run.learner.deviceFamily == device)
      let parameters = run.learner.parameters
      return (
        moves: zip(parameters.values.array, before).map { Double($0) - Double($1) },
        gradient: parameters.gradients.array.map(Double.init)
      )
    }
    for (one, other) in [(learned[0].moves, learned[1].moves), (learned[0].gradient, learned[1].gradient)] {
      let problem = OpBound.angle(1e-3).problem(other, one)
      #expect(problem == nil)
    }
    #expect(learned[0].gradient != learned[1].gradient, "the second device is the processor")
  }

  /// What is saved is what the device holds: taken back, it goes on to the same bits.
  @Test(arguments: watched) func `a restored learner goes on alike`(_ tag: AlgorithmTag) throws {
    let run = self.run(tag, on: ReferenceDevice.family)
    #expect(run.run(rollouts: 2).isEmpty)
    let (learner, world) = (run.learner.snapshot(), run.world.snapshot())
    let other = self.run(tag, on: ReferenceDevice.family)
    try other.world.restore(world)
    try other.learner.restore(learner)
    #expect(other.learner.snapshot() == learner)
    #expect(run.run(rollouts: 1).isEmpty && other.run(rollouts: 1).isEmpty)
    #expect(run.learner.snapshot() == other.learner.snapshot())
  }

  /// An update that was recorded there is replayed there, to the bit; a program without that device says so, and records of before there was another one are
  /// the processor's.
  @Test(arguments: watched) func `incidents are replayed on their device`(_ tag: AlgorithmTag) throws {
    for device in DeviceRunTests.devices {
      let run = self.run(tag, on: device)
      run.learner.health.settings.gradientNorm = .warn
      run.learner.health.settings.gradientNormLimit = 1e30
      #expect(run.run(rollouts: 1).isEmpty)
      run.learner.health.settings.gradientNormLimit = 1e-30
      var incident = try #require(run.run(rollouts: 1).first)
      let replay = try UpdateReplay(incident, devices: DeviceRunTests.devices)
      #expect(replay.hasSameBits, "\(replay.numbers)")
      #expect(replay.kernels.recorded == replay.kernels.here)
      incident.facts["device"] = nil
      let older = try UpdateReplay(incident)
      #expect(older.hasSameBits == (device == .cpu))
      incident.facts["device"] = "abacus"
      #expect(throws: RestoreError.self) { _ = try UpdateReplay(incident) }
    }
  }

  /// A run is refused where its device computes something else than the processor.
  @Test func `a wrong device trains nothing`() throws {
    let broken = DeviceFamily(
      "broken", "forgets half of every gradient", kernelName: { _, _, _ in "broken" },
      products: { _, _, _ in "broken" },
      make: { BrokenDevice($0) })
    let spec = OpCases.network(5, 3, 0, nil, [6], [4], .tanh)
    var run = RunConfiguration().run
    run.device = ReferenceDevice.family
    #expect(try MatrixKernels.line(run, .automatic, spec) == "products: plain loops in double precision, twin checked")
    run.device = broken
    #expect {
      _ = try MatrixKernels.line(run, .automatic, spec)
    } throws: { error in
      "\(error)".contains("the device broken and OpenBLAS") && "\(error)".contains("gradients differ")
    }
  }

  /// A checkpoint says on which device it was made, and a person hears where a run goes on with another one.
  @Test func `another device changes bits and is told of`() {
    let spec = OpCases.network(5, 3, 0, nil, [6], [4], .tanh)
    let names = DeviceRunTests.devices.map { $0.kernelName(for: spec, .automatic, nil) }
    #expect(names[1] == "device reference: plain doubles")
    for (saved, current) in [(names[0], names[1]), (names[1], names[0])] {
      let warning = RunState.kernelsWarning(
        Checkpoint(attributes: [RunState.kernelsAttribute: saved]), current: current)
      #expect(warning?.contains("Leave run.device as it was") == true, "\(warning ?? "")")
    }
  }
}

/// The reference with a fault.
private final class BrokenDevice: LearnerDevice, @unchecked Sendable {
  private let device: ReferenceDevice
  init(_ request: DeviceRequest) { device = ReferenceDevice(request) }
  var parameters: ParameterStore { device.parameters }
  func load() { device.load() }
  func readBack() {
    device.readBack()
    for place in 0..<parameters.layout.count / 2 { parameters.gradients.base[place] = 0 }
  }
  func forward(_ batch: SequenceBatch, parts: NetworkParts, worker: Int) -> NetworkOutputs {
    device.forward(batch, parts: parts, worker: worker)
  }
  func gradient<Loss: RowLoss, Cut: Minibatch>(of loss: Loss, on minibatch: Cut) -> Loss.Sums {
    device.gradient(of: loss, on: minibatch)
  }
  func step(learningRate: Double, maximumNorm: Double, where isSound: (_ norm: Double) -> Bool) -> Bool {
    device.step(learningRate: learningRate, maximumNorm: maximumNorm, where: isSound)
  }
}
