"""How long each program learns until a world is solved: the interquartile mean over seeds of fresh greedy episodes reaches 95 % of the optimum.

All programs learn with the settings of worlds.json: PPO, two towers of 64 units, tanh. Each seed is a process on one core; they learn in turn as
far as the next look, so that nobody learns on once a world is solved. Looks cost nothing. Processor seconds are the mean over the seeds, from
the start of the process: what a program loads and compiles counts, and is told apart.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import measuring
import solving
from measuring import Failure

HERE = Path(__file__).resolve().parent
SHARE = 0.95
QUICK_SEEDS = 3


class Learner:
    """One seed of one program."""

    def __init__(self, words, core):
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=measuring.ROOT,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        self.ready = self.hear()

    def hear(self):
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        errors = self.process.stderr.read().strip().splitlines()
        if self.process.wait() == 0:
            return None
        raise Failure(f"{' '.join(self.process.args)} failed: {errors[-1] if errors else f'exit code {self.process.returncode}'}")

    def look(self):
        """Learns as far as the next look; nothing where its steps are over."""
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        return self.hear()

    def end(self):
        self.process.stdin.close()
        self.process.stdout.read()
        self.process.wait()


def words_of(name, program, world, seed):
    words = ["--world", world, "--seed", str(seed)]
    if name == "strikeforge":
        return [program, "solve-ours", "--worlds-file", str(HERE / "worlds.json"), *words]
    return [sys.executable, str(HERE / f"solve_{name}.py"), *words]


def interquartile_mean(values):
    """A quarter of the values, rounded down, is cut from each end."""
    cut = len(values) // 4
    middle = sorted(values)[cut : len(values) - cut]
    return sum(middle) / len(middle)


def mean(rows, name):
    return sum(row[name] for row in rows) / len(rows)


def solve(name, program, row, arguments):
    """What one program did on one world."""
    learners = []
    try:
        for seed in range(arguments.seeds):
            learners.append(Learner(words_of(name, program, row["name"], seed), arguments.core))
        result = {"program": name, "started": mean([one.ready for one in learners], "processor_seconds"), "solved": False, "looks": []}
        while not result["solved"]:
            found = [one.look() for one in learners]
            if None in found:
                return result
            score = interquartile_mean([one["score"] for one in found])
            result |= {"steps": found[0]["steps"], "seconds": mean(found, "processor_seconds"), "solved": score >= SHARE * row["optimum"]}
            result["looks"].append(
                {"steps": result["steps"], "seconds": result["seconds"], "score": score, "scores": [one["score"] for one in found]})
        return result
    finally:
        for one in learners:
            one.end()


def check(row, program):
    """Steps of our own world through the rules of the others. One line a world and form; raises where one differs."""
    import numpy as np

    import jax_parts  # noqa: F401  (it sets the flags that JAX reads)
    import jax.numpy as jnp
    from solve_worlds import WORLDS

    world = WORLDS[row["name"]]
    made = subprocess.run(
        [*words_of("strikeforge", program, row["name"], 7), "--trace", "5000"], capture_output=True, text=True, check=True)
    steps = [json.loads(line) for line in made.stdout.splitlines()]
    seen, following = (np.array([step[side] for step in steps]) for side in ("seen", "next"))
    actions, rewards = np.array([step["action"] for step in steps]), np.array([step["reward"] for step in steps])
    ended = np.array([step["ended"] for step in steps])
    age = np.zeros(len(steps), int)
    for place in range(1, len(steps)):
        age[place] = 0 if ended[place - 1] else age[place - 1] + 1
    if world.name == "leak":
        draws = following[:, :1]
    elif world.name == "mean_reversion":
        # What moved it; where an episode ended the reward tells.
        moved = np.where(ended & (actions != 1), (rewards + world.cost * np.abs(actions - 1 - seen[:, 1])) * (actions - 1) + seen[:, 0], following[:, 0])
        draws = (moved - world.persistence * seen[:, 0])[:, None]
    else:
        draws = np.zeros((len(steps), world.draws))
    if not world.uniform and not (abs(draws.mean()) < 5 / len(steps) ** 0.5 and abs(draws.std() - 1) < 5 / len(steps) ** 0.5):
        raise Failure(f"{world.name}: its draws are not standard normal: mean {draws.mean():.3f}, deviation {draws.std():.3f}")
    names = {"leak": ["following", "position"], "mean_reversion": ["deviation", "position"]}.get(world.name) or world.names
    for form, xp, tolerance in (("numpy", np, 1e-5), ("jax", jnp, 1e-5)):
        state = {name: xp.asarray(seen[:, place]) for place, name in enumerate(names)}
        after, found, over = world.advance(xp, state, xp.asarray(actions), xp.asarray(draws))
        far = np.abs(np.asarray(world.look(xp, after)) - following)[~ended].max()
        paid = np.abs(np.asarray(found) - rewards).max()
        ends = np.asarray(over) | (age + 1 == world.length)
        if world.uniform:
            fresh = following[ended]
            if not (len(fresh) > 10 and np.abs(fresh).max() <= 0.05 and fresh.std() > 0.02):
                raise Failure(f"{world.name}: episodes begin elsewhere: {fresh.min():.3f} to {fresh.max():.3f}")
        if not (far < tolerance and paid < tolerance and (ends == ended).all()):
            raise Failure(
                f"{world.name} in {form} is another world: states differ by {far:.1e}, rewards by {paid:.1e}, ends {(ends != ended).sum()} times")
        print(f"yes  {world.name} in {form}: {len(steps)} steps, states within {far:.1e}, rewards within {paid:.1e}, all {ended.sum()} ends", flush=True)


def print_table(worlds):
    print(f"\n{'world':<16}{'program':<14}{'steps':>9}{'processor s':>13}{'to start':>10}{'ratio':>8}{'learning alone':>16}")
    print("-" * 86)
    for world, results in worlds:
        ours = next((one for one in results if one["program"] == "strikeforge" and one["solved"]), None)
        for one in results:
            if not one["solved"]:
                best = max((look["score"] for look in one["looks"]), default=0)
                print(f"{world:<16}{one['program']:<14}{one.get('steps', 0):>9,}   not solved; best {best:.1f}")
                continue
            ratio = learning = ""
            if ours:
                ratio = f"{one['seconds'] / ours['seconds']:.2f}"
                learning = f"{(one['seconds'] - one['started']) / (ours['seconds'] - ours['started']):.2f}"
            print(f"{world:<16}{one['program']:<14}{one['steps']:>9,}{one['seconds']:>13.2f}{one['started']:>10.2f}{ratio:>8}{learning:>16}")


def prove(worlds, path):
    for world, results in worlds:
        peers = [one for one in results if one["program"] != "strikeforge" and one["solved"]]
        ours = next((one for one in results if one["program"] == "strikeforge"), None)
        if not ours or not peers:
            continue
        fastest = min(peers, key=lambda one: one["seconds"])
        figure = f"{fastest['seconds'] / ours['seconds']:.1f} times {fastest['program']}" if ours["solved"] else "not solved"
        measuring.add_proof(path, f"time to solve: {world}", figure, "solved", ours["solved"])


def read_arguments(rows):
    parser = argparse.ArgumentParser(prog="solve", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = [row["name"] for row in rows]
    parser.add_argument("--program", default="", help="a benchmark program that is built already; by default it is built")
    parser.add_argument("--worlds", default="", help=f"some of {', '.join(known)} (all)")
    parser.add_argument("--programs", default="strikeforge,sb3,jax", help="some of %(default)s")
    parser.add_argument("--seeds", type=int, default=0, help="seeds 0 to N - 1 (5)")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the core that everything is pinned to (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="leak alone, three seeds")
    parser.add_argument("--check", action="store_true", help="only checks that every program has the same worlds")
    parser.add_argument("--json", default="", help="also writes everything to this file")
    parser.add_argument("--proofs", default="", help="also adds rows to this table of proofs, as `scripts/test --slow` takes them")
    parser.error = lambda sentence: parser.exit(64, f"solve: {sentence}\n")
    arguments = parser.parse_args()
    names = [name for name in (arguments.worlds or ("leak" if arguments.quick else ",".join(known))).split(",")]
    arguments.programs = arguments.programs.split(",")
    arguments.seeds = arguments.seeds or (QUICK_SEEDS if arguments.quick else 5)
    for flag, asked, there in (("worlds", names, known), ("programs", arguments.programs, ["strikeforge", "sb3", "jax"])):
        if unknown := [name for name in asked if name not in there]:
            parser.error(f"--{flag} names '{unknown[0]}'; there are {', '.join(there)}")
    if arguments.seeds < 3:
        parser.error(f"--seeds is {arguments.seeds}; an interquartile mean needs at least 3")
    if arguments.core not in os.sched_getaffinity(0):
        parser.error(f"--core is {arguments.core}; there are {', '.join(map(str, sorted(os.sched_getaffinity(0))))}")
    arguments.rows = [row for row in rows if row["name"] in names]
    return arguments


def main():
    arguments = read_arguments(solving.rows())
    program = measuring.prepare(arguments.program)
    worlds = []
    for row in arguments.rows:
        if arguments.check:
            check(row, program)
            measuring.add_proof(arguments.proofs, f"peers: the world {row['name']} is ours", "2 of 2 forms", "all", True)
            continue
        results = []
        for name in arguments.programs:
            results.append(solve(name, program, row, arguments))
            one = results[-1]
            told = f"solved after {one['steps']:,} steps, {one['seconds']:.1f} s" if one["solved"] else "not solved"
            print(f"{row['name']}, {name}: {told}", flush=True)
        worlds.append((row["name"], results))
    if arguments.check:
        return
    print_table(worlds)
    if arguments.quick:
        print("quick: too few seeds to say how fast anything is")
    measuring.write_json(arguments.json, {"seeds": arguments.seeds, "share": SHARE, "worlds": dict(worlds)})
    if arguments.proofs:
        prove(worlds, arguments.proofs)


try:
    main()
except Failure as failure:
    sys.exit(f"solve: {failure}")
