# Makes the golden numbers of A2C: Tests/Fixtures/Golden/a2c_*.json, one file a case.
"""Run: python scripts/golden/a2c_golden.py [case ...]      (half a minute for all cases)

The files have the schema of `ppo_golden.py`, with these differences: an update is one step on the whole rollout, so there are no orders;
`hyper` also names the optimizer (`rmsprop`: PyTorch's, epsilon beside the root, squares from 0; `rmsprop_tf`: RMSpropTFLike of
stable-baselines3, epsilon inside, squares from 1) and its epsilon; `updates` stands in the place of `minibatches`, with policyLoss, valueLoss,
entropyLoss, totalLoss and gradientNorm (before clipping) of the first 40 updates.

stable-baselines3 has no A2C with a mask or a memory: there the transcription in float32 is the reference, as for PPO with both. With memory
whole lanes are learned from the state that their rollout began with.

RMSprop divides by the root of squares that are small at first, so that the order of a sum shows more than with Adam: the tolerances are made from
four more float32 evaluations of the transcription, whose sums run over the lanes in other orders.
"""

import sys
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from stable_baselines3 import A2C
from stable_baselines3.common.sb2_compat.rmsprop_tf_like import RMSpropTFLike

from ppo_golden import KEPT, collected, document, followed_tensors, forward_batch, last_comparable, lstm, mlp, tolerance_of
from ppo_library import FOLLOWED, Plain, Reference, draw_parameters, transcribed_forward, worlds
from ppo_text import provenance, write
from ppo_transcription import Hyperparameters, Network, Transcription

SHOWN = 40  # updates whose terms are in the file
ORDERS = 4  # float32 evaluations more, whose sums run in other orders
SCALARS = ("policyLoss", "valueLoss", "entropyLoss", "totalLoss", "gradientNorm")


@dataclass
class A2CHyperparameters(Hyperparameters):
    horizon: int = 5
    gaeLambda: float = 1.0
    normalizeAdvantage: bool = False
    learningRate: float = 2e-3
    scheme: str = "lanes"
    optimizer: str = "rmsprop"
    rmspropEpsilon: float = 1e-5


@dataclass
class Case:
    name: str
    variant: str
    seed: int
    network: Network
    hyper: A2CHyperparameters = field(default_factory=A2CHyperparameters)
    one_step: bool = False


CASES = [
    Case("a2c_base", "a2c", 31, mlp([8, 8])),
    Case(
        "a2c_tf_relu", "a2c", 32, mlp([6], "relu"),
        A2CHyperparameters(optimizer="rmsprop_tf", entropyCoefficient=0.02, normalizeAdvantage=True, gaeLambda=0.9),
    ),
    # Enough lanes to be cut into several slices of gradient work.
    Case("a2c_slices", "a2c", 33, mlp([8]), A2CHyperparameters(lanes=40, maxGradientNorm=100.0)),
    Case("a2c_mask_base", "a2c_mask", 34, mlp([8]), A2CHyperparameters(entropyCoefficient=0.01)),
    Case(
        "a2c_mask_factors", "a2c_mask", 37, Network(inputs=5, actions=10, tower=[8], factors=[3, 2, 2, 3]),
        A2CHyperparameters(entropyCoefficient=0.01),
    ),
    Case("a2c_lstm_joint", "a2c_lstm", 35, lstm("sharedJoint", [6])),
    Case(
        "a2c_lstm_mask_separate", "a2c_lstm_mask", 36, lstm("separate", [6]),
        A2CHyperparameters(optimizer="rmsprop_tf", entropyCoefficient=0.01, lanes=35),
    ),
]


