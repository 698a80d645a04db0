"""Writes Tests/Fixtures/Golden/chain_surface.json: a small chain and what it says of forwards, discounts and volatilities.

Usage: python scripts/golden/chain_surface.py Tests/Fixtures/Golden/chain_surface.json

The chain is made here: European options of an index whose total variance is raw SVI (parameters below), quoted in ticks around Black's prices, with a few
wrong quotes. Lines of parity by least absolute residuals come from scipy's linear programming, the bisquare estimates from numpy's least squares, implied
volatilities from QuantLib, an arbitrage of a known smile from Durrleman's condition. Nothing here is copied from the product.
"""

import json
import math
import sys
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import QuantLib as ql
import scipy
from scipy.optimize import linprog

SEED = 20240307
RATE = 0.053
SPOT = 5157.4
NEW_YORK = ZoneInfo("America/New_York")
TODAY = date(2024, 3, 7)
# Root, expiry, and of each night and session after today's close what it weighs; the last session does not count where it is settled at its open.
NIGHT, LONG, SESSION = 0.35, 0.35 * 1.1, 0.65
EXPIRIES = [
    ("SPXW", date(2024, 3, 8), [NIGHT, SESSION]),
    ("SPX", date(2024, 3, 15), [NIGHT, SESSION, LONG] + [SESSION, NIGHT] * 4),
    ("SPXW", date(2024, 3, 15), [NIGHT, SESSION, LONG] + [SESSION, NIGHT] * 4 + [SESSION]),
    # 2024-03-29 is Good Friday.
    ("SPXW", date(2024, 3, 28), [NIGHT, SESSION, LONG] + [SESSION, NIGHT] * 4 + [SESSION, LONG] + [SESSION, NIGHT] * 4 + [SESSION, LONG] + [SESSION, NIGHT] * 3 + [SESSION]),
]
# In units of the deviation at the money: a, b, rho, m, sigma.
SHAPE = (0.35, 0.62, -0.45, 0.1, 1.05)
LEVEL = 0.125
MEDIAN_OF_ABSOLUTE = 0.67448975
BISQUARE = 4.685


def svi(x, a, b, rho, m, sigma):
    return a + b * (rho * (x - m) + np.sqrt((x - m) ** 2 + sigma**2))


def scaled(years):
    """SVI's parameters of an expiry: the shape in units of LEVEL sqrt(T), with 1 at the money."""
    unit = LEVEL * math.sqrt(years)
    at_the_money = svi(0.0, *SHAPE)
    a, b, rho, m, sigma = SHAPE
    return a / at_the_money * unit**2, b / at_the_money * unit, rho, m * unit, sigma * unit


def black(sign, forward, strike, deviation, discount):
    return ql.blackFormula(ql.Option.Call if sign > 0 else ql.Option.Put, strike, forward, deviation, discount)


