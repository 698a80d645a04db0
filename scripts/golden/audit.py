# Does a run's arithmetic again, in float64, from the parameters that it began with and what it gathered.
"""Run: python scripts/golden/audit.py checkpoints/RUN [--tolerance X]

RUN was trained with `strikeforge train --record-rollouts N` for exactly N rollouts or fewer, so that its folder holds `checkpoint-0.h5`,
`training-rollouts.h5` and the checkpoint of its last recorded step. What is done again, by PyTorch and plain transcriptions alone, which share no line
with the product: log-probabilities and values of every recorded step, recurrent states from the first row on, advantages, the order of minibatches by
Threefry-2x32, every gradient step; of DQN its choices, random ones and best ones, what it draws from its memory, every step of its target network. What
is compared: all of this against what the run recorded, and the parameters against its checkpoint, relative to the largest of each tensor: to 1e-5 with
Adam, and to 1e-4 with RMSprop, whose first steps divide by the root of squares that are nothing else, so that a gradient that all but cancels shows its
last bits in full (measured: 2e-5 of one bias, 2e-6 elsewhere).

Taken from the recording and not done again: observations and rewards (as the learner reads them), actions, and V of what truncated episodes ended in.
`target_kl`, and of DQN priorities and memories of float16, are not judged here, and are said to be.
"""

import argparse
import json
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np
import torch

from audit_streams import CannotJudge, Stream
from ppo_transcription import Hyperparameters, Network, Transcription
from ppo_world import Rollout

ORDER = "random/minibatch_order"  # where the stream of minibatches stands
CRITICS = {"separate": "separate", "shared_detached": "sharedDetached", "shared_joint": "sharedJoint", "none": "none"}
STATES = {"actor_hidden": "hidden_pi", "actor_cell": "cell_pi", "critic_hidden": "hidden_vf", "critic_cell": "cell_vf"}


def attributes(file):
    return {name: value.decode() if isinstance(value, bytes) else str(value) for name, value in file.attrs.items()}


@dataclass
class Checkpoint:
    parameters: dict
    facts: dict
    integers: dict  # whole numbers of the run's state, by name
    vectors: dict  # its float64 vectors, by name
    target: dict  # of the network that DQN aims at; empty elsewhere

    @classmethod
    def read(cls, path):
        with h5py.File(path) as file:
            facts = attributes(file)
            values = {
                name: file["network"][name][:].astype(np.float64)
                for name in ("parameters", "target_parameters") if name in file["network"]
            }
            state = {
                f"{group}/{name}": file[group][name][:]
                for group in ("random", "progress", "normalizer") if group in file
                for name in file[group] if isinstance(file[group][name], h5py.Dataset)
            }
        integers = {name: int(value[0]) for name, value in state.items() if value.size == 1 and value.dtype.kind in "iu"}
        vectors = {name: value for name, value in state.items() if value.dtype == np.float64}
        layout = json.loads(facts["network_layout"])

        def named(flat):
            return {
                entry["name"]: flat[entry["offset"] : entry["offset"] + int(np.prod(entry["shape"]))].reshape(entry["shape"])
                for entry in layout
            }

        target = named(values["target_parameters"]) if "target_parameters" in values else {}
        return cls(named(values["parameters"]), facts, integers, vectors, target)


def rollouts(path):
    """The recorded rollouts in order, each as `Rollout`, and the file's facts."""
    with h5py.File(path) as file:
        facts = attributes(file)
        columns = {name: file[name][:] for name in file if isinstance(file[name], h5py.Dataset)}
        states = {name: file["states"][name][:] for name in file["states"]} if "states" in file else {}
    horizon, lanes, count = (int(facts[name]) for name in ("horizon", "lanes", "rollouts"))
    found = []
    for number in range(count):

        def rows(name, steps, table=columns):
            values = table[name]
            size = steps * lanes
            return values[number * size : (number + 1) * size].reshape(steps, lanes, *values.shape[1:])

        masks = rows("action_masks", horizon + 1).astype(bool)
        found.append(
            Rollout(
                observations=rows("observations", horizon + 1).astype(np.float64),
                actions=rows("actions", horizon),
                rewards=rows("rewards", horizon).astype(np.float64),
                terminated=rows("terminations", horizon).astype(bool),
                truncated=rows("truncations", horizon).astype(bool),
                finalObservations=np.zeros(0),
                bootstrapValues=rows("bootstrap_values", horizon).astype(np.float64),
                episodeStarts=rows("episode_starts", horizon + 1).astype(np.float64),
                values=rows("values", horizon).astype(np.float64),
                logProbabilities=rows("log_probs", horizon).astype(np.float64),
                masks=masks,
                states={STATES[name]: rows(name, int(facts["state_rows"]), states)[:1] for name in states},
            )
        )
    return found, facts


