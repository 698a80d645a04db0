"""Golden numbers for Sources/Inference: forward passes with memory, masks and scaling, made by PyTorch and sb3-contrib.

Run:  python scripts/golden/inference_forward.py Tests/Fixtures/Golden/inference_forward.json
Needs torch, numpy and sb3-contrib. Writes JSON with a provenance block; never edit the JSON by hand.

Each case is one network: parameters by their state-dict names, moments of the observation, 64 raw observations with episode starts and
masks, and what the reference makes of them: logits, values, log-probabilities and probabilities under the mask (illegal ones null
and 0), entropies, and the final memory. torch.nn.LSTM runs step by step; the memory is multiplied by 1 - episode_start before each
step. Scaling is clip((x - mean) / sqrt(variance + 1e-8), -10, 10) in float64, rounded to float32.

Numbers are the shortest decimals that give the same float32 when read as a double and rounded. Tolerance of a tensor: four times the
largest difference between the float32 and the float64 run on the same data, never below 8 float32 ulps of its largest magnitude.
"""

import json
import platform
import sys

import numpy as np
import sb3_contrib
import torch
from sb3_contrib.common.maskable.distributions import MaskableCategorical

SEED = 20260210
STEPS = 64

# name, inputs, actions, hidden (0: no memory), critic memory, policy tower, value tower, activation, value head, scaled
CASES = [
    ("mlp_tanh", 7, 5, 0, None, [16, 12], [11], "tanh", True, True),
    ("mlp_relu_actor_only", 9, 3, 0, None, [20, 16, 8], [], "relu", False, False),
    ("linear", 5, 4, 0, None, [], [], "tanh", True, False),
    ("lstm_separate", 10, 9, 12, "separate", [16], [16], "tanh", True, True),
    ("lstm_shared_detached", 6, 5, 16, "sharedDetached", [8], [], "tanh", True, False),
    ("lstm_shared_joint", 6, 5, 9, "sharedJoint", [], [7], "relu", True, True),
    ("lstm_none", 6, 5, 13, "none", [8, 8], [8], "tanh", True, True),
    ("lstm_actor_only", 11, 6, 16, "separate", [16, 16], [16], "tanh", False, True),
]


def short(value):
    """The shortest decimal that is the same float32, as a double."""
    value = np.float32(value)
    text = float(str(value))
    assert np.float32(text) == value
    return text


def flat(array):
    return [short(x) for x in np.asarray(array, dtype=np.float32).reshape(-1)]


class Network(torch.nn.Module):
    def __init__(self, inputs, actions, hidden, critic, policy_tower, value_tower, activation, has_value):
        super().__init__()
        features = hidden or inputs
        self.hidden, self.critic_mode = hidden, critic if has_value else None
        self.function = torch.tanh if activation == "tanh" else torch.relu
        if hidden:
            self.lstm_actor = torch.nn.LSTM(inputs, hidden)
        if self.critic_mode == "separate":
            self.lstm_critic = torch.nn.LSTM(inputs, hidden)
        if self.critic_mode == "none":
            self.critic = torch.nn.Linear(inputs, hidden)

        def tower(widths):
            layers, width = torch.nn.ModuleDict(), features
            for index, next_width in enumerate(widths):
                layers[str(2 * index)] = torch.nn.Linear(width, next_width)
                width = next_width
            return layers, width

        self.mlp_extractor = torch.nn.Module()
        self.mlp_extractor.policy_net, width = tower(policy_tower)
        self.action_net = torch.nn.Linear(width, actions)
        if has_value:
            self.mlp_extractor.value_net, width = tower(value_tower)
            self.value_net = torch.nn.Linear(width, 1)
        self.has_value = has_value

    def climb(self, layers, x):
        for layer in layers.values():
            x = self.function(layer(x))
        return x

    def remember(self, lstm, x, starts):
        zero = torch.zeros(1, 1, self.hidden, dtype=x.dtype)
        state, outputs = (zero, zero), []
        for step in range(len(x)):
            keep = 1 - starts[step]
            output, state = lstm(x[step].reshape(1, 1, -1), (state[0] * keep, state[1] * keep))
            outputs.append(output.reshape(1, -1))
        return torch.cat(outputs), state

    def forward(self, x, starts):
        result, features, own = {}, x, x
        if self.hidden:
            features, (h, c) = self.remember(self.lstm_actor, x, starts)
            result["final_hidden"], result["final_cell"] = h.reshape(-1), c.reshape(-1)
            own = features
        result["logits"] = self.action_net(self.climb(self.mlp_extractor.policy_net, features))
        if self.has_value:
            if self.critic_mode == "separate":
                own, _ = self.remember(self.lstm_critic, x, starts)
            elif self.critic_mode == "none":
                own = self.critic(x)
            result["values"] = self.value_net(self.climb(self.mlp_extractor.value_net, own)).reshape(-1)
        return result


