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

import gymnasium
import numpy as np

from ppo_text import provenance, text, write

SEED = 50
STRIDE = 10


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


def play(seed, rule):
    """start, actions, states in float64, largest difference to extended precision, terminated, truncated."""
    environment = gymnasium.make("CartPole-v1")
    environment.reset(seed=seed)
    start = environment.unwrapped.state.copy()
    exact, actions, states, largest = tuple(start), [], [], 0.0
    while True:
        action = rule(np.asarray(environment.unwrapped.state))
        observation, reward, terminated, truncated, _ = environment.step(action)
        state = np.asarray(environment.unwrapped.state)
        assert reward == 1 and observation.dtype == np.float32 and (observation == state.astype(np.float32)).all()
        exact = extended_step(exact, action)
        largest = max(largest, max(abs(float(a - b)) for a, b in zip(exact, state)))
        actions.append(action)
        states.append(state.copy())
        if len(states) % STRIDE == 0:
            exact = tuple(state)
        if terminated or truncated:
            return start, actions, np.array(states), largest, terminated, truncated


def trajectory(name, seed, rule):
    start, actions, states, largest, terminated, truncated = play(seed, rule)
    kept = states[STRIDE - 1 :: STRIDE]
    if len(states) % STRIDE:
        kept = np.vstack([kept, states[-1:]])
    tolerance = max(4 * largest, 8 * float(np.spacing(np.abs(states).max())))
    print(f"{name}: {len(actions)} steps, terminated {terminated}, truncated {truncated}, tolerance {tolerance:.1e}")
    return {
        "start": [text(number) for number in start],
        "actions": "".join(map(str, actions)),
        "stride": STRIDE,
        "states": {"shape": list(kept.shape), "values": [text(n) for n in kept.reshape(-1)], "tolerance": tolerance},
        "terminated": terminated,
        "truncated": truncated,
    }


def random_rule(seed):
    generator = np.random.default_rng(seed)
    return lambda _: int(generator.integers(2))


def main():
    rules = {f"random {n}": (SEED + n, random_rule(SEED + n)) for n in range(8)}
    rules |= {"balanced to the limit": (SEED, balance), "off the track": (SEED, drift)}
    # The fall that comes at the very last step: both endings at once.
    tries = itertools.product(range(SEED, SEED + 20), range(495, 470, -1), (0, 1))
    seed, last, action = next(one for one in tries if play(one[0], fall_after(*one[1:]))[4:] == (True, True))
    rules["fallen at the limit"] = (seed, fall_after(last, action))
    trajectories = {name: trajectory(name, *rule) for name, rule in rules.items()}
    ends = [(one["terminated"], one["truncated"]) for one in list(trajectories.values())[-3:]]
    assert ends == [(False, True), (True, False), (True, True)], ends
    inside = "states after given actions, and how the episodes ended"
    born = provenance("cartpole.py", SEED, "gymnasium CartPole-v1", inside)
    born["tolerance"] = "4 x largest |float64 - extended precision|, at least 8 ulps of the largest magnitude"
    write("cartpole.json", {"provenance": born, "trajectories": trajectories})


if __name__ == "__main__":
    main()
