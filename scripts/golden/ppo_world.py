# A small random world that the reference libraries play in, and what one rollout of it looks like as plain arrays.
"""The world has no meaning: observations are correlated noise, rewards depend a little on the action, episodes end
at random moments (some by their own rules, some by truncation), and every state forbids a random set of actions.
All randomness comes from one seed per environment."""

from dataclasses import dataclass, field

import gymnasium
import numpy as np


class RandomWorld(gymnasium.Env):
    """Five observation columns, four actions, random terminations and truncations, never-empty random masks."""

    def __init__(self, seed: int, inputs: int, actions: int, factors=()):
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (inputs,), np.float32)
        self.action_space = gymnasium.spaces.Discrete(actions)
        self.generator = np.random.default_rng(seed)
        self.mask = np.ones(actions, dtype=bool)
        self.factors = list(factors)  # choices of each factor; empty: one choice

    def _draw_mask(self):
        count = self.action_space.n
        self.mask = self.generator.random(count) < 0.65
        first = 0
        for width in self.factors or [count]:
            self.mask[first + self.generator.integers(width)] = True
            first += width

    def reset(self, *, seed=None, options=None):
        self.position = self.generator.normal(size=self.observation_space.shape)
        self._draw_mask()
        return self.position.astype(np.float32), {}

    def step(self, action):
        self.position = 0.6 * self.position + 0.8 * self.generator.normal(size=self.position.shape)
        action = int(action) % 4 if self.factors else int(action)
        reward = 0.5 * (action - 1.5) * self.position[0] + 0.4 * self.generator.normal()
        draw = self.generator.random()
        self._draw_mask()
        return self.position.astype(np.float32), float(reward), bool(draw < 0.13), bool(0.13 <= draw < 0.27), {}

    def action_masks(self):
        return self.mask


@dataclass
class Rollout:
    """T x N experience, time-major, every number as the library stored it (float32).

    `observations`, `episodeStarts` and `values` have T + 1 rows: the last belongs to the next rollout's first step. `rewards` are
    the world's; `bootstrapValues` holds V(final observation) and `finalObservations` that observation where truncated, zero
    elsewhere. `states` holds the recurrent state *before* every step by name (T, N, H), as stored: an episode's first row
    still holds the last episode's state, which `episodeStarts` cancels."""

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    finalObservations: np.ndarray
    bootstrapValues: np.ndarray
    episodeStarts: np.ndarray
    values: np.ndarray
    logProbabilities: np.ndarray
    masks: np.ndarray | None = None
    states: dict[str, np.ndarray] = field(default_factory=dict)


class Recorder:
    """Stands between a vector environment and a library and keeps what the rollout buffer does not."""

    def __init__(self, environment):
        self.step = environment.step
        self.rows = []
        environment.step = self.record

    def record(self, actions):
        observations, rewards, dones, infos = self.step(actions)
        truncated = np.array([info["TimeLimit.truncated"] for info in infos])
        final = np.zeros_like(observations)
        for lane in np.flatnonzero(truncated):
            final[lane] = infos[lane]["terminal_observation"]
        self.rows.append((rewards.copy(), dones & ~truncated, truncated, final))
        return observations, rewards, dones, infos
