# Golden trajectories of a classic control task: Gymnasium plays, extended precision judges.

import gymnasium
import numpy as np

from ppo_text import Number, text

STRIDE = 10


class Task:
    """A task of Gymnasium's and the same step once more in extended precision, (state, action) -> state."""

    def __init__(self, name, extended_step, check):
        """`check(observation, reward, state, terminated)` asserts what must hold after each step."""
        self.name, self.extended_step, self.check = name, extended_step, check

    def play(self, seed, rule):
        """start, actions, states in float64, largest difference to extended precision, terminated, truncated."""
        environment = gymnasium.make(self.name)
        environment.reset(seed=seed)
        start = environment.unwrapped.state.copy()
        exact, actions, states, largest = tuple(start), [], [], 0.0
        while True:
            action = rule(np.asarray(environment.unwrapped.state))
            observation, reward, terminated, truncated, _ = environment.step(action)
            state = np.asarray(environment.unwrapped.state)
            assert observation.dtype == np.float32
            self.check(observation, reward, state, terminated)
            exact = self.extended_step(exact, action)
            largest = max(largest, max(abs(float(a - b)) for a, b in zip(exact, state)))
            actions.append(action)
            states.append(state.copy())
            if len(states) % STRIDE == 0:
                exact = tuple(state)
            if terminated or truncated:
                return start, actions, np.array(states), largest, terminated, truncated

    def trajectory(self, name, seed, rule):
        """One entry of the golden file's `trajectories`."""
        start, actions, states, largest, terminated, truncated = self.play(seed, rule)
        kept = states[STRIDE - 1 :: STRIDE]
        if len(states) % STRIDE:
            kept = np.vstack([kept, states[-1:]])
        tolerance = max(4 * largest, 8 * float(np.spacing(np.abs(states).max())))
        print(f"{name}: {len(actions)} steps, terminated {terminated}, truncated {truncated}, tolerance {tolerance:.1e}")
        return {
            "start": [Number(repr(float(number))) for number in start],
            "actions": "".join(map(str, actions)),
            "stride": STRIDE,
            "states": {"shape": list(kept.shape), "values": [text(n) for n in kept.reshape(-1)], "tolerance": tolerance},
            "terminated": terminated,
            "truncated": truncated,
        }


def random_rule(seed, actions):
    generator = np.random.default_rng(seed)
    return lambda _: int(generator.integers(actions))
