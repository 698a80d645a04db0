# Proximal policy optimisation written out plainly in PyTorch, generic over the number type.
"""The float64 side of the golden numbers, and the reference of the variant that no released library has (memory and mask).

Nothing here comes from the reference libraries: no padding, no rollout buffer, no distribution class, no optimiser class. One
sequence is one loop over its steps.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import torch


@dataclass
class Network:
    """What the network is; names of parameters are the state-dict names of stable-baselines3 and sb3-contrib."""

    inputs: int
    actions: int
    tower: list[int]
    activation: str = "tanh"  # or relu
    hidden: int = 0  # units of the LSTM, 0 without memory
    critic: str = ""  # separate, sharedDetached, sharedJoint, none
    factors: list[int] = field(default_factory=list)  # choices of each factor, one softmax each; empty: one among `actions`


@dataclass
class Hyperparameters:
    horizon: int = 12
    lanes: int = 4
    batchSize: int = 16
    epochs: int = 2
    learningRate: float = 3e-3
    gamma: float = 0.97
    gaeLambda: float = 0.9
    clipRange: float = 0.2
    clipRangeValue: float | None = None
    normalizeAdvantage: bool = True
    entropyCoefficient: float = 0.0
    valueCoefficient: float = 0.5
    maxGradientNorm: float = 0.5
    scheme: str = "rotation"  # how memory is cut into sequences; lanes: whole lanes


MASKED_LOGIT = -1e8


class Transcription:
    def __init__(self, network, parameters, dtype):
        self.network = network
        self.dtype = dtype
        self.parameters = {
            name: torch.tensor(value, dtype=dtype, requires_grad=True) for name, value in parameters.items()
        }
        self.first = {name: torch.zeros_like(value) for name, value in self.parameters.items()}
        self.second = {name: torch.zeros_like(value) for name, value in self.parameters.items()}
        self.steps = 0
        self.margin = float("inf")  # the smallest distance of any number to a point where the loss has a corner

    # Network

    def tensor(self, array):
        return torch.tensor(np.asarray(array), dtype=self.dtype)

    def linear(self, x, name):
        return x @ self.parameters[name + ".weight"].T + self.parameters[name + ".bias"]

    def tower(self, x, name):
        for layer in range(len(self.network.tower)):
            x = self.linear(x, f"mlp_extractor.{name}.{2 * layer}")
            if self.network.activation == "relu":
                self.near(x)
                x = torch.relu(x)
            else:
                x = torch.tanh(x)
        return x

    def lstm(self, name, x, start, hidden, cell):
        """x (L, S, D), start (L, S), hidden and cell (S, H): outputs (L, S, H) and the last state."""
        p = {key: self.parameters[f"{name}.{key}_l0"] for key in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
        outputs = []
        for step in range(x.shape[0]):
            keep = (1 - start[step])[:, None]
            hidden, cell = hidden * keep, cell * keep
            gates = x[step] @ p["weight_ih"].T + p["bias_ih"] + hidden @ p["weight_hh"].T + p["bias_hh"]
            i, f, g, o = gates.chunk(4, dim=-1)
            cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
            hidden = torch.sigmoid(o) * torch.tanh(cell)
            outputs.append(hidden)
        return torch.stack(outputs), (hidden, cell)

    def forward(self, x, start=None, states=None):
        """x (B, D) without memory, (L, S, D) with: values and logits with the same leading shape, and the last states."""
        ends = {}
        if self.network.hidden == 0:
            actor = critic = x
        else:
            actor, (ends["hidden_pi"], ends["cell_pi"]) = self.lstm(
                "lstm_actor", x, start, states["hidden_pi"], states["cell_pi"]
            )
            if self.network.critic == "separate":
                critic, (ends["hidden_vf"], ends["cell_vf"]) = self.lstm(
                    "lstm_critic", x, start, states["hidden_vf"], states["cell_vf"]
                )
            elif self.network.critic == "none":
                critic = self.linear(x, "critic")
            elif self.network.critic == "sharedDetached":
                critic = actor.detach()
            else:
                critic = actor
        logits = self.linear(self.tower(actor, "policy_net"), "action_net")
        values = self.linear(self.tower(critic, "value_net"), "value_net").squeeze(-1)
        return values, logits, ends

    def widths(self):
        return self.network.factors or [self.network.actions]

    def log_probabilities(self, logits, masks):
        widths = self.widths()
        if len(widths) == 1:
            return self.one_choice(logits, masks)
        parts = [None] * len(widths) if masks is None else masks.split(widths, -1)
        return torch.cat([self.one_choice(*part) for part in zip(logits.split(widths, -1), parts)], -1)

    def one_choice(self, logits, masks):
        normalized = logits - torch.logsumexp(logits, -1, keepdim=True)
        if masks is None:
            return normalized
        masked = torch.where(masks, normalized, torch.full_like(normalized, MASKED_LOGIT))
        return masked - torch.logsumexp(masked, -1, keepdim=True)

    def draw(self, log_p, generator):
        """An action for each row: its choices are its digits, the first the most significant."""
        actions = 0
        for part, width in zip(log_p.split(self.widths(), -1), self.widths()):
            actions = actions * width + torch.multinomial(part.exp(), 1, generator=generator)[:, 0]
        return actions

    def taken(self, log_p, actions):
        """The log-probability of every row's action, the sum over its choices: its digits, or where these make too large a number a row of their own."""
        parts = log_p.split(self.widths(), -1)
        return sum(part.gather(-1, digit[..., None]).squeeze(-1) for part, digit in zip(parts, self.digits(log_p, actions)))

    def digits(self, log_p, actions):
        if actions.dim() == log_p.dim():
            return actions.unbind(-1)
        digits, rest = [], actions
        for width in reversed(self.widths()):
            digits.insert(0, rest % width)
            rest = rest // width
        return digits

    def score(self, logits, actions, masks):
        """Log-probability of the given actions and entropy of the distribution."""
        log_p = self.log_probabilities(logits, masks)
        terms = torch.exp(log_p) * log_p
        if masks is not None:
            terms = torch.where(masks, terms, torch.zeros_like(terms))
        return self.taken(log_p, actions), -terms.sum(-1)

    # Collecting

    def collect(self, rollout, hyper):
        """What the policy says while the rollout's world goes by, from the memory before its first row: the rollout with values,
        bootstrap values and states of its own."""
        recurrent = self.network.hidden > 0
        states = {name: self.tensor(state[0]) for name, state in rollout.states.items()}
        before, values = {name: [] for name in states}, []
        bootstrap = np.zeros_like(rollout.rewards, dtype=np.float64)

        def value(observations, starts, states):
            if not recurrent:
                return self.forward(self.tensor(observations))[0], {}
            result, _, ends = self.forward(self.tensor(observations)[None], self.tensor(starts)[None], states)
            return result[0], ends

        with torch.no_grad():
            for step in range(hyper.horizon + 1):
                found, after = value(rollout.observations[step], rollout.episodeStarts[step], states)
                values.append(found.numpy())
                if step == hyper.horizon:
                    break
                for name, state in states.items():
                    before[name].append(state.numpy())
                for lane in np.flatnonzero(rollout.truncated[step]):
                    memory = {name: state[lane : lane + 1] for name, state in after.items()}
                    final = rollout.finalObservations[step, lane : lane + 1]
                    bootstrap[step, lane] = value(final, np.zeros(1), memory)[0].item()
                states = after
        stacked = {name: np.stack(rows) for name, rows in before.items()}
        return replace(rollout, values=np.stack(values), bootstrapValues=bootstrap, states=stacked)

    # Advantages

    def advantages(self, rollout, hyper):
        """Generalised advantage estimation; a truncated step's reward is raised by gamma times its bootstrap value."""
        values = self.tensor(rollout.values)
        rewards = self.tensor(rollout.rewards) + hyper.gamma * self.tensor(rollout.bootstrapValues)
        goes_on = 1 - self.tensor(rollout.terminated | rollout.truncated)
        advantages = torch.zeros_like(rewards)
        following = torch.zeros_like(rewards[0])
        for step in reversed(range(hyper.horizon)):
            delta = rewards[step] + hyper.gamma * values[step + 1] * goes_on[step] - values[step]
            following = delta + hyper.gamma * hyper.gaeLambda * goes_on[step] * following
            advantages[step] = following
        return advantages, advantages + values[:-1]

    # Learning

    def near(self, distances):
        self.margin = min(self.margin, distances.detach().abs().min().item())

    def evaluate(self, rollout, hyper, indices):
        """Values, log-probabilities and entropies of the rows `indices` (lane-major: lane * T + t), in that order."""
        lanes, steps = indices // hyper.horizon, indices % hyper.horizon
        masks = None if rollout.masks is None else torch.tensor(rollout.masks)
        actions = torch.tensor(rollout.actions)
        if self.network.hidden == 0:
            values, logits, _ = self.forward(self.tensor(rollout.observations[steps, lanes]))
        else:
            # A sequence begins at the slice's first row and at a lane's first row, and in a rotation at an episode's start; its
            # initial state is the stored one.
            rotates = hyper.scheme == "rotation"
            begins = [
                row
                for row in range(len(indices))
                if row == 0 or steps[row] == 0 or rotates and rollout.episodeStarts[steps[row], lanes[row]] == 1
            ]
            values, logits = [], []
            for begin, end in zip(begins, begins[1:] + [len(indices)]):
                rows = (steps[begin:end], lanes[begin:end])
                first = (steps[begin], lanes[begin])
                states = {name: self.tensor(state[first])[None] for name, state in rollout.states.items()}
                v, l, _ = self.forward(
                    self.tensor(rollout.observations[rows])[:, None],
                    self.tensor(rollout.episodeStarts[rows])[:, None],
                    states,
                )
                values.append(v[:, 0])
                logits.append(l[:, 0])
            values, logits = torch.cat(values), torch.cat(logits)
        log_p, entropy = self.score(logits, actions[steps, lanes], None if masks is None else masks[steps, lanes])
        return values, log_p, entropy

    def minibatch(self, rollout, hyper, advantages, returns, indices):
        """One gradient step on the rows `indices`; the terms of its loss and the gradient's norm before clipping."""
        lanes, steps = indices // hyper.horizon, indices % hyper.horizon
        values, log_p, entropy = self.evaluate(rollout, hyper, indices)

        def mean(x):
            return x.sum() / len(indices)

        advantage = advantages[steps, lanes]
        if hyper.normalizeAdvantage:
            centred = advantage - mean(advantage)
            deviation = torch.sqrt((centred**2).sum() / (len(indices) - 1))
            advantage = centred / (deviation + 1e-8)
        change = log_p - self.tensor(rollout.logProbabilities)[steps, lanes]
        ratio = torch.exp(change)
        low, high = 1 - hyper.clipRange, 1 + hyper.clipRange
        self.near(ratio - low)
        self.near(ratio - high)
        policy_loss = -mean(torch.minimum(advantage * ratio, advantage * torch.clamp(ratio, low, high)))
        if hyper.clipRangeValue is not None:
            old = self.tensor(rollout.values)[steps, lanes]
            self.near((values - old).abs() - hyper.clipRangeValue)
            values = old + torch.clamp(values - old, -hyper.clipRangeValue, hyper.clipRangeValue)
        value_loss = mean((returns[steps, lanes] - values) ** 2)
        entropy_loss = -mean(entropy)
        loss = policy_loss + hyper.entropyCoefficient * entropy_loss + hyper.valueCoefficient * value_loss
        gradients = torch.autograd.grad(loss, list(self.parameters.values()))
        norm = torch.sqrt(sum((gradient**2).sum() for gradient in gradients))
        with torch.no_grad():
            approx_kl = mean(torch.exp(change) - 1 - change)
            clip_fraction = mean(((ratio - 1).abs() > hyper.clipRange).to(self.dtype))
            scale = torch.clamp(hyper.maxGradientNorm / (norm + 1e-6), max=1.0)
            self.adam(hyper.learningRate, [gradient * scale for gradient in gradients])
        terms = (policy_loss, value_loss, entropy_loss, loss, approx_kl, clip_fraction, norm)
        return [term.item() for term in terms]

    def adam(self, learning_rate, gradients, epsilon=1e-5, beta1=0.9, beta2=0.999):
        self.steps += 1
        for (name, parameter), gradient in zip(self.parameters.items(), gradients):
            self.first[name] = beta1 * self.first[name] + (1 - beta1) * gradient
            self.second[name] = beta2 * self.second[name] + (1 - beta2) * gradient**2
            size = learning_rate / (1 - beta1**self.steps)
            root = torch.sqrt(self.second[name]) / (1 - beta2**self.steps) ** 0.5
            parameter -= size * self.first[name] / (root + epsilon)

    def update(self, rollout, hyper, orders, after_step=lambda: None):
        """One pass of `epochs` over the rollout; `orders` holds the row order of every epoch. Terms of every minibatch."""
        advantages, returns = self.advantages(rollout, hyper)
        rows = []
        for order in orders:
            for start in range(0, len(order), hyper.batchSize):
                indices = np.asarray(order[start : start + hyper.batchSize])
                rows.append(self.minibatch(rollout, hyper, advantages, returns, indices))
                after_step()
        return rows


