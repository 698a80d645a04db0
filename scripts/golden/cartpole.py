# Makes golden trajectories of the cart and the pole: Tests/Fixtures/Golden/cartpole.json.
"""Run: python scripts/golden/cartpole.py

Gymnasium's CartPole-v1 plays given actions from its own seeded first states. Numbers are shortest decimals that give the same double.

  provenance
  trajectories   by name:
    start        (4) the first state: position, velocity, angle, angular velocity
    actions      one digit a step, 0 left, 1 right; the episode ends at the last
    stride       every how many steps a state is kept; the last is kept too
    states       (K, 4), the states after steps stride, 2 stride, ... and after the last one
    terminated, truncated   at the last step, as Gymnasium says; at all steps before both are false
    tolerance    of the states, absolute

A pole that is pushed without being looked at is unstable: a difference of one ulp grows about 80-fold a second, so that 500 steps of
given actions say nothing about the 500th state unless every bit is equal. Whoever compares starts again from each kept state.

Tolerance: four times the largest difference, of any step, between Gymnasium in float64 and the same steps written here in extended
precision from the last kept state on, at least 8 ulps of the largest magnitude.
"""

import itertools

import numpy as np

from control_trajectories import Task, random_rule
from ppo_text import provenance, write

SEED = 50


def extended_step(state, action):
    """One step in extended precision."""
    x, v, a, w = (np.longdouble(number) for number in state)
    sine, cosine = np.sin(a), np.cos(a)
    moment, total = np.longdouble(0.1 * 0.5), np.longdouble(0.1 + 1.0)
    thrust = ((10 if action else -10) + moment * w * w * sine) / total
    bend = (np.longdouble(9.8) * sine - cosine * thrust) / (
        np.longdouble(0.5) * (np.longdouble(4.0 / 3.0) - np.longdouble(0.1) * cosine * cosine / total)
    )
    pace = thrust - moment * bend * cosine / total
    tau = np.longdouble(0.02)
    return x + tau * v, v + tau * pace, a + tau * w, w + tau * bend


def balance(state):
    """A linear rule that keeps the pole up."""
    return int(state @ np.array([0.3, 0.6, 8.0, 2.0]) > 0)


def drift(state):
    """The same around a place beyond the track's end."""
    return balance(state - np.array([6.0, 0.0, 0.0, 0.0]))


def fall_after(step, action):
    """Balance, then push in one direction from `step` on."""
    steps = iter(range(10**9))
    return lambda state: balance(state) if next(steps) < step else action


def check(observation, reward, state, _):
    assert reward == 1 and (observation == state.astype(np.float32)).all()


def main():
    task = Task("CartPole-v1", extended_step, check)
    rules = {f"random {n}": (SEED + n, random_rule(SEED + n, 2)) for n in range(8)}
    rules |= {"balanced to the limit": (SEED, balance), "off the track": (SEED, drift)}
    # The fall that comes at the very last step: both endings at once.
    tries = itertools.product(range(SEED, SEED + 20), range(495, 470, -1), (0, 1))
    seed, last, action = next(one for one in tries if task.play(one[0], fall_after(*one[1:]))[4:] == (True, True))
    rules["fallen at the limit"] = (seed, fall_after(last, action))
    trajectories = {name: task.trajectory(name, *rule) for name, rule in rules.items()}
    ends = [(one["terminated"], one["truncated"]) for one in list(trajectories.values())[-3:]]
    assert ends == [(False, True), (True, False), (True, True)], ends
    inside = "states after given actions, and how the episodes ended"
    born = provenance("cartpole.py", SEED, "gymnasium CartPole-v1", inside)
    born["tolerance"] = "4 x largest |float64 - extended precision|, at least 8 ulps of the largest magnitude"
    write("cartpole.json", {"provenance": born, "trajectories": trajectories})


if __name__ == "__main__":
    main()
