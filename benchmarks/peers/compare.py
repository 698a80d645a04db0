"""Times `benchmark train` against other trainers in turn, on one core, and judges only measurements of equal conditions.

For every shape of policy (peers/shapes.json), peer and number of lanes: rounds of ours at our best number of lanes, the peer, and ours at the
peer's number of lanes, in changing order. Right before each of them this program times the same matrix product on the same core; a round
counts only where all figures lie within 10 %. The fastest peer at its best number of lanes gets more rounds, and the last table is its.
Rates are environment steps a second of processor time, learning included.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import measuring
from measuring import Failure, Ours, spread

HERE = Path(__file__).resolve().parent
TOLERANCE = 0.10
# Peers that come as close as this to the fastest are candidates too.
CANDIDATE = 0.90
FIRST_ROUNDS = 3
PROGRAMS = {
    "jax": ["peer_jax.py"],
    "torch": ["peer_torch.py"],
    "torch-loop": ["peer_torch.py", "--form", "loop"],
    "torch-cell": ["peer_torch.py", "--form", "cell"],
    "sb3": ["peer_sb3.py"],
    "sb3-contrib": ["peer_sb3.py"],
}
# Seconds until a peer can measure, its first rollout and update excluded, for the estimate.
START_SECONDS = {"jax": 12}


class Peer:
    """A peer that is warmed up and waits."""

    def __init__(self, shape, name, lanes, seconds):
        self.shape, self.name, self.lanes = shape, name, lanes
        self.kept, self.dropped = [], []
        program, *words = PROGRAMS[name]
        towers = ",".join(map(str, shape["towers"]))
        words += ["--serve", "--lanes", lanes, "--hidden", shape["hidden"], "--towers", towers, "--seconds", seconds]
        if "algorithm" in shape:
            words += ["--algorithm", shape["algorithm"]]
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / program), *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE)
        self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"{self.name} with {self.lanes} lanes ended before it measured; its words stand above")
        return json.loads(line)

    def measure(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def median(self, key):
        return statistics.median(one[key] for one in self.kept)

    @property
    def strength(self):
        """Its rate over the matrix product before it, so that peers of different minutes compare."""
        return statistics.median(one["peer"] / one["sgemm_peer"] for one in self.kept or self.dropped)


def round_of(number, ours, best, peer):
    """Ours at its best lanes, the peer, ours at the peer's lanes, each right after a matrix product."""
    places = {"peer": lambda: peer.measure(), "ours": lambda: ours.measure(best)}
    if peer.lanes != best:
        places["ours_same"] = lambda: ours.measure(peer.lanes)
    found = {"load": measuring.load()}
    for side in reversed(places) if number % 2 else places:
        found["sgemm_" + side] = sgemm()
        row = places[side]()
        found[side], found[side + "_wall"] = row["steps_per_cpu_second"], row["steps_per_second"]
        if side != "peer":
            found[side + "_share"] = peer.shape["kflop"] * 1e-6 * row["steps_per_cpu_second"] / measuring.peak(row)
    found.setdefault("ours_same", found["ours"])
    found.setdefault("ours_same_share", found["ours_share"])
    figures = [value for key, value in found.items() if key.startswith("sgemm_")]
    found["counts"] = max(figures) / min(figures) <= 1 + TOLERANCE
    found["ratio_best"], found["ratio_same"] = found["ours"] / found["peer"], found["ours_same"] / found["peer"]
    return found


def alternate(ours, best, peer, rounds, limit):
    """Rounds until `rounds` of them count, at most `limit` more."""
    for _ in range(limit):
        if len(peer.kept) >= rounds:
            return
        found = round_of(len(peer.kept) + len(peer.dropped), ours, best, peer)
        (peer.kept if found["counts"] else peer.dropped).append(found)


def choose_ours(ours, shape, counts):
    """The lanes at which ours is fastest."""
    ours.measure(counts[0])  # the disk's first read
    rates = {count: max(ours.measure(count)["steps_per_cpu_second"] for _ in range(2)) for count in counts}
    told = ", ".join(f"{count} lanes {rate:,.0f}" for count, rate in rates.items())
    print(f"\n{shape['title']}\n  ours, steps/s: {told}", flush=True)
    return max(rates, key=rates.get)


