"""Writes Tests/Fixtures/Golden/surface_premium.json: levels, smiles and quotes of synthetic surfaces, and what options cost and paid.

Usage: python scripts/golden/surface_premium.py Tests/Fixtures/Golden/surface_premium.json

A path of prices and of a volatility index is drawn (seed below) and stored; numpy and scipy price straddles at the money and options of 15 and 30
delta, over one session or several, with the index itself, 0.78 of it, the fair law and the market law. Nothing here is copied from the product: the laws
are written anew from their formulas. `surface_market.py` takes the same functions to real paths.
"""

import json
import math
import sys
from fractions import Fraction

import exchange_calendars
import numpy as np
import scipy
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
    return sign * (norm.cdf(sign * d1) - np.exp(x) * norm.cdf(sign * (d1 - deviation))), norm.cdf(sign * d1)


def of_delta(sign, wanted, atm, years, a, b):
    """Log-moneyness and deviation of the strikes of a delta, by halving between the money and the smile's end."""
    root = atm * np.sqrt(years)
    near, far = np.zeros_like(root), np.full_like(root, 4.0 if sign > 0 else -5.0)
    for _ in range(80):
        k = (near + far) / 2
        inside = black(sign, k * root, root * factor(k, a, b))[1] > wanted
        near, far = np.where(inside, k, near), np.where(inside, far, k)
    k = (near + far) / 2
    return k * root, root * factor(k, a, b)


CONTRACTS = {"straddle": None, "put15": (-1, 0.15), "call15": (1, 0.15), "put30": (-1, 0.30), "call30": (1, 0.30)}
# The option that is sold, less one so much of the price further out.
SPREADS = {"putSpread15": "put15", "callSpread15": "call15"}
WIDTH = 0.008


def figure(contract, atms, years, a, b, changes, sessions):
    option = CONTRACTS[SPREADS.get(contract, contract)]
    if option is None:
        zero, deviation = np.zeros_like(atms), atms * np.sqrt(years)
        legs = [(1, 1, zero, deviation), (1, -1, zero, deviation)]
    else:
        sign, wanted = option
        x, deviation = of_delta(sign, wanted, atms, years, a, b)
        legs = [(1, sign, x, deviation)]
        if contract in SPREADS:
            root = atms * np.sqrt(years)
            further = np.log(np.exp(x) + sign * WIDTH)
            legs.append((-1, sign, further, root * factor(further / root, a, b)))
    costs = sum(count * black(sign, x, deviation)[0] for count, sign, x, deviation in legs)
    payoffs = sum(count * np.maximum(sign * (1 + changes - np.exp(x)), 0) for count, sign, x, _ in legs)
    share = payoffs.sum() / costs.sum()
    misses = payoffs - share * costs
    # Newey and West's sum: options of n sessions overlap.
    lags = 2 * max(sessions - 1, 0)
    squares = (misses**2).sum()
    for lag in range(1, lags + 1):
        squares += 2 * (1 - lag / (lags + 1)) * (misses[lag:] * misses[:-lag]).sum()
    error = math.sqrt(max(squares, 0)) / costs.sum()
    return {"costOverPayoff": 1 / share, "keptBySeller": 1 - share, "standardError": error}


def trailing_ratios(index, closes):
    """What is known at each close of a path: mean move of 504 sessions over what the index promised, 0.78 before 252."""
    changes = np.abs(closes[1:] / closes[:-1] - 1)
    promises = 0.79788 * index[:-1] / 100 / math.sqrt(YEAR)
    ratios = []
    for i in range(len(closes)):
        first = max(0, i - 504)
        ratios.append(0.78 if i < 252 else float(changes[first:i].sum() / promises[first:i].sum()))
    return np.array(ratios)


def levels(index, ratios, n):
    """What each level takes of the index, and its smile."""
    market = np.array([market_ratio(x, n) for x in index])
    return {
        "index": (np.ones(len(index)), smile("fair", n)),
        "fixedRatio": (np.full(len(index), 0.78), smile("fair", n)),
        "fair": (ratios * fair_term(n), smile("fair", n)),
        "market": (market, smile("market", n)),
        "fairWithMarketSmile": (ratios * fair_term(n), smile("market", n)),
        "fairWithoutTerm": (ratios, smile("fair", n)),
    }


def session_years(first, count):
    """The share of a year's variance in each of so many sessions of New York from a date on: half in half days."""
    calendar = exchange_calendars.get_calendar("XNYS", start="1990-01-01", end="2027-12-31")
    sessions = calendar.sessions_window(first, count)
    hours = [(calendar.session_close(day) - calendar.session_open(day)).seconds / 3600 for day in sessions]
    return np.array([0.65 / YEAR if length == 6.5 else 0.325 / YEAR for length in hours])


def figures(index, opens, closes, session_shares, cases, counts=None):
    """What was found of each case: level, contract, sessions (0 for open to close). `counts`: on which days an option may pay."""
    ratios = trailing_ratios(index, closes)
    found = []
    for level, contract, n in cases:
        if n == 0:
            end, start, begin = closes[1:], opens[1:], slice(0, -1)
            answer = np.exp(-5.4 * np.log(opens[1:] / closes[:-1]))
            years = session_shares[1:]
        else:
            end, start, begin = closes[n:], closes[:-n], slice(0, -n)
            answer = np.ones(len(end))
            years = np.full(len(end), n / YEAR)
        part, (a, b) = levels(index, ratios, n)[level]
        atms = (part * index / 100)[begin] * answer
        changes = end / start - 1
        chosen = np.ones(len(end), bool) if counts is None else counts[max(n, 1) :]
        if chosen.sum() < 2:
            continue
        for without_drift in (False, True):
            moved = changes[chosen] - (changes[chosen].mean() if without_drift else 0)
            one = figure(contract, atms[chosen], years[chosen], a, b, moved, n)
            found.append(
                {"level": level, "contract": contract, "sessions": n, "withoutDrift": without_drift, **one}
            )
    return found


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
    ratios = trailing_ratios(index, closes)
    # Two fifths of a day's variance lie before its open.
    nights = np.random.default_rng(SEED + 1).normal(0, 0.4, COUNT - 1) * changes
    opens = np.concatenate([closes[:1], np.round(closes[:-1] * (1 + nights), 2)])
    one_day = [(level, contract, 1) for level in levels(index, ratios, 1) for contract in [*CONTRACTS, *SPREADS]]
    longer = [(level, contract, n) for level in ("fair", "market", "fairWithoutTerm") for contract in ("straddle", "call15") for n in (2, 5, 10, 21)]
    within = [(level, "straddle", 0) for level in ("fixedRatio", "fair", "market")]
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
            "tool": "numpy, scipy, exchange_calendars",
            "version": f"{np.__version__}, {scipy.__version__}, {exchange_calendars.__version__}",
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
        "opens": opens.tolist(),
        "ratios": ratios.tolist(),
        "figures": figures(index, opens, closes, session_years("2015-01-02", COUNT), one_day + longer + within),
        "relative_tolerance": 1e-11,
    }
    with open(sys.argv[1], "w") as file:
        json.dump(golden, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
