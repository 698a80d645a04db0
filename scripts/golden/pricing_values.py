"""Golden prices and Greeks for Sources/Pricing/BlackScholes.swift, in 50-digit arithmetic.

Run:  python scripts/golden/pricing_values.py Tests/Fixtures/Golden/pricing_values.json
Needs mpmath; QuantLib and vollib look on. Writes JSON with a provenance block; never edit the JSON by hand.

`grid` is a struct of arrays: options from a minute to ten years, v sqrt(T) from 1e-4 to 5, near and far from the money, each number rounded once to
float64. `larger_term` is the larger of the two terms that a price subtracts, `d1` the distance that goes into the bound of its rounding: 8 + 4 d1^2
units in the last place of that term. `tables` are prices and Greeks with the digits that books and earlier work print, `zero_days` options of one session
(time in years of 98,280 regular minutes).

QuantLib's analytic engine and vollib price the tables and the options of one session too; the script refuses to write where either differs by more than 1e-9.
"""

import json
import math
import platform
import random
import sys
from importlib.metadata import version

import mpmath
import QuantLib as ql
import vollib.black_scholes_merton as vollib_bsm
from pricing_reference import value

SEED = 20261201
FIELDS = ("price", "delta", "gamma", "vega", "theta", "rho", "d1", "larger_term")

# name, side, S, K, q, r, T, v, quantity, printed value, tolerance. Source: Haug, "The Complete Guide to Option Pricing Formulas", as printed in QuantLib's tests.
HAUG = [
    ("call", 1, 60, 65, 0.0, 0.08, 0.25, 0.30, "price", 2.1334, 1e-4),
    ("put", -1, 100, 95, 0.05, 0.10, 0.50, 0.20, "price", 2.4648, 1e-4),
    ("call on a currency", 1, 42, 40, 0.08, 0.04, 0.75, 0.35, "price", 5.0975, 1e-4),
    ("call on a future", 1, 19, 19, 0.10, 0.10, 0.75, 0.28, "price", 1.7011, 1e-4),
    ("put on a future", -1, 19, 19, 0.10, 0.10, 0.75, 0.28, "price", 1.7011, 1e-4),
    ("grid call", 1, 100, 100, 0.10, 0.10, 0.1, 0.25, "price", 3.1217, 1e-4),
    ("grid call", 1, 110, 100, 0.10, 0.10, 0.5, 0.35, "price", 15.3086, 1e-4),
    ("grid put", -1, 90, 100, 0.10, 0.10, 0.5, 0.15, "price", 10.3192, 1e-4),
    ("delta of a call", 1, 105, 100, 0.10, 0.10, 0.5, 0.36, "delta", 0.5946, 1e-4),
    ("delta of a put", -1, 105, 100, 0.10, 0.10, 0.5, 0.36, "delta", -0.3566, 1e-4),
    ("gamma", 1, 55, 60, 0.0, 0.10, 0.75, 0.30, "gamma", 0.0278, 1e-4),
    ("vega", 1, 55, 60, 0.0, 0.10, 0.75, 0.30, "vega", 18.9358, 1e-4),
    ("theta", -1, 430, 405, 0.05, 0.07, 1 / 12, 0.20, "theta", -31.1924, 1e-4),
]

# name, side, K, minutes, v, r, q, printed price; S 600.
ZERO_DAYS = [
    ("call 600, 60 minutes", 1, 600, 60, 0.15, 0.0, 0.0, 0.88714657045),
    ("call 603, 60 minutes", 1, 603, 60, 0.18, 0.045, 0.012, 0.17751508794),
    ("put 597, 60 minutes", -1, 597, 60, 0.18, 0.045, 0.012, 0.17153177405),
    ("call 606, 60 minutes", 1, 606, 60, 0.15, 0.0, 0.0, 0.00249009827),
    ("call 600, 1 minute", 1, 600, 1, 0.15, 0.0, 0.0, 0.11453019422),
    ("call 600, 390 minutes", 1, 600, 390, 0.15, 0.0, 0.0, 2.26178171723),
    ("call 600, 120 minutes", 1, 600, 120, 0.15, 0.0, 0.0, 1.25461399367),
    ("call 600, 15 minutes", 1, 600, 15, 0.15, 0.0, 0.0, 0.44357347563),
    ("call 600, 5 minutes", 1, 600, 5, 0.15, 0.0, 0.0, 0.25609728999),
]


