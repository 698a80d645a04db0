# Makes the golden numbers of DQN: Tests/Fixtures/Golden/dqn_*.json, one file a case.
"""Run: python scripts/golden/dqn_golden.py [case ...]      (half a minute for all cases)

A file holds one JSON object; tensors are written as in `ppo_golden.py`.

  network, hyper   as in this product; `double`, `dueling`, `mask` say the same as switches
  parameters, targetParameters   initial parameters by state-dict name; the target network's are others
  transitions  in the order in which they were made, more than fit: observations, nextObservations (S, N, D; what an ended episode ended in),
               actions, rewards, terminated, truncated (S, N), nextMasks (S, N, A) where masked. Row s of the memory is overwritten by row
               s + capacity
  forward      observations (B, D); expected: values (B, A)
  picks        what each of the 100 updates learns from: rows and lanes (100, B) of the memory, and weights (100, B)
  updates      expected, one value an update: loss, gradientNorm (before clipping); targets (10, B) of the first ten
  exploration  expected rates after every step of all lanes, `totalSteps` being the run's
  after1, after10, after100, targetAfter100   expected parameters. The target network moves every `targetUpdateInterval` / N / 4 updates, after
               four steps of all lanes an update
  lastUpdate   as in ppo_golden.py

stable-baselines3's DQN is the reference: its `train` learns, its `_on_step` moves the target network and the exploration; what its buffer draws
is listened to. Double, dueling, masked and weighted updates have no reference library: there a plain PyTorch transcription in float32 is the
reference, which the other cases hold against the library. Tolerances as in a2c_golden.py, from four more float32 evaluations whose sums run
in other orders.
"""

import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from stable_baselines3 import DQN
from stable_baselines3.common.buffers import NStepReplayBuffer
from stable_baselines3.common.logger import Logger

from dqn_transcription import Hyperparameters, Network, Transcription
from ppo_golden import tolerance_of
from ppo_library import draw_parameters, worlds
from ppo_text import provenance, text, write
from ppo_world import RandomWorld

ORDERS, UPDATES, KEPT, PARTED = 4, 100, (1, 10, *range(20, 101, 10)), 1e-3


@dataclass
class Case:
    name: str
    seed: int
    network: Network = field(default_factory=Network)
    hyper: Hyperparameters = field(default_factory=Hyperparameters)

    @property
    def is_library(self):
        return not (self.hyper.double or self.hyper.dueling or self.hyper.mask or self.hyper.weighted)


CASES = [
    Case("dqn_base", 41),
    # A batch of two slices, a target network that follows slowly, gradients that are clipped.
    Case(
        "dqn_polyak", 42, Network(tower=[6], activation="tanh"),
        Hyperparameters(batchSize=70, tau=0.3, maxGradientNorm=0.2, targetUpdateInterval=12),
    ),
    Case("dqn_n_step", 43, Network(tower=[8], activation="tanh"), Hyperparameters(nSteps=3)),
    Case("dqn_double_mask", 44, Network(tower=[8], activation="tanh"), Hyperparameters(double=True, mask=True)),
    Case("dqn_dueling", 45, Network(tower=[6], activation="tanh"), Hyperparameters(dueling=True, nSteps=2)),
    Case("dqn_weighted", 46, Network(tower=[6], activation="tanh"), Hyperparameters(weighted=True, mask=True)),
]


def experience(case):
    """`made` rows of random play in the random world: arrays (S, N, ...)."""
    network, hyper = case.network, case.hyper
    generator = np.random.default_rng(case.seed)
    columns = {name: [] for name in ("observations", "nextObservations", "actions", "rewards", "terminated", "truncated", "nextMasks")}
    lanes = [RandomWorld(1000 * case.seed + lane, network.inputs, network.actions) for lane in range(hyper.lanes)]
    observed = [world.reset()[0] for world in lanes]
    for _ in range(hyper.made):
        row = {name: [] for name in columns}
        for lane, world in enumerate(lanes):
            action = int(generator.integers(network.actions))
            following, reward, terminated, truncated, _ = world.step(action)
            values = (observed[lane], following, action, 2 * reward, terminated, truncated, world.mask.copy())
            for name, value in zip(columns, values):
                row[name].append(value)
            observed[lane] = world.reset()[0] if terminated or truncated else following
        for name, values in row.items():
            columns[name].append(values)
    kinds = {"actions": np.int64, "terminated": bool, "truncated": bool, "nextMasks": bool}
    return {name: np.array(values, dtype=kinds.get(name, np.float32)) for name, values in columns.items()}