HEAD = f"  {'peer':12} {'lanes':>5} {'peer, steps/s':>14} {'sgemm':>6} {'ours / peer, best lanes':>24} {'at the same lanes':>24} {'rounds':>8}"


def tell(peer, share):
    if not peer.kept:
        print(f"  {peer.name:12} {peer.lanes:5} no round counts of {len(peer.dropped)}", flush=True)
        return
    ratios = [spread([one[key] for one in peer.kept]) for key in ("ratio_best", "ratio_same")]
    note = "" if share is None or share >= references.LEAST else f"  INVALID: {100 * share:.0f} % of its reference"
    print(
        f"  {peer.name:12} {peer.lanes:5} {peer.median('peer'):14,.0f} {peer.median('sgemm_peer'):6.0f} {ratios[0]:>24} {ratios[1]:>24} "
        f"{len(peer.kept):3} of {len(peer.kept) + len(peer.dropped)}{note}", flush=True)


class Comparison:
    """All peers of one shape."""

    def __init__(self, shape, program, arguments, known):
        self.shape, self.known = shape, known
        self.pairs, self.first = arguments.pairs, min(FIRST_ROUNDS, arguments.pairs)
        self.ours = Ours(program, shape["name"], arguments.seconds)
        self.seconds = arguments.seconds
        counts = arguments.lanes.get("strikeforge") or sorted({*lanes_of(shape, arguments, shape["peers"][0]), 256, 1024})
        if arguments.quick or self.ours.fixed:
            counts = lanes_of(shape, arguments, shape["peers"][0])
        self.best = choose_ours(self.ours, shape, counts)
        self.peers, self.fastest = [], None
        print(HEAD)
        self.compare(cells(shape, arguments, known))

    def compare(self, cells):
        """Every cell a few rounds; the fastest, and those that come close, as many as are asked for."""
        waiting = []
        for name, count in cells:
            peer = Peer(self.shape, name, count, self.seconds)
            self.peers.append(peer)
            alternate(self.ours, self.best, peer, self.first, 2 * self.first)
            tell(peer, self.share(peer))
            waiting.append(peer)
            least = CANDIDATE * max(one.strength for one in waiting)
            for slow in [one for one in waiting if one.strength < least]:
                waiting.remove(slow)
                slow.close()
        for peer in waiting:
            alternate(self.ours, self.best, peer, self.pairs, 3 * self.pairs)
            if self.pairs > self.first:
                tell(peer, self.share(peer))
            peer.close()
        judged = [peer for peer in waiting if peer.kept]
        self.fastest = max(judged, key=lambda peer: peer.strength, default=None)

    def share(self, peer):
        if not peer.kept:
            return None
        return self.known.share(self.shape["name"], peer.name, peer.lanes, peer.median("peer"), peer.median("sgemm_peer"))

    @property
    def invalid(self):
        shares = [(peer, self.share(peer)) for peer in self.peers]
        return [
            f"{peer.name} at {self.shape['name']}, {peer.lanes} lanes: {100 * share:.0f} % of its reference"
            for peer, share in shares if share is not None and share < references.LEAST
        ]

    @property
    def rates(self):
        """For the reference."""
        return [
            (self.shape["name"], peer.name, peer.lanes, peer.median("peer"), peer.median("sgemm_peer")) for peer in self.peers if peer.kept]

    @property
    def has_enough(self):
        return self.fastest is not None and len(self.fastest.kept) >= self.pairs

    @property
    def ratios(self):
        key = "ratio_same" if self.shape["judged_at"] == "same lanes" else "ratio_best"
        return [one[key] for one in self.fastest.kept]

    @property
    def peak_shares(self):
        key = "ours_same_share" if self.shape["judged_at"] == "same lanes" else "ours_share"
        return [one[key] for one in self.fastest.kept]

    def holds(self, least):
        share = self.shape.get("share", 0)
        return self.has_enough and statistics.median(self.ratios) >= least and statistics.median(self.peak_shares) >= share

    def row(self):
        peer, same = self.fastest, self.shape["judged_at"] == "same lanes"
        figures = [value for one in peer.kept for key, value in one.items() if key.startswith("sgemm_")]
        return [
            self.shape["title"], peer.name, f"{peer.lanes} / {peer.lanes if same else self.best}", f"{peer.median('peer'):,.0f}",
            f"{peer.median('ours_same' if same else 'ours'):,.0f}", spread(self.ratios), f"{self.shape['ratio']:.1f}",
            f"{100 * statistics.median(self.peak_shares):.0f} %", f"{100 * self.shape['share']:.0f} %" if "share" in self.shape else "-",
            f"{len(peer.kept)} of {len(peer.kept) + len(peer.dropped)}", f"{min(figures):.0f} to {max(figures):.0f}",
            "yes" if self.holds(self.shape["ratio"]) else "NO",
        ]