class CellFeatures(Transcription):
    """A masked PPO without memory whose features are one LSTM cell started from zero: what the recurrent masked variant must
    become when every step is an episode. Rows of a minibatch are one flat batch; there are no sequences and no states."""

    def cell(self, name, x):
        p = self.parameters
        gates = x @ p[f"{name}.weight_ih_l0"].T + p[f"{name}.bias_ih_l0"] + p[f"{name}.bias_hh_l0"]
        # The recurrent weights meet a zero state: they take part only so that their gradient, zero, exists.
        gates = gates + 0 * p[f"{name}.weight_hh_l0"].sum()
        i, _, g, o = gates.chunk(4, dim=-1)
        return torch.sigmoid(o) * torch.tanh(torch.sigmoid(i) * torch.tanh(g))

    def evaluate(self, rollout, hyper, indices):
        lanes, steps = indices // hyper.horizon, indices % hyper.horizon
        x = self.tensor(rollout.observations[steps, lanes])
        logits = self.linear(self.tower(self.cell("lstm_actor", x), "policy_net"), "action_net")
        values = self.linear(self.tower(self.cell("lstm_critic", x), "value_net"), "value_net").squeeze(-1)
        masks, actions = torch.tensor(rollout.masks), torch.tensor(rollout.actions)
        return values, *self.score(logits, actions[steps, lanes], masks[steps, lanes])


SCALARS = ("policyLoss", "valueLoss", "entropyLoss", "totalLoss", "approximateKL", "clipFraction", "gradientNorm")
