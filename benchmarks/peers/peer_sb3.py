"""PPO, A2C and DQN of stable-baselines3 and RecurrentPPO of sb3-contrib on single gymnasium environments, each with its own network and sampling.

PPO with --hidden 64: an LSTM for the policy, another for the value function, each below a tower. With --hidden 0: two towers, of which DQN has one.
A2C learns from every 5 steps of each environment, DQN once every 4 steps over all of them; the rest is the library's defaults, written out.
"""

import argparse
import warnings

import gymnasium
import numpy as np
import torch
from sb3_contrib import RecurrentPPO
from stable_baselines3 import A2C, DQN, PPO
from stable_baselines3.common.vec_env import DummyVecEnv

import stopwatch
import workload as w

warnings.filterwarnings("ignore")


class Basket(gymnasium.Env):
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


def without_epochs(arguments, environment):
    """A2C or DQN, and how many steps one call of `learn` makes."""
    common = {"device": "cpu", "seed": 5, "gamma": w.GAMMA, "policy": "MlpPolicy", "env": environment}
    if arguments.algorithm == "a2c":
        network = {"net_arch": {"pi": arguments.towers, "vf": arguments.towers}, "activation_fn": torch.nn.Tanh}
        rollout = 5 * arguments.lanes
        model = A2C(
            **common, policy_kwargs=network, learning_rate=7e-4, n_steps=5, gae_lambda=1.0, ent_coef=w.ENTROPY, vf_coef=w.VALUE,
            max_grad_norm=w.NORM, rms_prop_eps=1e-5, use_rms_prop=True, normalize_advantage=False)
        return model, 25 * rollout
    model = DQN(
        **common, policy_kwargs={"net_arch": arguments.towers}, learning_rate=1e-4, buffer_size=100_000, learning_starts=100, batch_size=32,
        train_freq=4 // arguments.lanes, gradient_steps=1, tau=1.0, target_update_interval=10_000, max_grad_norm=10,
        exploration_fraction=0.1, exploration_final_eps=0.05)
    # Beyond exploration at once, as most of a run is.
    model.exploration_schedule = lambda _: 0.05
    return model, 2_000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    stopwatch.common_arguments(parser, lanes=32)
    parser.add_argument("--algorithm", default="ppo", choices=["ppo", "a2c", "dqn"])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    tables = w.market()
    environment = DummyVecEnv([lambda seed=seed: Basket(tables, seed) for seed in range(arguments.lanes)])
    if arguments.algorithm != "ppo":
        model, steps = without_epochs(arguments, environment)
        stopwatch.run("sb3", arguments, lambda: model.learn(steps, reset_num_timesteps=False), steps)
        return
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
