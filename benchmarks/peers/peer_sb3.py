"""PPO of stable-baselines3 and RecurrentPPO of sb3-contrib on single gymnasium environments, each with its own network and sampling.

With --hidden 64: an LSTM for the policy, another for the value function, each below a tower. With --hidden 0: two towers.
"""

import argparse
import warnings

import gymnasium
import numpy as np
import torch
from sb3_contrib import RecurrentPPO
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv

import stopwatch
import workload as w

warnings.filterwarnings("ignore")


class DualTicker(gymnasium.Env):
    def __init__(self, tables, seed):
        self.features, self.following = tables
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (w.OBSERVATIONS,), np.float32)
        self.action_space = gymnasium.spaces.Discrete(w.ACTIONS)
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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    stopwatch.common_arguments(parser, lanes=32)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    tables = w.market()
    environment = DummyVecEnv([lambda seed=seed: DualTicker(tables, seed) for seed in range(arguments.lanes)])
    steps = w.HORIZON * arguments.lanes
    network = {"net_arch": {"pi": arguments.towers, "vf": arguments.towers}, "activation_fn": torch.nn.Tanh}
    settings = {
        "device": "cpu", "seed": 5, "learning_rate": w.RATE, "n_steps": w.HORIZON, "batch_size": steps // w.MINIBATCHES,
        "n_epochs": w.EPOCHS, "gamma": w.GAMMA, "gae_lambda": w.GAE_LAMBDA, "clip_range": w.CLIP, "ent_coef": w.ENTROPY,
        "vf_coef": w.VALUE, "max_grad_norm": w.NORM,
    }
    if arguments.hidden:
        network["lstm_hidden_size"] = arguments.hidden
        model = RecurrentPPO("MlpLstmPolicy", environment, policy_kwargs=network, **settings)
    else:
        model = PPO("MlpPolicy", environment, policy_kwargs=network, **settings)
    name = "sb3-contrib" if arguments.hidden else "sb3"
    stopwatch.run(name, arguments, lambda: model.learn(steps, reset_num_timesteps=False), steps)


main()
