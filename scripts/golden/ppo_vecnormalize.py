# Makes the golden numbers of running normalisation: Tests/Fixtures/Golden/ppo_vecnormalize.json.
"""Run: python scripts/golden/ppo_vecnormalize.py

Streams fixed data through stable-baselines3's VecNormalize and writes what it knew and said after every step. The data are float32
numbers; the library is fed them as float64, so that every statistic is a float64 calculation on exactly these numbers.

Tensors are {"shape": [...], "values": [...]}, row-major. Given numbers are shortest decimals that give the same float32 when read as a
double and rounded; expected numbers are shortest decimals that give the same double.

  provenance
  gamma, epsilon, clip        of the normaliser
  resetObservations (N, D)    counted, then scaled
  observations (T, N, D), rewards (T, N), dones (T, N), finalObservations (T, N, D), zero where no episode ended
  expected
    mean, variance (T + 1, D), count (T + 1)         of the observations, after the reset and after every step
    scaled (T + 1, N, D)                             float64, before the library's cast to float32
    scaledFinal (T, N, D)                            float32, of the final observations, scaled but not counted; zero elsewhere
    returns (T, N)                                   the running discounted returns as counted, before episode ends zero them
    returnMean, returnVariance, returnCount (T)
    scaledRewards (T, N)                             float32
    Every expected tensor holds "tolerance": 0 here, because the comparison is exact: equal order of operations gives equal bits. The
    variance of numpy is a two-pass mean of squares in row order for fewer than eight lanes.

A plain loop in this script makes the same numbers in the same order; the script asserts that they are equal to the bit.
"""

from pathlib import Path

import gymnasium
import numpy as np
from stable_baselines3.common.vec_env import VecNormalize
from stable_baselines3.common.vec_env.base_vec_env import VecEnv

from ppo_text import provenance, text, write

SEED = 77
STEPS, LANES, COLUMNS = 40, 4, 3
GAMMA = 0.97


class Replay(VecEnv):
    """A vector environment that plays back given data, in float64."""

    def __init__(self, data):
        self.data = data
        space = gymnasium.spaces.Box(-np.inf, np.inf, (COLUMNS,), np.float64)
        super().__init__(LANES, space, gymnasium.spaces.Discrete(2))

    def reset(self):
        self.time = 0
        return self.data["resetObservations"].copy()

    def step_async(self, actions):
        pass

    def step_wait(self):
        time, data = self.time, self.data
        self.time += 1
        infos = [
            {"terminal_observation": data["finalObservations"][time, lane].copy()} if data["dones"][time, lane] else {}
            for lane in range(LANES)
        ]
        return data["observations"][time].copy(), data["rewards"][time].copy(), data["dones"][time].copy(), infos

    def close(self):
        pass

    def get_attr(self, name, indices=None):
        return [None] * LANES

    def set_attr(self, name, value, indices=None):
        raise NotImplementedError

    def env_method(self, name, *arguments, indices=None, **named):
        raise NotImplementedError

    def env_is_wrapped(self, wrapper, indices=None):
        return [False] * LANES


class PlainMoments:
    """Running moments in Python floats, one column after the other, rows in order."""

    def __init__(self, columns):
        self.mean, self.variance, self.count = [0.0] * columns, [1.0] * columns, 1e-4

    def add(self, rows):
        for column in range(len(self.mean)):
            total = 0.0
            for row in rows:
                total += row[column]
            mean = total / len(rows)
            total = 0.0
            for row in rows:
                total += (row[column] - mean) * (row[column] - mean)
            variance = total / len(rows)
            delta, both = mean - self.mean[column], self.count + len(rows)
            squares = self.variance[column] * self.count + variance * len(rows)
            squares += delta * delta * self.count * len(rows) / both
            self.mean[column] += delta * len(rows) / both
            self.variance[column] = squares / both
        self.count = len(rows) + self.count


