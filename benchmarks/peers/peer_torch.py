"""PPO in PyTorch in the manner of a single-file script, lanes side by side in numpy.

--form loop: the library's own LSTM, called once a step, as such scripts do.
--form cell: an LSTM step written out, the input's product hoisted out of the loop.
--form padded: a minibatch's sequences are cut where episodes end and padded, so that the library's LSTM takes them whole, in at most
--calls calls, each for pieces of like length. Exact, since no state crosses an end. A step of the rollout is written out.
All zero the state at any episode's end, wherever it falls. With --hidden 0 there is no memory and the form says nothing.
"""

import argparse

import numpy as np
import pieces
import torch
from torch import nn
from torch.nn import functional

import stopwatch
import workload as w


CALLS = 4


class ActorCritic(nn.Module):
    def __init__(self, hidden, towers, form):
        super().__init__()
        self.form = form
        self.lstm = nn.LSTM(w.OBSERVATIONS, hidden) if hidden else None
        self.actor = stack([hidden or w.OBSERVATIONS, *towers, w.ACTIONS], 0.01)
        self.critic = stack([hidden or w.OBSERVATIONS, *towers, 1], 1.0)

    def forward(self, seen, starts, memory):
        """seen: (T, n, 26); starts: (T, n, 1), 1 where the state is zeroed first. Returns logits, values, state."""
        features, memory = (seen, memory) if self.lstm is None else self.remember(seen, starts, memory)
        return *self.heads(features), memory

    def heads(self, features):
        if self.form == "padded" and len(self.actor) == 1:
            last = [self.actor[0], self.critic[0]]
            both = functional.linear(features, torch.cat([one.weight for one in last]), torch.cat([one.bias for one in last]))
            return both[..., :-1], both[..., -1]
        return self.actor(features), self.critic(features).squeeze(-1)

    def replay_pieces(self, parts, seen, memory):
        """Logits and values of whole lanes, row after row as `parts` has them. seen: (T, n, 26), all steps of all lanes."""
        return self.heads(torch.cat([part.remember(self.lstm, seen, memory) for part in parts]))

    def remember(self, seen, starts, memory):
        output, cell = memory
        keep = 1.0 - starts
        outputs = []
        if self.form == "loop":
            for step in range(seen.shape[0]):
                before = ((output * keep[step]).unsqueeze(0), (cell * keep[step]).unsqueeze(0))
                _, (output, cell) = self.lstm(seen[step].unsqueeze(0), before)
                output, cell = output[0], cell[0]
                outputs.append(output)
        else:
            bias = self.lstm.bias_ih_l0 + self.lstm.bias_hh_l0
            projected = functional.linear(seen, self.lstm.weight_ih_l0, bias).unbind(0)
            recurrent = self.lstm.weight_hh_l0.t()
            for step, inputs in enumerate(projected):
                gates = torch.addmm(inputs, output * keep[step], recurrent)
                write, forget, candidate, out = gates.chunk(4, dim=1)
                cell = forget.sigmoid() * (cell * keep[step]) + write.sigmoid() * candidate.tanh()
                output = out.sigmoid() * cell.tanh()
                outputs.append(output)
        return torch.stack(outputs), (output, cell)


def stack(widths, gain):
    """Layers with tanh between them; the last one's weights are scaled by `gain`."""
    layers = []
    for inputs, units in zip(widths, widths[1:]):
        last = len(layers) == 2 * (len(widths) - 2)
        layer = nn.Linear(inputs, units)
        nn.init.orthogonal_(layer.weight, gain if last else 2**0.5)
        nn.init.zeros_(layer.bias)
        layers += [layer] if last else [layer, nn.Tanh()]
    return nn.Sequential(*layers)


def loss_of(logits, values, actions, old, advantage, target):
    """PPO's of a minibatch, whatever the order of its rows."""
    chances = functional.log_softmax(logits, dim=-1)
    chance = chances.gather(-1, actions[..., None])[..., 0]
    entropy = -(chances.exp() * chances).sum(-1).mean()
    advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    ratio = (chance - old).exp()
    policy = -torch.min(advantage * ratio, advantage * ratio.clamp(1 - w.CLIP, 1 + w.CLIP)).mean()
    return policy - w.ENTROPY * entropy + w.VALUE * (values - target).square().mean()


