# A recorded run of DQN again, in float64: what `audit.py` does where the learner replays.

from dataclasses import replace

import h5py
import numpy as np
import torch

from audit_streams import CannotJudge, Stream
from dqn_transcription import Hyperparameters, Network, Transcription

# A choice between values that lie closer than float32 tells apart says nothing.
NEAR = 1e-5


def transitions(path):
    """What all lanes went through, step by step: arrays (S, N, ...) as the transcription reads them; `allowed` (S, N, A) before each step, and what was
    seen after it, `following`, a new episode's beginning included."""
    with h5py.File(path) as file:
        horizon, lanes, count = (int(file.attrs[name]) for name in ("horizon", "lanes", "rollouts"))

        def steps(name, first=0, rows=horizon):
            """`first` ... of every rollout, which has `rows` rows of that column."""
            values = file[name][:].reshape(count, rows, lanes, *file[name].shape[1:])
            return values[:, first : first + horizon].reshape(count * horizon, lanes, *values.shape[3:])

        truncated = steps("truncations").astype(bool)
        # What follows a truncated step is what its episode ended in, not what the next one begins with.
        cut = truncated[..., None]
        if "final_action_masks" not in file and truncated.any():
            raise CannotJudge(f"{path} does not have the masks that truncated episodes ended in; record it anew with this version")
        masks = steps("final_action_masks") if "final_action_masks" in file else np.zeros(1)
        return {
            "observations": steps("observations", 0, horizon + 1).astype(np.float64),
            "following": steps("observations", 1, horizon + 1).astype(np.float64),
            "nextObservations": np.where(cut, steps("final_observations"), steps("observations", 1, horizon + 1)).astype(np.float64),
            "actions": steps("actions"),
            "rewards": steps("rewards").astype(np.float64),
            "terminated": steps("terminations").astype(bool),
            "truncated": truncated,
            "nextMasks": np.where(cut, masks, steps("action_masks", 1, horizon + 1)).astype(bool),
            "allowed": steps("action_masks", 0, horizon + 1).astype(bool),
        }, horizon


class Moments:
    """Mean and population variance so far, of rows (n, columns) (Chan, Golub and LeVeque 1979)."""

    def __init__(self, file, name, columns):
        self.mean = file.get(name + "_mean", np.zeros(columns))
        self.variance = file.get(name + "_variance", np.ones(columns))
        self.count = float(np.ravel(file.get(name + "_count", 1e-4))[0])

    def measure(self, rows):
        count = self.count + len(rows)
        delta = rows.mean(0) - self.mean
        squares = self.variance * self.count + rows.var(0) * len(rows) + delta**2 * self.count * len(rows) / count
        self.mean, self.variance, self.count = self.mean + delta * len(rows) / count, squares / count, count


class Scaling:
    """What the learner makes of observations and rewards with the moments as they are now; nothing where they are not scaled."""

    def __init__(self, learner, start, lanes, columns):
        self.learner = learner
        self.observations = Moments(start.vectors, "normalizer/observation", columns)
        self.returns = Moments(start.vectors, "normalizer/return", 1)
        self.running = start.vectors.get("normalizer/running_returns", np.zeros(lanes))

    def see(self, observations):
        if self.learner["normalize_observations"]:
            self.observations.measure(observations)

    def earn(self, rewards, ended):
        if self.learner["normalize_rewards"]:
            self.running = self.running * self.learner["gamma"] + rewards
            self.returns.measure(self.running[:, None])
            self.running = np.where(ended, 0.0, self.running)

    def of_observations(self, values):
        if not self.learner["normalize_observations"]:
            return values
        bound = self.learner["observation_clip"]
        return np.clip((values - self.observations.mean) / np.sqrt(self.observations.variance + 1e-8), -bound, bound)

    def of_rewards(self, values):
        if not self.learner["normalize_rewards"]:
            return values
        bound = self.learner["reward_clip"]
        return np.clip(values / np.sqrt(self.returns.variance[0] + 1e-8), -bound, bound)


def refuse_what_is_not_judged(learner, start):
    if learner["prioritized"]:
        raise CannotJudge("algorithm.prioritized is on, and draws by errors are not done again; leave it out")
    if learner["replay_precision"] != "float32":
        raise CannotJudge(f"algorithm.replay_precision is {learner['replay_precision']}; only float32 is judged")
    if start.integers.get("progress/rows_before", 0):
        raise CannotJudge("the run began with another run's transitions, which are not in the recording")


