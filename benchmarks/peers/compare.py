"""Times `benchmark train` against each peer in turn, on one core, and judges only pairs of equal conditions.

First every side chooses its number of lanes, once each. Then, for every peer, pairs of one run of ours and one measurement of the peer, in
changing order. Right before each of the two this program times the same matrix product on the same core; a pair counts only where both
figures lie within 10 %. Rates are environment steps a second of processor time, learning included.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MARKET = ROOT / "benchmarks/results/random-walk.h5"
TOLERANCE = 0.10
PEERS = {
    "jax": (["peer_jax.py"], [64, 256, 1024]),
    "torch-loop": (["peer_torch.py", "--form", "loop"], [256, 1024, 2048]),
    "torch-cell": (["peer_torch.py", "--form", "cell"], [64, 256, 1024]),
    "sb3": (["peer_sb3.py"], [8, 32]),
}
OUR_LANES = [64, 256, 1024]


class Peer:
    """A peer that is warmed up and waits."""

    def __init__(self, name, lanes, seconds):
        self.name, self.lanes = name, lanes
        words, _ = PEERS[name]
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / words[0]), *words[1:], "--serve", "--lanes", str(lanes), "--seconds", str(seconds)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE)
        self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"compare-peers: {self.name} with {self.lanes} lanes ended before it measured; its words stand above")
        return json.loads(line)

    def measure(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Ours:
    def __init__(self, program, configuration, seconds):
        self.program, self.configuration, self.seconds = program, configuration, seconds
        self.rates = {}

    def measure(self, lanes):
        rollout = 128 * lanes
        # As many rollouts as fill the time; the first run of a size is a guess.
        wanted = self.rates.get(lanes, 100_000) * self.seconds
        steps = rollout * max(1, round(wanted / rollout))
        words = [
            self.program, "train", "--config", self.configuration, "--set", f"environment.store={MARKET}",
            "--set", f"environment.lanes={lanes}", "--set", f"algorithm.batch_size={rollout // 4}",
            "--set", f"run.total_timesteps={steps}", "--json", "-",
        ]
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"compare-peers: {' '.join(map(str, words))} failed: {done.stderr}")
        row = json.loads(done.stdout)
        self.rates[lanes] = row["steps_per_cpu_second"]
        return row


def load():
    return float(Path("/proc/loadavg").read_text().split()[0])


def choose(ours, names, seconds):
    """The lanes at which each side is fastest, and what it did at each number."""
    lanes = {}
    ours.measure(OUR_LANES[0])  # the disk's first read
    found = {count: ours.measure(count)["steps_per_cpu_second"] for count in OUR_LANES}
    lanes["strikeforge"] = max(found, key=found.get)
    tell("strikeforge", found)
    for name in names:
        found = {}
        for count in PEERS[name][1]:
            peer = Peer(name, count, seconds)
            found[count] = max(peer.measure()["steps_per_cpu_second"] for _ in range(2))
            peer.close()
        lanes[name] = max(found, key=found.get)
        tell(name, found)
    return lanes


def tell(name, found):
    print(f"{name:12} " + ", ".join(f"{count} lanes {rate:,.0f}" for count, rate in found.items()), flush=True)


def alternate(ours, our_lanes, peer, pairs, limit):
    """Pairs until `pairs` of them count, at most `limit`."""
    kept, dropped = [], []
    for number in range(limit):
        figures, rows = {}, {}
        sides = ["ours", "peer"] if number % 2 == 0 else ["peer", "ours"]
        for side in sides:
            figures[side] = sgemm()
            rows[side] = ours.measure(our_lanes) if side == "ours" else peer.measure()
        pair = {
            "ours": rows["ours"]["steps_per_cpu_second"], "peer": rows["peer"]["steps_per_cpu_second"],
            "ours_wall": rows["ours"]["steps_per_second"], "peer_wall": rows["peer"]["steps_per_second"],
            "sgemm_ours": figures["ours"], "sgemm_peer": figures["peer"], "load": load(),
        }
        pair["ratio"] = pair["ours"] / pair["peer"]
        counts = max(figures.values()) / min(figures.values()) <= 1 + TOLERANCE
        (kept if counts else dropped).append(pair)
        print(
            f"  {peer.name:10} ours {pair['ours']:9,.0f} (sgemm {pair['sgemm_ours']:5.0f})  peer {pair['peer']:9,.0f} "
            f"(sgemm {pair['sgemm_peer']:5.0f})  ratio {pair['ratio']:5.2f}{'' if counts else '  does not count'}", flush=True)
        if len(kept) == pairs:
            break
    return kept, dropped


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / ".build/release/benchmark"), help="our benchmark (%(default)s)")
    parser.add_argument("--configuration", default=str(ROOT / "benchmarks/configurations/lstm64.yaml"))
    parser.add_argument("--peers", default=",".join(PEERS), help="some of them (%(default)s)")
    parser.add_argument("--lanes", default="", help="fixed numbers instead of the choice: strikeforge=1024,jax=256")
    parser.add_argument("--pairs", type=int, default=7, help="how many must count (%(default)s)")
    parser.add_argument("--seconds", type=float, default=3.0, help="about how long one measurement lasts (%(default)s)")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the one everything is pinned to")
    parser.add_argument("--require", type=float, default=0, help="exit code 2 where the median over the fastest is below")
    parser.add_argument("--proofs", default="", help="also adds a row to this table of proofs, as `scripts/test --slow` prints it")
    parser.add_argument("--json", default="", help="also writes everything to this file")
    arguments = parser.parse_args()
    names = arguments.peers.split(",")
    for name in names:
        if name not in PEERS:
            parser.exit(64, f"compare-peers: there is no peer {name}; there are {', '.join(PEERS)}\n")
    os.sched_setaffinity(0, {arguments.core})
    if not Path(arguments.program).exists():
        raise SystemExit(f"compare-peers: {arguments.program} is not there; build it: swift build -c release --product benchmark")
    subprocess.run([arguments.program, "market", str(MARKET)], check=True, stdout=subprocess.DEVNULL)

    ours = Ours(arguments.program, arguments.configuration, arguments.seconds)
    if arguments.lanes:
        lanes = {name: int(count) for name, count in (word.split("=") for word in arguments.lanes.split(","))}
        ours.measure(lanes["strikeforge"])
    else:
        lanes = choose(ours, names, arguments.seconds)
    example = ours.measure(lanes["strikeforge"])
    report = {
        "date": example["date"], "revision": example["revision"], "machine": example["machine"], "python": platform.python_version(),
        "core": arguments.core, "lanes": lanes, "peers": {},
    }
    for name in names:
        peer = Peer(name, lanes[name], arguments.seconds)
        kept, dropped = alternate(ours, lanes["strikeforge"], peer, arguments.pairs, 3 * arguments.pairs)
        peer.close()
        report["peers"][name] = {"kept": kept, "dropped": dropped}

    print(f"\n| peer | lanes | ours, steps/s | peer, steps/s | ratio: median [range] | pairs | dropped | sgemm |")
    print("|---|---|---|---|---|---|---|---|")
    medians, enough = {}, True
    for name in names:
        kept, dropped = report["peers"][name]["kept"], report["peers"][name]["dropped"]
        if len(kept) < arguments.pairs:
            enough = False
        if not kept:
            print(f"| {name} | {lanes[name]} | | | | 0 | {len(dropped)} | |")
            continue
        ratios = [pair["ratio"] for pair in kept]
        figures = [pair[key] for pair in kept for key in ("sgemm_ours", "sgemm_peer")]
        medians[name] = (statistics.median(pair["peer"] for pair in kept), statistics.median(ratios))
        print(
            f"| {name} | {lanes['strikeforge']} / {lanes[name]} | {statistics.median(pair['ours'] for pair in kept):,.0f} | "
            f"{medians[name][0]:,.0f} | {medians[name][1]:.2f} [{min(ratios):.2f}, {max(ratios):.2f}] | {len(kept)} | "
            f"{len(dropped)} | {min(figures):.0f} to {max(figures):.0f} |")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(report, indent=1) + "\n")
    if not medians:
        raise SystemExit("compare-peers: no pair counted; the machine is too busy to compare anything")
    fastest = max(medians, key=lambda name: medians[name][0])
    ratio = medians[fastest][1]
    print(f"\nfastest peer: {fastest}; ratio {ratio:.2f} over {len(report['peers'][fastest]['kept'])} pairs, "
          f"{len(report['peers'][fastest]['dropped'])} dropped")
    if arguments.proofs:
        ratios = [pair["ratio"] for pair in report["peers"][fastest]["kept"]]
        row = [
            f"speed: training over {fastest}, the fastest peer", f"{ratio:.2f} [{min(ratios):.2f}, {max(ratios):.2f}], {len(ratios)} pairs",
            f">= {arguments.require}", "-", "yes" if ratio >= arguments.require and enough else "NO",
        ]
        with open(arguments.proofs, "a") as table:
            table.write("\t".join(row) + "\n")
    if not enough:
        parser.exit(1, "compare-peers: too few pairs count; the machine is too busy to compare anything\n")
    if ratio < arguments.require:
        parser.exit(2, f"compare-peers: {ratio:.2f} times {fastest} is below {arguments.require}\n")


# Before numpy is loaded, and inherited by every peer: one thread each.
# Both sides use the kernels that their libraries choose for this processor.
os.environ.pop("OPENBLAS_CORETYPE", None)
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
from stopwatch import sgemm  # noqa: E402

main()
