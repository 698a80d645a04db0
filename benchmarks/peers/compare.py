"""Times `benchmark train` against other trainers in turn, on one core, and judges only measurements of equal conditions.

For every shape of policy (peers/shapes.json), peer and number of lanes: rounds of ours at our best number of lanes, the peer, and ours at the
peer's number of lanes, in changing order. Right before each of them this program times the same matrix product on the same core; a round
counts where all figures lie within 10 %; where too few do, all count and the table says so. The fastest peer of all forms at its best number
of lanes gets more rounds, and the last table is its. Rates are environment steps a second of processor time, learning included.
"""

import argparse
import math
import os
import statistics
import sys
import time

import measuring
from measuring import Failure, Ours, spread

# Peers that come as close as this to the fastest are candidates too.
CANDIDATE = 0.90
FIRST_ROUNDS = 3
# Seconds until a peer can measure, its first rollout and update excluded, for the estimate.
START_SECONDS = {"jax": 12, "jax-plain": 12}


def choose_ours(ours, shape, counts):
    """The lanes at which ours is fastest."""
    ours.measure(counts[0])  # the disk's first read
    rates = {count: max(ours.measure(count)["steps_per_cpu_second"] for _ in range(2)) for count in counts}
    told = ", ".join(f"{count} lanes {rate:,.0f}" for count, rate in rates.items())
    print(f"\n{shape['title']}\n  ours, steps/s: {told}", flush=True)
    return max(rates, key=rates.get)


HEAD = f"  {'peer':22} {'lanes':>5} {'peer, steps/s':>14} {'sgemm':>6} {'ours / peer, best lanes':>24} {'at the same lanes':>24} {'rounds':>8}"


def tell(peer, share):
    ratios = [spread([one[key] for one in peer.counted]) for key in ("ratio_best", "ratio_same")]
    note = "" if share is None or share >= references.LEAST else f"  INVALID: {100 * share:.0f} % of its reference"
    print(
        f"  {peer.name:22} {peer.lanes:5} {peer.median('peer'):14,.0f} {peer.median('sgemm_peer'):6.0f} {ratios[0]:>24} {ratios[1]:>24} "
        f"{peer.rounds:>8}{note}", flush=True)


class Row:
    """A row of the closing table: some of a shape's peers, of which the fastest is judged."""

    def __init__(self, shape, row, floors):
        self.shape, self.over, self.names = shape, row.get("over", ""), row["peers"]
        self.same = row["judged_at"] == "same lanes"
        key = "" if self.over == "the fastest peer" else self.over
        self.floor, self.floors, self.fastest, self.best = floors.of(shape["name"], key), floors, None, None

    def candidates(self, peers):
        """Those that come close to the fastest."""
        own = [peer for peer in peers if peer.name in self.names]
        return [peer for peer in own if peer.strength >= CANDIDATE * max(one.strength for one in own)]

    def settle(self, peers, best):
        self.fastest = max((peer for peer in peers if peer.name in self.names), key=lambda peer: peer.strength, default=None)
        self.best = best

    @property
    def title(self):
        return self.shape["name"] + (f", {self.over}" if self.over else "")

    @property
    def ratios(self):
        return [one["ratio_same" if self.same else "ratio_best"] for one in self.fastest.counted]

    @property
    def share(self):
        return statistics.median(one["ours_same_share" if self.same else "ours_share"] for one in self.fastest.counted)

    def holds(self, least=None):
        """Against its floors, or against a number."""
        if least is not None:
            return statistics.median(self.ratios) >= least
        return statistics.median(self.ratios) >= self.floor["ratio"] and self.share >= self.floor.get("share", 0)

    @property
    def proof(self):
        """Proof, found, must be, holds."""
        over = f"{self.fastest.name}, {self.over or 'the fastest peer'}"
        counted = f"{len(self.ratios)} rounds" + (f", all, of which {len(self.fastest.kept)} on an even core" if self.fastest.all_count else "")
        figure = f"{spread(self.ratios)}, {counted}"
        if not self.floor:
            return f"speed: {self.shape['name']} over {over}", figure, "no floor", None
        figure += f"; {100 * self.share:.0f} % of sgemm" if "share" in self.floor else ""
        return f"speed: {self.shape['name']} over {over}", figure, self.must, self.holds()

    @property
    def must(self):
        words = f">= {self.floor['ratio']}" + (f" and {100 * self.floor['share']:.0f} % of sgemm" if "share" in self.floor else "")
        return words + (", predicted" if self.floor.get("predicted") else "")

    def cells(self):
        peer, same, floor = self.fastest, self.same, self.floor
        figures = [value for one in peer.counted for key, value in one.items() if key.startswith("sgemm_")]
        verdict = "no floor" if not floor else "yes" if self.holds() else "predicted, missed" if floor.get("predicted") else "NO"
        best_share = self.floors.best_share(self.share)
        return [
            self.shape["title"] + (f" ({self.over})" if self.over else ""), peer.name, f"{peer.lanes} / {peer.lanes if same else self.best}",
            f"{peer.median('peer'):,.0f}", f"{peer.median('ours_same' if same else 'ours'):,.0f}", spread(self.ratios),
            f"{floor['ratio']:.1f}" if floor else "-", f"{floor['ratio_aim']:.1f}" if "ratio_aim" in floor else "-", f"{100 * self.share:.0f} %",
            f"{100 * floor['share']:.0f} %" if "share" in floor else "-", f"{100 * best_share:.0f} %" if best_share else "-", peer.rounds,
            f"{min(figures):.0f} to {max(figures):.0f}", verdict,
        ]


