"""A round: ours at its best number of lanes, a peer, and ours at the peer's number, each right after a matrix product; and which rounds count."""

import statistics
import sys
from pathlib import Path

import measuring
from stopwatch import sgemm

HERE = Path(__file__).resolve().parent
TOLERANCE = 0.10
PROGRAMS = {
    "jax": ["peer_jax.py"],
    "jax-plain": ["peer_jax.py", "--form", "plain"],
    "torch": ["peer_torch.py"],
    "torch-padded": ["peer_torch.py", "--form", "padded"],
    "torch-loop": ["peer_torch.py", "--form", "loop"],
    "torch-cell": ["peer_torch.py", "--form", "cell"],
    "sb3": ["peer_sb3.py"],
    "sb3-vectorised": ["peer_sb3.py", "--world", "vectorised"],
    "sb3-contrib": ["peer_sb3.py"],
    "sb3-contrib-vectorised": ["peer_sb3.py", "--world", "vectorised"],
}


def program(shape, name):
    """What runs the peer, and its words."""
    if name == "jax" and "algorithm" in shape:
        return ["peer_jax_small.py"]
    return PROGRAMS[name]


class Peer(measuring.Served):
    """A peer that is warmed up and waits."""

    def __init__(self, shape, name, lanes, seconds):
        self.shape, self.name, self.lanes = shape, name, lanes
        self.kept, self.dropped, self.wanted = [], [], 0
        file, *words = program(shape, name)
        towers = ",".join(map(str, shape["towers"]))
        words += ["--serve", "--lanes", lanes, "--hidden", shape["hidden"], "--towers", towers, "--seconds", seconds]
        if "algorithm" in shape:
            words += ["--algorithm", shape["algorithm"]]
        super().__init__(f"{name} with {lanes} lanes", [sys.executable, HERE / file, *words], HERE)

    @property
    def all_count(self):
        """Too few rounds were alike; a few of many would be a choice, so all count."""
        return len(self.kept) < self.wanted

    @property
    def counted(self):
        return self.kept + self.dropped if self.all_count else self.kept

    @property
    def tried(self):
        return len(self.kept) + len(self.dropped)

    @property
    def rounds(self):
        return f"all {self.tried}, {len(self.kept)} alike" if self.all_count else f"{len(self.kept)} of {self.tried}"

    def median(self, key):
        return statistics.median(one[key] for one in self.counted)

    @property
    def strength(self):
        """Its rate over the matrix product before it, so that peers of different minutes compare."""
        return statistics.median(one["peer"] / one["sgemm_peer"] for one in self.counted)


def round_of(number, ours, best, peer):
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


def alternate(ours, best, peer, rounds):
    """Rounds until so many of them count, or twice as many and one were tried: 15 for 7."""
    peer.wanted = rounds
    while len(peer.kept) < rounds and peer.tried < 2 * rounds + 1:
        found = round_of(peer.tried, ours, best, peer)
        (peer.kept if found["counts"] else peer.dropped).append(found)
