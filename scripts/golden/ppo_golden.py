# Makes the golden numbers of the four PPO variants: Tests/Fixtures/Golden/ppo_*.json, one file a case.
"""Run: python scripts/golden/ppo_golden.py [case ...]      (about ten minutes for all cases)

A file holds one JSON object. A tensor is {"shape": [...], "values": [...]}, row-major, time-major where it has time (T, N, ...);
an expected tensor also holds "tolerance" and "agreement". Numbers are shortest decimals that give the same float32 when read as
a double and rounded; tolerances are doubles.

  provenance   tool, versions, seed, command, what is inside, how the tolerance is made, and `agreement`: the largest difference
               between the reference in float32 and the transcription in float32, in units of the tolerance, and its tensor
  variant      ppo, ppo_mask, ppo_lstm or ppo_lstm_mask; `memory` and `mask` say the same as switches
  network      inputs, actions, hidden (0 without memory), critic, tower (both towers), activation; factors where actions are
               factored: the choices of each, `actions` being their sum and an action their mixed-radix number, the first the most significant
  hyper        the configuration of the update (names as in this product)
  parameters   initial parameters by state-dict name
  forward      observations (L, S, D), actions (L, S), starts (L, S), masks (L, S, A) where masked, states (S, H) by name where
               recurrent; expected: values, logProbabilities of the actions, entropies (L, S), allLogProbabilities (L, S, A), and
               the states after the last step. Without memory L = 1 and S is the batch; with memory L = 64
  rollout      observations (T + 1, N, D), actions, rewards (as the world gave them), terminated, truncated, finalObservations
               (T, N, D), bootstrapValues, episodeStarts (T + 1, N), values (T + 1, N), logProbabilities, masks, states (T, N, H)
               before every step, as stored
  advantages   expected from the values and bootstrap values of `rollout`: advantages, returns (T, N)
  collected    expected when a policy goes through the rollout's world itself, from the states of row 0: values (T + 1, N),
               bootstrapValues, advantages, returns (T, N), states (T, N, H) by name. These are the numbers of `rollout` and
               `advantages`, with the tolerance of the longer calculation
  orders       row order of every epoch: 10 updates x epochs rows of T * N lane-major indices (lane * T + t); with memory each is
               a rotation of 0 ..< T * N, or in scheme `lanes` an order of whole lanes, `batchSize` / T neighbours at a time
  minibatches  expected, one value a minibatch, in the order in which they were made: policyLoss, valueLoss, entropyLoss,
               totalLoss, approximateKL, clipFraction, gradientNorm (before clipping). All 10 updates learn from the one rollout
  after1, after10, after100   expected parameters by name after so many updates. Updates 11 to 100 learn from the same rollout in the same
               orders: those of update n are those of update (n - 1) mod 10 + 1
  lastUpdate   100, or less where comparing after 100 would mean nothing: float32 met a corner of the loss on the other side than float64,
               and the two learn different things from there on. It is the last multiple of ten before that (and `after100` is named after
               it); `provenance.parted` says when, how near the corner was, and how far float32 and float64 were apart

An update is one whole `train()`: `epochs` passes in minibatches of `batchSize`, the last one of a pass short.

Tolerance of a tensor: four times the largest difference between float32 and float64 on the same data, never below 8 float32 ulps of
its largest magnitude. In float32 there are two evaluations, the reference and the transcription; float64 is the transcription's. Scalars
of one kind over all minibatches are one tensor; `value_net.bias`, a single number, takes its tolerance from its values
after every step up to then.

States are named after the libraries: hidden_pi, cell_pi (actor), hidden_vf, cell_vf (critic with a memory of its own).
"""

import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from ppo_library import FOLLOWED, Plain, Reference, transcribed_forward
from ppo_text import provenance, text, write
from ppo_transcription import SCALARS, CellFeatures, Hyperparameters, Network, Transcription

UPDATES = 10  # every minibatch of these is in the file
KEPT = (1, *range(UPDATES, 101, 10))  # parameters after so many are looked at; the file has the first two and the last
PARTED = 1e-3  # tolerance over largest magnitude above which float32 and float64 no longer learn the same


def order_of(number):
    """Which of the first ten updates has the row orders of update `number`."""
    return (number - 1) % UPDATES + 1



@dataclass
class Case:
    name: str
    variant: str
    seed: int
    network: Network
    hyper: Hyperparameters = field(default_factory=Hyperparameters)
    one_step: bool = False  # every step is an episode; compared with a masked PPO that has an LSTM cell as feature map


def mlp(tower, activation="tanh"):
    return Network(inputs=5, actions=4, tower=tower, activation=activation)


def lstm(critic, tower, activation="tanh"):
    return Network(inputs=5, actions=4, tower=tower, activation=activation, hidden=8, critic=critic)


