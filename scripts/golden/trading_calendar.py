"""Writes Tests/Fixtures/Golden/trading_calendar.json: the sessions of the New York Stock Exchange, 1990 to 2035.

The file lists what differs from "every weekday trades until 16:00": weekdays without a session, and early closes with the local
minute of the day at which they end.
"""

import json
import pathlib

import exchange_calendars
import pandas

FIRST, LAST = "1990-01-01", "2035-12-31"
YEARS = [2022, 2023, 2024, 2025, 2026]

calendar = exchange_calendars.get_calendar("XNYS", start=FIRST, end=LAST)
sessions = calendar.sessions
weekdays = pandas.bdate_range(FIRST, LAST)
assert set(sessions) <= set(weekdays), "a session on a weekend needs another file format"
assert len(calendar.late_opens) == 0, "a late open needs another file format"


def text(date):
    return date.strftime("%Y-%m-%d")


def close_minute(date):
    local = calendar.closes[date].tz_convert("America/New_York")
    return local.hour * 60 + local.minute


golden = {
    "provenance": {
        "tool": "exchange_calendars",
        "version": exchange_calendars.__version__,
        "calendar": "XNYS",
        "seed": None,
        "command": "python scripts/golden/trading_calendar.py",
        "tolerance": "exact",
    },
    "first": FIRST,
    "last": LAST,
    "session_count": len(sessions),
    "weekdays_closed": [text(date) for date in weekdays.difference(sessions)],
    "early_closes": [{"date": text(date), "close_minute": close_minute(date)} for date in calendar.early_closes],
    "years": [
        {
            "year": year,
            "sessions": int((sessions.year == year).sum()),
            "trading_minutes": int(sum(calendar.session_minutes(date).size for date in sessions[sessions.year == year])),
        }
        for year in YEARS
    ],
}

path = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/Golden/trading_calendar.json"
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps(golden, indent=1) + "\n")
