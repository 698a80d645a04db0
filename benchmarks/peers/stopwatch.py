"""How every peer is timed: warmed up once, then for each line on standard input one measurement, one JSON line each.

Without --serve it makes --repeats measurements and ends, each bracketed by a fixed product of two 384 x 384 matrices, whose GFLOP/s tell
how fast the core was just then.
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
    parser.add_argument("--hidden", type=int, default=64, help="units of the LSTM; 0 is a policy without memory (%(default)s)")
    parser.add_argument("--towers", type=_widths, default=[], help="hidden layers of policy and value each, as 64,64; none by default")
    parser.add_argument("--seconds", type=float, default=3.0, help="at least as long as this one measurement lasts")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help="measure once for each line on standard input")


def _widths(text):
    return [int(word) for word in text.split(",") if word]


def run(name, arguments, rollout_and_update, steps):
    """Times `rollout_and_update`, which does `steps` environment steps, learning included, as often as fills the time."""
    started = time.perf_counter()
    rollout_and_update()
    warm_up = time.perf_counter() - started
    description = {"peer": name, "lanes": arguments.lanes, "hidden": arguments.hidden, "towers": arguments.towers}

    def measure():
        wall, cpu, cycles = time.perf_counter(), time.process_time(), 0
        while cycles == 0 or time.process_time() - cpu < arguments.seconds:
            rollout_and_update()
            cycles += 1
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        return {"steps": cycles * steps, "steps_per_second": cycles * steps / wall, "steps_per_cpu_second": cycles * steps / cpu}

    if arguments.serve:
        print(json.dumps({**description, "warm_up_seconds": warm_up}), flush=True)
        for _ in sys.stdin:
            print(json.dumps(measure()), flush=True)
        return
    for _ in range(arguments.repeats):
        before = sgemm()
        print(json.dumps({**description, **measure(), "sgemm_before": before, "sgemm_after": sgemm()}), flush=True)