class A2CTranscription(Transcription):
    """One update is one step along the gradient of the whole rollout's loss. `generator`: sums over the lanes in another order every time."""

    generator = None

    def learn(self, rollout, hyper):
        advantages, returns = self.advantages(rollout, hyper)
        lanes = np.arange(hyper.lanes) if self.generator is None else self.generator.permutation(hyper.lanes)
        indices = (lanes[:, None] * hyper.horizon + np.arange(hyper.horizon)).reshape(-1)
        lanes, steps = indices // hyper.horizon, indices % hyper.horizon
        values, log_p, entropy = self.evaluate(rollout, hyper, indices)
        advantage = advantages[steps, lanes]
        if hyper.normalizeAdvantage:
            centred = advantage - advantage.sum() / len(indices)
            advantage = centred / (torch.sqrt((centred**2).sum() / (len(indices) - 1)) + 1e-8)
        policy_loss = -(advantage * log_p).sum() / len(indices)
        value_loss = ((returns[steps, lanes] - values) ** 2).sum() / len(indices)
        entropy_loss = -entropy.sum() / len(indices)
        loss = policy_loss + hyper.entropyCoefficient * entropy_loss + hyper.valueCoefficient * value_loss
        gradients = torch.autograd.grad(loss, list(self.parameters.values()))
        norm = torch.sqrt(sum((gradient**2).sum() for gradient in gradients))
        with torch.no_grad():
            scale = torch.clamp(hyper.maxGradientNorm / (norm + 1e-6), max=1.0)
            self.rmsprop(hyper, [gradient * scale for gradient in gradients])
        return [term.item() for term in (policy_loss, value_loss, entropy_loss, loss, norm)]

    def rmsprop(self, hyper, gradients, smoothing=0.99):
        inside = hyper.optimizer == "rmsprop_tf"
        if self.steps == 0 and inside:
            self.second = {name: torch.ones_like(value) for name, value in self.parameters.items()}
        self.steps += 1
        for (name, parameter), gradient in zip(self.parameters.items(), gradients):
            self.second[name] = smoothing * self.second[name] + (1 - smoothing) * gradient**2
            if inside:
                root = torch.sqrt(self.second[name] + hyper.rmspropEpsilon)
            else:
                root = torch.sqrt(self.second[name]) + hyper.rmspropEpsilon
            parameter -= hyper.learningRate * gradient / root


class LibraryA2C(Reference):
    """stable-baselines3's A2C, run as it is."""

    def __init__(self, variant, network, hyper, seed):
        self.variant, self.network, self.hyper = variant, network, hyper
        policy = {
            "net_arch": {"pi": network.tower, "vf": network.tower},
            "activation_fn": {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}[network.activation],
        }
        if hyper.optimizer == "rmsprop_tf":
            policy |= {"optimizer_class": RMSpropTFLike, "optimizer_kwargs": {"alpha": 0.99, "eps": hyper.rmspropEpsilon}}
        self.model = A2C(
            "MlpPolicy",
            worlds(network, hyper, seed),
            learning_rate=hyper.learningRate,
            n_steps=hyper.horizon,
            gamma=hyper.gamma,
            gae_lambda=hyper.gaeLambda,
            normalize_advantage=hyper.normalizeAdvantage,
            ent_coef=hyper.entropyCoefficient,
            vf_coef=hyper.valueCoefficient,
            max_grad_norm=hyper.maxGradientNorm,
            rms_prop_eps=hyper.rmspropEpsilon,
            use_rms_prop=hyper.optimizer == "rmsprop",
            policy_kwargs=policy,
            seed=seed,
            device="cpu",
        )
        self.policy = self.model.policy
        shapes = {name: tuple(value.shape) for name, value in self.policy.state_dict().items()}
        self.policy.load_state_dict({name: torch.tensor(value) for name, value in draw_parameters(shapes, seed).items()})

    def learn(self):
        """One call of the library's `train`: the terms of its loss and the gradient's norm."""
        rows = []
        clip = torch.nn.utils.clip_grad_norm_

        def listening_clip(parameters, max_norm):
            norm = clip(parameters, max_norm)
            local = sys._getframe(1).f_locals
            rows.append([local[name].item() for name in ("policy_loss", "value_loss", "entropy_loss", "loss")] + [norm.item()])
            return norm

        with mock.patch("torch.nn.utils.clip_grad_norm_", listening_clip):
            self.model.train()
        assert len(rows) == 1
        return rows[0]


class PlainA2C(Plain):
    """Masks and memory: the float32 transcription in the place of a library."""

    def __init__(self, variant, network, hyper, seed):
        self.network, self.hyper, self.seed = network, hyper, seed
        if network.hidden:
            super().__init__("ppo_lstm_mask", network, hyper, seed)
            start = self.parameters()
        else:
            start = LibraryA2C("a2c", network, hyper, seed).parameters()
        self.plain = A2CTranscription(network, start, torch.float32)

    def collect(self):
        """As the recurrent and masked one; without memory the steps have no states."""
        if self.network.hidden:
            return super().collect()
        plain, forward = self.plain, self.plain.forward

        def stateless(x, start=None, states=None):
            values, logits, _ = forward(x)
            return values, logits, states

        with mock.patch.object(plain, "forward", stateless):
            rollout = super().collect()
        self.rollout = replace(rollout, states={})
        return self.rollout

    def learn(self):
        return self.plain.learn(self.rollout, self.hyper)