class Library:
    """stable-baselines3's DQN, run as it is: only listened to."""

    def __init__(self, case, parameters, target, made):
        network, hyper = case.network, case.hyper
        self.case, self.moved = case, 0
        self.model = DQN(
            "MlpPolicy",
            worlds(network, hyper, case.seed),
            learning_rate=hyper.learningRate,
            buffer_size=hyper.capacity * hyper.lanes,
            batch_size=hyper.batchSize,
            tau=hyper.tau,
            gamma=hyper.gamma,
            n_steps=hyper.nSteps,
            target_update_interval=hyper.targetUpdateInterval,
            exploration_fraction=hyper.explorationFraction,
            exploration_initial_eps=hyper.explorationInitial,
            exploration_final_eps=hyper.explorationFinal,
            max_grad_norm=hyper.maxGradientNorm,
            policy_kwargs={
                "net_arch": network.tower,
                "activation_fn": {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}[network.activation],
                "optimizer_kwargs": {"eps": hyper.adamEpsilon},
            },
            seed=case.seed,
            device="cpu",
        )
        assert isinstance(self.model.replay_buffer, NStepReplayBuffer) == (hyper.nSteps > 1)
        self.model.set_logger(Logger(folder=None, output_formats=[]))
        state = {name: torch.tensor(value) for name, value in parameters.items()}
        state |= {name.replace("q_net.", "q_net_target.", 1): torch.tensor(value) for name, value in target.items()}
        self.model.policy.load_state_dict(state)
        for step in range(hyper.made):
            ends = made["truncated"][step]
            self.model.replay_buffer.add(
                made["observations"][step], made["nextObservations"][step], made["actions"][step], made["rewards"][step],
                made["terminated"][step] | ends, [{"TimeLimit.truncated": bool(end)} for end in ends],
            )

    def learn(self):
        """One call of `train`: loss, norm before clipping, targets; rows and lanes that its buffer drew."""
        drawn, found = [], []
        clip, draw = torch.nn.utils.clip_grad_norm_, np.random.randint

        def listening_clip(parameters, max_norm):
            norm = clip(parameters, max_norm)
            local = sys._getframe(1).f_locals
            found.append((local["loss"].item(), norm.item(), local["target_q_values"].numpy()[:, 0].copy()))
            return norm

        def listening_draw(*arguments, **named):
            drawn.append(draw(*arguments, **named))
            return drawn[-1]

        with mock.patch("torch.nn.utils.clip_grad_norm_", listening_clip), mock.patch("numpy.random.randint", listening_draw):
            self.model.train(1, self.case.hyper.batchSize)
        assert len(drawn) == 2 and len(found) == 1
        return *found[0], drawn[0], drawn[1]

    def step(self, done):
        """What happens after a step of all lanes: the exploration's rate from here on."""
        self.model._update_current_progress_remaining(done, self.case.hyper.totalSteps)
        self.model._on_step()
        return self.model.exploration_rate

    def snapshot(self, name="q_net"):
        net = getattr(self.model, name).state_dict()
        return {"q_net." + key: value.numpy().copy() for key, value in net.items()}

    def target_snapshot(self):
        return self.snapshot("q_net_target")


def play(case, learner, learn, step, forward):
    """100 updates with four steps of all lanes before each; everything that a file expects, as arrays."""
    results, losses, norms, targets, rates = {"forward.values": forward}, [], [], [], []
    single = []
    for number in range(1, UPDATES + 1):
        for inner in range(4):
            rates.append(step((4 * (number - 1) + inner + 1)))
        loss, norm, target = learn(number - 1)
        losses.append(loss)
        norms.append(norm)
        if number <= 10:
            targets.append(target)
        now = learner.snapshot()
        single.append({name: value for name, value in now.items() if value.size == 1})
        if number in KEPT:
            results |= {f"after{number}.{name}": value for name, value in now.items()}
            results |= {f"followed{number}.{name}": np.array([row[name] for row in single[: max(number, 10)]]) for name in single[0]}
            results |= {f"targetAfter{number}.{name}": value for name, value in learner.target_snapshot().items()}
    results |= {"updates.loss": losses, "updates.gradientNorm": norms, "updates.targets": np.stack(targets), "exploration.rates": rates}
    return {name: np.asarray(value, dtype=np.float64) for name, value in results.items()}


