# The reference libraries on the proving grounds, once: benchmarks/proving-grounds.json.
"""stable-baselines3 and sb3-contrib on CartPole, CartPole without velocities and Acrobot, with the settings of RL Baselines3 Zoo.

Every seed trains from scratch and plays 100 fresh episodes, greedily, with its last parameters, as `proving-grounds` does. What the file
already holds is not run again, so that the command may be stopped and repeated; a seed takes from half a minute to some minutes.
"""

import argparse
import json
import multiprocessing
import os
import platform
import time
from pathlib import Path

EPISODES = 100
ROOT = Path(__file__).resolve().parents[2]

# Settings of RL Baselines3 Zoo (hyperparams/{ppo,ppo_lstm,a2c,dqn}.yml); what is absent is the library's default. "linear" falls to 0.
CARTPOLE_PPO = dict(
    n_steps=32, batch_size=256, n_epochs=20, gamma=0.98, gae_lambda=0.8, ent_coef=0.0, learning_rate=("linear", 1e-3), clip_range=("linear", 0.2)
)
GROUNDS = {
    "CartPole": dict(task="CartPole-v1", algorithm="PPO", lanes=8, steps=100_000, settings=CARTPOLE_PPO),
    "CartPoleNoVel": dict(
        task="CartPole-v1", hides=(1, 3), algorithm="RecurrentPPO", lanes=8, steps=100_000, normalize=True, settings=CARTPOLE_PPO,
        network=dict(ortho_init=False, activation="ReLU", lstm_hidden_size=64, enable_critic_lstm=True, net_arch=dict(pi=[64], vf=[64])),
    ),
    "CartPole, A2C": dict(task="CartPole-v1", algorithm="A2C", lanes=8, steps=500_000, settings=dict(ent_coef=0.0)),
    "CartPole, DQN": dict(
        task="CartPole-v1", algorithm="DQN", lanes=1, steps=50_000, network=dict(net_arch=[256, 256]),
        settings=dict(
            learning_rate=2.3e-3, batch_size=64, buffer_size=100_000, learning_starts=1000, gamma=0.99, target_update_interval=10, train_freq=256,
            gradient_steps=128, exploration_fraction=0.16, exploration_final_eps=0.04),
    ),
    "Acrobot": dict(
        task="Acrobot-v1", algorithm="PPO", lanes=16, steps=1_000_000, normalize=True,
        settings=dict(n_steps=256, gae_lambda=0.94, gamma=0.99, n_epochs=4, ent_coef=0.0)),
    "Acrobot, A2C": dict(task="Acrobot-v1", algorithm="A2C", lanes=16, steps=500_000, normalize=True, settings=dict(ent_coef=0.0)),
    "Acrobot, DQN": dict(
        task="Acrobot-v1", algorithm="DQN", lanes=1, steps=100_000, network=dict(net_arch=[256, 256]),
        settings=dict(
            learning_rate=6.3e-4, batch_size=128, buffer_size=50_000, learning_starts=0, gamma=0.99, target_update_interval=250, train_freq=4,
            gradient_steps=-1, exploration_fraction=0.12, exploration_final_eps=0.1),
    ),
}


def mean_return(job):
    """Name, seed, the mean return of `EPISODES` fresh episodes, and seconds."""
    name, seed = job
    import gymnasium
    import numpy as np
    import torch
    from sb3_contrib import RecurrentPPO
    from stable_baselines3 import A2C, DQN, PPO
    from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

    torch.set_num_threads(1)
    began = time.monotonic()
    ground = GROUNDS[name]

    class Hidden(gymnasium.ObservationWrapper):
        def observation(self, observation):
            observation = observation.copy()
            observation[list(ground["hides"])] = 0
            return observation

    def make():
        environment = gymnasium.make(ground["task"])
        return Hidden(environment) if "hides" in ground else environment

    def schedule(value):
        return (lambda left: left * value[1]) if isinstance(value, tuple) else value

    settings = {key: schedule(value) for key, value in ground["settings"].items()}
    network = dict(ground.get("network", {}))
    if "activation" in network:
        network["activation_fn"] = getattr(torch.nn, network.pop("activation"))
    environment = DummyVecEnv([make] * ground["lanes"])
    if ground.get("normalize"):
        environment = VecNormalize(environment, gamma=settings.get("gamma", 0.99))
    environment.seed(seed)
    algorithm = {"PPO": PPO, "RecurrentPPO": RecurrentPPO, "A2C": A2C, "DQN": DQN}[ground["algorithm"]]
    policy = "MlpLstmPolicy" if ground["algorithm"] == "RecurrentPPO" else "MlpPolicy"
    model = algorithm(policy, environment, seed=seed, device="cpu", policy_kwargs=network or None, **settings)
    model.learn(ground["steps"])

    fresh = DummyVecEnv([make] * EPISODES)
    fresh.seed(1000 + seed)
    observations, state = fresh.reset(), None
    starts, running, returns = np.ones(EPISODES, bool), np.ones(EPISODES, bool), np.zeros(EPISODES)
    while running.any():
        seen = environment.normalize_obs(observations) if ground.get("normalize") else observations
        actions, state = model.predict(seen, state=state, episode_start=starts, deterministic=True)
        observations, rewards, starts, _ = fresh.step(actions)
        returns += rewards * running
        running &= ~starts
    return name, seed, float(returns.mean()), time.monotonic() - began


def versions():
    import importlib.metadata

    found = {package: importlib.metadata.version(package) for package in ("stable-baselines3", "sb3-contrib", "gymnasium", "torch", "numpy")}
    return {"python": platform.python_version(), **found}


def main():
    parser = argparse.ArgumentParser(prog="proving_grounds.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="some of: " + "; ".join(GROUNDS) + " (all)")
    parser.add_argument("--seeds", type=int, default=10, help="seeds 0 to N - 1 (%(default)s)")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)), help="seeds side by side (%(default)s)")
    parser.add_argument("--file", type=Path, default=ROOT / "benchmarks/proving-grounds.json", help="what to complete (%(default)s)")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if name not in GROUNDS]:
        parser.exit(64, f"proving_grounds.py: there is no ground {unknown[0]!r}; there are {'; '.join(GROUNDS)}\n")
    report = {"grounds": {}}
    if arguments.file.exists():
        report = json.loads(arguments.file.read_text())
        if report["provenance"]["versions"] != versions():
            raise SystemExit(f"proving_grounds.py: {arguments.file} was made with other versions; choose another --file")
    report["provenance"] = dict(
        what="mean return of 100 fresh greedy episodes with the last parameters, by ground and seed",
        command="python benchmarks/peers/proving_grounds.py", settings="RL Baselines3 Zoo", versions=versions())
    jobs = [
        (name, seed) for name in arguments.names or GROUNDS for seed in range(arguments.seeds)
        if str(seed) not in report["grounds"].get(name, {})
    ]
    with multiprocessing.get_context("spawn").Pool(arguments.processes, maxtasksperchild=1) as pool:
        for name, seed, mean, seconds in pool.imap_unordered(mean_return, jobs):
            print(f"{name}, seed {seed}: {mean:.2f} ({seconds:.0f} s)", flush=True)
            means = report["grounds"].setdefault(name, {})
            means[str(seed)] = mean
            report["grounds"][name] = dict(sorted(means.items(), key=lambda pair: int(pair[0])))
            temporary = arguments.file.with_suffix(".partial")
            temporary.write_text(json.dumps(report, indent=1) + "\n")
            temporary.replace(arguments.file)


if __name__ == "__main__":
    main()
