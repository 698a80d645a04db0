"""What ours must reach over the strengthened peers, by class of machine: floors.json.

A floor that is marked predicted was never measured on its class: where it is missed this is said, and nothing fails.
"""

import json
import os
from pathlib import Path

import machine

FILE = Path(__file__).resolve().parent / "floors.json"


class Floors:
    def __init__(self):
        table = json.loads(FILE.read_text())
        self.kind = machine.level()
        held_down = machine.level(limited=True) != self.kind and bool(os.environ.get(machine.LIMIT))
        entry = {} if held_down else table.get(self.kind, {})
        # float32 takes no unit of that class's own.
        own = table.get(entry["as"], {}) if "as" in entry else entry
        self.floors = own.get("floors", {})
        self.best_over_sgemm = own["best_product"] / own["beside_sgemm"] if own else None
        self.silence = ""
        if held_down:
            self.silence = f"{machine.LIMIT} holds our kernels below this processor's class, {self.kind}: no floor is judged"
        elif not own:
            self.silence = f"no measurements and no floors for this class of machine ({self.kind}): nothing is judged"

    def of(self, shape, over=""):
        """{"ratio", "ratio_aim", "share", "share_aim", "predicted"}, where the table has them."""
        return self.floors.get(f"{shape}, {over}" if over else shape, {})

    def best_share(self, share):
        """A share of sgemm as a share of the core's own best product; nothing where that was not measured."""
        return share / self.best_over_sgemm if self.best_over_sgemm else None
