"""A2C and DQN in JAX: hundreds of small updates, world and memory included, compiled into one scan.

The settings are those of peer_sb3.py. A2C: an update every 5 steps of all lanes. DQN: an update of 32 transitions every 4 steps over all lanes,
100,000 transitions in memory, 5 % random steps, the target network every 10,000 steps.
"""

import argparse
from types import SimpleNamespace

import jax_parts as parts  # first: it sets the flags that JAX reads

import jax
import jax.numpy as jnp
from jax import lax, random

import stopwatch
import workload as w

A2C_STEPS = 5
A2C_RATE, RMS_DECAY, RMS_EPSILON = 7e-4, 0.99, 1e-5
DQN_STEPS, BATCH, CAPACITY, TARGET_STEPS = 4, 32, 100_000, 10_000
DQN_RATE, DQN_NORM, DQN_EPSILON, RANDOM = 1e-4, 10.0, 1e-8, 0.05


def a2c(lanes, towers, updates=500):
    world = parts.World(lanes)

    def initial(key):
        keys = random.split(key, 3)
        widths = [w.OBSERVATIONS, *towers]
        parameters = {"actor": parts.layers(keys[0], [*widths, w.ACTIONS], 0.01), "critic": parts.layers(keys[1], [*widths, 1], 1.0)}
        return {
            "parameters": parameters, "squares": jax.tree.map(jnp.zeros_like, parameters), "world": world.begin(keys[2]), "key": keys[2]}

    def heads(parameters, seen):
        """Logits (actions, rows) and values (rows). The towers are one batched product a layer, the logits have the lanes last."""
        *hidden, (actor, critic) = zip(parameters["actor"], parameters["critic"])
        values = jnp.broadcast_to(seen, (2, *seen.shape))
        for pair in hidden:
            weights, bias = (jnp.stack(tables) for tables in zip(*pair))
            values = jnp.tanh(values @ weights + bias[:, None])
        return actor[0].T @ values[0].T + actor[1][:, None], (values[1] * critic[0][:, 0]).sum(axis=1) + critic[1]

    def returns(rewards, ended, last):
        def backwards(following, row):
            found = row[0] + w.GAMMA * following * (1.0 - row[1])
            return found, found

        return lax.scan(backwards, last, (rewards, ended), reverse=True, unroll=A2C_STEPS)[1]

    def loss(parameters, rows):
        logits, values = heads(parameters, rows["seen"])
        chances = jax.nn.log_softmax(logits, axis=0)
        policy = -(rows["advantage"] * parts.of_actions(rows["action"], chances)).mean()
        entropy = -(jnp.exp(chances) * chances).sum(axis=0).mean()
        return policy - w.ENTROPY * entropy + w.VALUE * jnp.square(values - rows["target"]).mean()

    def learn(state, rows):
        """RMSprop as PyTorch has it."""
        gradients = parts.clipped(jax.grad(loss)(state["parameters"], rows), w.NORM)
        squares = jax.tree.map(lambda q, g: RMS_DECAY * q + (1 - RMS_DECAY) * jnp.square(g), state["squares"], gradients)
        parameters = jax.tree.map(
            lambda p, g, q: p - A2C_RATE * g / (jnp.sqrt(q) + RMS_EPSILON), state["parameters"], gradients, squares)
        return dict(state, parameters=parameters, squares=squares)

    def update(state, draws):
        def step(place, draws):
            noise, fresh = draws
            seen = world.look(place)
            logits, value = heads(state["parameters"], seen)
            action = jnp.argmax(logits + noise, axis=0)
            place, reward, ended = world.advance(place, action, fresh)
            return place, (seen, action, reward, ended, value)

        place, (seen, action, reward, ended, value) = lax.scan(step, state["world"], draws)
        target = returns(reward, ended, heads(state["parameters"], world.look(place))[1])
        rows = {"seen": seen.reshape(-1, w.OBSERVATIONS)}
        rows |= {name: table.reshape(-1) for name, table in (("action", action), ("target", target), ("advantage", target - value))}
        return learn(dict(state, world=place), rows), None

    def cycle(state):
        key, noise, fresh = random.split(state["key"], 3)
        shape = (updates, A2C_STEPS)
        draws = random.gumbel(noise, (*shape, w.ACTIONS, lanes)), world.bars(fresh, (*shape, lanes))
        return lax.scan(update, dict(state, key=key), draws)[0]

    return SimpleNamespace(
        initial=initial, cycle=jax.jit(cycle, donate_argnums=0), heads=heads, returns=returns, loss=loss, learn=learn,
        steps=updates * A2C_STEPS * lanes)