def rows_of(shape, names, floors):
    """The rows of a shape that these peers can fill."""
    rows = shape.get("rows") or [{"peers": shape["peers"], "judged_at": shape["judged_at"]}]
    return [Row(shape, row, floors) for row in rows if set(row["peers"]) & set(names)]


class Comparison:
    """All peers of one shape."""

    def __init__(self, shape, program, arguments, known, floors):
        self.shape, self.known, self.rows = shape, known, rows_of(shape, arguments.peers, floors)
        self.pairs, self.first = arguments.pairs, min(FIRST_ROUNDS, arguments.pairs)
        self.keeps_reference = arguments.write_reference
        self.ours = Ours(program, shape["name"], arguments.seconds)
        self.seconds = arguments.seconds
        counts = arguments.lanes.get("strikeforge") or sorted({*lanes_of(shape, arguments, shape["peers"][0]), 256, 1024})
        if arguments.quick or self.ours.fixed:
            counts = lanes_of(shape, arguments, shape["peers"][0])
        self.best = choose_ours(self.ours, shape, counts)
        self.peers = []
        print(HEAD)
        self.compare(cells(shape, arguments, known))
        for row in self.rows:
            row.settle(self.finalists, self.best)

    def candidates(self, peers):
        """Those that a row may be about, and for a reference each peer at its best number of lanes."""
        chosen = [peer for row in self.rows for peer in row.candidates(peers)]
        if self.keeps_reference:
            chosen += [max((peer for peer in peers if peer.name == name), key=lambda peer: peer.strength) for name in {peer.name for peer in peers}]
        return chosen

    def compare(self, cells):
        """Every cell a few rounds; the fastest, and those that come close, as many as are asked for."""
        waiting = []
        for name, count in cells:
            peer = Peer(self.shape, name, count, self.seconds)
            self.peers.append(peer)
            alternate(self.ours, self.best, peer, self.first)
            tell(peer, self.share(peer))
            waiting.append(peer)
            close = self.candidates(waiting)
            for slow in [one for one in waiting if one not in close]:
                waiting.remove(slow)
                slow.close()
        for peer in waiting:
            if self.pairs > self.first:
                alternate(self.ours, self.best, peer, self.pairs)
                tell(peer, self.share(peer))
            peer.close()
        self.finalists = waiting

    def share(self, peer):
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
        """For the reference: of those that got all their rounds."""
        return [
            (self.shape["name"], peer.name, peer.lanes, peer.median("peer"), peer.median("sgemm_peer"), peer.rounds) for peer in self.finalists]