def make(case):
    torch.manual_seed(case.seed)
    np.random.seed(case.seed)
    network, hyper = case.network, case.hyper
    widths = [network.inputs, *network.tower]
    shapes = {}
    for name, outputs in (("advantage_net", network.actions), ("value_net", 1)) if hyper.dueling else (("q_net", network.actions),):
        for layer, (inputs, width) in enumerate(zip(widths, [*network.tower, outputs])):
            shapes |= {f"q_net.{name}.{2 * layer}.weight": (width, inputs), f"q_net.{name}.{2 * layer}.bias": (width,)}
    parameters, target = draw_parameters(shapes, case.seed), draw_parameters(shapes, case.seed + 500)
    made = experience(case)
    generator = np.random.default_rng(case.seed + 1)
    forward = generator.normal(size=(32, network.inputs)).astype(np.float32)
    picks = {
        "rows": generator.integers(hyper.capacity, size=(UPDATES, hyper.batchSize)),
        "lanes": generator.integers(hyper.lanes, size=(UPDATES, hyper.batchSize)),
        "weights": np.ones((UPDATES, hyper.batchSize), dtype=np.float32),
    }
    if hyper.weighted:
        picks["weights"] = generator.uniform(0.1, 1, size=(UPDATES, hyper.batchSize)).astype(np.float32)
    interval = max(hyper.targetUpdateInterval // hyper.lanes, 1)

    def transcribed(dtype, order=None):
        plain = Transcription(network, hyper, parameters, target, dtype, None if order is None else np.random.default_rng(order))

        def step(count):
            if count % interval == 0:
                plain.move_target()
            share = count * hyper.lanes / hyper.totalSteps
            slope = (hyper.explorationFinal - hyper.explorationInitial) / hyper.explorationFraction
            return hyper.explorationFinal if share > hyper.explorationFraction else hyper.explorationInitial + share * slope

        def learn(index):
            return plain.learn(made, *(picks[name][index] for name in ("rows", "lanes", "weights")))

        with torch.no_grad():
            values = plain.values(plain.parameters, plain.tensor(forward)).numpy()
        plain.margin = float("inf")
        return play(case, plain, learn, step, values), plain

    if case.is_library:
        library = Library(case, parameters, target, made)

        def learn(index):
            loss, norm, targets, picks["rows"][index], picks["lanes"][index] = library.learn()
            return loss, norm, targets

        with torch.no_grad():
            values = library.model.q_net(torch.tensor(forward)).numpy()
        expected = play(case, library, learn, lambda count: library.step(count * hyper.lanes), values)
    else:
        expected, _ = transcribed(torch.float32)
    exact, plain = transcribed(torch.float64)
    float32s = [expected, transcribed(torch.float32)[0], *(transcribed(torch.float32, order)[0] for order in range(ORDERS))]

    tensors = {}
    for name, value in expected.items():
        tolerance = tolerance_of(exact[name], [other[name] for other in float32s], ...)
        tensors[name] = {"value": value, "tolerance": tolerance, "agreement": np.abs(value - float32s[1][name]).max()}
    for name in [name for name in tensors if name.startswith("followed")]:
        tensors[name.replace("followed", "after")]["tolerance"] = tensors.pop(name)["tolerance"]
    last, parted = 1, ""
    for number in KEPT:
        named = [tensor for name, tensor in tensors.items() if name.startswith(f"after{number}.")]
        spread = max(tensor["tolerance"] / np.abs(tensor["value"]).max() for tensor in named)
        if spread > PARTED:
            parted = f"float32 and float64 part by update {number} ({spread:.1e})"
            break
        last, reached = number, spread
    shown = ("1", "10", str(last))
    for name in list(tensors):
        part = name.split(".")[0]
        if part.startswith("after") and part[5:] not in shown or part.startswith("targetAfter") and part[11:] != str(last):
            del tensors[name]
    worst = max((tensor["agreement"] / tensor["tolerance"], name) for name, tensor in tensors.items())
    assert worst[0] <= 1, f"{case.name}: reference and transcription differ by {worst[0]:.2f} tolerances in {worst[1]}"
    print(
        f"{case.name}: loss {expected['updates.loss'].min():.3f} ... {expected['updates.loss'].max():.3f}, norm "
        f"{expected['updates.gradientNorm'].min():.2f} ... {expected['updates.gradientNorm'].max():.2f}, truncations "
        f"{made['truncated'].sum()}, terminations {made['terminated'].sum()}, compared up to update {last} with tolerance "
        f"{reached:.1e} of the parameters {parted}, reference against transcription {worst[0]:.2f} tolerances ({worst[1]})"
    )
    return document(case, parameters, target, made, forward, picks, tensors, worst, last, parted)


def document(case, parameters, target, made, forward, picks, tensors, worst, last, parted):
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
        return {name: tensor(value) for name, value in fields.items()}

    reference = "stable_baselines3 DQN" if case.is_library else "plain PyTorch transcription in float32 (no library has these switches)"
    inside = f"a forward pass, targets, loss and gradient norms of updates, exploration rates, parameters after 1, 10 and {last} updates"
    if not case.hyper.mask:
        made = {name: value for name, value in made.items() if name != "nextMasks"}
    return {
        "provenance": provenance(f"dqn_golden.py {case.name}", case.seed, reference, inside)
        | {
            "tolerance": "4 x largest |float32 - float64|, at least 8 float32 ulps of the largest magnitude",
            "agreement": {"tolerances": float(worst[0]), "tensor": worst[1]},
        }
        | ({"parted": parted} if parted else {}),
        "network": asdict(case.network),
        "hyper": asdict(case.hyper),
        "parameters": given(parameters),
        "targetParameters": given(target),
        "transitions": given(made),
        "forward": {"observations": tensor(forward), "expected": expected("forward")},
        "picks": given(picks),
        "updates": expected("updates"),
        "exploration": expected("exploration"),
        "lastUpdate": last,
        f"targetAfter{last}": expected(f"targetAfter{last}"),
    } | {f"after{number}": expected(f"after{number}") for number in (1, 10, last)}


def main():
    torch.set_num_threads(1)
    for name in sys.argv[1:] or [case.name for case in CASES]:
        write(Path(f"{name}.json"), make(next(case for case in CASES if case.name == name)))


if __name__ == "__main__":
    main()
