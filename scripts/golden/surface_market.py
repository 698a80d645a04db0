"""Writes Tests/Fixtures/Measured/surface_market.json: what options cost and paid on real closes of the S&P 500 and the VIX, by `surface_premium.py`.

Usage: python scripts/golden/surface_market.py FOLDER Tests/Fixtures/Measured/surface_market.json

FOLDER holds `daily/` with the closes of both since 1995 and with SPY's bars; figures alone are written, no price.
"""

import csv
import gzip
import json
import sys

import exchange_calendars
import numpy as np

from surface_premium import CONTRACTS, figures, levels

LONG = "daily/eod_SPX_SPY_QQQ_VIX_1995_2026.csv.gz"
SPY = "daily/pandas_ta_SPY_D_1999_2020.csv.gz"


def rows(path):
    with gzip.open(path, "rt") as file:
        yield from csv.DictReader(file)


def aligned(prices, index):
    """Bars of the sessions that both have, which must be all of a span: (dates, index, opens, closes, shares of a year)."""
    calendar = exchange_calendars.get_calendar("XNYS", start="1990-01-01", end="2027-12-31")
    dates = sorted(set(prices) & set(index))
    sessions = calendar.sessions_in_range(dates[0], dates[-1])
    dates = [str(day.date()) for day in sessions if str(day.date()) in prices and str(day.date()) in index]
    assert len(dates) == len(sessions), f"{len(sessions) - len(dates)} sessions are missing"
    hours = [(calendar.session_close(day) - calendar.session_open(day)).seconds / 3600 for day in sessions]
    shares = np.array([0.65 / 252 if length == 6.5 else 0.325 / 252 for length in hours])
    columns = [[index[day] for day in dates], [prices[day][0] for day in dates], [prices[day][1] for day in dates]]
    return dates, *(np.array(column) for column in columns), shares


def main():
    folder = sys.argv[1]
    spx, vix, spy = {}, {}, {}
    for row in rows(f"{folder}/{LONG}"):
        if row["root"] == "SPX":
            spx[row["Date"]] = (float(row["Open"]), float(row["Close"]))
        elif row["root"] == "VIX":
            vix[row["Date"]] = float(row["Close"])
    for row in rows(f"{folder}/{SPY}"):
        spy[row["date"][:10]] = (float(row["open"]), float(row["close"]))
    dates, index, opens, closes, shares = aligned(spx, vix)
    years = np.array([int(day[:4]) for day in dates])
    names = levels(index, np.ones(len(index)), 1)
    cases = [(level, contract, 1) for level in names for contract in CONTRACTS]
    cases += [(level, "straddle", n) for level in ("fair", "fairWithoutTerm", "market") for n in (2, 5, 10, 21)]
    cases += [("fair", contract, n) for contract in ("put15", "call15") for n in (2, 5, 10, 21)]
    found = [{"symbol": "SPX", "years": None, **one} for one in figures(index, opens, closes, shares, cases)]
    for first in range(1995, 2026, 5):
        last = min(first + 4, 2026)
        for one in figures(
            index, opens, closes, shares, [(level, "straddle", 1) for level in names], (years >= first) & (years <= last)
        ):
            if not one["withoutDrift"]:
                found.append({"symbol": "SPX", "years": [first, last], **one})
    print(len(dates), dates[0], dates[-1])
    dates, index, opens, closes, shares = aligned(spy, vix)
    print(len(dates), dates[0], dates[-1])
    within = [(level, "straddle", 0) for level in ("fixedRatio", "fair", "market")]
    found += [{"symbol": "SPY", "years": None, **one} for one in figures(index, opens, closes, shares, within)]
    with open(sys.argv[2], "w") as file:
        json.dump({"files": [LONG, SPY], "figures": found}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
