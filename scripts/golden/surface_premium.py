"""Writes Tests/Fixtures/Golden/surface_premium.json: levels, smiles and quotes of synthetic surfaces, and what options of a day cost and paid.

Usage: python scripts/golden/surface_premium.py Tests/Fixtures/Golden/surface_premium.json

A path of closes and of a volatility index is drawn (seed below) and stored; numpy and scipy price straddles at the money and options of 15
delta from close to close with the index itself, 0.78 of it, the fair law and the market law. Nothing here is copied from the product: the laws are
written anew from their formulas.
"""

import json
import math
import sys
from fractions import Fraction

import numpy as np
import scipy
from scipy.optimize import brentq
from scipy.stats import norm

SEED = 20260220
COUNT = 900
YEAR = 252


def fair_term(n):
    if n <= 2:
        return 1.0
    if n >= 10:
        return 0.91
    return float(np.interp(math.log1p(n), [math.log(3), math.log(11)], [1, 0.91]))


def market_ratio(index, n):
    today = float(np.clip(0.70 + 0.022 * (index - 14), 0.65, 1.10))
    month = 0.80 + 0.004 * (index - 14)
    return float(np.interp(math.log1p(n), [0, math.log(22)], [today, month]))


def smile(law, n):
    return (-0.05, 0.03) if law == "fair" else (-0.10 - 0.025 * math.log1p(n), 0.03)


def factor(k, a, b):
    k = np.clip(k, -5, 4)
    return np.clip(1 + a * k + b * k * k, 0.5, 4)


def black(sign, x, deviation):
    """Price on a forward of 1 of a strike exp(x), and its delta."""
    d1 = -x / deviation + deviation / 2
    return sign * (norm.cdf(sign * d1) - math.exp(x) * norm.cdf(sign * (d1 - deviation))), norm.cdf(sign * d1)


def of_delta(sign, atm, a, b):
    root = atm * math.sqrt(1 / YEAR)

    def miss(k):
        return black(sign, k * root, root * factor(k, a, b))[1] - 0.15

    k = brentq(miss, *((0, 4) if sign > 0 else (-5, 0)), xtol=1e-14, rtol=1e-14)
    return k * root, root * factor(k, a, b)


def figure(contract, atms, a, b, changes):
    costs, payoffs = [], []
    for atm, change in zip(atms, changes):
        if contract == "straddle":
            legs = [(1, 0.0, atm * math.sqrt(1 / YEAR)), (-1, 0.0, atm * math.sqrt(1 / YEAR))]
        else:
            sign = 1 if contract == "call15" else -1
            legs = [(sign, *of_delta(sign, atm, a, b))]
        costs.append(sum(black(*leg)[0] for leg in legs))
        payoffs.append(sum(max(sign * (1 + change - math.exp(x)), 0) for sign, x, _ in legs))
    costs, payoffs = np.array(costs), np.array(payoffs)
    share = payoffs.sum() / costs.sum()
    error = math.sqrt(((payoffs - share * costs) ** 2).sum()) / costs.sum()
    return {"costOverPayoff": 1 / share, "keptBySeller": 1 - share, "standardError": error}


def tick(price, small, large, threshold):
    return small if round(price * 10_000) < threshold else large


def quote(price, spread, small, large, threshold):
    """In ten-thousandths, with whole numbers of ticks; of two equally near bids the lower."""
    size = tick(price, small, large, threshold)
    full = max(1, math.floor(Fraction(spread) * 10_000 / size + Fraction(1, 2)))
    middle = Fraction(price) * 10_000 / size - Fraction(full, 2)
    bid = max(0, math.ceil(middle - Fraction(1, 2)))
    return bid * size, (bid + full) * size


def main():
    generator = np.random.default_rng(SEED)
    index = 16 * np.exp(np.cumsum(generator.normal(0, 0.05, COUNT)) * 0.5)
    index = np.round(np.clip(index, 9, 80), 2)
    changes = generator.standard_t(4, COUNT - 1) / math.sqrt(2) * 0.78 * index[:-1] / 100 / math.sqrt(YEAR) + 0.0004
    closes = np.round(1000 * np.cumprod(np.concatenate([[1], 1 + changes])), 2)
    changes = closes[1:] / closes[:-1] - 1
    promises = 0.79788 * index[:-1] / 100 / math.sqrt(YEAR)
    ratios = []
    for i in range(len(changes)):
        first = max(0, i - 504)
        ratios.append(0.78 if i < 252 else float(np.abs(changes[first:i]).sum() / promises[first:i].sum()))
    levels = {
        "index": (np.ones(len(changes)), smile("fair", 1)),
        "fixedRatio": (np.full(len(changes), 0.78), smile("fair", 1)),
        "fair": (np.array(ratios) * fair_term(1), smile("fair", 1)),
        "market": (np.array([market_ratio(x, 1) for x in index[:-1]]), smile("market", 1)),
    }
    figures = []
    for level, (ratio, (a, b)) in levels.items():
        for contract in ("straddle", "put15", "call15"):
            for without_drift in (False, True):
                moved = changes - (changes.mean() if without_drift else 0)
                found = figure(contract, ratio * index[:-1] / 100, a, b, moved)
                figures.append({"level": level, "contract": contract, "withoutDrift": without_drift, **found})
    terms = [0, 1, 2, 3, 5, 9, 10, 21, 40]
    rules = {"cent": (100, 100, 0), "nickel": (500, 1000, 30_000), "penny": (100, 500, 30_000)}
    quotes = []
    for _ in range(400):
        name = ["cent", "nickel", "penny"][generator.integers(3)]
        price = float(generator.choice([generator.uniform(0, 0.2), generator.uniform(0, 6), generator.uniform(0, 400)]))
        spread = float(generator.choice([0, generator.uniform(0, 0.1), generator.uniform(0, 3)]))
        bid, ask = quote(price, spread, *rules[name])
        quotes.append({"rule": name, "price": price, "spread": spread, "bid": bid, "ask": ask})
    golden = {
        "provenance": {
            "tool": "numpy, scipy",
            "version": f"{np.__version__}, {scipy.__version__}",
            "seed": SEED,
            "command": "python scripts/golden/surface_premium.py Tests/Fixtures/Golden/surface_premium.json",
            "inside": "numbers of two laws, quotes of three tick rules, a drawn path and what options of a day cost and paid on it",
        },
        "terms": [
            {
                "sessionsAhead": n,
                "fair": fair_term(n),
                "market": [market_ratio(x, n) for x in (9, 14, 20, 45)],
                "marketSlope": smile("market", n)[0],
            }
            for n in terms
        ],
        "smile": [
            {"k": float(k), "fair": float(factor(k, *smile("fair", 0))), "market": float(factor(k, *smile("market", 5)))}
            for k in np.linspace(-7, 6, 27)
        ],
        "quotes": quotes,
        "closes": closes.tolist(),
        "index": index.tolist(),
        "ratios": ratios,
        "figures": figures,
        "relative_tolerance": 1e-11,
    }
    with open(sys.argv[1], "w") as file:
        json.dump(golden, file, indent=1)
        file.write("\n")


main()
