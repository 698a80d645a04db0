"""Golden numbers for Sources/Evaluation/DeflatedSharpe.swift, made by the package skfolio.

Run:  python scripts/golden/deflated_sharpe.py Tests/Fixtures/Golden/deflated_sharpe.json
Needs skfolio, numpy and scipy. Writes JSON with a provenance block; never edit the JSON by hand.

A case is a series of daily returns and the Sharpe ratios a session of the tries that it is the best of; the figures are skfolio's
probabilistic_sharpe_ratio and deflated_sharpe_ratio. The best of N is its expected_max_sharpe_ratio for a deviation of 1.

Tolerances: moments are sums of at most 1,000 float64 products in another order, the probability moves with them at most sqrt(T) times as fast:
1e-11 absolute. Quantiles of two libraries agree to 1e-14 relative.
"""

import json
import platform
import sys

import numpy as np
import scipy
import skfolio
from skfolio import measures

SEED = 20261201


def case(name, returns, sharpes):
    return {
        "name": name,
        "returns": [float(v) for v in returns],
        "trial_sharpes_a_session": [float(v) for v in sharpes],
        "tolerance": 1e-11,
        "above_zero": float(measures.probabilistic_sharpe_ratio(returns)),
        "deflated": float(measures.deflated_sharpe_ratio(returns, sharpes)),
    }


def main():
    rng = np.random.default_rng(SEED)
    sharpes = lambda n, scale: rng.normal(0, scale, n)  # noqa: E731
    skewed = lambda n: 0.01 * (0.05 - (rng.gamma(2, 1, n) - 2))  # noqa: E731
    cases = [
        case("one try", 0.0006 + 0.01 * rng.standard_normal(252), [0.05]),
        case("twenty tries, normal", 0.001 + 0.01 * rng.standard_normal(252), sharpes(20, 0.06)),
        case("fat tails", 0.0012 + 0.01 * rng.standard_t(4, 504), sharpes(100, 0.045)),
        case("losses at once", skewed(400), sharpes(7, 0.05)),
        case("gains at once", -skewed(400) + 0.001, sharpes(1000, 0.05)),
        case("losing", -0.0005 + 0.01 * rng.standard_normal(126), sharpes(12, 0.09)),
        case("sixty sessions, two tries", 0.002 + 0.01 * rng.standard_t(5, 60), sharpes(2, 0.13)),
        case("four years", 0.0008 + 0.01 * rng.standard_t(5, 1000), sharpes(250, 0.03)),
    ]
    document = {
        "provenance": {
            "tool": "skfolio " + skfolio.__version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "python": platform.python_version(),
            "seed": SEED,
            "command": "python scripts/golden/deflated_sharpe.py Tests/Fixtures/Golden/deflated_sharpe.json",
            "tolerance": "per case, absolute: 1e-11; of the best of N 1e-13 relative",
        },
        "cases": cases,
        "best_of": [
            {"trials": n, "relative_tolerance": 1e-13, "deviations": float(measures.expected_max_sharpe_ratio(n, 1.0))}
            for n in [1, 2, 5, 10, 50, 100, 1000, 100000]
        ],
    }
    with open(sys.argv[1], "w") as file:
        json.dump(document, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
