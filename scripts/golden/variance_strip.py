"""Writes Tests/Fixtures/Golden/variance_strip.json: listed strikes with middles of calls and puts, and their variance as the volatility index is made.

Usage: python scripts/golden/variance_strip.py Tests/Fixtures/Golden/variance_strip.json

The chains are made up: Black's prices of a skewed smile, of which many far from the money have no bid, now alone, now several in succession. The variance
is written down anew from Cboe's "Cboe Volatility Index mathematics methodology", in exact fractions of the numbers as they stand in the file. Nothing here is
copied from the product.
"""

import json
import math
import sys
from fractions import Fraction

import numpy as np
import scipy
from scipy.stats import norm

SEED = 20190924


def black(sign, forward, strike, deviation):
    d1 = math.log(forward / strike) / deviation + deviation / 2
    return sign * (forward * norm.cdf(sign * d1) - strike * norm.cdf(sign * (d1 - deviation)))


def chain(generator, kind):
    forward = float(generator.uniform(50, 6000))
    years = float(generator.uniform(0.002, 0.5))
    discount = round(math.exp(-0.05 * years), 9)
    level = float(generator.uniform(0.08, 0.6)) * math.sqrt(years)
    step = max(round(forward * level / generator.integers(3, 15), 1), 0.5)
    low, high = (0, 2) if kind == "one side" else (12, 12) if kind == "narrow" else (40, 30)
    strikes = [round((round(forward / step) + place) * step, 1) for place in range(-low, high + 1)]
    strikes = [strike for strike in strikes if strike > 0 and generator.random() > 0.1]
    rungs = []
    for strike in strikes:
        k = math.log(strike / forward) / level
        deviation = level * min(max(1 - 0.15 * k + 0.04 * k * k, 0.4), 3)
        sides = []
        for sign in (1, -1):
            price = round(discount * black(sign, forward, strike, deviation) * 20) / 20
            is_out = sign * k > 0
            silent = price <= 0 or (is_out and generator.random() < 0.04 * k * k) or kind == "silent"
            sides.append(None if silent else price)
        rungs.append([strike, *sides])
    return discount, rungs


def strip(discount, rungs):
    """(forward, center, total variance, lowest, highest, count), or None."""
    discount = Fraction(discount)
    exact = [(Fraction(k), *(None if p is None else Fraction(p) for p in sides)) for k, *sides in rungs]
    both = [(abs(call - put), place) for place, (_, call, put) in enumerate(exact) if call is not None and put is not None]
    if not both:
        return None
    strike, call, put = exact[min(both)[1]]
    forward = strike + (call - put) / discount
    below = [place for place, (k, call, put) in enumerate(exact) if k <= forward and call is not None and put is not None]
    if not below:
        return None
    middle = below[-1]
    center = exact[middle][0]
    chosen = [(center, (exact[middle][1] + exact[middle][2]) / 2)]
    for side, places in ((2, range(middle - 1, -1, -1)), (1, range(middle + 1, len(exact)))):
        here, without = [], 0
        for place in places:
            price = exact[place][side]
            without = without + 1 if price is None else 0
            if without == 2:
                break
            if price is not None:
                here.append((exact[place][0], price))
        if not here:
            return None
        chosen += here
    chosen.sort()
    total = Fraction(0)
    for place, (k, price) in enumerate(chosen):
        if place == 0:
            width = chosen[1][0] - k
        elif place == len(chosen) - 1:
            width = k - chosen[place - 1][0]
        else:
            width = (chosen[place + 1][0] - chosen[place - 1][0]) / 2
        total += width / k**2 * price
    total = 2 * total / discount - (forward / center - 1) ** 2
    if total <= 0:
        return None
    return {"forward": float(forward), "center": float(center), "totalVariance": float(total), "lowest": float(chosen[0][0]),
            "highest": float(chosen[-1][0]), "count": len(chosen)}


def main():
    generator = np.random.default_rng(SEED)
    cases = []
    for kind, count in (("wide", 24), ("narrow", 8), ("one side", 2), ("silent", 1)):
        for _ in range(count):
            discount, rungs = chain(generator, kind)
            cases.append({"discount": discount, "rungs": rungs, "strip": strip(discount, rungs)})
    # 90 to 110: one put without a bid at 95 is stepped over, two at 91 and 92 end the strip though 90 has one.
    hand = [[float(k), 12.0 - abs(k - 100) / 2 if k >= 100 else 15.0, 12.0 - abs(k - 100) / 2 if k <= 100 else 15.0] for k in range(90, 111)]
    for row in hand:
        if row[0] in (91, 92, 95):
            row[2] = None
    cases.append({"discount": 1.0, "rungs": hand, "strip": strip(1.0, hand)})
    provenance = {
        "tool": "numpy, scipy, exact fractions", "version": f"{np.__version__}, {scipy.__version__}", "seed": SEED,
        "command": "python scripts/golden/variance_strip.py Tests/Fixtures/Golden/variance_strip.json",
        "inside": "middles of calls and puts of made-up chains, and the variance of their strips by Cboe's method",
    }
    with open(sys.argv[1], "w") as file:
        json.dump({"provenance": provenance, "cases": cases}, file, separators=(",", ":"))
        file.write("\n")


main()
