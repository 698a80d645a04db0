"""Writes Tests/Fixtures/Golden/zone_offsets.json: every change of New York's and Chicago's clocks, 1990 to 2035.

A change is the first second (since 1970, UTC) at which a clock is `after` seconds ahead of UTC; a second earlier it was `before`. Where a
zone has no change, nothing changes: the script has asked for every quarter of an hour of the span.
"""

import datetime
import importlib.metadata
import json
import pathlib
import zoneinfo

zoneinfo.reset_tzpath(to=[])  # the package's rules, not the machine's
QUARTER = 900
UTC = datetime.timezone.utc
FIRST = int(datetime.datetime(1990, 1, 1, tzinfo=UTC).timestamp())
LAST = int(datetime.datetime(2036, 1, 1, tzinfo=UTC).timestamp())


def changes(zone):
    def offset(second):
        return int(datetime.datetime.fromtimestamp(second, zone).utcoffset().total_seconds())

    before = offset(FIRST)
    for second in range(FIRST, LAST, QUARTER):
        after = offset(second)
        if after != before:
            assert offset(second - 1) == before, "a change inside a quarter of an hour"
            yield {"second": second, "before": before, "after": after}
            before = after


golden = {
    "provenance": {
        "tool": "zoneinfo of Python with the package tzdata",
        "version": importlib.metadata.version("tzdata"),
        "seed": None,
        "command": "python scripts/golden/zone_offsets.py",
        "tolerance": "exact",
    },
    "zones": {
        name: list(changes(zoneinfo.ZoneInfo(key)))
        for name, key in {"new_york": "America/New_York", "chicago": "America/Chicago"}.items()
    },
}

path = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/Golden/zone_offsets.json"
path.parent.mkdir(parents=True, exist_ok=True)
text = json.dumps(golden, indent=1)
for change in golden["zones"]["new_york"] + golden["zones"]["chicago"]:
    spread = ",\n".join(f'    "{key}": {value}' for key, value in change.items())
    text = text.replace("{\n" + spread + "\n   }", json.dumps(change))
path.write_text(text + "\n")
