"""Golden numbers for Sources/Evaluation/ReturnStatistics.swift, made by empyrical-reloaded, NumPy and SciPy.

Run:  python scripts/golden/performance_metrics.py Tests/Fixtures/Golden/performance_metrics.json
Needs empyrical-reloaded 0.7.1, numpy and scipy. Writes JSON with a provenance block; never edit the JSON by hand.

Conventions: daily returns as fractions, 252 sessions a year, risk-free rate and target 0. The published series "mixed" starts with
a missing value, which empyrical counts as a period when it annualises; a daily value series has no such period, so it is dropped
here before anything is computed. A ratio that is infinite or not a number in empyrical is written as null: undefined.

Tolerance: every figure is a sum, product or quotient of at most 1,000 float64 terms of like size, evaluated in another order than
here; each operation errs by at most 2^-53, so n operations err by at most n x 1.1e-16 relative to the sum of magnitudes. Ratios of
a mean to a deviation lose at most the factor sum(|r|) / |sum(r)|, and a difference from 1 loses its own such factor; the script
takes the largest per series and stores the tolerance with it.
"""

import json
import math
import platform
import sys

import empyrical
import numpy as np
from scipy import stats

SEED = 20260105


def finite(value):
    value = float(value)
    return value if math.isfinite(value) else None


def case(name, returns):
    returns = np.asarray(returns, dtype=np.float64)
    n = len(returns)
    wealth = np.concatenate([[1.0], np.cumprod(1 + returns)])
    mean = returns.mean()
    annual = empyrical.annual_return(returns)
    sharpe = empyrical.sharpe_ratio(returns)
    per_session = sharpe / math.sqrt(252)
    # What cancellation costs: in the mean, in "wealth - 1", in "growth a year - 1" and in "value / peak - 1".
    drawdown = empyrical.max_drawdown(returns)
    losses = [(abs(returns).sum(), abs(returns.sum())), (wealth[-1], abs(wealth[-1] - 1))]
    losses += [((1 + annual) * max(1, 252 / n), abs(annual)), (1 + drawdown, abs(drawdown))]
    condition = max([1.0] + [float(a / b) for a, b in losses if b > 0])
    return {
        "name": name,
        "returns": [float(r) for r in returns],
        "relativeTolerance": 2.0**-53 * (4 * n + 64) * condition,
        "total_return": finite(empyrical.cum_returns_final(returns)),
        "annual_return": finite(annual),
        "annual_volatility": finite(empyrical.annual_volatility(returns)),
        "sharpe": finite(sharpe),
        # sqrt((1 + SR^2 / 2) / T) per session, annualised
        "sharpe_standard_error": finite(math.sqrt((1 + per_session**2 / 2) / n) * math.sqrt(252)),
        "downside_risk": finite(empyrical.downside_risk(returns)),
        "sortino": finite(empyrical.sortino_ratio(returns)),
        "max_drawdown": finite(empyrical.max_drawdown(returns)),
        "calmar": finite(empyrical.calmar_ratio(returns)),
        "mean": finite(mean),
        "final_wealth": finite(wealth[-1]),
    }


def main():
    published = {
        "mixed": [1, 10, -4, 2, 3, 2, 1, -10],
        "negative": [0, -6, -7, -1, -9, -2, -6, -8, -5],
        "positive": [1, 2, 1, 1, 1, 1, 1, 1, 1],
        "up_down_up": [10, -10, 10],
        "all_zero": [0, 0, 0, 0, 0],
        "two": [1, -2],
    }
    cases = [case(name, np.array(values) / 100) for name, values in published.items()]
    rng = np.random.default_rng(SEED)
    for index in range(20):
        n = int(rng.integers(2, 1000))
        scale = float(rng.uniform(0.002, 0.04))
        drift = float(rng.normal(0, 0.1)) * scale
        returns = drift + scale * rng.standard_t(4, size=n)
        cases.append(case(f"random_{index}", np.maximum(returns, -0.9)))

    trimmed = []
    for index in range(12):
        scores = rng.normal(size=int(rng.integers(1, 40)))
        trimmed.append(
            {
                "scores": [float(s) for s in scores],
                "interquartile_mean": float(stats.trim_mean(scores, 0.25)),
                "quantile_025": float(np.quantile(scores, 0.025)),
                "quantile_975": float(np.quantile(scores, 0.975)),
            }
        )

    document = {
        "provenance": {
            "tool": "empyrical-reloaded " + empyrical.__version__,
            "numpy": np.__version__,
            "scipy": __import__("scipy").__version__,
            "python": platform.python_version(),
            "seed": SEED,
            "command": "python scripts/golden/performance_metrics.py Tests/Fixtures/Golden/performance_metrics.json",
            "tolerance": "per case: 2^-53 x (4 n + 64) x the largest cancellation factor, relative",
        },
        "cases": cases,
        "trimmed": trimmed,
    }
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1, allow_nan=False)
        file.write("\n")


if __name__ == "__main__":
    main()