def dqn(lanes, towers, updates=TARGET_STEPS // DQN_STEPS, capacity=CAPACITY):
    """A cycle is as long as the target network stays."""
    world = parts.World(lanes)
    seen_width = w.OBSERVATIONS
    each = DQN_STEPS // lanes

    def initial(key):
        keys = random.split(key)
        parameters = parts.layers(keys[0], [seen_width, *towers, w.ACTIONS], 1.0)
        return {
            "parameters": parameters, **parts.moments(parameters), "target": jax.tree.map(jnp.copy, parameters),
            "world": world.begin(keys[1]), "memory": jnp.zeros((capacity, 2 * seen_width + 3)), "written": jnp.zeros((), jnp.int32), "key": keys[1]}

    def values_of(parameters, seen):
        for weights, bias in parameters[:-1]:
            seen = jax.nn.relu(seen @ weights + bias)
        weights, bias = parameters[-1]
        return seen @ weights + bias

    def loss(parameters, target, batch):
        """Huber's, of rows: what was seen, what was seen next, action, reward, end."""
        seen, following = batch[:, :seen_width], batch[:, seen_width : 2 * seen_width]
        action, reward, ended = batch[:, 2 * seen_width].astype(jnp.int32), batch[:, -2], batch[:, -1]
        wanted = lax.stop_gradient(reward + w.GAMMA * (1.0 - ended) * values_of(target, following).max(axis=1))
        error = (values_of(parameters, seen) * (jnp.arange(w.ACTIONS) == action[:, None])).sum(axis=1) - wanted
        size = jnp.abs(error)
        return jnp.where(size < 1, 0.5 * error * error, size - 0.5).mean()

    def learn(state, batch):
        gradients = parts.clipped(jax.grad(loss)(state["parameters"], state["target"], batch), DQN_NORM)
        return parts.adam(state, gradients, DQN_RATE, DQN_EPSILON)

    def update(state, draws):
        place, memory, written = state["world"], state["memory"], state["written"]
        for step in range(each):
            seen = world.look(place)
            best = values_of(state["parameters"], seen).argmax(axis=1)
            action = jnp.where(draws["random"][step], draws["action"][step], best)
            place, reward, ended = world.advance(place, action, draws["fresh"][step])
            rest = jnp.stack([action.astype(jnp.float32), reward, ended.astype(jnp.float32)], axis=1)
            memory = lax.dynamic_update_slice(memory, jnp.concatenate([seen, world.look(place), rest], axis=1), (written % capacity, 0))
            written += lanes
        batch = memory[(draws["batch"] * jnp.minimum(written, capacity)).astype(jnp.int32)]
        return learn(dict(state, world=place, memory=memory, written=written), batch), None

    def cycle(state):
        key, *keys = random.split(state["key"], 5)
        shape = (updates, each, lanes)
        draws = {
            "random": random.uniform(keys[0], shape) < RANDOM, "action": random.randint(keys[1], shape, 0, w.ACTIONS),
            "fresh": world.bars(keys[2], shape), "batch": random.uniform(keys[3], (updates, BATCH))}
        state = lax.scan(update, dict(state, key=key), draws)[0]
        return dict(state, target=jax.tree.map(jnp.copy, state["parameters"]))

    return SimpleNamespace(
        initial=initial, cycle=jax.jit(cycle, donate_argnums=0), values_of=values_of, loss=loss, learn=learn, steps=updates * DQN_STEPS)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    stopwatch.common_arguments(parser, lanes=32)
    parser.add_argument("--algorithm", default="a2c", choices=["a2c", "dqn"])
    arguments = parser.parse_args()
    if arguments.algorithm == "dqn" and DQN_STEPS % arguments.lanes:
        parser.error(f"--lanes is {arguments.lanes}; an update every {DQN_STEPS} steps needs a divisor of that")
    learner = {"a2c": a2c, "dqn": dqn}[arguments.algorithm](arguments.lanes, arguments.towers or [64, 64])
    held = {"state": learner.initial(random.key(5))}

    def cycle():
        held["state"] = jax.block_until_ready(learner.cycle(held["state"]))

    stopwatch.run("jax", arguments, cycle, learner.steps)


if __name__ == "__main__":
    main()
