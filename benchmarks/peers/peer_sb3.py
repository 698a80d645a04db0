"""RecurrentPPO of sb3-contrib on single gymnasium environments, with the same network: one shared LSTM, linear heads."""

import argparse
import warnings

import gymnasium
import numpy as np
import torch
from sb3_contrib import RecurrentPPO
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
    model = RecurrentPPO(
        "MlpLstmPolicy", environment, device="cpu", seed=5, learning_rate=w.RATE, n_steps=w.HORIZON,
        batch_size=steps // w.MINIBATCHES, n_epochs=w.EPOCHS, gamma=w.GAMMA, gae_lambda=w.GAE_LAMBDA, clip_range=w.CLIP,
        ent_coef=w.ENTROPY, vf_coef=w.VALUE, max_grad_norm=w.NORM,
        policy_kwargs={
            "net_arch": {"pi": [], "vf": []}, "lstm_hidden_size": arguments.hidden, "enable_critic_lstm": False,
            "shared_lstm": True,
        })
    stopwatch.run("sb3", arguments, lambda: model.learn(steps, reset_num_timesteps=False), steps)


main()