def play(learner, parameters, results):
    """100 updates of `learner()`; adds the terms and the parameters to `results`."""
    followed, rows = [], []
    for number in range(1, KEPT[-1] + 1):
        rows.append(learner())
        now = {name: np.array(value) for name, value in parameters().items()}
        followed.append(now[FOLLOWED])
        if number in KEPT:
            results |= {f"after{number}.{name}": value for name, value in now.items()}
    results |= {"updates." + name: value for name, value in zip(SCALARS, zip(*rows[:SHOWN]))}
    results |= followed_tensors(np.stack(followed))
    return {name: np.asarray(value, dtype=np.float64) for name, value in results.items()}


def transcribed(case, start, rollout, batch, dtype, generator=None):
    plain = A2CTranscription(case.network, start, dtype)
    plain.generator = generator
    results = {"forward." + name: value for name, value in transcribed_forward(plain, batch).items()}
    results |= dict(zip(("advantages.advantages", "advantages.returns"), plain.advantages(rollout, case.hyper)))
    results |= collected(plain.collect(rollout, case.hyper), lambda own: plain.advantages(own, case.hyper))
    plain.margin = float("inf")
    margins = {}

    def learner():
        terms = plain.learn(rollout, case.hyper)
        margins[len(margins) + 1] = plain.margin
        return terms

    def parameters():
        return {name: value.detach().numpy().copy() for name, value in plain.parameters.items()}

    return play(learner, parameters, results), margins


def make(case):
    torch.manual_seed(case.seed)
    reference = (LibraryA2C if case.variant == "a2c" else PlainA2C)(case.variant, case.network, case.hyper, case.seed)
    start = reference.parameters()
    rollout = reference.collect()
    if not case.variant.endswith("mask"):
        rollout = replace(rollout, masks=None)
        reference.rollout = rollout
    batch = forward_batch(case, np.random.default_rng(case.seed))
    results = {"forward." + name: value for name, value in reference.forward(batch).items()}
    results |= dict(zip(("advantages.advantages", "advantages.returns"), reference.expected_advantages))
    results |= collected(rollout, lambda _: reference.expected_advantages)
    expected = play(reference.learn, reference.parameters, results)
    exact, margins = transcribed(case, start, rollout, batch, torch.float64)
    assert margins[10] > 2e-5, f"{case.name}: a corner of the network is {margins[10]:.1e} away; take another seed"
    own, _ = transcribed(case, start, rollout, batch, torch.float32)
    others = [transcribed(case, start, rollout, batch, torch.float32, np.random.default_rng(order))[0] for order in range(ORDERS)]

    tensors, worst = {}, (0.0, "")
    for name, value in expected.items():
        legal = batch.masks if name == "forward.allLogProbabilities" and batch.masks is not None else ...
        tolerance = tolerance_of(exact[name], [value, own[name], *(other[name] for other in others)], legal)
        tensors[name] = {"value": value, "tolerance": tolerance, "agreement": np.abs(value - own[name])[legal].max()}
    for number in KEPT:
        tensors[f"after{number}.{FOLLOWED}"]["tolerance"] = tensors.pop(f"followed{number}")["tolerance"]
    last, spread, parted = last_comparable(tensors, margins)
    for name in list(tensors):
        if name.startswith("after") and name.split(".")[0] not in ("after1", "after10", f"after{last}"):
            del tensors[name]
    for name, tensor in tensors.items():
        worst = max(worst, (tensor["agreement"] / tensor["tolerance"], name))
    assert worst[0] <= 1, f"{case.name}: reference and transcription differ by {worst[0]:.2f} tolerances in {worst[1]}"
    norms = expected["updates.gradientNorm"]
    print(
        f"{case.name}: norm {norms.min():.2f} ... {norms.max():.2f}, truncations {rollout.truncated.sum()}, terminations "
        f"{rollout.terminated.sum()}, compared up to update {last} with tolerance {spread:.1e} of the parameters{parted}, "
        f"reference against transcription {worst[0]:.2f} tolerances ({worst[1]})"
    )
    made = document(case, start, batch, rollout, [], tensors, worst, last, parted, parts=("updates",))
    tool = "stable_baselines3 A2C" if case.variant == "a2c" else "plain PyTorch transcription in float32 (no library has memory or mask)"
    inside = f"forward passes, one rollout and its collection, advantages, loss terms of {SHOWN} updates, parameters after 1, 10 and {last}"
    made["provenance"] |= provenance(f"a2c_golden.py {case.name}", case.seed, tool, inside)
    return made


def main():
    torch.set_num_threads(1)
    for name in sys.argv[1:] or [case.name for case in CASES]:
        write(Path(f"{name}.json"), make(next(case for case in CASES if case.name == name)))


if __name__ == "__main__":
    main()
