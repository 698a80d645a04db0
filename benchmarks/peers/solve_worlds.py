"""The worlds of solve.py as rules over arrays of lanes, for numpy and for JAX: two planted markets, and the cart with its pole.

The same rules as LeakMarket.swift, MeanReversionMarket.swift and CartPole.swift; solve.py --check plays recorded steps of those through these.
A state is a dictionary of arrays (lanes), a draw an array (lanes, draws): normal numbers for the markets, uniform ones for the cart.
"""

import math


class Leak:
    """The next return is shown; the reward is position times it."""

    name, observations, actions, length = "leak", 2, 3, 1024
    draws, uniform = 1, False

    def begin(self, xp, draws):
        return {"following": draws[:, 0], "position": xp.zeros_like(draws[:, 0])}

    def look(self, xp, state):
        return xp.stack([state["following"], state["position"]], axis=1)

    def advance(self, xp, state, actions, draws):
        """The next state, rewards, and whether an episode ended by the rules, each (lanes)."""
        position = actions - 1.0
        return {"following": draws[:, 0], "position": position}, position * state["following"], xp.zeros_like(actions, dtype=bool)


class MeanReversion:
    """A deviation that falls back by a twentieth a step; a change of position costs half of its size."""

    name, observations, actions, length = "mean_reversion", 2, 3, 1024
    draws, uniform = 1, False
    persistence, cost = 0.95, 0.5

    def begin(self, xp, draws):
        return {"deviation": draws[:, 0] / math.sqrt(1 - self.persistence**2), "position": xp.zeros_like(draws[:, 0])}

    def look(self, xp, state):
        return xp.stack([state["deviation"], state["position"]], axis=1)

    def advance(self, xp, state, actions, draws):
        position, before = actions - 1.0, state["deviation"]
        after = self.persistence * before + draws[:, 0]
        reward = position * (after - before) - self.cost * xp.abs(position - state["position"])
        return {"deviation": after, "position": position}, reward, xp.zeros_like(actions, dtype=bool)


class CartPole:
    """CartPole-v1 of Gymnasium."""

    name, observations, actions, length = "cartpole", 4, 2, 500
    draws, uniform = 4, True
    names = ["position", "velocity", "angle", "angular_velocity"]

    def begin(self, xp, draws):
        return {name: 0.1 * draws[:, place] - 0.05 for place, name in enumerate(self.names)}

    def look(self, xp, state):
        return xp.stack([state[name] for name in self.names], axis=1)

    def advance(self, xp, state, actions, draws):
        position, velocity, angle, turning = (state[name] for name in self.names)
        cosine, sine = xp.cos(angle), xp.sin(angle)
        thrust = (xp.where(actions == 1, 10.0, -10.0) + 0.05 * turning * turning * sine) / 1.1
        bending = (9.8 * sine - cosine * thrust) / (0.5 * (4.0 / 3.0 - 0.1 * cosine * cosine / 1.1))
        pulling = thrust - 0.05 * bending * cosine / 1.1
        state = dict(zip(self.names, (position + 0.02 * velocity, velocity + 0.02 * pulling, angle + 0.02 * turning, turning + 0.02 * bending)))
        over = (xp.abs(state["position"]) > 2.4) | (xp.abs(state["angle"]) > 12 * 2 * math.pi / 360)
        return state, xp.ones_like(position), over


WORLDS = {world.name: world for world in (Leak(), MeanReversion(), CartPole())}