def choices(logits, masks):
    distribution = MaskableCategorical(logits=logits, masks=masks, validate_args=False)
    return {
        "log_probabilities": distribution.logits.masked_fill(~torch.as_tensor(masks), 0.0),
        "probabilities": distribution.probs,
        "entropies": distribution.entropy(),
    }


def tolerance(single, double):
    single, double = single.double().numpy(), double.numpy()
    ulp = np.spacing(np.float32(np.abs(single).max()))
    return float(max(4 * np.abs(single - double).max(), 8 * float(ulp)))


def case(number, name, inputs, actions, hidden, critic, policy_tower, value_tower, activation, has_value, scaled):
    torch.manual_seed(SEED + number)
    rng = np.random.default_rng(SEED + number)
    network = Network(inputs, actions, hidden, critic, policy_tower, value_tower, activation, has_value)
    with torch.no_grad():
        # The default initialisation is timid; twice its size reaches the curved parts of the activations.
        for parameter in network.parameters():
            parameter.mul_(2.0)
    scale = rng.uniform(0.01, 3.0, inputs)
    observations = (rng.standard_normal((STEPS, inputs)) * scale + rng.uniform(-1, 1, inputs)).astype(np.float32)
    if scaled:
        observations[5] *= 40  # beyond the bound
        mean, variance = rng.uniform(-1, 1, inputs), scale**2
        x = np.clip((observations - mean) / np.sqrt(variance + 1e-8), -10, 10).astype(np.float32)
        assert np.abs(x).max() == 10
    else:
        x = observations
    starts = (rng.random(STEPS) < 0.1).astype(np.float32)
    starts[0] = 1
    masks = rng.random((STEPS, actions)) < 0.6
    masks[:, 0] |= ~masks.any(axis=1)
    with torch.no_grad():
        single = network(torch.tensor(x), torch.tensor(starts))
        single |= choices(single["logits"], masks)
        weights = {key: value.numpy().copy() for key, value in network.state_dict().items()}
        network.double()
        double = network(torch.tensor(x).double(), torch.tensor(starts).double())
        double |= choices(double["logits"], masks)
    memory = "none" if hidden == 0 else {"lstm": {"hidden": hidden, "critic": critic}}
    return {
        "name": name,
        "network": {
            "inputs": inputs, "actions": actions, "memory": memory, "policy_tower": policy_tower,
            "value_tower": value_tower, "activation": activation, "has_value_head": has_value,
        },
        "parameters": {key: {"shape": list(value.shape), "values": flat(value)} for key, value in weights.items()},
        "normalizer": {"mean": mean.tolist(), "variance": variance.tolist()} if scaled else None,
        "observations": flat(observations),
        "scaled_observations": flat(x),
        "episode_starts": [int(start) for start in starts],
        "masks": [int(flag) for flag in masks.reshape(-1)],
        "expected": {
            key: {"values": flat(single[key]), "tolerance": tolerance(single[key], double[key])} for key in single
        },
    }


def main():
    cases = [case(number, *parts) for number, parts in enumerate(CASES)]
    content = {
        "provenance": {
            "tool": f"torch {torch.__version__}, sb3-contrib {sb3_contrib.__version__}",
            "numpy": np.__version__,
            "python": platform.python_version(),
            "seed": SEED,
            "command": "python scripts/golden/inference_forward.py Tests/Fixtures/Golden/inference_forward.json",
            "tolerance": "4 x largest |float32 - float64|, at least 8 float32 ulps of the largest magnitude",
        },
        "cases": cases,
    }
    with open(sys.argv[1], "w") as file:
        lines = json.dumps(content["provenance"], indent=1)
        body = ",\n".join(json.dumps(item, separators=(",", ":")) for item in cases)
        file.write(f'{{"provenance": {lines},\n"cases": [\n{body}\n]}}\n')
    for item in cases:
        print(item["name"], {key: f"{value['tolerance']:.1e}" for key, value in item["expected"].items()})


torch.set_num_threads(1)
main()