class Learner:
    def __init__(self, lanes, hidden, towers, form, calls=CALLS):
        torch.manual_seed(5)
        self.lanes, self.calls = lanes, calls
        self.world = w.Lanes(lanes)
        self.network = ActorCritic(hidden, towers, form)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=w.RATE, eps=w.ADAM_EPSILON, fused=True)
        self.memory = (torch.zeros(lanes, hidden), torch.zeros(lanes, hidden))
        self.seen = torch.zeros(w.HORIZON, lanes, w.OBSERVATIONS)
        self.starts = torch.ones(w.HORIZON + 1, lanes, 1)
        self.actions = torch.zeros(w.HORIZON, lanes, dtype=torch.long)
        self.chances, self.rewards, self.values, self.advantages = (torch.zeros(w.HORIZON, lanes) for _ in range(4))
        self.now = torch.from_numpy(self.world.look())

    @torch.no_grad()
    def gather(self):
        self.starts[0] = self.starts[w.HORIZON]
        for step in range(w.HORIZON):
            self.seen[step] = self.now
            logits, value, self.memory = self.network(self.now[None], self.starts[step : step + 1], self.memory)
            chances = functional.log_softmax(logits[0], dim=-1)
            # The largest of log-probability plus Gumbel noise is a draw.
            action = (chances - torch.empty_like(chances).exponential_().log()).argmax(dim=-1)
            self.actions[step] = action
            self.chances[step] = chances.gather(1, action[:, None])[:, 0]
            self.values[step] = value[0]
            seen, rewards, ended = self.world.step(action.numpy())
            self.now = torch.from_numpy(seen)
            self.rewards[step] = torch.from_numpy(rewards)
            self.starts[step + 1, :, 0] = torch.from_numpy(ended.astype(np.float32))
        _, value, _ = self.network(self.now[None], self.starts[w.HORIZON :], self.memory)
        following, advantage = value[0], torch.zeros(self.lanes)
        for step in reversed(range(w.HORIZON)):
            goes_on = 1.0 - self.starts[step + 1, :, 0]
            surprise = self.rewards[step] + w.GAMMA * following * goes_on - self.values[step]
            advantage = surprise + w.GAMMA * w.GAE_LAMBDA * goes_on * advantage
            self.advantages[step] = advantage
            following = self.values[step]

    def learn(self, memory):
        tables = [self.seen, self.actions, self.chances, self.advantages, self.advantages + self.values]
        flat = [table.flatten(0, 1) for table in tables]
        remembers = self.network.lstm is not None
        cut = pieces.Pieces(self.starts[: w.HORIZON, :, 0].numpy()) if remembers and self.network.form == "padded" else None
        for _ in range(w.EPOCHS):
            # With memory whole lanes, without it single steps.
            for group in torch.randperm(self.lanes if remembers else len(flat[0])).chunk(w.MINIBATCHES):
                if cut:
                    parts = cut.of(group.numpy(), self.calls)
                    rows = torch.cat([part.rows for part in parts])
                    actions, old, advantage, target = (table[rows] for table in flat[1:])
                    logits, values = self.network.replay_pieces(parts, self.seen, memory)
                else:
                    seen, actions, old, advantage, target = (table[:, group] for table in tables) if remembers else (table[group] for table in flat)
                    starts = self.starts[: w.HORIZON, group] if remembers else None
                    logits, values, _ = self.network(seen, starts, tuple(part[group] for part in memory) if remembers else None)
                loss = loss_of(logits, values, actions, old, advantage, target)
                self.optimizer.zero_grad(set_to_none=True)
                loss.backward()
                nn.utils.clip_grad_norm_(self.network.parameters(), w.NORM)
                self.optimizer.step()

    def cycle(self):
        memory = self.memory
        self.gather()
        self.learn(memory)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    stopwatch.common_arguments(parser, lanes=256)
    parser.add_argument("--form", choices=["loop", "cell", "padded"], default="padded")
    parser.add_argument("--calls", type=int, default=CALLS, help="of the library's LSTM a minibatch, for the form padded (%(default)s)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    learner = Learner(arguments.lanes, arguments.hidden, arguments.towers, arguments.form, arguments.calls)
    name = f"torch-{arguments.form}" if arguments.hidden else "torch"
    stopwatch.run(name, arguments, learner.cycle, w.HORIZON * arguments.lanes)


if __name__ == "__main__":
    main()
