"""The work that every peer is timed at: a market of two random walks, 26 numbers to look at, 9 actions, 390-bar episodes.

Observation: for each of two symbols 12 past returns, over 1 to 12 bars and scaled to unit size, and the position held.
Action: one of 3 x 3 pairs of positions -1, 0, +1. Reward: position times the next return, less a cost for every change.
The first episode of a lane has a random length, so that lanes end apart from then on.
"""

import numpy as np

BARS = 10_000
LOOKBACK = 12
EPISODE = 390
COST = 1e-4
OBSERVATIONS = 2 * (LOOKBACK + 1)
ACTIONS = 9
HORIZON = 128
EPOCHS = 4
MINIBATCHES = 4
GAMMA = 0.99
GAE_LAMBDA = 0.95
CLIP = 0.2
ENTROPY = 0.01
VALUE = 0.25
RATE = 3e-4
NORM = 0.5
ADAM_EPSILON = 1e-5
FIRST = LOOKBACK
LAST = BARS - EPISODE - 2

# Position pairs by action.
PAIRS = np.array([[left, right] for left in (-1, 0, 1) for right in (-1, 0, 1)], dtype=np.float32)


def market():
    """Features (BARS, 24) and the returns that follow (BARS, 2), both float32."""
    walk = np.random.default_rng(7)
    returns = walk.normal(0.0, 1e-3, (BARS, 2))
    level = np.vstack([np.zeros((1, 2)), np.cumsum(returns, axis=0)])
    features = np.zeros((BARS, 2, LOOKBACK))
    for bars in range(1, LOOKBACK + 1):
        change = level[bars:] - level[:-bars]
        features[bars - 1 :, :, bars - 1] = change[:BARS - bars + 1] / (1e-3 * bars**0.5)
    following = np.vstack([returns[1:], np.zeros((1, 2))])
    return features.reshape(BARS, 2 * LOOKBACK).astype(np.float32), following.astype(np.float32)


class Lanes:
    """All lanes side by side in numpy arrays."""

    def __init__(self, count, seed=11):
        self.features, self.following = market()
        self.random = np.random.default_rng(seed)
        self.bar = self.random.integers(FIRST, LAST, count)
        self.left = self.random.integers(1, EPISODE + 1, count)
        self.held = np.zeros((count, 2), np.float32)

    def look(self):
        return np.concatenate([self.features[self.bar], self.held], axis=1)

    def step(self, actions):
        """Observations, rewards, and whether an episode ended, each (count, ...)."""
        wanted = PAIRS[actions]
        rewards = (wanted * self.following[self.bar] - COST * np.abs(wanted - self.held)).sum(axis=1)
        self.held = wanted.copy()
        self.bar += 1
        self.left -= 1
        ended = self.left == 0
        fresh = np.flatnonzero(ended)
        if fresh.size:
            # What the ended lanes show before they begin anew.
            self.last = np.concatenate([self.features[self.bar[fresh]], self.held[fresh]], axis=1)
            self.bar[fresh] = self.random.integers(FIRST, LAST, fresh.size)
            self.left[fresh] = EPISODE
            self.held[fresh] = 0
        return self.look(), rewards, ended