def lanes_of(shape, arguments, peer):
    """Fixed numbers for one peer, those asked for, or the shape's own; single environments and small updates keep theirs."""
    own = shape.get("lanes_of", {}).get(peer, shape["lanes"])
    return arguments.lanes.get(peer) or (arguments.lanes.get("") if len(own) > 1 and "steps" not in shape else None) or own


def cells(shape, arguments, known):
    """Every (peer, number of lanes) that is measured."""
    found = []
    for name in [name for name in shape["peers"] if name in arguments.peers]:
        best = known.best_lanes(shape["name"], name) if arguments.best_lanes else None
        found += [(name, count) for count in ([best] if best else lanes_of(shape, arguments, name))]
    return found


def print_table(comparisons):
    head = [
        "subject", "fastest peer", "lanes, its / ours", "peer, steps/s", "ours, steps/s", "ratio [range]", "must be", "aim", "of sgemm peak",
        "must be", "of the core's best product", "rounds", "sgemm", "holds",
    ]
    print("\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in [row for one in comparisons for row in one.rows]:
        print("| " + " | ".join(row.cells()) + " |")


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
        "--require", default="",
        help="exit code 2 where the median over the fastest peer is below this number, or below floors.json's for this class of machine (floors)")
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
    for row in [row for one in comparisons for row in one.rows]:
        proof, figure, must, holds = row.proof
        measuring.add_proof(arguments.proofs, proof, figure, must, holds)
        if arguments.require == "floors":
            if holds is False:
                predicted = row.floor.get("predicted", False)
                code = code if predicted else 2
                words.append(f"{row.title}: {figure}, over {row.fastest.name}, must be {must}" + (": missed, not failed" if predicted else ""))
        elif arguments.require != "" and not row.holds(arguments.require):
            code = 2
            words.append(f"{row.title}: {spread(row.ratios)} times {row.fastest.name}, must be {arguments.require}")
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
    example = Ours(program, shapes[0]["name"], 0.1).measure(shapes[0]["lanes"][0])
    known = references.References(example["machine"])
    if known.why_not_judged():
        print(f"compare-peers: {known.why_not_judged()}")
    floors = Floors()
    if floors.silence:
        print(f"compare-peers: {floors.silence}")
    minutes = math.ceil(estimate(shapes, arguments, known) / 60)
    print(f"about {minutes} minutes on core {arguments.core}; a machine that does anything else takes longer, and rounds are dropped", flush=True)
    started = time.monotonic()
    comparisons = []
    for shape in shapes:
        comparisons.append(Comparison(shape, program, arguments, known, floors))
        if arguments.write_reference:  # at once: an interrupted run keeps what it found
            known.write(comparisons[-1].rates, example["date"])
    print_table(comparisons)
    took = f"{(time.monotonic() - started) / 60:.0f} minutes"
    print(f"\n{floors.kind}, {example['machine']['processor']}, revision {example['revision']}, {example['date']}; {took}")
    if arguments.quick:
        print("quick: too short to say how fast anything is")
    measuring.write_json(arguments.json, {
        "date": example["date"], "revision": example["revision"], "machine": example["machine"], "packages": references.packages(),
        "core": arguments.core, "shapes": [
            {"shape": one.shape["name"], "our_lanes": one.best,
             "rows": [{"over": row.over, "fastest": [row.fastest.name, row.fastest.lanes], "floor": row.floor} for row in one.rows],
             "cells": [
                {"peer": peer.name, "lanes": peer.lanes, "kept": peer.kept, "dropped": peer.dropped, "all_count": peer.all_count}
                for peer in one.peers]}
            for one in comparisons],
    })
    code, words = judge(comparisons, arguments)
    for sentence in words:
        print(f"compare-peers: {sentence}", file=sys.stderr)
    sys.exit(code)


measuring.use_own_choice_of_kernels()
import references  # noqa: E402
from floors import Floors  # noqa: E402
from rounds import PROGRAMS, Peer, alternate  # noqa: E402

try:
    main()
except Failure as failure:
    sys.exit(f"compare-peers: {failure}")
