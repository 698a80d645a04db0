"""Writes Tests/Fixtures/Golden/minute_profile.json: a session's variance a minute, and volumes against what their session leads to expect.

shares: of the session's variance, minute by minute, of a session of 390 and of one of 210 minutes, by numerical interpolation of the cumulated
table. volumes: sessions of minutes whose volume is 1 + (7919 minute + 104729 session) mod 1000, times 40 from `unit_change` on; expected values are
[session, minute, value].
"""

import json
import pathlib

import numpy

STRETCHES = [(5, 3.7), (30, 2.1), (60, 1.8), (90, 1.3), (150, 1.0), (240, 0.75), (375, 0.63), (385, 1.0), (390, 1.45)]
FULL, HALF, HISTORY, LIMIT = 390, 210, 20, 5.0
SESSIONS, HALF_SESSION, UNIT_CHANGE = 26, 23, 24

weights = numpy.empty(FULL)
start = 0
for end, weight in STRETCHES:
    weights[start:end] = weight
    start = end
assert abs(weights.sum() - 393.8) < 1e-9
shares = weights / weights.sum()


def stretched(values, minutes):
    """The same shape over fewer minutes: the cumulated shares read between their knots."""
    cumulated = numpy.concatenate([[0.0], numpy.cumsum(values)])
    knots = numpy.arange(minutes + 1) * (len(values) / minutes)
    return numpy.diff(numpy.interp(knots, numpy.arange(len(values) + 1), cumulated))


history, checks = [], []
for session in range(SESSIONS):
    minutes = HALF if session == HALF_SESSION else FULL
    place = numpy.arange(minutes)
    volumes = (1 + (7919 * place + 104729 * session) % 1000).astype(float)
    if session >= UNIT_CHANGE:
        volumes *= 40
    usual = numpy.mean(history[-HISTORY:], axis=0) if history else None
    if usual is not None:
        usual = stretched(usual, minutes)
        for minute in sorted({0, 1, 2, 17, 100, minutes // 2, minutes - 1}):
            if minute == 0:
                value = 0.0
            else:
                expected = volumes[:minute].sum() * usual[minute] / usual[:minute].sum()
                value = float(numpy.clip(numpy.log(volumes[minute] / expected), -LIMIT, LIMIT))
            checks.append([session, minute, value])
    if minutes == FULL:
        history.append(volumes / volumes.sum())

golden = {
    "provenance": {
        "tool": "numpy",
        "version": numpy.__version__,
        "seed": None,
        "command": "python scripts/golden/minute_profile.py",
        "tolerance": "stated below: rounding of a few hundred additions",
    },
    "tolerance": 1e-12,
    "full": shares.tolist(),
    "half": stretched(shares, HALF).tolist(),
    "sessions": SESSIONS,
    "half_session": HALF_SESSION,
    "unit_change": UNIT_CHANGE,
    "checks": checks,
}
path = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/Golden/minute_profile.json"
path.write_text(json.dumps(golden) + "\n")
