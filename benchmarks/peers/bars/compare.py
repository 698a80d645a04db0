"""Times the import of bars against pyarrow with h5py, zcat and pandera in alternation on one core. Run by benchmarks/bar-import.

A round is our program and each peer once, in changing order; all rates are rows a second of processor time. A row is the ratio of each round, its median
and range; where a row has no peer it is our rate, in millions.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "benchmarks/peers"))
import machine

# Row, our subject, peer (none: a rate in millions), at least, aim.
ROWS = [
    ("minutes parsed, stored and sealed", "minutes", "pyarrow-h5py", 1.5, 3.0),
    ("minutes through gzip", "minutes_gzip", "zcat", 0.5, 0.75),
    ("gate, all checks of minutes", "gate", "pandera", 1.5, 4.0),
    ("days parsed, questioned, stored", "days", None, 1.2, 3.0),
]


def main():
    parser = argparse.ArgumentParser(prog="bar-import", description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="", help="a benchmark program that is built already; by default it is built")
    parser.add_argument("--rounds", type=int, default=7, help="how often everything is measured (%(default)s)")
    parser.add_argument("--minutes", type=int, default=10_000_000, help="rows of minutes (%(default)s)")
    parser.add_argument("--core", type=int, default=os.cpu_count() - 1, help="the core that all are pinned to (the last)")
    parser.add_argument("--require", action="store_true", help="exit with 2 where a row is below its floor")
    parser.add_argument("--json", default="", help="also writes everything to this file")
    options = parser.parse_args()
    program = options.program
    if not program:
        build = ["swift", "build", "-c", "release", "--package-path", str(ROOT)]
        subprocess.run([*build, "--product", "benchmark"], check=True, stdout=2)
        program = subprocess.run([*build, "--show-bin-path"], check=True, capture_output=True, text=True).stdout.strip() + "/benchmark"
    os.sched_setaffinity(0, {options.core})
    with tempfile.TemporaryDirectory(prefix="bar-import-") as folder:
        return compare(options, program, folder)


def compare(options, program, folder):
    subprocess.run([program, "bars", "make", folder, "--minutes", str(options.minutes), "--days", "1000000"], check=True, stdout=2)
    peer = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("peer.py")), folder, str(options.minutes)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if peer.stdout.readline().strip() != "ready":
        print("bar-import: the peers did not start; their message stands above", file=sys.stderr)
        return 1

    def ours(subject):
        command = [program, "bars", "measure", folder, "--subjects", subject]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return json.loads(done.stdout)

    def theirs(name):
        peer.stdin.write(name + "\n")
        peer.stdin.flush()
        return float(peer.stdout.readline())

    work = [(subject, lambda subject=subject: ours(subject)[subject]) for _, subject, _, _, _ in ROWS]
    work += [(name, lambda name=name: theirs(name)) for _, _, name, _, _ in ROWS if name]
    rounds = []
    for place in range(options.rounds + 1):
        random.Random(place).shuffle(work)
        measured = {name: run() for name, run in work}
        if place > 0:
            rounds.append(measured)
    peer.stdin.close()
    peak = ours("minutes_import")["peak_mebibytes"]

    missed, table = False, []
    for row, subject, name, least, aim in ROWS:
        ratios = [one[subject] / (one[name] if name else 1e6) for one in rounds]
        ratio = statistics.median(ratios)
        missed |= ratio < least
        verdict = "below" if ratio < least else "aim" if ratio >= aim else "holds"
        own = statistics.median(one[subject] for one in rounds)
        other = statistics.median(one[name] for one in rounds) if name else None
        beside = f"{name} {other / 1e6:.2f} M/s" if name else "a rate, M/s"
        print(f"{row:36} {own / 1e6:7.2f} M/s  {beside:26} {ratio:6.2f} ({min(ratios):.2f} to {max(ratios):.2f}), "
              f"at least {least:g}, aim {aim:g}: {verdict}")
        table.append({"row": row, "peer": name, "ours": own, "theirs": other, "ratio": ratio, "least": min(ratios), "most": max(ratios),
                      "floor": least, "aim": aim})
    print(f"resident at most, {options.minutes} rows of minutes imported, gate included: {peak:.0f} MiB")
    if options.json:
        Path(options.json).write_text(
            json.dumps({"class": machine.level(limited=True), "rounds": options.rounds, "minutes": options.minutes,
                        "peak_mebibytes": peak, "rows": table}, indent=1) + "\n")
    return 2 if missed and options.require else 0


if __name__ == "__main__":
    sys.exit(main())