def quotes_of(root, expiry, years, calendar_years, generator):
    discount = math.exp(-RATE * calendar_years)
    forward = SPOT * math.exp((RATE - 0.014) * calendar_years)
    unit = LEVEL * math.sqrt(years)
    step = 5 if years < 0.01 else 10 if years < 0.03 else 25
    low, high = SPOT * math.exp(-6.5 * unit), SPOT * math.exp(5.5 * unit)
    rows = []
    for strike in range(int(low // step) * step, int(high // step + 1) * step, step):
        x = math.log(strike / forward)
        deviation = math.sqrt(svi(x, *scaled(years)))
        for sign in (1, -1):
            price = black(sign, forward, strike, deviation, discount)
            tick = 500 if price < 3 else 1000
            half = 0.02 + 0.012 * math.sqrt(price) * (1 + 2 * generator.random())
            bid = max(0, math.floor((price - half) * 10_000 / tick) * tick)
            ask = max(tick, math.ceil((price + half) * 10_000 / tick) * tick)
            rows.append({"root": root, "expiry": str(expiry), "sign": sign, "strike": strike, "bid": bid, "ask": ask})
    # Wrong ones near the money: a stale call, a stale put, a crossed one, one without an ask.
    near = sorted(rows, key=lambda row: abs(row["strike"] - forward))
    for row, shift in ((near[6], 1.35), (near[15], 0.7)):
        row["bid"], row["ask"] = round(row["bid"] * shift / 1000) * 1000, round(row["ask"] * shift / 1000) * 1000
    near[22]["bid"], near[22]["ask"] = near[22]["ask"], near[22]["bid"]
    near[27]["ask"] = 0
    return rows


def median(values):
    return float(np.median(values))


def near_pairs(rows):
    sides = {}
    for row in rows:
        if 0 < row["bid"] < row["ask"]:
            sides[(row["strike"], row["sign"])] = ((row["bid"] + row["ask"]) / 2e4, (row["ask"] - row["bid"]) / 2e4)
    pairs = []
    for strike in sorted({strike for strike, _ in sides}):
        if (strike, 1) in sides and (strike, -1) in sides:
            (call, half), (put, other) = sides[(strike, 1)], sides[(strike, -1)]
            pairs.append((strike, call - put, half + other, call + put))
    ordered = sorted(pairs, key=lambda pair: (abs(pair[1]), pair[0]))
    first = ordered[:5]
    center = median([strike + difference for strike, difference, _, _ in first])
    deviation = median([straddle for _, _, _, straddle in first]) / 0.8
    taken = [pair for pair in ordered if abs(pair[0] - center) <= 2 * deviation]
    return np.array(taken if len(taken) >= 5 else first)


def line(pairs):
    """call - put = level + slope strike: least absolute residuals in half-spreads, then bisquare with their scale."""
    strikes, differences, widths = pairs[:, 0], pairs[:, 1], pairs[:, 2]
    origin = strikes[0]
    count = len(pairs)
    design = np.column_stack([np.ones(count), strikes - origin]) / widths[:, None]
    target = differences / widths
    # level, slope (free), and a residual's two parts each.
    found = linprog(
        np.concatenate([np.zeros(2), np.ones(2 * count)]),
        A_eq=np.hstack([design, np.eye(count), -np.eye(count)]), b_eq=target,
        bounds=[(None, None)] * 2 + [(0, None)] * (2 * count), method="highs-ds",
    )
    beta = found.x[:2]
    residuals = np.sort(np.abs(target - design @ beta))
    scale = max(median(residuals[2:]) / MEDIAN_OF_ABSOLUTE, 1e-6)
    for _ in range(1000):
        share = (target - design @ beta) / scale / BISQUARE
        weights = np.where(np.abs(share) < 1, (1 - share**2) ** 2, 0)
        root = np.sqrt(weights)
        new = np.linalg.lstsq(design * root[:, None], target * root, rcond=None)[0]
        moved, beta = np.abs(new - beta).sum(), new
        if moved < 1e-14:
            break
    discount = -beta[1]
    covariance = np.linalg.inv((design * weights[:, None]).T @ design)
    return origin + beta[0] / discount, discount, max(scale, 0.1) * math.sqrt(covariance[1, 1])


def weighted_median(values, weights):
    order = np.argsort(values, kind="stable")
    total = np.cumsum(np.array(weights)[order])
    return float(np.array(values)[order][np.searchsorted(total, total[-1] / 2)])


def level(pairs, discount):
    values, widths = pairs[:, 0] + pairs[:, 1] / discount, pairs[:, 2] / discount
    center = weighted_median(values, 1 / widths)
    scale = max(median(np.sort(np.abs(values - center) / widths)[1:]) / MEDIAN_OF_ABSOLUTE, 0.1)
    for _ in range(1000):
        share = (values - center) / (widths * scale) / BISQUARE
        weights = np.where(np.abs(share) < 1, (1 - share**2) ** 2, 0) / widths**2
        new = float((weights * values).sum() / weights.sum())
        moved, center = abs(new - center), new
        if moved == 0:
            break
    return center


def implied(rows, forward, discount, years):
    """Of the middles of quotes out of the money."""
    found = []
    for row in rows:
        if not 0 < row["bid"] < row["ask"] or (row["sign"] < 0) != (row["strike"] < forward):
            continue
        price = (row["bid"] + row["ask"]) / 2e4
        side = ql.Option.Call if row["sign"] > 0 else ql.Option.Put
        try:
            deviation = ql.blackFormulaImpliedStdDev(
                side, row["strike"], forward, price, discount, 0.0, LEVEL * math.sqrt(years), 1e-14, 1000)
        except RuntimeError:
            continue
        calculator = ql.BlackCalculator(ql.PlainVanillaPayoff(side, row["strike"]), forward, deviation, discount)
        vega = calculator.vega(years)
        found.append({"strike": row["strike"], "volatility": deviation / math.sqrt(years), "vega": vega})
    return found


def durrleman(x, parameters):
    """The density of SVI over the lognormal one of the same variance."""
    a, b, rho, m, sigma = parameters
    root = math.sqrt((x - m) ** 2 + sigma**2)
    w = svi(x, *parameters)
    first, second = b * (rho + (x - m) / root), b * sigma**2 / root**3
    return (1 - x * first / (2 * w)) ** 2 - first**2 / 4 * (1 / w + 0.25) + second / 2


# Axel Vogt's smile: Gatheral and Jacquier, "Arbitrage-free SVI volatility surfaces", example 3.1; of one year.
VOGT = (-0.0410, 0.1331, 0.3060, 0.3586, 0.4153)


def densities(generator):
    """Smiles of one year, and the moneyness from -5 to 4 between which their density is negative (null where it nowhere is). Clear cases alone."""
    found, counts = [], {True: 0, False: 0}
    vogt = math.sqrt(svi(0.0, *VOGT))
    grid = np.linspace(-5, 4, 9001)
    while min(counts.values()) < 30:
        deviation = generator.uniform(0.1, 0.5)
        a, b, rho, m, sigma = (generator.uniform(0, 0.8), generator.uniform(0.1, 1.2), generator.uniform(-0.9, 0.6),
                               generator.uniform(-0.5, 0.5), math.exp(generator.uniform(-2.5, 0.5)))
        level = svi(0.0, a, b, rho, m, sigma)
        parameters = (a / level * deviation**2, b / level * deviation, rho, m * deviation, sigma * deviation)
        values = np.array([durrleman(k * deviation, parameters) for k in grid])
        negative = grid[values < 0]
        is_clear = values.min() > 0.05 if len(negative) == 0 else len(negative) > 300 and values.min() < -0.05
        if not is_clear or counts[len(negative) > 0] == 30:
            continue
        counts[len(negative) > 0] += 1
        below, above = negative[negative < 0], negative[negative >= 0]
        found.append({
            "svi": list(parameters), "isNegative": len(negative) > 0,
            "below": float(below[-1]) if len(below) else None, "above": float(above[0]) if len(above) else None,
        })
    # In the reach of the check Vogt's is clean: its negative density begins at 4.87 deviations.
    values = np.array([durrleman(k * vogt, VOGT) for k in grid])
    beyond = np.linspace(4, 10, 6001)
    first = beyond[[durrleman(k * vogt, VOGT) < 0 for k in beyond]][0]
    found.append({"svi": list(VOGT), "isNegative": bool(values.min() < 0), "below": None, "above": None})
    return found, float(first)


def main():
    generator = np.random.default_rng(SEED)
    now = datetime(2024, 3, 7, 16, 0, tzinfo=NEW_YORK)
    quotes, expiries, lines = [], [], []
    for root, expiry, weights in EXPIRIES:
        years = sum(weights) / 252
        hour, minute = (9, 30) if root == "SPX" else (16, 0)
        end = datetime(expiry.year, expiry.month, expiry.day, hour, minute, tzinfo=NEW_YORK)
        calendar_years = (end.timestamp() - now.timestamp()) / 60 / 525_600
        rows = quotes_of(root, expiry, years, calendar_years, generator)
        quotes += rows
        pairs = near_pairs(rows)
        lines.append((root, expiry, years, calendar_years, rows, pairs, line(pairs)))
    rates, weights = [], []
    for _, _, _, calendar_years, _, _, (_, discount, error) in lines:
        rate, error = -math.log(discount) / calendar_years, error / calendar_years
        if error <= 0.02 and -0.03 <= rate <= 0.2:
            rates.append(rate)
            weights.append(1 / error**2)
    pooled = weighted_median(rates, weights)
    spread = max(weighted_median([abs(rate - pooled) for rate in rates], weights) / MEDIAN_OF_ABSOLUTE, 5e-4)
    for root, expiry, years, calendar_years, rows, pairs, (forward, discount, error) in lines:
        own = error <= spread * calendar_years
        final_discount = discount if own else math.exp(-pooled * calendar_years)
        final_forward = forward if own else level(pairs, final_discount)
        expiries.append({
            "root": root, "expiry": str(expiry), "years": years, "calendarYears": calendar_years,
            "lineForward": forward, "lineDiscount": discount, "lineDiscountError": error, "pairs": len(pairs),
            "isOwn": own, "forward": final_forward, "discount": final_discount,
            "trueForward": SPOT * math.exp((RATE - 0.014) * calendar_years), "trueDiscount": math.exp(-RATE * calendar_years),
            "svi": list(scaled(years)), "volatilities": implied(rows, final_forward, final_discount, years),
        })
    smiles, vogt_from = densities(generator)
    golden = {
        "provenance": {
            "tool": "numpy, scipy, QuantLib",
            "version": f"{np.__version__}, {scipy.__version__}, {ql.__version__}",
            "seed": SEED,
            "command": "python scripts/golden/chain_surface.py Tests/Fixtures/Golden/chain_surface.json",
            "inside": "quotes of a chain that is made up, forwards and discounts by parity, implied volatilities, and where smiles have a negative density",
        },
        "date": str(TODAY), "rate": pooled, "quotes": quotes, "expiries": expiries,
        "smiles": smiles, "vogtNegativeFrom": vogt_from,
        "relative_tolerance": 1e-9,
    }
    with open(sys.argv[1], "w") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")


main()
