"""PPO, A2C and DQN of stable-baselines3 and RecurrentPPO of sb3-contrib, each with its own network and sampling.

--world single: gymnasium environments one by one, as the library is shipped. --world vectorised: all lanes in numpy.

PPO with --hidden 64: an LSTM for the policy, another for the value function, each below a tower. With --hidden 0: two towers, of which DQN has one.
A2C learns from every 5 steps of each environment, DQN once every 4 steps over all of them; the rest is the library's defaults, written out.
"""

import argparse
import warnings

import torch
from sb3_contrib import RecurrentPPO
from stable_baselines3 import A2C, DQN, PPO

import stopwatch
import vectorised
import workload as w

warnings.filterwarnings("ignore")


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
    parser.add_argument("--world", default="single", choices=["single", "vectorised"])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    environment = (vectorised.single if arguments.world == "single" else vectorised.Vectorised)(arguments.lanes)
    more = "" if arguments.world == "single" else "-vectorised"
    if arguments.algorithm != "ppo":
        model, steps = without_epochs(arguments, environment)
        stopwatch.run("sb3" + more, arguments, lambda: model.learn(steps, reset_num_timesteps=False), steps)
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
    stopwatch.run(name + more, arguments, lambda: model.learn(steps, reset_num_timesteps=False), steps)


if __name__ == "__main__":
    main()
