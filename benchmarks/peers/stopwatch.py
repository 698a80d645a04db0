"""How every peer is timed: warmed up once, then for each line on standard input one measurement, one JSON line each.

Without --serve it makes --repeats measurements and ends. A measurement is bracketed by a fixed product of two 384 x 384 matrices, whose
GFLOP/s tell how fast the core was just then.
"""

import json
import sys
import time

import numpy as np

_LEFT = np.random.default_rng(3).standard_normal((384, 384)).astype(np.float32)
_RIGHT = _LEFT.T.copy()


def sgemm(seconds=0.1):
    """GFLOP/s of numpy's matrix product on this core, in CPU time."""
    start = time.process_time()
    products = 0
    while time.process_time() - start < seconds:
        _LEFT @ _RIGHT
        products += 1
    return 2e-9 * 384**3 * products / (time.process_time() - start)


def common_arguments(parser, lanes):
    parser.add_argument("--lanes", type=int, default=lanes)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=3.0, help="about how long one measurement lasts")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help="measure once for each line on standard input")


def measure(work, steps):
    """`work()` does `steps` environment steps, learning included."""
    before = sgemm()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "steps": steps,
        "steps_per_second": steps / wall,
        "steps_per_cpu_second": steps / cpu,
        "sgemm_before": before,
        "sgemm_after": sgemm(),
    }


def run(name, arguments, rollout_and_update, steps):
    """Times `rollout_and_update`, which does `steps` steps, often enough to fill the time."""
    started = time.perf_counter()
    rollout_and_update()
    warm_up = time.perf_counter() - started
    once = time.process_time()
    rollout_and_update()
    once = time.process_time() - once
    cycles = max(1, round(arguments.seconds / once))

    def work():
        for _ in range(cycles):
            rollout_and_update()

    def report():
        row = {"peer": name, "lanes": arguments.lanes, "hidden": arguments.hidden, **measure(work, cycles * steps)}
        print(json.dumps(row), flush=True)

    if not arguments.serve:
        for _ in range(arguments.repeats):
            report()
        return
    print(json.dumps({"peer": name, "lanes": arguments.lanes, "warm_up_seconds": warm_up}), flush=True)
    for _ in sys.stdin:
        report()