def orders(scheme, hyper, stream):
    """The lane-major rows of every minibatch of one epoch."""
    horizon, lanes, batch = hyper.horizon, hyper.lanes, hyper.batchSize
    total = horizon * lanes
    batch = min(batch, total)
    if scheme == "shuffled":
        order = stream.permutation(total)
    elif scheme == "rotation":
        split = stream.below(total)
        order = [(split + place) % total for place in range(total)]
    else:
        wanted = min(max(1, batch // horizon), lanes)
        each = -(-wanted // 32)  # blocks of at most 32 neighbouring lanes
        width = -(-wanted // each)
        blocks = stream.permutation(-(-lanes // width))
        cuts = []
        for first in range(0, len(blocks), each):
            chosen = [
                lane for block in blocks[first : first + each] for lane in range(block * width, min((block + 1) * width, lanes))
            ]
            cuts.append(np.concatenate([np.arange(lane * horizon, (lane + 1) * horizon) for lane in chosen]))
        return cuts
    return [np.array(order[first : first + batch]) for first in range(0, total, batch)]


def anew(transcription, rollout, hyper):
    """Values, log-probabilities and states as float64 finds them; what truncated episodes ended in is taken from the recording."""
    bootstrap = rollout.bootstrapValues
    none = np.zeros_like(rollout.truncated)
    # Final observations are not recorded: with no truncation named, none is asked for.
    again = replace(transcription.collect(replace(rollout, truncated=none), hyper), truncated=rollout.truncated)
    again = replace(again, bootstrapValues=bootstrap)
    indices = np.arange(hyper.horizon * hyper.lanes)
    whole = replace(hyper, scheme="lanes")
    with torch.no_grad():
        _, log_p, _ = transcription.evaluate(again, whole, indices)
    log_p = log_p.numpy().reshape(hyper.lanes, hyper.horizon).T
    return replace(again, logProbabilities=log_p)


def on_policy(start, end, gathered, facts, settings, masked):
    """Every update of PPO or A2C again. Returns the parameters, the number of gradient steps, what else was compared in lines, and whether
    that agrees."""
    learner, network = settings["algorithm"], settings["network"]
    family = learner["name"].split("_")[0]
    if learner.get("target_kl") is not None:
        raise CannotJudge("algorithm.target_kl ends updates early, which is not done here; leave it out")
    spec = json.loads(start.facts["network_spec"])
    hidden = network["lstm_hidden"] if "lstm" in learner["name"] else 0
    shape = Network(
        inputs=spec["inputs"], actions=spec["actions"], tower=network["policy_tower"], activation=network["activation"],
        hidden=hidden, critic=CRITICS[network["critic_memory"]] if hidden else "", factors=spec.get("factors", []),
    )
    if network["policy_tower"] != network["value_tower"]:
        raise CannotJudge("network.policy_tower and network.value_tower differ, which the transcription does not know")
    scheme = learner.get("minibatch_scheme") or ("lanes" if hidden else "shuffled")
    common = dict(
        horizon=int(facts["horizon"]), lanes=int(facts["lanes"]), learningRate=learner["learning_rate"],
        gamma=learner["gamma"], gaeLambda=learner["gae_lambda"], normalizeAdvantage=learner["normalize_advantage"],
        entropyCoefficient=learner["entropy_coefficient"], valueCoefficient=learner["value_coefficient"],
        maxGradientNorm=learner["max_gradient_norm"],
    )
    if family == "ppo":
        hyper = Hyperparameters(
            **common, batchSize=learner["batch_size"], epochs=learner["epochs"], clipRange=learner["clip_range"],
            clipRangeValue=learner["clip_range_value"], scheme=scheme,
        )
        transcription = Transcription(shape, start.parameters, torch.float64)
    else:
        from a2c_golden import A2CHyperparameters, A2CTranscription

        hyper = A2CHyperparameters(**common, optimizer=learner["optimizer"], rmspropEpsilon=learner["rmsprop_epsilon"])
        if hyper.optimizer not in ("rmsprop", "rmsprop_tf"):
            raise CannotJudge(f"algorithm.optimizer is {hyper.optimizer}; rmsprop and rmsprop_tf are judged")
        transcription = A2CTranscription(shape, start.parameters, torch.float64)

    steps = hyper.horizon * hyper.lanes
    stream = Stream(settings["run"]["seed"], "minibatchOrder", position=start.integers.get(ORDER, 0))
    total = -(-settings["run"]["total_timesteps"] // steps) * steps
    worst = {"log-probabilities": 0.0, "values": 0.0}
    gradient_steps = 0
    for number, recorded in enumerate(gathered):
        recorded = recorded if masked else replace(recorded, masks=None)
        rollout = anew(transcription, recorded, hyper)
        worst["log-probabilities"] = max(
            worst["log-probabilities"], np.abs(rollout.logProbabilities - recorded.logProbabilities).max()
        )
        worst["values"] = max(worst["values"], np.abs(rollout.values[:-1] - recorded.values).max())
        remaining = max(0.0, 1 - steps * (number + 1) / total)
        now = replace(
            hyper, learningRate=learner["learning_rate"] * (remaining if learner["learning_rate_schedule"] == "linear" else 1)
        )
        if family == "a2c":
            transcription.learn(rollout, now)
            gradient_steps += 1
            continue
        if learner["clip_range_schedule"] == "linear":
            now = replace(now, clipRange=learner["clip_range"] * remaining)
        advantages, returns = transcription.advantages(rollout, now)
        for _ in range(learner["epochs"]):
            for indices in orders(scheme, now, stream):
                transcription.minibatch(rollout, now, advantages, returns, np.asarray(indices))
                gradient_steps += 1
    lines = [f"{what:<34} differ by at most {difference:.1e}" for what, difference in worst.items()]
    position = end.integers.get(ORDER, 0)
    agrees = family != "ppo" or stream.position == position
    if not agrees:
        lines.append(f"the stream of minibatches stands at {position} in the checkpoint and at {stream.position} here")
    return transcription.parameters, gradient_steps, lines, agrees


def audit(folder):
    """Does the run again; an `Audit`."""
    begin, recorded = folder / "checkpoint-0.h5", folder / "training-rollouts.h5"
    for path in (begin, recorded):
        if not path.exists():
            raise CannotJudge(
                f"{path} does not exist: train with --record-rollouts N, with run.keep_checkpoints large enough to keep the first checkpoint"
            )
    start = Checkpoint.read(begin)
    gathered, facts = rollouts(recorded)
    settings = json.loads(facts["configuration"])
    learner = settings["algorithm"]
    family, *switches = learner["name"].split("_")
    if settings["run"].get("precision", "float32") != "float32":
        raise CannotJudge(f"run.precision is {settings['run']['precision']}; only float32 is judged")
    steps = int(facts["horizon"]) * int(facts["lanes"])
    last = folder / f"checkpoint-{steps * len(gathered)}.h5"
    if not last.exists():
        there = sorted(int(re.findall(r"\d+", path.name)[0]) for path in folder.glob("checkpoint-*.h5"))
        raise CannotJudge(f"{last.name} does not exist (there are {there}): train exactly as many rollouts as are recorded")
    end = Checkpoint.read(last)
    if family == "dqn":
        from audit_dqn import replay

        again, done, lines, agrees = replay(start, end, recorded, settings, "mask" in switches)
    elif family in ("ppo", "a2c"):
        again, done, lines, agrees = on_policy(start, end, gathered, facts, settings, "mask" in switches)
    else:
        raise CannotJudge(f"nothing is known of the algorithm {learner['name']}")
    tensors = {}
    for name, value in end.parameters.items():
        difference = np.abs(again[name].detach().numpy() - value).max() / max(np.abs(value).max(), 1e-300)
        tensors[name] = (float(difference), float(np.abs(value - start.parameters[name]).max()))
    what = f"{len(gathered)} rollouts of {steps} steps, seed {settings['run']['seed']}"
    return Audit(learner["name"], settings["environment"]["name"], what, tensors, done, lines, agrees, 1e-4 if family == "a2c" else 1e-5)


@dataclass
class Audit:
    algorithm: str
    environment: str
    what: str
    tensors: dict  # by name: relative difference of the last checkpoint, and how far the run moved it
    gradientSteps: int
    lines: list  # what else was compared
    agrees: bool  # whether all of that does
    tolerance: float

    @property
    def largest(self):
        return max(difference for difference, _ in self.tensors.values())


def main():
    parser = argparse.ArgumentParser(description="Replays a recorded run in float64.")
    parser.add_argument("run", type=Path)
    parser.add_argument("--tolerance", type=float)
    parser.add_argument("--json", action="store_true", help="prints what was found as one JSON object")
    arguments = parser.parse_args()
    try:
        found = audit(arguments.run)
    except (CannotJudge, OSError, KeyError) as error:
        print(f"audit: cannot judge {arguments.run}: {error}", file=sys.stderr)
        sys.exit(2)
    tolerance = found.tolerance if arguments.tolerance is None else arguments.tolerance
    holds = found.largest <= tolerance and found.agrees
    if arguments.json:
        print(json.dumps({"algorithm": found.algorithm, "gradientSteps": found.gradientSteps, "largest": found.largest, "allowed": tolerance, "equal": holds}))
        sys.exit(0 if holds else 1)
    print(f"{arguments.run}: {found.algorithm} on {found.environment}, {found.what}, {found.gradientSteps} gradient steps")
    print("\n".join(found.lines))
    for name, (difference, moved) in found.tensors.items():
        print(f"{name:<34} relative difference {difference:.1e}, moved {moved:.1e}")
    print(f"{'equal' if holds else 'DIFFERENT'}: the largest relative difference of a parameter is {found.largest:.1e} (allowed {tolerance:.0e})")
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
