"""PPO in JAX, with an LSTM or without memory: world, rollout, advantages and update compiled into one program."""

import argparse
import os

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false --xla_cpu_prefer_vector_width=512")

import jax
import jax.numpy as jnp
from jax import lax, random

import stopwatch
import workload as w

jax.config.update("jax_default_prng_impl", "unsafe_rbg")  # the fastest there is on a processor


def build(lanes, hidden, towers):
    features, following = (jnp.asarray(table) for table in w.market())
    pairs = jnp.asarray(w.PAIRS)

    def look(world):
        return jnp.concatenate([features[world["bar"]], world["held"]], axis=1)

    def advance(world, actions, key):
        wanted = pairs[actions]
        rewards = (wanted * following[world["bar"]] - w.COST * jnp.abs(wanted - world["held"])).sum(axis=1)
        left = world["left"] - 1
        ended = left == 0
        anywhere = random.randint(key, (lanes,), w.FIRST, w.LAST)
        world = {
            "bar": jnp.where(ended, anywhere, world["bar"] + 1),
            "left": jnp.where(ended, w.EPISODE, left),
            "held": jnp.where(ended[:, None], 0.0, wanted),
        }
        return world, rewards, ended

    def stack(key, outputs, gain):
        """Hidden layers and the last one, each (weights, bias)."""
        widths = [hidden or w.OBSERVATIONS, *towers, outputs]
        gains = [2**0.5] * len(towers) + [gain]
        return [
            (jax.nn.initializers.orthogonal(scale)(place, (inputs, units)), jnp.zeros(units))
            for scale, place, inputs, units in zip(gains, random.split(key, len(gains)), widths, widths[1:])
        ]

    def initial(key):
        keys = random.split(key, 5)
        parameters = {"actor": stack(keys[2], w.ACTIONS, 0.01), "critic": stack(keys[3], 1, 1.0)}
        if hidden:
            bound = hidden**-0.5
            parameters["lstm"] = {
                "input": random.uniform(keys[0], (w.OBSERVATIONS, 4 * hidden), minval=-bound, maxval=bound),
                "memory": random.uniform(keys[1], (hidden, 4 * hidden), minval=-bound, maxval=bound),
                "bias": jnp.zeros(4 * hidden),
            }
        bars, lengths = random.split(keys[4])
        world = {
            "bar": random.randint(bars, (lanes,), w.FIRST, w.LAST),
            "left": random.randint(lengths, (lanes,), 1, w.EPISODE + 1),
            "held": jnp.zeros((lanes, 2)),
        }
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        return {
            "parameters": parameters,
            "first": zeros,
            "second": jax.tree.map(jnp.copy, zeros),
            "count": jnp.zeros((), jnp.int32),
            "world": world,
            "starts": jnp.ones(lanes, bool),
            "memory": (jnp.zeros((lanes, hidden)), jnp.zeros((lanes, hidden))),
            "key": keys[4],
        }

    def remember(recurrent, projected, starts, memory):
        keep = 1.0 - starts[:, None]
        output, cell = memory[0] * keep, memory[1] * keep
        gates = projected + output @ recurrent
        write, forget, out = jnp.split(jax.nn.sigmoid(gates[:, : 3 * hidden]), 3, axis=1)
        cell = forget * cell + write * jnp.tanh(gates[:, 3 * hidden :])
        output = out * jnp.tanh(cell)
        return output, cell

    def through(layers, values):
        for weights, bias in layers[:-1]:
            values = jnp.tanh(values @ weights + bias)
        weights, bias = layers[-1]
        return values @ weights + bias

    def heads(parameters, features):
        return through(parameters["actor"], features), through(parameters["critic"], features)[..., 0]

    def decide(parameters, seen, starts, memory):
        if not hidden:
            return *heads(parameters, seen), memory
        lstm = parameters["lstm"]
        memory = remember(lstm["memory"], seen @ lstm["input"] + lstm["bias"], starts, memory)
        return *heads(parameters, memory[0]), memory

    def replay(parameters, seen, starts, memory):
        if not hidden:
            return heads(parameters, seen)
        # The input's product for all steps at once, outside the loop.
        lstm = parameters["lstm"]
        projected = seen @ lstm["input"] + lstm["bias"]

        def step(memory, row):
            memory = remember(lstm["memory"], row[0], row[1], memory)
            return memory, memory[0]

        _, outputs = lax.scan(step, memory, (projected, starts))
        return heads(parameters, outputs)

    def gather(state):
        parameters = state["parameters"]

        def step(carried, key):
            world, starts, memory = carried
            draw, place = random.split(key)
            seen = look(world)
            logits, value, memory = decide(parameters, seen, starts, memory)
            action = random.categorical(draw, logits)
            chances = jax.nn.log_softmax(logits)
            chance = jnp.take_along_axis(chances, action[:, None], axis=1)[:, 0]
            world, reward, ended = advance(world, action, place)
            row = {
                "seen": seen, "starts": starts, "action": action, "chance": chance, "value": value, "reward": reward,
                "ended": ended,
            }
            return (world, ended, memory), row

        key, draws = random.split(state["key"])
        carried = (state["world"], state["starts"], state["memory"])
        (world, starts, memory), rows = lax.scan(step, carried, random.split(draws, w.HORIZON))
        _, last, _ = decide(parameters, look(world), starts, memory)

        def backwards(carried, row):
            advantage, following_value = carried
            goes_on = 1.0 - row["ended"]
            surprise = row["reward"] + w.GAMMA * following_value * goes_on - row["value"]
            advantage = surprise + w.GAMMA * w.GAE_LAMBDA * goes_on * advantage
            return (advantage, row["value"]), advantage

        _, advantages = lax.scan(backwards, (jnp.zeros(lanes), last), rows, reverse=True)
        rows["advantage"] = advantages
        rows["target"] = advantages + rows["value"]
        return rows, dict(state, world=world, starts=starts, memory=memory, key=key)

    def loss(parameters, rows, memory):
        logits, values = replay(parameters, rows["seen"], rows["starts"], memory)
        chances = jax.nn.log_softmax(logits)
        chance = jnp.take_along_axis(chances, rows["action"][..., None], axis=-1)[..., 0]
        advantage = rows["advantage"]
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        ratio = jnp.exp(chance - rows["chance"])
        policy = -jnp.minimum(advantage * ratio, advantage * jnp.clip(ratio, 1 - w.CLIP, 1 + w.CLIP)).mean()
        entropy = -(jnp.exp(chances) * chances).sum(axis=-1).mean()
        return policy - w.ENTROPY * entropy + w.VALUE * jnp.square(values - rows["target"]).mean()

    def adam(state, gradients):
        norm = jnp.sqrt(sum(jnp.square(leaf).sum() for leaf in jax.tree.leaves(gradients)))
        scale = jnp.minimum(1.0, w.NORM / (norm + 1e-6))
        count = state["count"] + 1
        step = w.RATE / (1 - 0.9**count)
        correction = jnp.sqrt(1 - 0.999**count)
        first = jax.tree.map(lambda m, g: m + 0.1 * (g * scale - m), state["first"], gradients)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * jnp.square(g * scale), state["second"], gradients)
        parameters = jax.tree.map(
            lambda p, m, v: p - step * m / (jnp.sqrt(v) / correction + w.ADAM_EPSILON), state["parameters"], first, second)
        return dict(state, parameters=parameters, first=first, second=second, count=count)

    def rollout_and_update(state):
        memory = state["memory"]
        rows, state = gather(state)
        if not hidden:
            rows = jax.tree.map(lambda table: table.reshape(w.HORIZON * lanes, *table.shape[2:]), rows)

        def epoch(state, key):
            # With memory whole lanes, without it single steps.
            groups = random.permutation(key, lanes if hidden else lanes * w.HORIZON).reshape(w.MINIBATCHES, -1)

            def minibatch(state, group):
                part = jax.tree.map(lambda table: table[:, group] if hidden else table[group], rows)
                own = jax.tree.map(lambda table: table[group], memory) if hidden else memory
                gradients = jax.grad(loss)(state["parameters"], part, own)
                return adam(state, gradients), None

            return lax.scan(minibatch, state, groups)[0], None

        key, draws = random.split(state["key"])
        return lax.scan(epoch, dict(state, key=key), random.split(draws, w.EPOCHS))[0]

    return initial, jax.jit(rollout_and_update, donate_argnums=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    stopwatch.common_arguments(parser, lanes=256)
    arguments = parser.parse_args()
    initial, rollout_and_update = build(arguments.lanes, arguments.hidden, arguments.towers)
    held = {"state": initial(random.key(5))}

    def cycle():
        held["state"] = jax.block_until_ready(rollout_and_update(held["state"]))

    stopwatch.run("jax", arguments, cycle, w.HORIZON * arguments.lanes)


main()
