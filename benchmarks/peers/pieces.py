"""Sequences cut where episodes end: pieces of like length side by side, padded to the longest, for one call of the library's LSTM each."""

import numpy as np
import torch


class Pieces:
    """Where the pieces of a rollout lie. starts: (T, lanes), not zero where the state is zeroed before a step."""

    def __init__(self, starts):
        self.steps, self.lanes = starts.shape
        begins = starts != 0
        zeroed = begins[0].copy()
        begins[0] = True
        self.lane, self.begin = np.nonzero(begins.T)  # lane after lane
        follows = np.append(self.lane[1:] == self.lane[:-1], False)
        self.length = np.where(follows, np.append(self.begin[1:], 0), self.steps) - self.begin
        # Only a rollout's first piece goes on from the state before it, and only where no episode starts there.
        self.carries = (self.begin == 0) & ~zeroed[self.lane]
        self.first = np.searchsorted(self.lane, np.arange(self.lanes + 1))

    def of(self, group, calls):
        """The pieces of some lanes in at most so many calls: those that need no padding, and others by length."""
        own = np.concatenate([np.arange(self.first[lane], self.first[lane + 1]) for lane in group])
        whole = self.length[own] == self.steps
        cut = own[~whole][np.argsort(self.length[own[~whole]], kind="stable")]
        chosen = [own] if calls == 1 else [own[whole], *np.array_split(cut, calls - 1)]
        return [Part(self, one) for one in chosen if len(one)]


class Part:
    """Some pieces side by side, padded to the longest of them."""

    def __init__(self, pieces, chosen):
        lane, begin, length = pieces.lane[chosen], pieces.begin[chosen], pieces.length[chosen]
        steps = np.arange(length.max())[:, None]
        self.shape = len(steps), len(chosen)
        # A padded step reads the rollout's last: any number will do, since what comes of it is left out.
        self.read = torch.from_numpy((np.minimum(begin + steps, pieces.steps - 1) * pieces.lanes + lane).ravel())
        self.valid = None if length.min() == length.max() else torch.from_numpy(np.flatnonzero(steps < length))
        self.rows = self.read if self.valid is None else self.read[self.valid]  # where each output belongs, of (T * lanes)
        self.lane = torch.from_numpy(lane)
        self.carries = torch.from_numpy(pieces.carries[chosen].astype(np.float32))[:, None]

    def remember(self, lstm, seen, memory):
        """The LSTM's outputs of every step that is not padding: (rows, units)."""
        inputs = seen.flatten(0, 1)[self.read].view(*self.shape, -1)
        before = tuple((state[self.lane] * self.carries)[None] for state in memory)
        outputs = lstm(inputs, before)[0].flatten(0, 1)
        return outputs if self.valid is None else outputs[self.valid]
