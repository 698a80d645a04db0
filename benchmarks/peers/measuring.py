"""What every comparison needs: our side as a process, one core or several, medians, bounds, a row for the table of proofs.

Nothing but Python's standard library: `mask-cost` and `all-cores` run without the peers' packages.
"""

import json
import os
import random
import statistics
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MARKET = ROOT / "benchmarks/results/random-walk.h5"
HORIZON = 128
MINIBATCHES = 4


class Failure(Exception):
    """Nothing can be measured; one sentence says why."""


class Served:
    """A program that is warmed up and waits: it answers each empty line with a line of JSON."""

    def __init__(self, subject, words, folder=None):
        self.subject = subject
        self.process = subprocess.Popen(
            [str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder)
        self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"{self.subject} ended before it measured; its words stand above")
        return json.loads(line)

    def measure(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def use_own_choice_of_kernels():
    """Every library takes the kernels that it chooses itself, and one thread. Before numpy is loaded."""
    os.environ.pop("OPENBLAS_CORETYPE", None)
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"


def add_arguments(parser, pairs, seconds):
    parser.add_argument("--program", default="", help="a benchmark program that is built already; by default it is built")
    parser.add_argument("--pairs", type=_count, default=pairs, help="how many must count (%(default)s)")
    parser.add_argument("--seconds", type=float, default=seconds, help="about how long one measurement lasts (%(default)s)")
    parser.add_argument("--proofs", default="", help="also adds rows to this table of proofs, as `scripts/test --slow` takes them")
    parser.add_argument("--json", default="", help="also writes everything to this file")


def _count(text):
    if int(text) < 1:
        raise ValueError
    return int(text)


def prepare(program):
    """The program's path, built where none is given, and the made-up market."""
    if not program:
        build = ["swift", "build", "-c", "release", "--package-path", str(ROOT)]
        try:
            subprocess.run([*build, "--product", "benchmark"], check=True, stdout=2)
            program = subprocess.run([*build, "--show-bin-path"], check=True, capture_output=True, text=True).stdout.strip() + "/benchmark"
        except (OSError, subprocess.CalledProcessError) as error:
            raise Failure(f"the benchmark cannot be built: {error}") from error
    program = str(Path(program).resolve())
    try:
        made = subprocess.run([program, "market", str(MARKET)], capture_output=True, text=True)
    except OSError as error:
        raise Failure(f"{program} cannot be started: {error.strerror}; build it: swift build -c release --product benchmark") from error
    if made.returncode != 0:
        raise Failure(f"the made-up market cannot be written: {made.stderr.strip()}")
    return program


class Ours:
    """`benchmark train` with one configuration of `benchmarks/configurations`; each measurement is a process."""

    def __init__(self, program, name, seconds, settings=(), rollouts=None):
        """`settings`: as `--set` takes them. `rollouts`: another side's, so that both make the same steps."""
        self.program, self.name, self.seconds, self.settings = program, name, seconds, settings
        self.rollouts = {} if rollouts is None else rollouts
        shape = next(shape for shape in shapes() if shape["name"] == name)
        # PPO's rollouts have a fixed length; the others' a fixed number of steps over all lanes.
        self.algorithm, self.fixed = shape.get("algorithm", "ppo"), shape.get("steps")

    def rollout(self, lanes):
        """Steps between two updates, over all lanes."""
        return self.fixed or HORIZON * lanes

    def update_settings(self, lanes):
        """How the configuration says that."""
        if self.algorithm == "ppo":
            return [f"algorithm.batch_size={self.rollout(lanes) // MINIBATCHES}"]
        name = "train_frequency" if self.algorithm == "dqn" else "horizon"
        return [f"algorithm.{name}={self.rollout(lanes) // lanes}"]

    def start(self, lanes, cores=None):
        """Begins a run, on these cores or on those of this process. The first of a size is a guess, the others fill the seconds."""
        steps = self.rollout(lanes)
        settings = [
            f"environment.store={MARKET}", f"environment.lanes={lanes}", *self.update_settings(lanes),
            f"run.total_timesteps={steps * self.rollouts.get(lanes, self.whole(lanes, 100_000))}", *self.settings,
        ]
        words = [self.program, "train", "--config", str(ROOT / f"benchmarks/configurations/{self.name}.yaml"), "--json", "-"]
        for setting in settings:
            words += ["--set", setting]
        return subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
            preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None)

    def whole(self, lanes, rate):
        return max(1, round(self.seconds * rate / self.rollout(lanes)))

    def finish(self, process, lanes):
        output, errors = process.communicate()
        if process.returncode != 0:
            raise Failure(f"{' '.join(process.args)} failed: {errors.strip()}")
        row = json.loads(output)
        self.rollouts.setdefault(lanes, self.whole(lanes, row["steps_per_second"]))
        return row

    def measure(self, lanes, cores=None):
        return self.finish(self.start(lanes, cores), lanes)


def peak(row):
    """GFLOP/s of a matrix product in our own process, right before and right after."""
    return statistics.mean(row["sgemm_peak_gflop_per_second"])


def load():
    return float(Path("/proc/loadavg").read_text().split()[0])


def spread(values, digits=2):
    """A median and the range, as text."""
    return f"{statistics.median(values):.{digits}f} [{min(values):.{digits}f}, {max(values):.{digits}f}]"


def bootstrap(values, resamples=10_000, seed=1):
    """The bounds of the median's 95 % interval, by percentiles (Efron 1979)."""
    draw = random.Random(seed)
    medians = sorted(statistics.median(draw.choices(values, k=len(values))) for _ in range(resamples))
    return medians[round(0.025 * resamples)], medians[round(0.975 * resamples) - 1]


def add_proof(path, proof, figure, threshold, holds):
    """holds: None where nothing is asked for."""
    if not path:
        return
    with open(path, "a") as table:
        table.write("\t".join([proof, figure, threshold, "-", "-" if holds is None else "yes" if holds else "NO"]) + "\n")


def shapes():
    """The policies that are compared."""
    return json.loads((ROOT / "benchmarks/peers/shapes.json").read_text())


def write_json(path, report):
    if path:
        Path(path).write_text(json.dumps(report, indent=1) + "\n")
