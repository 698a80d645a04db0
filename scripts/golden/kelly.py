"""Golden numbers for Sources/Trading/Sizing, made by the package scipy.

Run:  python scripts/golden/kelly.py Tests/Fixtures/Golden/kelly.json
Needs scipy and numpy. Writes JSON with a provenance block; never edit the JSON by hand.

`chances`: scipy.stats.beta.ppf, the chance below which the true one lies with a probability after so many wins of so many trials, from Beta(wins + 1,
losses + 1). `bets`: the fraction at which scipy.optimize.brentq finds the growth of a binary bet to turn, the growth there, and at other fractions.
`samples`: the same for the mean of ln(1 + f r) over returns, within 0 and 1 / the largest loss.

Tolerances: quantiles of two libraries 1e-11 relative; roots of slopes that are sums of at most 250 float64 quotients 1e-13 absolute; growths 1e-13.
"""

import json
import platform
import sys

import numpy as np
import scipy
from scipy import optimize, stats

SEED = 20261202


def best(slope, most):
    return float(optimize.brentq(slope, 0, most, xtol=1e-15, rtol=1e-15))


def bet(p, w, l):
    growth = lambda f: p * np.log1p(f * w) + (1 - p) * np.log1p(-f * l)  # noqa: E731
    fraction = best(lambda f: p * w / (1 + f * w) - (1 - p) * l / (1 - f * l), (1 - 1e-9) / l)
    return {
        "winProbability": p,
        "win": w,
        "loss": l,
        "fraction": fraction,
        "growths": [{"fraction": f, "growth": float(growth(f))} for f in [fraction, fraction / 2, 0.4, 0.2]],
    }


def sample(name, returns, most):
    slope = lambda f: (returns / (1 + f * returns)).mean()  # noqa: E731
    most_kept = min(most, (1 - 1e-9) / -returns.min())
    return {"name": name, "returns": [float(r) for r in returns], "most": most, "fraction": best(slope, most_kept)}


def main():
    rng = np.random.default_rng(SEED)
    trials = [(18, 30), (0, 30), (30, 30), (20, 31), (65, 100), (550, 1000), (1, 2), (5123, 10000)]
    document = {
        "provenance": {
            "tool": "scipy " + scipy.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "seed": SEED,
            "command": "python scripts/golden/kelly.py Tests/Fixtures/Golden/kelly.json",
            "tolerance": "chances 1e-11 relative; fractions 1e-13 absolute; growths 1e-13 absolute",
        },
        "chances": [
            {"wins": w, "trials": n, "probability": q, "chance": float(stats.beta.ppf(q, w + 1, n - w + 1))}
            for w, n in trials
            for q in [0.01, 0.05, 0.5, 0.95]
        ],
        "bets": [bet(0.6, 0.4, 0.2), bet(0.65, 0.45, 0.18), bet(0.55, 1.0, 1.0), bet(0.3, 4.0, 1.0)],
        "samples": [
            sample("long premium", np.where(rng.random(60) < 0.45, rng.uniform(0.2, 2.5, 60), -rng.uniform(0.3, 1, 60)), 1.0),
            sample("small moves", rng.normal(0.02, 0.1, 250), 5.0),
            sample("short premium", np.where(rng.random(200) < 0.85, 0.12, -0.5), 2.0),
        ],
    }
    with open(sys.argv[1], "w") as file:
        json.dump(document, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
