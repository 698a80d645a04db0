"""The work as stable-baselines3 takes it, two ways: single gymnasium environments, and all lanes at once in numpy."""

import gymnasium
import numpy as np
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

import workload as w

SEEN = gymnasium.spaces.Box(-np.inf, np.inf, (w.OBSERVATIONS,), np.float32)
ACTIONS = gymnasium.spaces.Discrete(w.ACTIONS)


class Basket(gymnasium.Env):
    """One lane, as the library's users write it."""

    observation_space, action_space = SEEN, ACTIONS

    def __init__(self, tables, seed):
        self.features, self.following = tables
        self.random = np.random.default_rng(seed)
        self.length = int(self.random.integers(1, w.EPISODE + 1))

    def look(self):
        return np.concatenate([self.features[self.bar], self.held])

    def reset(self, *, seed=None, options=None):
        self.bar = int(self.random.integers(w.FIRST, w.LAST))
        self.left, self.length = self.length, w.EPISODE
        self.held = np.zeros(2, np.float32)
        return self.look(), {}

    def step(self, action):
        wanted = w.PAIRS[action]
        reward = float((wanted * self.following[self.bar] - w.COST * np.abs(wanted - self.held)).sum())
        self.held = wanted
        self.bar += 1
        self.left -= 1
        return self.look(), reward, self.left == 0, False, {}


class Lanewise(VecEnv):
    """All lanes of a world as arrays. What an episode's last step shows goes into `infos`, since DQN learns from it, and PPO where it was cut."""

    def __init__(self, lanes, seen, actions, world):
        super().__init__(lanes, seen, actions)
        self.world = world
        self.quiet = [{} for _ in range(lanes)]

    def reset(self):
        return self.world.look()

    def step_async(self, actions):
        self.actions = actions

    def step_wait(self):
        seen, rewards, ended = self.world.step(self.actions)
        infos = self.quiet
        if ended.any():
            infos = list(infos)
            for number, last, cut in zip(np.flatnonzero(ended), self.world.last, self.cut()):
                infos[number] = {"terminal_observation": last, "TimeLimit.truncated": bool(cut)}
        return seen, rewards, ended, infos

    def cut(self):
        """Of the episodes that just ended, which were cut: none."""
        return np.zeros(len(self.world.last), bool)

    def close(self):
        pass

    def get_attr(self, name, indices=None):
        return [getattr(self, name, None)] * self.num_envs

    def set_attr(self, name, value, indices=None):
        raise NotImplementedError

    def env_method(self, name, *words, indices=None, **more):
        raise NotImplementedError

    def env_is_wrapped(self, wrapper, indices=None):
        return [False] * self.num_envs


class Vectorised(Lanewise):
    def __init__(self, lanes):
        super().__init__(lanes, SEEN, ACTIONS, w.Lanes(lanes))


def single(lanes):
    tables = w.market()
    return DummyVecEnv([lambda seed=seed: Basket(tables, seed) for seed in range(lanes)])
