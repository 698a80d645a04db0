"""Golden numbers for Sources/Evaluation/BlockLength.swift and SharpeComparison.swift, made by the package arch and NumPy.

Run:  python scripts/golden/sharpe_comparison.py Tests/Fixtures/Golden/sharpe_comparison.json
Needs arch and numpy. Writes JSON with a provenance block; never edit the JSON by hand.

Block lengths are those of arch.bootstrap.optimal_block_length, at least 1. A comparison is computed twice over: the difference of two Sharpe
ratios (denominator n) and its standard error from complex-step derivatives and the closed form of Politis and Romano 1994, lemma 1; and
its one-sided p-value and interval from 20,000 resamples of arch.bootstrap.StationaryBootstrap, each studentised by the sums of its own blocks.

Tolerances: figures of float64 sums of at most 504 terms, in another order: 1e-9 relative. Resampled figures: four standard errors of what two
independent sets of resamples (20,000 here, 4,999 there) differ by; for quantiles of t the density at them is taken as a normal one's.
"""

import json
import math
import sys

import arch
import numpy as np
from arch.bootstrap import StationaryBootstrap, optimal_block_length

SEED = 20261201
RESAMPLES = 20000
OURS = 4999
YEAR = 252


def garch(generator, shocks, omega=0.05, alpha=0.1, beta=0.85):
    variance, before, out = 1.0, 0.0, []
    for shock in shocks:
        variance = omega + alpha * before**2 + beta * variance
        before = shock * math.sqrt(variance)
        out.append(before)
    return np.array(out)


def autoregressive(shocks, phi):
    out = np.zeros(len(shocks))
    for t in range(1, len(shocks)):
        out[t] = phi * out[t - 1] + shocks[t]
    return out


def moments(x, y):
    return np.array([x.mean(), y.mean(), (x * x).mean(), (y * y).mean()])


def difference(m, both):
    own = m[0] / (m[2] - m[0] * m[0]) ** 0.5
    return own - m[1] / (m[3] - m[1] * m[1]) ** 0.5 if both else own


def gradient(m, both):
    out = []
    for k in range(4):
        step = m.astype(complex)
        step[k] += 1e-30j
        out.append(difference(step, both).imag / 1e-30)
    return np.array(out)


def influence(x, y, both):
    m = moments(x, y)
    return (np.stack([x, y, x * x, y * y], 1) - m) @ gradient(m, both)


def long_run_variance(values, block):
    n, centred, stay = len(values), values - values.mean(), 1 - 1 / block
    total = centred @ centred / n
    for lag in range(1, n):
        weight = (1 - lag / n) * stay**lag + lag / n * stay ** (n - lag)
        total += 2 * weight * (centred[lag:] @ centred[:-lag]) / n
    return total


def block_length(values):
    return max(1.0, float(optimal_block_length(values)["stationary"].iloc[0]))


def comparison(name, x, y=None):
    both = y is not None
    other = y if both else np.zeros(len(x))
    n = len(x)
    psi = influence(x, other, both)
    block = block_length(psi)
    estimate = difference(moments(x, other), both)
    error = math.sqrt(long_run_variance(psi, block) / n)
    sampler = StationaryBootstrap(block, np.arange(n), seed=np.random.default_rng(SEED))
    ratios = []
    for data, _ in sampler.bootstrap(RESAMPLES):
        places = data[0]
        xs, ys = x[places], other[places]
        drawn = influence(xs, ys, both)
        begins = np.concatenate([[True], (places[1:] - places[:-1]) % n != 1])
        sums = np.bincount(np.cumsum(begins) - 1, weights=drawn)
        ratios.append((difference(moments(xs, ys), both) - estimate) / (math.sqrt((sums**2).sum()) / n))
    ratios = np.sort(ratios)
    p = (1 + (ratios >= estimate / error).sum()) / (RESAMPLES + 1)
    spread = math.sqrt(1 / RESAMPLES + 1 / OURS)
    # A quantile's error is that of its share over the density there.
    density = math.exp(-0.5 * 1.96**2) / math.sqrt(2 * math.pi)
    quantile = 4 * spread * math.sqrt(0.025 * 0.975) / density
    root = math.sqrt(YEAR)
    return {
        "name": name,
        "policy": [float(v) for v in x],
        "baseline": [float(v) for v in y] if both else None,
        "block_length": block,
        "difference_a_year": estimate * root,
        "standard_error_a_year": error * root,
        "relative_tolerance": 1e-9,
        "p": float(p),
        "p_tolerance": 4 * spread * math.sqrt(max(p, 0.01) * (1 - min(p, 0.99))),
        "lower": (estimate - np.quantile(ratios, 0.975) * error) * root,
        "upper": (estimate - np.quantile(ratios, 0.025) * error) * root,
        "bound_tolerance": quantile * error * root,
    }


def main():
    generator = np.random.default_rng(SEED)
    draw = generator.standard_normal
    series = {
        "independent": draw(252),
        "short": draw(60),
        "autoregressive": autoregressive(draw(504), 0.5),
        "alternating": autoregressive(draw(252), -0.4),
        "squares of garch": garch(generator, draw(504)) ** 2,
    }
    market = draw(252) * 0.01
    planted = market * 0.5 + draw(252) * 0.008 + 0.001
    clustered = garch(generator, draw(252)) * 0.01 + 0.0005
    slow = autoregressive(draw(252), 0.4) * 0.01
    json.dump(
        {
            "provenance": {
                "tool": f"arch {arch.__version__}",
                "numpy": np.__version__,
                "seed": SEED,
                "command": "python scripts/golden/sharpe_comparison.py Tests/Fixtures/Golden/sharpe_comparison.json",
                "tolerance": "relative for closed forms; four standard errors of two sets of resamples for what is resampled",
            },
            "series": [
                {"name": name, "values": [float(v) for v in values], "block_length": block_length(values),
                 "relative_tolerance": 1e-9}
                for name, values in series.items()
            ],
            "comparisons": [
                comparison("planted over nothing", planted),
                comparison("planted over its market", planted, market),
                comparison("clustered over independent", clustered, market),
                comparison("slow over its market", slow, market),
            ],
        },
        open(sys.argv[1], "w"),
        indent=1,
    )
    open(sys.argv[1], "a").write("\n")


if __name__ == "__main__":
    main()
