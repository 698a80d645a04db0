"""Golden numbers for Sources/Evaluation/StudentInterval.swift, made by scipy.

Run:  python scripts/golden/student.py Tests/Fixtures/Golden/student.json
Needs scipy and numpy. Writes JSON with a provenance block; never edit the JSON by hand.

A case is a handful of numbers, as several seeds give them; its interval is scipy.stats.t.interval of their mean and its standard error. Quantiles are
scipy.stats.t.ppf(0.975, degrees).

Tolerances: quantiles 1e-8 relative (above 30 degrees an asymptotic series stands for them, whose next term is smaller); interval ends 1e-8 of the larger
end, since sums of at most 100 float64 numbers in another order move them less.
"""

import json
import platform
import sys

import numpy as np
import scipy
from scipy import stats

SEED = 20261202


def case(name, values):
    mean = float(np.mean(values))
    lower, upper = stats.t.interval(0.95, len(values) - 1, loc=mean, scale=stats.sem(values))
    return {"name": name, "values": [float(v) for v in values], "mean": mean, "lower": float(lower), "upper": float(upper)}


def main():
    rng = np.random.default_rng(SEED)
    cases = [
        case("two seeds", [0.12, -0.03]),
        case("three seeds", [0.4, 1.3, -0.2]),
        case("five seeds", rng.normal(0.1, 0.05, 5)),
        case("ten seeds", rng.normal(-0.02, 0.2, 10)),
        case("forty seeds", rng.standard_t(4, 40)),
        case("a hundred seeds", rng.normal(3, 1, 100)),
    ]
    degrees = list(range(1, 41)) + [60, 99, 1000]
    document = {
        "provenance": {
            "tool": "scipy " + scipy.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "seed": SEED,
            "command": "python scripts/golden/student.py Tests/Fixtures/Golden/student.json",
            "tolerance": "1e-8 relative",
        },
        "cases": cases,
        "quantiles": [{"degrees": n, "value": float(stats.t.ppf(0.975, n))} for n in degrees],
    }
    with open(sys.argv[1], "w") as file:
        json.dump(document, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
