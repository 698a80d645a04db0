"""Writes Tests/Fixtures/Golden/session_instants.json: when every session of the New York Stock Exchange opens and closes, 1990 to 2035.

A run is a number of sessions, one after the other, that open and close at the same minutes of the day in UTC:
[date of the first, how many, minute of the open, minute of the close]. Together the runs hold every session.
"""

import itertools
import json
import pathlib

import exchange_calendars
import pandas

FIRST, LAST = "1990-01-01", "2035-12-31"
MINUTE = pandas.Timedelta(minutes=1)

calendar = exchange_calendars.get_calendar("XNYS", start=FIRST, end=LAST)


def minute_of_day(date, instant):
    assert instant.tz_convert("UTC").normalize().tz_localize(None) == date, "a session that leaves its date in UTC"
    return instant.hour * 60 + instant.minute


sessions = []
for date in calendar.sessions:
    opening, closing = calendar.opens[date], calendar.closes[date]
    minutes = calendar.session_minutes(date)
    assert minutes[0] == opening and minutes[-1] == closing - MINUTE and len(minutes) == (closing - opening) / MINUTE
    sessions.append((date, minute_of_day(date, opening), minute_of_day(date, closing)))

runs = []
for times, group in itertools.groupby(sessions, key=lambda session: session[1:]):
    dates = [date for date, *_ in group]
    runs.append([dates[0].strftime("%Y-%m-%d"), len(dates), *times])

golden = {
    "provenance": {
        "tool": "exchange_calendars",
        "version": exchange_calendars.__version__,
        "calendar": "XNYS",
        "seed": None,
        "command": "python scripts/golden/session_instants.py",
        "tolerance": "exact",
    },
    "first": FIRST,
    "last": LAST,
    "session_count": len(sessions),
    "runs": [{"first": date, "sessions": count, "open": opening, "close": closing} for date, count, opening, closing in runs],
}

path = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/Golden/session_instants.json"
path.parent.mkdir(parents=True, exist_ok=True)
head, runs = {key: golden[key] for key in golden if key != "runs"}, golden["runs"]
lines = ",\n  ".join(json.dumps(run) for run in runs)
path.write_text(json.dumps(head, indent=1)[:-2] + ',\n "runs": [\n  ' + lines + "\n ]\n}\n")
