"""Golden prices of American options for Sources/Pricing/LeisenReimer.swift, made by QuantLib.

Run:  python scripts/golden/pricing_american.py Tests/Fixtures/Golden/pricing_american.json
Needs QuantLib 1.44. Writes JSON with a provenance block; never edit the JSON by hand.

`continuous` have a dividend yield and QuantLib's QD+ fixed-point engine in its high-precision scheme (its other scheme agrees to what is stored as
`agreement`), delta and gamma from finite differences (FdBlackScholesVanillaEngine, 2000 x 2000). `discrete` have cash dividends, escrowed, by finite
differences with the escrowed model. Times to expiry and to ex-dates are whole days of a year of 365.
"""

import json
import platform
import sys

import QuantLib as ql

TODAY = ql.Date(1, 12, 2026)
DAYS = ql.Actual365Fixed()
ql.Settings.instance().evaluationDate = TODAY

# side, S, K, r, q, days, v
CONTINUOUS = [
    (-1, 100.0, 100.0, 0.05, 0.0, 365, 0.20),
    (-1, 600.0, 620.0, 0.045, 0.012, 30, 0.15),
    (-1, 600.0, 600.0, 0.045, 0.012, 1, 0.15),
    (-1, 600.0, 600.0, 0.045, 0.012, 7, 0.20),
    (-1, 600.0, 540.0, 0.045, 0.012, 60, 0.25),
    (-1, 600.0, 700.0, 0.045, 0.012, 60, 0.20),
    (1, 600.0, 580.0, 0.02, 0.06, 60, 0.20),
    (1, 600.0, 600.0, 0.045, 0.0, 30, 0.15),
    (1, 100.0, 90.0, 0.03, 0.08, 365, 0.30),
    (-1, 100.0, 120.0, 0.08, 0.02, 180, 0.40),
]

# side, S, K, r, days, v, [(days to the ex-date, amount)]
DISCRETE = [
    (1, 600.0, 590.0, 0.045, 30, 0.15, [(10, 1.75)]),
    (1, 600.0, 560.0, 0.045, 30, 0.15, [(29, 1.75)]),
    (-1, 600.0, 610.0, 0.045, 30, 0.15, [(10, 1.75)]),
    (1, 100.0, 95.0, 0.05, 180, 0.25, [(40, 1.0), (130, 1.0)]),
    (-1, 100.0, 105.0, 0.05, 365, 0.25, [(50, 0.8), (140, 0.8), (230, 0.8), (320, 0.8)]),
]


def process(S, r, q, v):
    return ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(S)),
        ql.YieldTermStructureHandle(ql.FlatForward(TODAY, q, DAYS)),
        ql.YieldTermStructureHandle(ql.FlatForward(TODAY, r, DAYS)),
        ql.BlackVolTermStructureHandle(ql.BlackConstantVol(TODAY, ql.NullCalendar(), v, DAYS)),
    )


def option(s, K, days, american=True):
    payoff = ql.PlainVanillaPayoff(ql.Option.Call if s > 0 else ql.Option.Put, K)
    expiry = TODAY + days
    return ql.VanillaOption(payoff, ql.AmericanExercise(TODAY, expiry) if american else ql.EuropeanExercise(expiry))


def priced(instrument, engine):
    instrument.setPricingEngine(engine)
    return instrument.NPV()


def continuous(s, S, K, r, q, days, v):
    world = process(S, r, q, v)
    one = option(s, K, days)
    price = priced(one, ql.QdFpAmericanEngine(world, ql.QdFpAmericanEngine.highPrecisionScheme()))
    other = priced(one, ql.QdFpAmericanEngine(world, ql.QdFpAmericanEngine.accurateScheme()))
    european = priced(option(s, K, days, american=False), ql.AnalyticEuropeanEngine(world))
    differences = priced(one, ql.FdBlackScholesVanillaEngine(world, 2000, 2000))
    assert abs(differences - price) < 2e-3 * max(1.0, price / 10), (S, K, price, differences)
    return {"side": s, "spot": S, "strike": K, "rate": r, "dividend_yield": q, "days": days, "volatility": v, "dividends": [],
            "price": price, "agreement": abs(price - other), "premium": price - european, "delta": one.delta(), "gamma": one.gamma()}


def discrete(s, S, K, r, days, v, dividends):
    world = process(S, r, 0.0, v)
    schedule = ql.DividendVector([TODAY + day for day, _ in dividends], [amount for _, amount in dividends])
    one = option(s, K, days)
    model = ql.FdBlackScholesVanillaEngine.Escrowed
    scheme = ql.FdmSchemeDesc.Douglas()
    prices = [priced(one, ql.FdBlackScholesVanillaEngine(world, schedule, size, size, 0, scheme, False, -ql.nullDouble(), model))
              for size in (1000, 2000)]
    european = option(s, K, days, american=False)
    plain = priced(european, ql.AnalyticDividendEuropeanEngine(world, schedule))
    return {"side": s, "spot": S, "strike": K, "rate": r, "dividend_yield": 0.0, "days": days, "volatility": v,
            "dividends": [{"days": day, "amount": amount} for day, amount in dividends],
            "price": prices[1], "agreement": abs(prices[1] - prices[0]), "premium": prices[1] - plain, "delta": one.delta(),
            "gamma": one.gamma()}


def main():
    document = {
        "provenance": {
            "tool": "QuantLib " + ql.__version__,
            "python": platform.python_version(),
            "command": "python scripts/golden/pricing_american.py Tests/Fixtures/Golden/pricing_american.json",
            "inside": "American prices, deltas, gammas and premiums over European prices, times in days of a year of 365",
            "tolerance": "absolute, of 201 steps: 2e-3 to 60 days, 6e-3 to a year",
        },
        "cases": [continuous(*case) for case in CONTINUOUS] + [discrete(*case) for case in DISCRETE],
    }
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1, allow_nan=False)
        file.write("\n")


if __name__ == "__main__":
    main()
