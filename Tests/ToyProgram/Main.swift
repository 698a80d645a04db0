// The program `strikeforge` with a toy environment, a toy algorithm and a second device more: one line each.

import TestSupport
import Training
import Workstation

@main
struct Main {
  static func main() {
    Workstation(
      families: Families(
        environments: Families.product.environments + [ToyGame.family],
        algorithms: Families.product.algorithms + [ToySettings.family],
        devices: Families.product.devices + [ReferenceDevice.family])
    ).main()
  }
}
