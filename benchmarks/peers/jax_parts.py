"""What the JAX peers share: flags, the world as arrays over lanes, layers, clipping and Adam."""

import os

import machine

# A processor without AVX-512 is only slowed by vectors of 512 bits.
_WIDTH = " --xla_cpu_prefer_vector_width=512" if machine.has_avx512() else ""
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false" + _WIDTH)

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
from jax import lax, random  # noqa: E402

import workload as w  # noqa: E402

jax.config.update("jax_default_prng_impl", "unsafe_rbg")  # the fastest there is on a processor


class World:
    """workload.Lanes as functions of a dictionary."""

    def __init__(self, lanes):
        self.lanes = lanes
        self.features, self.following = (jnp.asarray(table) for table in w.market())
        self.pairs = jnp.asarray(w.PAIRS)

    def begin(self, key):
        bars, lengths = random.split(key)
        return {
            "bar": self.bars(bars, (self.lanes,)),
            "left": random.randint(lengths, (self.lanes,), 1, w.EPISODE + 1),
            "held": jnp.zeros((self.lanes, 2)),
        }

    def look(self, world):
        return jnp.concatenate([self.features[world["bar"]], world["held"]], axis=1)

    def bars(self, key, shape):
        """Where fresh episodes would begin."""
        return random.randint(key, shape, w.FIRST, w.LAST)

    def advance(self, world, actions, fresh):
        """The next world, rewards, and whether an episode ended. fresh: where a lane begins whose episode did."""
        wanted = self.pairs[actions]
        rewards = (wanted * self.following[world["bar"]] - w.COST * jnp.abs(wanted - world["held"])).sum(axis=1)
        left = world["left"] - 1
        ended = left == 0
        world = {
            "bar": jnp.where(ended, fresh, world["bar"] + 1),
            "left": jnp.where(ended, w.EPISODE, left),
            "held": jnp.where(ended[:, None], 0.0, wanted),
        }
        return world, rewards, ended


def layers(key, widths, gain):
    """Each (weights, bias); the last one's weights are scaled by `gain`."""
    gains = [2**0.5] * (len(widths) - 2) + [gain]
    return [
        (jax.nn.initializers.orthogonal(scale)(place, (inputs, units)), jnp.zeros(units))
        for scale, place, inputs, units in zip(gains, random.split(key, len(gains)), widths, widths[1:])
    ]


def through(stack, values):
    """Rows through layers with tanh between them."""
    for weights, bias in stack[:-1]:
        values = jnp.tanh(values @ weights + bias)
    weights, bias = stack[-1]
    return values @ weights + bias


def of_actions(actions, table):
    """From (actions, rows) the entry of each row's action. A comparison vectorises over rows, a gather does not."""
    return jnp.where(jnp.arange(table.shape[0])[:, None] == actions, table, 0).sum(axis=0)


def clipped(gradients, most):
    norm = jnp.sqrt(sum(jnp.square(leaf).sum() for leaf in jax.tree.leaves(gradients)))
    scale = jnp.minimum(1.0, most / (norm + 1e-6))
    return jax.tree.map(lambda leaf: leaf * scale, gradients)


def moments(parameters):
    """Adam's beginning."""
    return {"first": jax.tree.map(jnp.zeros_like, parameters), "second": jax.tree.map(jnp.zeros_like, parameters), "count": jnp.zeros((), jnp.int32)}


def adam(state, gradients, rate, epsilon):
    """`state` with parameters, first, second and count after a step along clipped gradients."""
    count = state["count"] + 1
    step = rate / (1 - 0.9**count)
    correction = jnp.sqrt(1 - 0.999**count)
    first = jax.tree.map(lambda m, g: m + 0.1 * (g - m), state["first"], gradients)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * jnp.square(g), state["second"], gradients)
    parameters = jax.tree.map(lambda p, m, v: p - step * m / (jnp.sqrt(v) / correction + epsilon), state["parameters"], first, second)
    return dict(state, parameters=parameters, first=first, second=second, count=count)
