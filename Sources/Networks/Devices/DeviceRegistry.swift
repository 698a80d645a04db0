// The devices of the product: a new one is one line here.

package enum DeviceRegistry {
  /// The first is what a run takes that names none.
  package static let families: [DeviceFamily] = [
    CPUDevice.family
  ]
}
