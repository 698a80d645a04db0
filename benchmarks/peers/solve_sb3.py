"""PPO of stable-baselines3 on a world of worlds.json, with CartPole as Gymnasium ships it and the markets as arrays."""

import solving  # first: it sets what the libraries read

import gymnasium
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import DummyVecEnv

import vectorised
from solve_worlds import WORLDS


class Lanes:
    """A world's lanes in numpy, each begun anew where its episode ends."""

    def __init__(self, world, count, seed):
        self.world, self.count, self.random = world, count, np.random.default_rng(seed)
        self.age = np.zeros(count, int)
        self.state = world.begin(np, self.draw())

    def draw(self):
        shape = (self.count, self.world.draws)
        return self.random.random(shape) if self.world.uniform else self.random.standard_normal(shape)

    def look(self):
        return self.world.look(np, self.state).astype(np.float32)

    def step(self, actions):
        """Observations, rewards, and whether an episode ended; `last` and `cut` tell of those that did."""
        self.state, rewards, over = self.world.advance(np, self.state, actions, self.draw())
        self.age += 1
        ended = over | (self.age == self.world.length)
        if ended.any():
            self.last, self.cut = self.look()[ended], ~over[ended]
            fresh = self.world.begin(np, self.draw())
            self.state = {name: np.where(ended, fresh[name], table) for name, table in self.state.items()}
            self.age[ended] = 0
        return self.look(), rewards, ended


class Vectorised(vectorised.Lanewise):
    def __init__(self, world, lanes, seed):
        seen = gymnasium.spaces.Box(-np.inf, np.inf, (world.observations,), np.float32)
        super().__init__(lanes, seen, gymnasium.spaces.Discrete(world.actions), Lanes(world, lanes, seed))

    def cut(self):
        return self.world.cut


class Looks(BaseCallback):
    """Tells where learning stands before a rollout."""

    def __init__(self, row, world, seed):
        super().__init__()
        self.row, self.world, self.seed, self.rollouts, self.teller = row, world, seed, 0, solving.Teller()

    def _on_step(self):
        return True

    def _on_rollout_start(self):
        if self.rollouts % self.row["rollouts_per_look"] == 0:
            self.tell()
        self.rollouts += 1

    def tell(self):
        self.teller.tell(self.num_timesteps, self.look if self.rollouts else None)

    def look(self):
        """The mean return of fresh episodes, greedily."""
        lanes = Lanes(self.world, self.row["episodes"], 1000 + self.seed)
        running, total = np.ones(lanes.count, bool), np.zeros(lanes.count)
        while running.any():
            actions, _ = self.model.predict(lanes.look(), deterministic=True)
            _, rewards, ended = lanes.step(actions)
            total += rewards * running
            running &= ~ended
        return total.mean()


def main():
    row, seed = solving.read_arguments(__doc__)
    world = WORLDS[row["name"]]
    torch.set_num_threads(1)
    if world.name == "cartpole":
        environment = DummyVecEnv([lambda: gymnasium.make("CartPole-v1")] * row["lanes"])
    else:
        environment = Vectorised(world, row["lanes"], seed)

    def schedule(value):
        return (lambda left: left * value) if row["linear"] else value

    model = PPO(
        "MlpPolicy", environment, seed=seed, device="cpu", learning_rate=schedule(row["learning_rate"]), n_steps=row["horizon"],
        batch_size=row["batch_size"], n_epochs=row["epochs"], gamma=row["gamma"], gae_lambda=row["gae_lambda"],
        clip_range=schedule(row["clip_range"]),
        policy_kwargs={"net_arch": {"pi": row["towers"], "vf": row["towers"]}, "activation_fn": torch.nn.Tanh})
    looks = Looks(row, world, seed)
    try:
        model.learn(row["steps"], callback=looks)
        looks.tell()
    except solving.Over:
        pass


if __name__ == "__main__":
    main()