CASES = [
    Case("ppo_base", "ppo", 1, mlp([8, 8])),
    Case(
        "ppo_value_clip_entropy_relu", "ppo", 2, mlp([6], "relu"),
        Hyperparameters(batchSize=13, clipRangeValue=0.15, entropyCoefficient=0.02),
    ),
    Case(
        "ppo_raw_advantages", "ppo", 3, mlp([8]),
        Hyperparameters(normalizeAdvantage=False, maxGradientNorm=100.0, gaeLambda=1.0),
    ),
    Case("ppo_mask_base", "ppo_mask", 4, mlp([8, 8])),
    Case(
        "ppo_mask_value_clip_entropy_relu", "ppo_mask", 25, mlp([6], "relu"),
        Hyperparameters(batchSize=13, clipRangeValue=0.15, entropyCoefficient=0.02),
    ),
    # Minibatches large enough to be cut into several slices of gradient work, with memory and without.
    Case("ppo_mask_slices", "ppo_mask", 55, mlp([8]), Hyperparameters(horizon=32, lanes=8, batchSize=150)),
    Case("ppo_lstm_slices", "ppo_lstm", 16, lstm("none", [6]), Hyperparameters(horizon=8, lanes=32, batchSize=150)),
    Case("ppo_lstm_separate", "ppo_lstm", 6, lstm("separate", [6])),
    Case(
        "ppo_lstm_shared_detached", "ppo_lstm", 7, lstm("sharedDetached", [6], "relu"),
        Hyperparameters(batchSize=13, clipRangeValue=0.15, entropyCoefficient=0.02),
    ),
    Case("ppo_lstm_none", "ppo_lstm", 8, lstm("none", [6]), Hyperparameters(normalizeAdvantage=False)),
    Case("ppo_lstm_mask_separate", "ppo_lstm_mask", 9, lstm("separate", [6]), Hyperparameters(entropyCoefficient=0.01)),
    Case(
        "ppo_lstm_mask_shared_detached", "ppo_lstm_mask", 10, lstm("sharedDetached", [6], "relu"),
        Hyperparameters(batchSize=13, clipRangeValue=0.15),
    ),
    Case("ppo_lstm_mask_shared_joint", "ppo_lstm_mask", 11, lstm("sharedJoint", [6])),
    Case("ppo_lstm_mask_none", "ppo_lstm_mask", 12, lstm("none", [6])),
    Case(
        "ppo_lstm_mask_lanes", "ppo_lstm_mask", 14, lstm("separate", [6]),
        Hyperparameters(batchSize=24, entropyCoefficient=0.01, scheme="lanes"),
    ),
    Case(
        "ppo_mask_factors", "ppo_mask", 73, Network(inputs=5, actions=12, tower=[6], factors=[9, 3]),
        Hyperparameters(batchSize=13, clipRangeValue=0.15, entropyCoefficient=0.02),
    ),
    Case(
        "ppo_lstm_mask_factors", "ppo_lstm_mask", 72,
        Network(inputs=5, actions=9, tower=[6], hidden=8, critic="sharedJoint", factors=[3, 2, 4]),
        Hyperparameters(entropyCoefficient=0.01),
    ),
    Case("ppo_lstm_mask_one_step", "ppo_lstm_mask", 13, lstm("separate", [6]), one_step=True),
]


def forward_batch(case, generator):
    """32 rows at once without memory; 2 lanes of 64 steps with it, one from a new episode, one from a given state."""
    network = case.network
    length, lanes = (64, 2) if network.hidden else (1, 32)
    masks = None
    widths = network.factors or [network.actions]
    choices = [generator.integers(width, size=(length, lanes)) for width in widths]
    actions = np.zeros((length, lanes), dtype=np.int64)
    for choice, width in zip(choices, widths):
        actions = actions * width + choice
    if case.variant.endswith("mask"):
        masks = generator.random((length, lanes, network.actions)) < 0.6
        for first, choice in zip(np.cumsum([0] + widths), choices):
            np.put_along_axis(masks, first + choice[..., None], True, axis=-1)
    starts = (generator.random((length, lanes)) < 0.08).astype(np.float32)
    starts[0] = np.arange(lanes) % 2 == 0
    names = []
    if network.hidden:
        names = ["hidden_pi", "cell_pi"] + (["hidden_vf", "cell_vf"] if network.critic == "separate" else [])
    return SimpleNamespace(
        observations=generator.normal(size=(length, lanes, network.inputs)).astype(np.float32),
        actions=actions,
        starts=starts,
        masks=masks,
        states={name: generator.uniform(-0.8, 0.8, (lanes, network.hidden)).astype(np.float32) for name in names},
    )


