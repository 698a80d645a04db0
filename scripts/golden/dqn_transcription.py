# Deep Q-learning written out plainly in PyTorch, generic over the number type.
"""The float64 side of the golden numbers, and the reference of the switches that no released library has (double, dueling, masked, weighted).

Nothing here comes from the reference libraries: no replay buffer, no optimiser class.
"""

from dataclasses import dataclass, field

import numpy as np
import torch


@dataclass
class Network:
    inputs: int = 5
    actions: int = 4
    tower: list[int] = field(default_factory=lambda: [8, 8])
    activation: str = "relu"


@dataclass
class Hyperparameters:
    lanes: int = 3
    capacity: int = 30  # rows of the memory
    made: int = 45  # rows that were made
    batchSize: int = 16
    learningRate: float = 1e-3
    gamma: float = 0.97
    tau: float = 1.0
    nSteps: int = 1
    maxGradientNorm: float = 10.0
    adamEpsilon: float = 1e-8
    targetUpdateInterval: int = 60
    explorationFraction: float = 0.3
    explorationInitial: float = 0.9
    explorationFinal: float = 0.07
    totalSteps: int = 900
    double: bool = False
    dueling: bool = False
    mask: bool = False
    weighted: bool = False


class Transcription:
    """Deep Q-learning written out plainly. Nothing here comes from the library."""

    def __init__(self, network, hyper, parameters, target, dtype, generator=None):
        self.network, self.hyper, self.dtype, self.generator = network, hyper, dtype, generator
        self.parameters = {name: torch.tensor(value, dtype=dtype, requires_grad=True) for name, value in parameters.items()}
        self.target = {name: torch.tensor(value, dtype=dtype) for name, value in target.items()}
        self.first = {name: torch.zeros_like(value) for name, value in self.parameters.items()}
        self.second = {name: torch.zeros_like(value) for name, value in self.parameters.items()}
        self.steps, self.margin = 0, float("inf")

    def tensor(self, array):
        return torch.tensor(np.asarray(array), dtype=self.dtype)

    def stream(self, parameters, x, name):
        depth = len(self.network.tower)
        for layer in range(depth + 1):
            x = x @ parameters[f"q_net.{name}.{2 * layer}.weight"].T + parameters[f"q_net.{name}.{2 * layer}.bias"]
            if layer < depth and self.network.activation == "relu":
                self.margin = min(self.margin, x.detach().abs().min().item())
                x = torch.relu(x)
            elif layer < depth:
                x = torch.tanh(x)
        return x

    def values(self, parameters, x):
        if not self.hyper.dueling:
            return self.stream(parameters, x, "q_net")
        advantage = self.stream(parameters, x, "advantage_net")
        return self.stream(parameters, x, "value_net") + advantage - advantage.mean(1, keepdim=True)

    def n_step(self, made, row, lane):
        """Discounted rewards from memory row `row` on, the discount of the value after them (0 after termination), and the last row made."""
        hyper = self.hyper
        newest = hyper.made - 1
        step = row + hyper.capacity * ((newest - row) // hyper.capacity)  # the row that the memory's row holds
        total, power = 0.0, 1.0
        for _ in range(hyper.nSteps):
            total += power * float(made["rewards"][step, lane])
            power *= hyper.gamma
            if made["terminated"][step, lane] or made["truncated"][step, lane] or step == newest:
                break
            step += 1
        else:
            step -= 1
        return total, 0.0 if made["terminated"][step, lane] else power, step

    def learn(self, made, rows, lanes, weights):
        """One gradient step: loss, norm before clipping, targets."""
        hyper = self.hyper
        order = np.arange(len(rows)) if self.generator is None else self.generator.permutation(len(rows))
        rows, lanes, weights = rows[order], lanes[order], weights[order]
        newest = hyper.made - 1
        places = rows + hyper.capacity * ((newest - rows) // hyper.capacity)
        returns, discounts, lasts = (np.array(x) for x in zip(*(self.n_step(made, r, l) for r, l in zip(rows, lanes))))
        with torch.no_grad():
            following = self.tensor(made["nextObservations"][lasts, lanes])
            values = self.values(self.target, following)
            judged = self.values(self.parameters, following) if hyper.double else values
            if hyper.mask:
                judged = torch.where(torch.tensor(made["nextMasks"][lasts, lanes]), judged, torch.full_like(judged, -float("inf")))
            best = values.gather(1, judged.argmax(1, keepdim=True))[:, 0]
            targets = self.tensor(returns) + self.tensor(discounts) * best
        current = self.values(self.parameters, self.tensor(made["observations"][places, lanes]))
        current = current.gather(1, torch.tensor(made["actions"][places, lanes])[:, None])[:, 0]
        error = current - targets
        huber = torch.where(error.abs() < 1, 0.5 * error**2, error.abs() - 0.5)
        loss = (self.tensor(weights) * huber).sum() / len(rows)
        gradients = torch.autograd.grad(loss, list(self.parameters.values()))
        norm = torch.sqrt(sum((gradient**2).sum() for gradient in gradients))
        with torch.no_grad():
            scale = torch.clamp(hyper.maxGradientNorm / (norm + 1e-6), max=1.0)
            self.adam([gradient * scale for gradient in gradients])
        unordered = np.empty(len(rows))
        unordered[order] = targets.numpy()
        return loss.item(), norm.item(), unordered

    def adam(self, gradients, beta1=0.9, beta2=0.999):
        self.steps += 1
        for (name, parameter), gradient in zip(self.parameters.items(), gradients):
            self.first[name] = beta1 * self.first[name] + (1 - beta1) * gradient
            self.second[name] = beta2 * self.second[name] + (1 - beta2) * gradient**2
            size = self.hyper.learningRate / (1 - beta1**self.steps)
            root = torch.sqrt(self.second[name]) / (1 - beta2**self.steps) ** 0.5
            parameter -= size * self.first[name] / (root + self.hyper.adamEpsilon)

    def move_target(self):
        tau = self.hyper.tau
        for name, value in self.target.items():
            self.target[name] = (1 - tau) * value + tau * self.parameters[name].detach()

    def snapshot(self):
        return {name: value.detach().numpy().copy() for name, value in self.parameters.items()}

    def target_snapshot(self):
        return {name: value.numpy().copy() for name, value in self.target.items()}
