"""Writes Tests/Fixtures/Golden/contract_lives.json: when contracts of listed dates trade last and settle.

The dates are those that real chains of 2014 to 2026 list, Saturdays of the time before February 2015 among them, and some on and
around holidays and early closes. For each: the session in which a contract that settles at a close trades last, the session before,
which is the last of one that settles at the opening, and the minutes of either.
"""

import json
import pathlib

import exchange_calendars
import pandas

EXPIRIES = {
    2000: """
        04-22
    """,
    2008: """
        03-22
    """,
    2010: """
        04-16
    """,
    2012: """
        12-22
    """,
    2014: """
        01-18 04-19 06-06 06-13 06-21 06-27 07-03 07-11 07-19 07-25 08-16 10-18
    """,
    2015: """
        01-17 04-17 12-24 12-31
    """,
    2016: """
        01-08 01-15 01-22 01-29 02-05 02-19 03-18 04-15 06-17 09-16 12-16
    """,
    2017: """
        01-20 03-17 04-21 05-19 06-16 12-15
    """,
    2018: """
        01-19 12-21
    """,
    2019: """
        04-18
    """,
    2021: """
        01-04 01-06 01-08 01-11 01-13 01-15 01-29 02-05 02-12 02-19 02-22 02-24 02-26 03-01 03-05 03-12
        03-15 03-17 03-19 03-22 03-26 03-29 03-31 04-01 04-05 04-09 04-12 04-16 04-19 04-21 04-23 04-28
        04-30 05-07 05-21 05-24 05-28 06-04 06-07 06-11 06-14 06-16 06-18 06-25 06-28 06-30 07-02 07-07
        07-09 07-16 07-19 07-23 07-26 07-28 07-30 08-02 08-04 08-06 08-13 08-18 08-20 08-23 08-27 08-30
        09-03 09-10 09-15 09-17 09-20 09-22 09-24 09-30 10-01 10-04 10-08 10-15 10-18 10-22 10-25 10-29
        11-01 11-05 11-10 11-15 11-19 11-22 11-26 11-29 12-01 12-03 12-06 12-10 12-15 12-17 12-23 12-29
        12-31
    """,
    2022: """
        01-03 01-07 01-12 01-14 01-18 01-21 01-28 01-31 02-18 03-18 03-31 04-14
    """,
    2023: """
        09-01 09-14 09-15 09-18 09-19 09-20 09-21 09-22 09-25 09-26 09-27 09-28 09-29 10-02 10-03 10-04
        10-05 10-06 10-09 10-10 10-11 10-12 10-13 10-16 10-17 10-18 10-19 10-20 10-23 10-27 10-31 11-03
        11-17 11-30 12-15 12-29
    """,
    2024: """
        01-19 01-31 02-16 02-29 03-15 03-28 03-29 04-19 05-17 06-21 06-28 07-19 08-16 09-20 10-18 12-20
    """,
    2025: """
        01-09 01-17 03-21 04-17 05-16 05-19 05-20 05-21 05-22 05-23 05-27 05-28 05-29 05-30 06-20 07-03
        11-28 12-19
    """,
    2026: """
        01-16 02-11 02-12 02-13 02-17 02-18 02-19 02-20 02-23 02-24 02-25 02-27 03-06 03-13 03-16 03-17
        03-18 03-19 03-20 03-23 03-24 03-25 03-26 03-27 03-30 03-31 04-01 04-02 04-06 04-07 04-08 04-09
        04-10 04-13 04-14 04-15 04-16 04-17 04-20 04-21 04-24 04-30 05-01 05-08 05-15 05-29 06-18 06-30
        07-17 07-31 08-21 08-31 09-18 09-30 10-16 11-20 12-18 12-31
    """,
    2027: """
        01-15 02-19 03-19 06-17 12-17
    """,
    2028: """
        01-21 06-16 12-15
    """,
    2029: """
        12-21
    """,
    2030: """
        12-20
    """,
    2031: """
        12-19
    """,
}

calendar = exchange_calendars.get_calendar("XNYS", start="1990-01-01", end="2035-12-31")


def minutes(date):
    return int(calendar.session_minutes(date).size)


def life(text):
    settlement = calendar.date_to_session(pandas.Timestamp(text), "previous")
    before = calendar.previous_session(settlement)
    return {
        "expiry": text,
        "is_session": bool(calendar.is_session(pandas.Timestamp(text))),
        "settlement": settlement.strftime("%Y-%m-%d"),
        "settlement_minutes": minutes(settlement),
        "before": before.strftime("%Y-%m-%d"),
        "before_minutes": minutes(before),
    }


golden = {
    "provenance": {
        "tool": "exchange_calendars",
        "version": exchange_calendars.__version__,
        "calendar": "XNYS",
        "seed": None,
        "command": "python scripts/golden/contract_lives.py",
        "tolerance": "exact",
    },
    "lives": [life(f"{year}-{day}") for year, days in EXPIRIES.items() for day in days.split()],
}

path = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/Golden/contract_lives.json"
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps(golden, indent=1) + "\n")
