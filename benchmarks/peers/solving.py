"""What every program that solve.py starts does besides learning: its words, and a line for each look.

For each line on standard input it learns as far as the next look and answers with steps, processor seconds without the looks, and the mean
return of fresh greedy episodes.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import measuring

measuring.use_own_choice_of_kernels()


class Over(Exception):
    """Nobody asks for more."""


class Teller:
    def __init__(self):
        self.looking = 0.0

    def tell(self, steps, look=None):
        """Tells where learning stands, and waits until more is asked for. look: gives the mean return; none before the first step."""
        start = time.process_time()
        line = {"steps": steps} | ({} if look is None else {"score": float(look())})
        self.looking += time.process_time() - start
        print(json.dumps(line | {"processor_seconds": time.process_time() - self.looking}), flush=True)
        if not sys.stdin.readline():
            raise Over


def read_arguments(description):
    """The row of worlds.json, and the seed."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--world", required=True)
    parser.add_argument("--seed", type=int, required=True)
    arguments = parser.parse_args()
    row = next(row for row in rows() if row["name"] == arguments.world)
    return row, arguments.seed


def rows():
    return json.loads((Path(__file__).resolve().parent / "worlds.json").read_text())
