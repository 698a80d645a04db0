"""Golden numbers for Sources/Evaluation/AlphaBeta.swift, made by statsmodels and, for the estimates, by empyrical-reloaded too.

Run:  python scripts/golden/alpha_beta.py Tests/Fixtures/Golden/alpha_beta.json
Needs statsmodels 0.15.0, empyrical-reloaded 0.7.1, numpy and scipy. Writes JSON with a provenance block; never edit the JSON by hand.

Each case is one regression of (account - cash) on a constant and (reference - cash), returns a session as fractions. Standard errors are
statsmodels' HAC with Bartlett weights, `maxlags` as the case says (floor(4 (n / 100)^(2/9)) but in the last one), and its small-sample
correction n / (n - 2). empyrical's alpha is compounded over 252 sessions; it is turned back here and asserted to agree.

Tolerance: each figure is a handful of sums of n float64 products; n operations err by at most n x 2^-53 relative to the sum of magnitudes.
alpha loses the factor (|mean of account| + |beta x mean of reference|) / |alpha|, R^2 its own; the script takes the largest of a case.
"""

import json
import math
import platform
import sys

import empyrical
import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm

SEED = 20260214


def case(name, rng, n, beta, noise, cash, ar=0.0, lags=None):
    reference = 0.0003 + 0.01 * rng.standard_t(5, size=n)
    errors = np.zeros(n)
    shocks = noise * rng.standard_t(4, size=n) * (1 + 30 * np.abs(reference))
    for t in range(n):
        errors[t] = (ar * errors[t - 1] if t else 0.0) + shocks[t]
    cash = np.full(n, cash) if np.isscalar(cash) else cash(n)
    account = cash + 0.0002 + beta * (reference - cash) + errors
    x, y = reference - cash, account - cash
    chosen = int(math.floor(4 * (n / 100) ** (2 / 9))) if lags is None else lags
    fit = sm.OLS(y, sm.add_constant(x)).fit(cov_type="HAC", cov_kwds={"maxlags": min(chosen, n - 1), "use_correction": True})
    alpha, slope = (float(v) for v in fit.params)
    there, back = empyrical.alpha_beta_aligned(y, x, risk_free=0.0), (1 + alpha) ** 252 - 1
    assert math.isclose(there[0], back, rel_tol=1e-9) and math.isclose(there[1], slope, rel_tol=1e-9)
    condition = max(1.0, (abs(y.mean()) + abs(slope * x.mean())) / abs(alpha), 1 / max(fit.rsquared, 1e-12))
    return {
        "name": name,
        "account": account.tolist(),
        "reference": reference.tolist(),
        "cash": cash.tolist(),
        "lags": lags,
        "relativeTolerance": 2.0**-53 * (8 * n + 64) * float(condition),
        "used_lags": min(chosen, n - 1),
        "alpha": alpha,
        "alpha_standard_error": float(fit.bse[0]),
        "beta": slope,
        "beta_standard_error": float(fit.bse[1]),
        "r_squared": float(fit.rsquared),
    }


def main():
    rng = np.random.default_rng(SEED)
    cases = [
        case("three sessions", rng, 3, 0.7, 0.004, 0.0),
        case("a quarter, no cash", rng, 60, 1.3, 0.003, 0.0),
        case("half a year, constant cash, inverse", rng, 126, -0.4, 0.008, 1.02 ** (1 / 252) - 1),
        case("a year, moving cash, residuals that last", rng, 252, 0.9, 0.004, lambda n: np.linspace(0, 2e-4, n), ar=0.4),
        case("a year, no beta", rng, 250, 0.0, 0.01, 0.0, ar=-0.2),
        case("no lags", rng, 100, 0.5, 0.005, 0.0, lags=0),
        case("twenty lags", rng, 100, 0.5, 0.005, 1e-4, ar=0.6, lags=20),
    ]
    document = {
        "provenance": {
            "tool": "statsmodels " + statsmodels.__version__,
            "empyrical": empyrical.__version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "python": platform.python_version(),
            "seed": SEED,
            "command": "python scripts/golden/alpha_beta.py Tests/Fixtures/Golden/alpha_beta.json",
            "tolerance": "per case: 2^-53 x (8 n + 64) x the largest cancellation factor, relative",
        },
        "cases": cases,
    }
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1, allow_nan=False)
        file.write("\n")


if __name__ == "__main__":
    main()
