"""Times the reading of a million rows of options against pyarrow.csv, in alternation on one core, by processor time.

Ours makes contracts and quotes of the rows; pyarrow makes columns of numbers and texts. Both read the file's bytes from memory, with one thread.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]


def ours(program, path):
    line = subprocess.run([program, "chains", path], check=True, capture_output=True, text=True).stdout
    return json.loads(line)


def peer(data):
    import pyarrow
    import pyarrow.csv

    begin = time.process_time()
    table = pyarrow.csv.read_csv(
        pyarrow.BufferReader(data), read_options=pyarrow.csv.ReadOptions(use_threads=False)
    )
    return table.num_rows, time.process_time() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default=str(ROOT / ".build/release/benchmark"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--core", type=int, default=0)
    options = parser.parse_args()
    os.sched_setaffinity(0, {options.core})
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "chain.csv")
        subprocess.run([options.program, "chains", "--write", path, "--rows", str(options.rows)], check=True)
        data = pathlib.Path(path).read_bytes()
        rounds = []
        for _ in range(options.rounds + 1):
            mine = ours(options.program, path)
            rows, seconds = peer(data)
            assert rows == mine["rows"] == options.rows, (rows, mine)
            rounds.append((mine, seconds))
    rounds = rounds[1:]
    own = statistics.median(options.rows / mine["import_seconds"] for mine, _ in rounds)
    other = statistics.median(options.rows / seconds for _, seconds in rounds)
    ratio = statistics.median(seconds / mine["import_seconds"] for mine, seconds in rounds)
    print(f"rows a second           ours {own:,.0f}, pyarrow.csv {other:,.0f}, ratio {ratio:.2f}")
    print(f"a quote                 {statistics.median(m['lookup_nanoseconds'] for m, _ in rounds):.1f} ns")
    contracts = rounds[0][0]["block_contracts"]
    block = statistics.median(m["block_microseconds"] for m, _ in rounds)
    print(f"a minute's quotes       {block:.1f} microseconds of {contracts} contracts")


main()