def lanes_of(shape, arguments, peer):
    """Fixed numbers for one peer, those asked for, or the shape's own; single environments keep theirs."""
    return arguments.lanes.get(peer) or (arguments.lanes.get("") if len(shape["lanes"]) > 1 else None) or shape["lanes"]


def cells(shape, arguments, known):
    """Every (peer, number of lanes) that is measured."""
    found = []
    for name in [name for name in shape["peers"] if name in arguments.peers]:
        best = known.best_lanes(shape["name"], name) if arguments.best_lanes else None
        found += [(name, count) for count in ([best] if best else lanes_of(shape, arguments, name))]
    return found


def print_table(comparisons):
    head = [
        "subject", "fastest peer", "lanes, its / ours", "peer, steps/s", "ours, steps/s", "ratio [range]", "must be", "of sgemm peak",
        "must be", "rounds", "sgemm", "holds",
    ]
    print("\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for one in comparisons:
        if one.fastest:
            print("| " + " | ".join(one.row()) + " |")
        else:
            print(f"| {one.shape['title']} |" + " |" * (len(head) - 2) + " no round counts |")


def estimate(shapes, arguments, known):
    """Seconds for everything, by the reference rates."""
    total = 0
    for shape in shapes:
        total += 20
        longest = 0
        for name, count in cells(shape, arguments, known):
            reference = known.find(shape["name"], name, count) or {}
            cycle = measuring.HORIZON * count / reference.get("steps_per_cpu_second", 30_000)
            one = cycle * math.ceil(arguments.seconds / cycle) + 2 * (arguments.seconds + 0.7)
            longest = max(longest, one)
            total += START_SECONDS.get(name, 4) + cycle + min(FIRST_ROUNDS, arguments.pairs) * one
        total += max(0, arguments.pairs - FIRST_ROUNDS) * longest
    return total


def read_arguments(shapes):
    parser = argparse.ArgumentParser(prog="compare-peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    measuring.add_arguments(parser, pairs=7, seconds=1.5)
    parser.add_argument("--shapes", default=",".join(shape["name"] for shape in shapes), help="some of them (%(default)s)")
    parser.add_argument("--peers", default=",".join(PROGRAMS), help="some of them (%(default)s)")
    parser.add_argument("--lanes", default="", help="64,256 instead of the shape's numbers, or for each: strikeforge=1024,jax=256")
    parser.add_argument("--best-lanes", action="store_true", help="each peer only at the number of lanes at which its reference is fastest")
    parser.add_argument("--quick", action="store_true", help="256 lanes, two short rounds: some minutes, shows that it works")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the one everything is pinned to")
    parser.add_argument(
        "--require", default="", help="exit code 2 where the median over the fastest peer is below this number, or below the table's (floors)")
    parser.add_argument("--write-reference", action="store_true", help="keeps the peers' rates in peers/reference.json")
    arguments = parser.parse_args()

    def refuse(sentence):
        parser.exit(64, f"compare-peers: {sentence}\n")

    for word, known in (("shapes", [shape["name"] for shape in shapes]), ("peers", list(PROGRAMS))):
        chosen = getattr(arguments, word).split(",")
        for name in chosen:
            if name not in known:
                refuse(f"--{word} names {name or 'nothing'}; there are {', '.join(known)}")
        setattr(arguments, word, chosen)
    if arguments.quick:
        arguments.pairs, arguments.seconds = 2, 0.5
        arguments.lanes = arguments.lanes or "256"
    lanes = {}
    for word in arguments.lanes.split(",") if arguments.lanes else []:
        name, _, count = word.rpartition("=")
        if not count.isdigit() or int(count) == 0 or int(count) % measuring.MINIBATCHES or name not in ["", "strikeforge", *PROGRAMS]:
            refuse(f"--lanes holds {word}; it must be a multiple of {measuring.MINIBATCHES}, or strikeforge or a peer, =, and such a number")
        lanes.setdefault(name, []).append(int(count))
    arguments.lanes = lanes
    if arguments.require not in ["", "floors"]:
        try:
            arguments.require = float(arguments.require)
        except ValueError:
            refuse(f"--require is {arguments.require}; it must be a number, or floors")
    if arguments.core not in os.sched_getaffinity(0):
        refuse(f"--core is {arguments.core}; there are {', '.join(map(str, sorted(os.sched_getaffinity(0))))}")
    if not set(arguments.peers) & {name for shape in shapes if shape["name"] in arguments.shapes for name in shape["peers"]}:
        refuse("none of the peers runs any of the shapes")
    return arguments


def judge(comparisons, arguments):
    """Exit code and sentences."""
    code, words = 0, []
    for one in comparisons:
        least = one.shape["ratio"] if arguments.require in ("", "floors") else arguments.require
        if one.fastest:
            measuring.add_proof(
                arguments.proofs, f"speed: {one.shape['name']} over {one.fastest.name}, the fastest peer",
                f"{spread(one.ratios)}, {len(one.ratios)} rounds", f">= {least}", one.holds(least))
        if arguments.require != "" and one.has_enough and not one.holds(least):
            code, sentence = 2, f"{one.shape['name']}: {spread(one.ratios)} times {one.fastest.name}, must be {least}"
            words.append(sentence + (f", and {100 * one.shape['share']:.0f} % of the sgemm peak" if "share" in one.shape else ""))
    for one in comparisons:
        if not one.has_enough:
            code = 1
            words.append(f"{one.shape['name']}: too few rounds count; the machine is too busy to compare anything")
    invalid = [sentence for one in comparisons for sentence in one.invalid]
    if invalid:
        code = 1
        words += ["the run is invalid, since a peer is slower than it should be:", *invalid]
    return code, words


def main():
    shapes = measuring.shapes()
    arguments = read_arguments(shapes)
    shapes = [shape for shape in shapes if shape["name"] in arguments.shapes and set(shape["peers"]) & set(arguments.peers)]
    program = measuring.prepare(arguments.program)
    os.sched_setaffinity(0, {arguments.core})
    example = Ours(program, shapes[0]["name"], 0.1).measure(64)
    known = references.References(example["machine"])
    if known.why_not_judged():
        print(f"compare-peers: {known.why_not_judged()}")
    minutes = math.ceil(estimate(shapes, arguments, known) / 60)
    print(f"about {minutes} minutes on core {arguments.core}; a machine that does anything else takes longer, and rounds are dropped", flush=True)
    started = time.monotonic()
    comparisons = []
    for shape in shapes:
        comparisons.append(Comparison(shape, program, arguments, known))
        if arguments.write_reference:  # at once: an interrupted run keeps what it found
            known.write(comparisons[-1].rates, example["date"])
    print_table(comparisons)
    print(f"\n{example['machine']['processor']}, revision {example['revision']}, {example['date']}; {(time.monotonic() - started) / 60:.0f} minutes")
    if arguments.quick:
        print("quick: too short to say how fast anything is")
    measuring.write_json(arguments.json, {
        "date": example["date"], "revision": example["revision"], "machine": example["machine"], "packages": references.packages(),
        "core": arguments.core, "shapes": [
            {"shape": one.shape["name"], "our_lanes": one.best, "fastest": one.fastest and [one.fastest.name, one.fastest.lanes], "cells": [
                {"peer": peer.name, "lanes": peer.lanes, "kept": peer.kept, "dropped": peer.dropped} for peer in one.peers]}
            for one in comparisons],
    })
    code, words = judge(comparisons, arguments)
    for sentence in words:
        print(f"compare-peers: {sentence}", file=sys.stderr)
    sys.exit(code)


measuring.use_own_choice_of_kernels()
import references  # noqa: E402
from stopwatch import sgemm  # noqa: E402

try:
    main()
except Failure as failure:
    sys.exit(f"compare-peers: {failure}")
