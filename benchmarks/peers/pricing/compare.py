"""Times our option prices against numba, JAX, py_vollib_vectorized and QuantLib in alternation on one core. Run by benchmarks/option-pricing.

A round is our program and each peer once, in changing order; the rate of a peer is of processor time, ours of one pinned thread. A row is the ratio of each
round, its median and range.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "benchmarks/peers"))
import machine

# Row, our metric, peers (the fastest counts), at least, aim.
ROWS = [
    ("price and four Greeks, double", "pricing_values_per_second", ("numba", "jax"), 3.0, 4.5),
    ("price and four Greeks, double", "pricing_values_per_second", ("py_vollib_vectorized",), 60.0, None),
    ("price and four Greeks, float32", "pricing_values_float32_per_second", ("jax-float32",), 1.4, 2.0),
    ("implied volatility to 1e-12", "pricing_implied_per_second", ("py_vollib_vectorized-implied",), 8.0, 18.0),
    ("American, 201 steps, price and delta", "pricing_american_per_second", ("quantlib-crr",), 10.0, 30.0),
]


def main():
    parser = argparse.ArgumentParser(prog="option-pricing", description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="", help="a benchmark program that is built already; by default it is built")
    parser.add_argument("--rounds", type=int, default=7, help="how often everything is measured (%(default)s)")
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
    peer = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("peer.py"))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if peer.stdout.readline().strip() != "ready":
        print("option-pricing: the peers did not start; their message stands above", file=sys.stderr)
        return 1

    def ours():
        command = [program, "--subjects", "pricing", "--repetitions", "1", "--json", "-"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        lines = done.stdout
        return {metric["name"]: metric["median"] for metric in json.loads(lines[lines.index("{"):])["metrics"]}

    def theirs(name):
        peer.stdin.write(name + "\n")
        peer.stdin.flush()
        return float(peer.stdout.readline())

    names = sorted({name for row in ROWS for name in row[2]})
    rounds = []
    order = random.Random(1)
    for _ in range(options.rounds):
        turns = [None, *names]
        order.shuffle(turns)
        rates = {}
        for turn in turns:
            rates.update(ours() if turn is None else {turn: theirs(turn)})
        rounds.append(rates)
    peer.stdin.close()
    peer.wait()

    print(f"{machine.level(limited=True)}, {machine.field('model name')}, {options.rounds} rounds")
    missed = False
    table = []
    for row, metric, peers, least, aim in ROWS:
        fastest = max(peers, key=lambda name: statistics.median(one[name] for one in rounds))
        ratios = [one[metric] / one[fastest] for one in rounds]
        ratio = statistics.median(ratios)
        missed |= ratio < least
        verdict = "below" if ratio < least else "aim" if aim is not None and ratio >= aim else "holds"
        own, other = (statistics.median(one[name] for one in rounds) for name in (metric, fastest))
        print(f"{row:38} {own / 1e6:9.3f} M/s  {fastest:29} {other / 1e6:9.4f} M/s  {ratio:7.2f} "
              f"({min(ratios):.2f} to {max(ratios):.2f}), at least {least:g}" + (f", aim {aim:g}" if aim else "") + f": {verdict}")
        table.append({"row": row, "peer": fastest, "ours": own, "theirs": other, "ratio": ratio, "least": min(ratios),
                      "most": max(ratios), "floor": least, "aim": aim})
    if options.json:
        Path(options.json).write_text(json.dumps({"class": machine.level(limited=True), "rounds": options.rounds, "rows": table}, indent=1) + "\n")
    return 2 if missed and options.require else 0


if __name__ == "__main__":
    sys.exit(main())
