"""Reference rates of the peers: a peer that is far slower than it was is set up wrongly, and a comparison with it is worth nothing.

A rate is judged over the matrix product measured right before it, so that a slow minute is no reason; and only on the kind of machine
(its class, processor and kernels of OpenBLAS) and with the packages that the reference was measured with.
"""

import importlib.metadata
import json
import platform
from pathlib import Path

from machine import level

FILE = Path(__file__).resolve().parent / "reference.json"
LEAST = 0.70


def packages():
    """The peers' versions, and Python's."""
    lines = (FILE.parent / "requirements.txt").read_text().splitlines()
    names = [line.split("==")[0] for line in lines if "==" in line]
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in names}}


class References:
    def __init__(self, machine):
        self.kind = {"class": level(), "processor": machine["processor"], "blas_core": machine["blas_core"]}
        self.classes = json.loads(FILE.read_text()) if FILE.exists() else []
        self.own = next((one for one in self.classes if {key: one[key] for key in self.kind} == self.kind), None)

    def why_not_judged(self):
        """A sentence where no rate can be judged here, else nothing."""
        name = f"{self.kind['class']}, {self.kind['processor']} with OpenBLAS {self.kind['blas_core']}"
        if self.own is None:
            return f"no reference rates for this class of machine ({name}): the peers are not judged; --write-reference adds them"
        if self.own["packages"] != packages():
            return f"the reference rates for {name} are of other packages: the peers are not judged; --write-reference replaces them"
        return ""

    def find(self, shape, peer, lanes):
        rates = self.own["rates"] if self.own else []
        return next((rate for rate in rates if (rate["shape"], rate["peer"], rate["lanes"]) == (shape, peer, lanes)), None)

    def best_lanes(self, shape, peer):
        """The number of lanes at which the peer was fastest, here or else on another machine; nothing where it was never measured."""
        alike = [one for one in self.classes if one["class"] == self.kind["class"]]
        for machines in ([self.own] if self.own else [], alike, self.classes):
            rates = [rate for one in machines for rate in one["rates"] if (rate["shape"], rate["peer"]) == (shape, peer)]
            if rates:
                break
        return max(rates, key=lambda rate: rate["steps_per_cpu_second"] / rate["sgemm"])["lanes"] if rates else None

    def share(self, shape, peer, lanes, rate, sgemm):
        """What the peer reaches of its reference, both over their matrix products; nothing where there is none."""
        reference = self.find(shape, peer, lanes)
        if reference is None or self.why_not_judged():
            return None
        return (rate / sgemm) / (reference["steps_per_cpu_second"] / reference["sgemm"])

    def write(self, rates, date):
        """`rates`: (shape, peer, lanes, steps a second of processor time, sgemm, rounds). Other rates of the same packages stay."""
        if self.own is None:
            self.own = {**self.kind, "packages": {}, "rates": []}
            self.classes.append(self.own)
        if self.own["packages"] != packages():
            self.own.update(packages=packages(), rates=[])
        for shape, peer, lanes, rate, sgemm, rounds in rates:
            old = self.find(shape, peer, lanes)
            if old is not None:
                self.own["rates"].remove(old)
            self.own["rates"].append({
                "shape": shape, "peer": peer, "lanes": lanes, "steps_per_cpu_second": round(rate), "sgemm": round(sgemm, 1), "rounds": rounds,
                "date": date,
            })
        self.own["rates"].sort(key=lambda one: (one["shape"], one["peer"], one["lanes"]))
        FILE.write_text(_text(self.classes))


def _text(classes):
    """One rate a line."""
    parts = []
    for one in classes:
        head = json.dumps({key: value for key, value in one.items() if key != "rates"}, indent=2)[:-2]
        rates = ",\n".join("    " + json.dumps(rate) for rate in one["rates"])
        parts.append(f'{head},\n  "rates": [\n{rates}\n  ]\n}}')
    return "[\n" + ",\n".join(parts) + "\n]\n"
