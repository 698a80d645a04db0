"""PPO in JAX, with an LSTM or without memory: world, rollout, advantages and update compiled into one program.

--form strong: policy and value head as one product with lanes last, so that the softmax over nine actions vectorises over lanes; the LSTM's way
back written by hand; minibatches in blocks of lanes whose tape stays near.
--form plain: the same by automatic differentiation alone, a head after the other, minibatches whole.
"""

import argparse
from types import SimpleNamespace

import jax_parts as parts  # first: it sets the flags that JAX reads

import jax
import jax.numpy as jnp
from jax import lax, random

import lstm_jax
import stopwatch
import workload as w

BLOCK = 64


def build(lanes, hidden, towers, form="strong", block=BLOCK, horizon=w.HORIZON):
    """The functions of a learner. block: how many lanes of a minibatch go forward and back at once; gradients are summed before the step."""
    world = parts.World(lanes)
    strong = form == "strong"
    own = lanes // w.MINIBATCHES
    blocks = next(count for count in range(max(1, own // block), 0, -1) if own % count == 0) if strong and hidden else 1

    def initial(key):
        keys = random.split(key, 5)
        widths = [hidden or w.OBSERVATIONS, *towers]
        parameters = {"actor": parts.layers(keys[2], [*widths, w.ACTIONS], 0.01), "critic": parts.layers(keys[3], [*widths, 1], 1.0)}
        if hidden:
            bound = hidden**-0.5
            parameters["lstm"] = {
                "input": random.uniform(keys[0], (w.OBSERVATIONS, 4 * hidden), minval=-bound, maxval=bound),
                "memory": random.uniform(keys[1], (hidden, 4 * hidden), minval=-bound, maxval=bound),
                "bias": jnp.zeros(4 * hidden),
            }
        return {
            "parameters": parameters,
            **parts.moments(parameters),
            "world": world.begin(keys[4]),
            "starts": jnp.ones(lanes, bool),
            "memory": (jnp.zeros((lanes, hidden)), jnp.zeros((lanes, hidden))),
            "key": keys[4],
        }

    def heads(parameters, features):
        """Features of rows (rows, width) to logits (actions, rows) and values (rows)."""
        actor, critic = parameters["actor"], parameters["critic"]
        if not strong:
            return parts.through(actor, features).T, parts.through(critic, features)[:, 0]
        if not towers:
            weights, bias = (jnp.concatenate(pair, axis=-1) for pair in zip(actor[0], critic[0]))
            both = weights.T @ features.T + bias[:, None]
            return both[:-1], both[-1]
        sides = []
        for stack in (actor, critic):
            values = features
            for weights, bias in stack[:-1]:
                values = jnp.tanh(values @ weights + bias)
            sides.append(stack[-1][0].T @ values.T + stack[-1][1][:, None])
        return sides[0], sides[1][0]

    def decide(parameters, seen, starts, memory):
        if not hidden:
            return *heads(parameters, seen), memory
        memory = lstm_jax.step(parameters["lstm"], seen, starts, memory)
        return *heads(parameters, memory[0]), memory

    def replay(parameters, seen, starts, memory):
        """Logits (actions, rows) and values of a minibatch, its rows step by step."""
        if hidden:
            remember = lstm_jax.by_hand if strong else lstm_jax.plain
            seen = remember(parameters["lstm"], seen, starts, memory)
        return heads(parameters, seen.reshape(-1, seen.shape[-1]))

    def gather(state):
        parameters = state["parameters"]

        # All random numbers of a rollout at once.
        key, draw, anywhere = random.split(state["key"], 3)
        noise = random.gumbel(draw, (horizon, w.ACTIONS, lanes))
        fresh = world.bars(anywhere, (horizon, lanes))

        def step(carried, row):
            place, starts, memory = carried
            noise, fresh = row
            seen = world.look(place)
            logits, value, memory = decide(parameters, seen, starts, memory)
            action = jnp.argmax(logits + noise, axis=0)
            chance = parts.of_actions(action, jax.nn.log_softmax(logits, axis=0))
            place, reward, ended = world.advance(place, action, fresh)
            row = {"seen": seen, "starts": starts, "action": action, "chance": chance, "value": value, "reward": reward, "ended": ended}
            return (place, ended, memory), row

        carried = (state["world"], state["starts"], state["memory"])
        (place, starts, memory), rows = lax.scan(step, carried, (noise, fresh))
        _, last, _ = decide(parameters, world.look(place), starts, memory)
        rows["advantage"] = advantages(rows.pop("reward"), rows.pop("ended"), rows["value"], last)
        rows["target"] = rows["advantage"] + rows.pop("value")
        return rows, dict(state, world=place, starts=starts, memory=memory, key=key)

    def advantages(rewards, ended, values, last):
        def backwards(carried, row):
            advantage, following = carried
            reward, ends, value = row
            goes_on = 1.0 - ends
            advantage = reward + w.GAMMA * following * goes_on - value + w.GAMMA * w.GAE_LAMBDA * goes_on * advantage
            return (advantage, value), advantage

        return lax.scan(backwards, (jnp.zeros_like(last), last), (rewards, ended, values), reverse=True)[1]

    def loss(parameters, rows, memory, total):
        """Of rows whose advantages are normalised, their part of a minibatch of `total`."""
        logits, values = replay(parameters, rows["seen"], rows["starts"], memory)
        flat = {name: rows[name].reshape(-1) for name in ("action", "chance", "advantage", "target")}
        chances = jax.nn.log_softmax(logits, axis=0)
        ratio = jnp.exp(parts.of_actions(flat["action"], chances) - flat["chance"])
        advantage = flat["advantage"]
        policy = -jnp.minimum(advantage * ratio, advantage * jnp.clip(ratio, 1 - w.CLIP, 1 + w.CLIP)).sum()
        entropy = -(jnp.exp(chances) * chances).sum()
        return (policy - w.ENTROPY * entropy + w.VALUE * jnp.square(values - flat["target"]).sum()) / total

    def losses(parameters, rows, memory):
        """Loss and gradients of a minibatch: (steps, lanes, ...) with memory, (rows, ...) without."""
        advantage = rows["advantage"]
        rows = dict(rows, advantage=(advantage - advantage.mean()) / (advantage.std(ddof=1) + 1e-8))
        with_gradients = jax.value_and_grad(loss)
        if blocks == 1:
            return with_gradients(parameters, rows, memory, advantage.size)
        rows = jax.tree.map(lambda table: jnp.moveaxis(table.reshape(table.shape[0], blocks, -1, *table.shape[2:]), 1, 0), rows)
        memory = jax.tree.map(lambda table: table.reshape(blocks, -1, hidden), memory)

        def add(sums, part):
            return jax.tree.map(jnp.add, sums, with_gradients(parameters, *part, advantage.size)), None

        return lax.scan(add, (jnp.zeros(()), jax.tree.map(jnp.zeros_like, parameters)), (rows, memory))[0]

    def update(state, rows, memory):
        """`state` after one minibatch."""
        gradients = parts.clipped(losses(state["parameters"], rows, memory)[1], w.NORM)
        return parts.adam(state, gradients, w.RATE, w.ADAM_EPSILON)

    def cycle(state):
        memory = state["memory"]
        rows, state = gather(state)
        if not hidden:
            rows = jax.tree.map(lambda table: table.reshape(horizon * lanes, *table.shape[2:]), rows)

        def epoch(state, key):
            # With memory whole lanes, without it single steps.
            # Sorting random numbers once is half of what random.permutation does.
            order = jnp.argsort(random.bits(key, (lanes if hidden else lanes * horizon,)))

            def minibatch(state, group):
                part = jax.tree.map(lambda table: table[:, group] if hidden else table[group], rows)
                own = jax.tree.map(lambda table: table[group], memory) if hidden else None
                return update(state, part, own), None

            return lax.scan(minibatch, state, order.reshape(w.MINIBATCHES, -1))[0], None

        key, draws = random.split(state["key"])
        return lax.scan(epoch, dict(state, key=key), random.split(draws, w.EPOCHS))[0]

    return SimpleNamespace(
        initial=initial, cycle=jax.jit(cycle, donate_argnums=0), losses=losses, replay=replay, update=update, advantages=advantages, gather=gather)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    stopwatch.common_arguments(parser, lanes=256)
    parser.add_argument("--form", choices=["strong", "plain"], default="strong")
    parser.add_argument("--block", type=int, default=BLOCK, help="lanes of a minibatch that go forward and back at once (%(default)s)")
    arguments = parser.parse_args()
    learner = build(arguments.lanes, arguments.hidden, arguments.towers, arguments.form, arguments.block)
    held = {"state": learner.initial(random.key(5))}

    def cycle():
        held["state"] = jax.block_until_ready(learner.cycle(held["state"]))

    stopwatch.run("jax" if arguments.form == "strong" else "jax-plain", arguments, cycle, w.HORIZON * arguments.lanes)


if __name__ == "__main__":
    main()