def replay(start, end, path, settings, masked):
    """Every gradient step of the run again. Returns the parameters, the number of those steps, what else was compared in lines, and whether that
    agrees."""
    learner, network = settings["algorithm"], settings["network"]
    refuse_what_is_not_judged(learner, start)
    made, horizon = transitions(path)
    following = made["following"]
    total, lanes, columns = made["observations"].shape
    hyper = Hyperparameters(
        lanes=lanes, capacity=max(1, learner["buffer_size"] // lanes), made=0, batchSize=learner["batch_size"],
        learningRate=learner["learning_rate"], gamma=learner["gamma"], tau=learner["tau"], nSteps=learner["n_step"],
        maxGradientNorm=learner["max_gradient_norm"], adamEpsilon=learner["adam_epsilon"], double=learner["double"],
        dueling=learner["dueling"], mask=masked,
    )
    shape = Network(inputs=columns, actions=made["allowed"].shape[-1], tower=network["hidden_layers"], activation=network["activation"])
    transcription = Transcription(shape, hyper, start.parameters, start.target, torch.float64)
    seed = settings["run"]["seed"]
    draws = Stream(seed, "replaySampling", position=start.integers["random/replay_sampling"])
    explores = Stream(seed, "actionSampling")
    choices = [Stream(seed, "exploration", lane) for lane in range(lanes)]
    whole = -(-settings["run"]["total_timesteps"] // (horizon * lanes)) * horizon * lanes
    interval = max(learner["target_update_interval"] // lanes, 1)
    weights = np.ones(hyper.batchSize)
    scaling = Scaling(learner, start, lanes, columns)
    if scaling.observations.count < 1:
        scaling.see(made["observations"][0])
    wrong = {"random": 0, "best": 0}
    counts = {"random": 0, "best": 0}
    updates = 0
    for step in range(total):
        allowed = made["allowed"][step] if masked else np.ones_like(made["allowed"][step])
        if step * lanes < learner["learning_starts"] or explores.float_at(step) < rate(learner, step * lanes, whole):
            kind = "random"
            picks = [np.flatnonzero(allowed[lane])[int(choices[lane].float_at(step) * allowed[lane].sum())] for lane in range(lanes)]
            missed = made["actions"][step] != picks
        else:
            kind = "best"
            with torch.no_grad():
                seen = torch.tensor(scaling.of_observations(made["observations"][step]))
                values = transcription.values(transcription.parameters, seen).numpy()
            values = np.where(allowed, values, -np.inf)
            missed = values[np.arange(lanes), made["actions"][step]] < values.max(1) - NEAR
        wrong[kind] += int(missed.sum())
        counts[kind] += lanes
        scaling.see(following[step])
        scaling.earn(made["rewards"][step], made["terminated"][step] | made["truncated"][step])
        if (step + 1) % interval == 0:
            transcription.move_target()
        if (step + 1) % horizon:
            continue
        done = (step + 1) * lanes
        remaining = max(0.0, 1 - done / whole)
        now = replace(
            hyper, made=step + 1,
            learningRate=learner["learning_rate"] * (remaining if learner["learning_rate_schedule"] == "linear" else 1),
        )
        transcription.hyper = now
        if done <= learner["learning_starts"]:
            continue
        scaled = made | {
            "observations": scaling.of_observations(made["observations"]),
            "nextObservations": scaling.of_observations(made["nextObservations"]),
            "rewards": scaling.of_rewards(made["rewards"]),
        }
        for _ in range(learner["gradient_steps"] if learner["gradient_steps"] >= 0 else horizon * lanes):
            pairs = [(draws.below(min(step + 1, hyper.capacity)), draws.below(lanes)) for _ in range(hyper.batchSize)]
            rows, picked = (np.array(part) for part in zip(*pairs))
            transcription.learn(scaled, rows, picked, weights)
            updates += 1
    if updates == 0:
        raise CannotJudge(f"nothing was learned in {total * lanes} steps; algorithm.learning_starts is {learner['learning_starts']}")
    lines = [f"{counts[kind]} {kind} choices, {wrong[kind]} of them others here" for kind in counts]
    position = end.integers["random/replay_sampling"]
    if draws.position != position:
        lines.append(f"the stream of draws stands at {position} in the checkpoint and at {draws.position} here")
    return transcription.parameters, updates, lines, draws.position == position and not any(wrong.values())


def rate(learner, steps, whole):
    """The share of random choices after so many steps of the run."""
    first, last = learner["exploration_initial"], learner["exploration_final"]
    done = steps / whole
    fraction = learner["exploration_fraction"]
    return last if done > fraction else first + done * (last - first) / fraction
