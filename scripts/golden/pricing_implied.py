"""Golden prices whose volatilities are known, for Sources/Pricing/ImpliedVolatility.swift.

Run:  python scripts/golden/pricing_implied.py Tests/Fixtures/Golden/pricing_implied.json
Needs mpmath; vollib looks on. Writes JSON with a provenance block; never edit the JSON by hand.

Prices come from 50-digit arithmetic, rounded once to float64, never from a library's own price. `session` are 25 standardised strikes from -3 to 3 standard
deviations, out of the money, of six volatilities at six times to expiry in regular minutes. `wide` are log-moneyness from -6 to 6 and v sqrt(T) from
1e-4 to 5, calls and puts out of the money, whose price is neither below 1e-280 nor within 1e-9 of its bound.

vollib inverts the session's prices too; its worst error is printed and stored.
"""

import json
import math
import platform
import random
import sys
from importlib.metadata import version

import mpmath
import vollib.black_scholes.implied_volatility as vollib_iv
from pricing_reference import value

SEED = 20261202
NAMES = ("side", "spot", "strike", "rate", "dividend_yield", "years", "volatility")


def columns(options):
    table = dict(zip(NAMES, map(list, zip(*options))))
    table["price"] = [float(value(*option)["price"]) for option in options]
    return table


def session():
    options = []
    for minutes in (1, 5, 15, 60, 390, 8190):
        for v in (0.05, 0.1, 0.2, 0.5, 1.0, 2.0):
            for place in range(25):
                T = minutes / 98280
                distance = -3 + place * 0.25
                K = 600 * math.exp(distance * v * math.sqrt(T))
                options.append((1 if K >= 600 else -1, 600.0, K, 0.0, 0.0, T, v))
    return options


def wide(rng):
    options = []
    for k in (-6, -4, -2, -1, -0.3, -0.1, -0.01, -1e-3, -1e-5, 0, 1e-5, 1e-3, 0.01, 0.1, 0.3, 1, 2, 4, 6):
        for deviation in (1e-4, 1e-3, 0.01, 0.03, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0):
            T = math.exp(rng.uniform(math.log(1 / 98280), math.log(3.0)))
            S = math.exp(rng.uniform(math.log(1.0), math.log(6000.0)))
            rate, dividends = rng.choice([(0.0, 0.0), (0.045, 0.012), (-0.005, 0.03)])
            K = S * math.exp(k + (rate - dividends) * T)
            s = 1 if k >= 0 else -1
            option = (s, S, K, rate, dividends, T, deviation / math.sqrt(T))
            price = value(*option)["price"]
            bound = S * math.exp(-dividends * T) if s > 0 else K * math.exp(-rate * T)
            if price > 1e-280 and price < bound * (1 - 1e-9):
                options.append(option)
    return options


def main():
    tables = {"session": columns(session()), "wide": columns(wide(random.Random(SEED)))}
    worst = 0.0
    table = tables["session"]
    for s, S, K, T, v, price in zip(*(table[name] for name in ("side", "spot", "strike", "years", "volatility", "price"))):
        theirs = vollib_iv.implied_volatility(price, S, K, T, 0.0, "c" if s > 0 else "p")
        worst = max(worst, abs(theirs / v - 1))
    print(f"vollib's worst relative error on the session's prices: {worst:.2e}")
    document = {
        "provenance": {
            "tool": "mpmath " + mpmath.__version__,
            "vollib": version("vollib"),
            "vollib_worst": worst,
            "python": platform.python_version(),
            "seed": SEED,
            "command": "python scripts/golden/pricing_implied.py Tests/Fixtures/Golden/pricing_implied.json",
            "inside": "prices to 50 digits of options whose volatility is known",
            "tolerance": "relative: 1e-12 of the session's volatilities, 1e-11 of the wide ones",
        },
        **tables,
    }
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1, allow_nan=False)
        file.write("\n")


if __name__ == "__main__":
    main()