def check(s, S, K, r, q, T, v, ours):
    """The libraries agree."""
    forward, deviation = S * math.exp((r - q) * T), v * math.sqrt(T)
    other = ql.blackFormula(ql.Option.Call if s > 0 else ql.Option.Put, K, forward, deviation, math.exp(-r * T))
    flag = "c" if s > 0 else "p"
    third = vollib_bsm.black_scholes_merton(flag, S, K, T, r, v, q)
    assert abs(other - float(ours["price"])) < 1e-9 and abs(third - float(ours["price"])) < 1e-9, (S, K, T, other, third)


def grid(rng):
    options = []
    for deviation in (1e-4, 1e-3, 4e-3, 0.012, 0.04, 0.12, 0.4, 1.0, 2.0, 5.0):
        for distance in (-6.0, -3.0, -1.7, -0.9, -0.3, -0.05, 0.0, 0.05, 0.3, 0.9, 1.7, 3.0, 6.0):
            for s in (1, -1):
                # Moneyness of at most e^6 either way.
                k = max(-6.0, min(6.0, distance * deviation))
                T = math.exp(rng.uniform(math.log(1 / 98280), math.log(10.0)))
                S = math.exp(rng.uniform(math.log(1.0), math.log(6000.0)))
                rate, dividends = rng.choice([(0.0, 0.0), (0.045, 0.012), (-0.005, 0.03), (0.12, 0.0)])
                K = S * math.exp(k + (rate - dividends) * T) if distance else S
                option = (s, S, K, rate, dividends, T, deviation / math.sqrt(T))
                # Terms that are no normal float64 numbers are flushed to zero.
                if value(*option)["larger_term"] > 1e-300:
                    options.append(option)
    return options


def main():
    rng = random.Random(SEED)
    options = grid(rng)
    values = [value(*option) for option in options]
    columns = dict(zip(("side", "spot", "strike", "rate", "dividend_yield", "years", "volatility"), map(list, zip(*options))))
    for field in FIELDS:
        columns[field] = [float(one[field]) for one in values]
    tables = []
    for name, s, S, K, q, r, T, v, quantity, printed, tolerance in HAUG:
        ours = value(s, S, K, r, q, T, v)
        check(s, S, K, r, q, T, v, ours)
        assert abs(float(ours[quantity]) - printed) < tolerance, (name, ours[quantity])
        tables.append({"name": name, "side": s, "spot": S, "strike": K, "rate": r, "dividend_yield": q, "years": T, "volatility": v,
                       "quantity": quantity, "printed": printed, "value": float(ours[quantity])})
    zero_days = []
    for name, s, K, minutes, v, r, q, printed in ZERO_DAYS:
        T = minutes / 98280
        ours = value(s, 600, K, r, q, T, v)
        check(s, 600, K, r, q, T, v, ours)
        assert abs(float(ours["price"]) - printed) < 1e-11, (name, ours["price"])
        zero_days.append({"name": name, "side": s, "spot": 600, "strike": K, "rate": r, "dividend_yield": q, "minutes": minutes,
                          "volatility": v, **{field: float(ours[field]) for field in FIELDS[:6]}})
    document = {
        "provenance": {
            "tool": "mpmath " + mpmath.__version__,
            "quantlib": ql.__version__,
            "vollib": version("vollib"),
            "python": platform.python_version(),
            "seed": SEED,
            "command": "python scripts/golden/pricing_values.py Tests/Fixtures/Golden/pricing_values.json",
            "inside": "European prices and Greeks to 50 digits, rounded once",
            "tolerance": "8 + 4 d1^2 units in the last place of larger_term for prices; the test states those of the Greeks",
        },
        "grid": columns,
        "tables": tables,
        "zero_days": zero_days,
    }
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1, allow_nan=False)
        file.write("\n")


if __name__ == "__main__":
    main()
