"""Golden numbers for Sources/Environments/Planted/StraddleMarket.swift, made by the packages QuantLib and scipy.

Run:  python scripts/golden/straddle_days.py Tests/Fixtures/Golden/straddle_days.json
Needs QuantLib, scipy and numpy. Writes JSON with a provenance block; never edit the JSON by hand.

`days`: by how a straddle at the money is quoted, QuantLib.BlackCalculator's price of one leg, that price in whole ten-thousandths of a dollar, and what a straddle
sold or bought at the far touch brings, held to expiry: scipy.integrate.quad of the payoff over the law of the close, for its mean, its chance to win and
its deviation. An option less than a cent in the money pays nothing. `always`: what the same position on every dear and every cheap day brings.

Tolerances: prices of two libraries 1e-12 relative; integrals 1e-9 absolute, of closes that are not rounded to ten-thousandths.
"""

import json
import math
import platform
import sys

import numpy as np
import QuantLib
import scipy
from scipy import integrate
from scipy.stats import norm

SPOT, TRUE, YEARS = 500.0, 0.12, 1 / 252
QUOTED = {"dear": 0.15, "cheap": 0.096, "fair": 0.12}
HALF_SPREAD, FEE, CENT = 0.02, 0.70, 0.01


def leg(volatility):
    payoff = QuantLib.PlainVanillaPayoff(QuantLib.Option.Call, SPOT)
    return QuantLib.BlackCalculator(payoff, SPOT, volatility * math.sqrt(YEARS), 1.0).value()


def straddle(normal):
    deviation = TRUE * math.sqrt(YEARS)
    worth = abs(SPOT * math.exp(deviation * normal - deviation**2 / 2) - SPOT)
    return worth if worth >= CENT else 0.0


def normals(worth):
    """The two standard normal numbers at which a straddle pays so much."""
    deviation = TRUE * math.sqrt(YEARS)
    return [(math.log((SPOT + side * worth) / SPOT) + deviation**2 / 2) / deviation for side in (-1, 1)]


def mean(function, breaks):
    edges = [-12.0, *sorted(breaks), 12.0]
    return sum(integrate.quad(lambda z: function(z) * norm.pdf(z), a, b, epsabs=1e-12, limit=200)[0] for a, b in zip(edges, edges[1:]))


def held(position, price):
    """Dollars a day of one straddle of 100 units."""
    costs = 2 * (price + position * HALF_SPREAD)
    gain = lambda z: position * 100 * (straddle(z) - costs) - 2 * FEE  # noqa: E731
    even = normals(costs + position * 2 * FEE / 100)
    breaks = [*normals(CENT), *even]
    average = mean(gain, breaks)
    between = norm.cdf(even[1]) - norm.cdf(even[0])
    return {
        "mean": average,
        "winChance": float(between if position < 0 else 1 - between),
        "deviation": math.sqrt(mean(lambda z: (gain(z) - average) ** 2, breaks)),
    }


def main():
    days = {}
    for name, volatility in QUOTED.items():
        ticks = round(leg(volatility) * 10_000)
        days[name] = {
            "leg": leg(volatility), "legTicks": ticks, "sold": held(-1, ticks / 10_000), "bought": held(1, ticks / 10_000)}
    document = {
        "provenance": {
            "tool": f"QuantLib {QuantLib.__version__}, scipy {scipy.__version__}",
            "numpy": np.__version__,
            "python": platform.python_version(),
            "command": "python scripts/golden/straddle_days.py Tests/Fixtures/Golden/straddle_days.json",
            "tolerance": "legs 1e-12 relative; means, chances and deviations 1e-9 absolute",
        },
        "days": days,
        "best": (days["dear"]["sold"]["mean"] + days["cheap"]["bought"]["mean"]) / 2,
        "always": {side: (days["dear"][side]["mean"] + days["cheap"][side]["mean"]) / 2 for side in ("sold", "bought")},
    }
    with open(sys.argv[1], "w") as file:
        json.dump(document, file, indent=1)
        file.write("\n")


main()