def make_data():
    generator = np.random.default_rng(SEED)
    scale, shift = np.array([1.0, 30.0, 1e-3]), np.array([0.0, 250.0, -0.02])

    def draw(*shape):
        return (generator.normal(size=(*shape, COLUMNS)) * scale + shift).astype(np.float32).astype(np.float64)

    dones = generator.random((STEPS, LANES)) < 0.15
    data = {
        "resetObservations": draw(LANES),
        "observations": draw(STEPS, LANES),
        "rewards": (generator.normal(size=(STEPS, LANES)) * 3).astype(np.float32).astype(np.float64),
        "dones": dones,
        "finalObservations": draw(STEPS, LANES) * dones[..., None],
    }
    # Outliers that meet the bound in both directions.
    data["observations"][30, 1, 0], data["observations"][35, 2, 1] = 1000.0, -9000.0
    data["rewards"][31, 3], data["rewards"][38, 0] = 5000.0, -9e6
    return data


def stream(data):
    normalizer = VecNormalize(Replay(data), gamma=GAMMA)
    assert (normalizer.clip_obs, normalizer.clip_reward, normalizer.epsilon) == (10.0, 10.0, 1e-8)
    names = ("mean", "variance", "count", "scaled", "scaledFinal", "returns", "returnMean", "returnVariance", "returnCount", "scaledRewards")
    columns = {name: [] for name in names}
    plain, plain_returns = PlainMoments(COLUMNS), PlainMoments(1)

    def observed(observations):
        moments = normalizer.obs_rms
        plain.add(observations.tolist())
        assert (plain.mean, plain.variance, plain.count) == (moments.mean.tolist(), moments.var.tolist(), moments.count)
        for name, value in (("mean", moments.mean), ("variance", moments.var), ("count", moments.count)):
            columns[name].append(np.copy(value))
        columns["scaled"].append(normalizer._normalize_obs(observations, moments))

    said = normalizer.reset()
    observed(data["resetObservations"])
    assert np.array_equal(said, columns["scaled"][0].astype(np.float32))
    running = np.zeros(LANES)
    for time in range(STEPS):
        said, rewards, dones, infos = normalizer.step(np.zeros(LANES))
        observed(data["observations"][time])
        assert np.array_equal(said, columns["scaled"][-1].astype(np.float32))
        running = running * GAMMA + data["rewards"][time]
        columns["returns"].append(running)
        plain_returns.add(running[:, None].tolist())
        moments = normalizer.ret_rms
        assert (plain_returns.mean[0], plain_returns.variance[0], plain_returns.count) == (moments.mean, moments.var, moments.count)
        columns["returnMean"].append(moments.mean)
        columns["returnVariance"].append(moments.var)
        columns["returnCount"].append(moments.count)
        columns["scaledRewards"].append(rewards)
        final = np.zeros((LANES, COLUMNS), np.float32)
        for lane in np.flatnonzero(dones):
            final[lane] = infos[lane]["terminal_observation"]
        columns["scaledFinal"].append(final)
        running = np.where(dones, 0.0, running)
        assert np.array_equal(running, normalizer.returns)
    return {name: np.stack(column) for name, column in columns.items()}


def main():
    data = make_data()
    expected = stream(data)
    for name in ("scaled", "scaledRewards"):
        assert expected[name].min() == -10 and expected[name].max() == 10, name

    def tensor(array, write_number=text):
        return {"shape": list(array.shape), "values": [write_number(number) for number in array.reshape(-1)]}

    inside = "running moments of observations and discounted returns, and what they scale, step by step"
    write(
        Path("ppo_vecnormalize.json"),
        {
            "provenance": provenance("ppo_vecnormalize.py", SEED, "stable_baselines3 VecNormalize", inside)
            | {"tolerance": "0: equal order of operations gives equal bits"},
            "gamma": GAMMA,
            "epsilon": 1e-8,
            "clip": 10.0,
        }
        | {name: tensor(array) for name, array in data.items()}
        | {"expected": {name: tensor(array, float) | {"tolerance": 0} for name, array in expected.items()}},
    )
    print(f"ppo_vecnormalize: {STEPS} steps of {LANES} lanes, {COLUMNS} columns; library and plain loop equal to the bit")


if __name__ == "__main__":
    main()