def play(plain, case, rollout, batch, updates):
    """Everything that a file expects, as arrays, from one transcription; `updates` holds the orders of every update."""
    results = {"forward." + name: value for name, value in transcribed_forward(plain, batch).items()}
    results |= dict(zip(("advantages.advantages", "advantages.returns"), plain.advantages(rollout, case.hyper)))
    results |= collected(plain.collect(rollout, case.hyper), lambda own: plain.advantages(own, case.hyper))
    followed, rows, plain.margins = [], [], {}
    for number in range(1, KEPT[-1] + 1):
        terms = plain.update(
            rollout, case.hyper, updates[order_of(number) - 1],
            lambda: followed.append(plain.parameters[FOLLOWED].detach().clone()),
        )
        if number <= UPDATES:
            rows += terms
        if number in KEPT:
            plain.margins[number] = plain.margin
            results |= {f"after{number}.{name}": value.detach().clone() for name, value in plain.parameters.items()}
    results |= {"minibatches." + name: value for name, value in zip(SCALARS, zip(*rows))}
    results |= followed_tensors(torch.stack(followed))
    return {name: np.asarray(value, dtype=np.float64) for name, value in results.items()}


def collected(rollout, advantages):
    """The part `collected` of a file."""
    results = {"values": rollout.values, "bootstrapValues": rollout.bootstrapValues} | rollout.states
    results |= dict(zip(("advantages", "returns"), advantages(rollout)))
    return {"collected." + name: value for name, value in results.items()}


def reference_results(reference, case, batch, rollout):
    """The same, from the reference, which decides the row orders; also returns those."""
    results = {"forward." + name: value for name, value in reference.forward(batch).items()}
    results |= dict(zip(("advantages.advantages", "advantages.returns"), reference.expected_advantages))
    results |= collected(rollout, lambda _: reference.expected_advantages)
    followed, rows, updates = [], [], []
    for number in range(1, KEPT[-1] + 1):
        terms, orders, values = reference.train(seed=100 * case.seed + order_of(number))
        followed += values
        if number <= UPDATES:
            rows, updates = rows + terms, updates + [orders]
        assert orders == updates[order_of(number) - 1]
        if number in KEPT:
            results |= {f"after{number}.{name}": value for name, value in reference.parameters().items()}
    results |= {"minibatches." + name: value for name, value in zip(SCALARS, zip(*rows))}
    results |= followed_tensors(np.stack(followed))
    return {name: np.asarray(value, dtype=np.float64) for name, value in results.items()}, updates


def followed_tensors(values):
    """The followed parameter after every step up to update n, by n; up to update 1 as up to 10, because one update has few steps."""
    steps = len(values) // KEPT[-1]
    return {f"followed{number}": values[: max(number, UPDATES) * steps] for number in KEPT}


def tolerance_of(exact, float32s, legal):
    """Four times the largest difference to `exact`; at least 8 float32 ulps of its largest magnitude."""
    largest = max(np.abs(other - exact)[legal].max() for other in float32s)
    return max(4 * largest, 8 * float(np.spacing(np.float32(np.abs(exact[legal]).max()))))


def make(case):
    torch.manual_seed(case.seed)
    generator = np.random.default_rng(case.seed)
    reference = (Plain if case.variant == "ppo_lstm_mask" or case.network.factors else Reference)(
        case.variant, case.network, case.hyper, case.seed
    )
    start = reference.parameters()
    rollout = reference.collect(one_step_episodes=True) if case.one_step else reference.collect()
    batch = forward_batch(case, generator)
    expected, updates = reference_results(reference, case, batch, rollout)
    kind = CellFeatures if case.one_step else Transcription

    def transcribed(dtype):
        plain = kind(case.network, start, dtype)
        return play(plain, case, rollout, batch, updates), plain.margins

    exact, margins = transcribed(torch.float64)
    margin = margins[UPDATES]
    # A corner of the loss nearer than this could be passed in float32 on the other side. Hundred updates come nearer than that in most
    # cases; whether that mattered shows in the float32 calculations: see `last_comparable`.
    assert margin > 2e-5, f"{case.name}: a corner of the loss is {margin:.1e} away; take another seed"
    own, _ = transcribed(torch.float32)

    tensors, worst = {}, (0.0, "")
    for name, value in expected.items():
        # Forbidden actions have log-probability -1e8: that is a constant, not a result.
        legal = batch.masks if name == "forward.allLogProbabilities" and batch.masks is not None else ...
        tolerance = tolerance_of(exact[name], [value, own[name]], legal)
        agreement = np.abs(value - own[name])[legal].max()
        tensors[name] = {"value": value, "tolerance": tolerance, "agreement": agreement}
    for number in KEPT:
        tensors[f"after{number}.{FOLLOWED}"]["tolerance"] = tensors.pop(f"followed{number}")["tolerance"]
    last, spread, parted = last_comparable(tensors, margins)
    for name in list(tensors):
        if name.startswith("after") and name.split(".")[0] not in ("after1", f"after{UPDATES}", f"after{last}"):
            del tensors[name]
    for name, tensor in tensors.items():
        worst = max(worst, (tensor["agreement"] / tensor["tolerance"], name))
    assert worst[0] <= 1, f"{case.name}: reference and transcription differ by {worst[0]:.2f} tolerances in {worst[1]}"

    minibatches = len(expected["minibatches.policyLoss"])
    assert minibatches >= 32
    norms, fractions = expected["minibatches.gradientNorm"], expected["minibatches.clipFraction"]
    print(
        f"{case.name}: {minibatches} minibatches, norm {norms.min():.2f} ... {norms.max():.2f}, "
        f"clipped {fractions.mean():.2f}, truncations {rollout.truncated.sum()}, terminations {rollout.terminated.sum()}, "
        f"margin {margin:.1e}, after {last} updates {margins[last]:.1e} and tolerance {spread:.1e} of the parameters{parted}, "
        f"reference against transcription {worst[0]:.2f} tolerances ({worst[1]})"
    )
    return document(case, start, batch, rollout, updates, tensors, worst, last, parted)


def last_comparable(tensors, margins):
    """The last of `KEPT` before float32 and float64 part, the largest tolerance there in units of its tensor's largest magnitude, and in
    words what happened after it."""
    last, reached = 1, 0.0
    for number in KEPT:
        named = [tensor for name, tensor in tensors.items() if name.startswith(f"after{number}.")]
        spread = max(tensor["tolerance"] / np.abs(tensor["value"]).max() for tensor in named)
        if spread > PARTED:
            near = f"a corner of the loss {margins[number]:.1e} away"
            return last, reached, f"; float32 and float64 part by update {number} ({spread:.1e}): {near}"
        last, reached = number, spread
    return last, reached, ""


def document(case, start, batch, rollout, updates, tensors, worst, last, parted, parts=("minibatches",)):
    def tensor(array):
        array = np.asarray(array)
        return {"shape": list(array.shape), "values": [text(number) for number in array.reshape(-1)]}

    def expected(prefix):
        return {
            name.removeprefix(prefix + "."): tensor(entry["value"])
            | {"tolerance": float(entry["tolerance"]), "agreement": float(entry["agreement"])}
            for name, entry in tensors.items()
            if name.startswith(prefix + ".")
        }

    def given(fields):
        return {
            name: {key: tensor(state) for key, state in value.items()} if isinstance(value, dict) else tensor(value)
            for name, value in fields.items()
            if value is not None and not (isinstance(value, dict) and not value)
        }

    recurrent, masked = case.network.hidden > 0, case.variant.endswith("mask")
    tool = {"ppo": "stable_baselines3 PPO", "ppo_mask": "sb3_contrib MaskablePPO", "ppo_lstm": "sb3_contrib RecurrentPPO"}
    reference = tool.get(case.variant, "plain PyTorch transcription in float32 (no library has memory and mask)")
    if case.network.factors:
        reference = "plain PyTorch transcription in float32 (factored actions)"
    if case.one_step:
        reference = "plain PyTorch transcription in float32, shown equal to a masked PPO with an LSTM cell as feature map"
    inside = f"forward passes, one rollout and its collection, advantages, loss terms of 10 updates, parameters after 1, 10 and {last} updates"
    return {
        "provenance": provenance(f"ppo_golden.py {case.name}", case.seed, reference, inside)
        | {
            "tolerance": "4 x largest |float32 - float64|, at least 8 float32 ulps of the largest magnitude",
            "agreement": {"tolerances": float(worst[0]), "tensor": worst[1]},
        }
        | ({"parted": parted.removeprefix("; ")} if parted else {}),
        "variant": case.variant,
        "memory": recurrent,
        "mask": masked,
        "network": {key: value for key, value in asdict(case.network).items() if key != "factors" or value},
        "hyper": asdict(case.hyper) | ({} if recurrent else {"scheme": "shuffled"}),
        "parameters": given(start),
        "forward": given(vars(batch)) | {"expected": expected("forward")},
        "rollout": given(vars(rollout)),
        "advantages": expected("advantages"),
        "collected": expected("collected"),
        "orders": [order for orders in updates for order in orders],
        "lastUpdate": last,
    } | {part: expected(part) for part in (*parts, *(f"after{number}" for number in (1, UPDATES, last)))}


def main():
    torch.set_num_threads(1)
    chosen = sys.argv[1:] or [case.name for case in CASES]
    for name in chosen:
        case = next(case for case in CASES if case.name == name)
        write(Path(f"{name}.json"), make(case))


if __name__ == "__main__":
    main()
