"""PPO in JAX on a world of worlds.json: world, rollout, advantages and update compiled into one program, looks into another."""

import solving  # first: it sets what the libraries read
import jax_parts as parts  # then this: it sets the flags that JAX reads

import jax
import jax.numpy as jnp
from jax import lax, random

from solve_worlds import WORLDS

VALUE, NORM, ADAM_EPSILON = 0.5, 0.5, 1e-5


class Lanes:
    """A world's lanes as a dictionary of arrays, each begun anew where its episode ends."""

    def __init__(self, world, count):
        self.world, self.count = world, count

    def draw(self, key, steps):
        shape = (steps, self.count, self.world.draws)
        return random.uniform(key, shape) if self.world.uniform else random.normal(key, shape)

    def begin(self, key):
        return {"state": self.world.begin(jnp, self.draw(key, 1)[0]), "age": jnp.zeros(self.count, jnp.int32)}

    def look(self, place):
        return self.world.look(jnp, place["state"])

    def advance(self, place, actions, draws, fresh):
        """The next place, rewards, whether an episode ended, whether it was cut, and what is seen before it begins anew."""
        state, rewards, over = self.world.advance(jnp, place["state"], actions, draws)
        age = place["age"] + 1
        ended = over | (age == self.world.length)
        begun = self.world.begin(jnp, fresh)
        after = {name: jnp.where(ended, begun[name], table) for name, table in state.items()}
        return {"state": after, "age": jnp.where(ended, 0, age)}, rewards, ended, ended & ~over, self.world.look(jnp, state)


def build(row):
    """The functions of a learner: its beginning, a rollout with its update, and a look."""
    world = WORLDS[row["name"]]
    lanes, horizon, gamma = row["lanes"], row["horizon"], row["gamma"]
    own = Lanes(world, lanes)

    def initial(key):
        keys = random.split(key, 4)
        widths = [world.observations, *row["towers"]]
        parameters = {"actor": parts.layers(keys[0], [*widths, world.actions], 0.01), "critic": parts.layers(keys[1], [*widths, 1], 1.0)}
        return {"parameters": parameters, **parts.moments(parameters), "place": own.begin(keys[2]), "key": keys[3]}

    def value_of(parameters, seen):
        return parts.through(parameters["critic"], seen)[:, 0]

    def gather(state):
        parameters = state["parameters"]
        key, *keys = random.split(state["key"], 4)
        draws = random.gumbel(keys[0], (horizon, lanes, world.actions)), own.draw(keys[1], horizon), own.draw(keys[2], horizon)

        def step(place, draws):
            noise, moves, fresh = draws
            seen = own.look(place)
            logits = parts.through(parameters["actor"], seen)
            action = jnp.argmax(logits + noise, axis=1)
            chance = jnp.take_along_axis(jax.nn.log_softmax(logits), action[:, None], axis=1)[:, 0]
            place, reward, ended, cut, last = own.advance(place, action, moves, fresh)
            # Where an episode is cut, what would have come is estimated.
            coming = lax.cond(cut.any(), lambda: jnp.where(cut, value_of(parameters, last), 0.0), lambda: jnp.zeros(lanes))
            kept = {"seen": seen, "action": action, "chance": chance, "value": value_of(parameters, seen)}
            return place, kept | {"reward": reward + gamma * coming, "ended": ended}

        place, rows = lax.scan(step, state["place"], draws)
        rows["advantage"] = advantages(rows.pop("reward"), rows.pop("ended"), rows["value"], value_of(parameters, own.look(place)))
        rows["target"] = rows["advantage"] + rows.pop("value")
        return jax.tree.map(lambda table: table.reshape(horizon * lanes, *table.shape[2:]), rows), dict(state, place=place, key=key)

    def advantages(rewards, ended, values, last):
        def backwards(carried, row):
            advantage, following = carried
            reward, ends, value = row
            goes_on = 1.0 - ends
            advantage = reward + gamma * following * goes_on - value + gamma * row_lambda * goes_on * advantage
            return (advantage, value), advantage

        row_lambda = row["gae_lambda"]
        return lax.scan(backwards, (jnp.zeros_like(last), last), (rewards, ended, values), reverse=True)[1]

    def loss(parameters, rows, clip):
        chances = jax.nn.log_softmax(parts.through(parameters["actor"], rows["seen"]))
        ratio = jnp.exp(jnp.where(jnp.arange(world.actions) == rows["action"][:, None], chances, 0).sum(axis=1) - rows["chance"])
        advantage = rows["advantage"]
        advantage = (advantage - advantage.mean()) / (advantage.std(ddof=1) + 1e-8)
        policy = -jnp.minimum(advantage * ratio, advantage * jnp.clip(ratio, 1 - clip, 1 + clip)).mean()
        return policy + VALUE * jnp.square(value_of(parameters, rows["seen"]) - rows["target"]).mean()

    def cycle(state, left):
        """left: the share of all steps that is yet to come, by which schedules fall."""
        scale = left if row["linear"] else 1.0
        rows, state = gather(state)

        def epoch(state, key):
            order = jnp.argsort(random.bits(key, (lanes * horizon,)))

            def minibatch(state, group):
                part = jax.tree.map(lambda table: table[group], rows)
                gradients = parts.clipped(jax.grad(loss)(state["parameters"], part, row["clip_range"] * scale), NORM)
                return parts.adam(state, gradients, row["learning_rate"] * scale, ADAM_EPSILON), None

            return lax.scan(minibatch, state, order.reshape(-1, row["batch_size"]))[0], None

        key, draws = random.split(state["key"])
        return lax.scan(epoch, dict(state, key=key), random.split(draws, row["epochs"]))[0]

    many = Lanes(world, row["episodes"])

    def look(parameters, key):
        """The mean return of fresh episodes, greedily."""
        keys = random.split(key, 3)

        def step(carried, draws):
            place, running, total = carried
            action = jnp.argmax(parts.through(parameters["actor"], many.look(place)), axis=1)
            place, reward, ended, _, _ = many.advance(place, action, *draws)
            return (place, running & ~ended, total + reward * running), None

        beginning = many.begin(keys[0]), jnp.ones(many.count, bool), jnp.zeros(many.count)
        draws = many.draw(keys[1], world.length), many.draw(keys[2], world.length)
        return lax.scan(step, beginning, draws)[0][2].mean()

    return initial, jax.jit(cycle, donate_argnums=0), jax.jit(look)


def main():
    row, seed = solving.read_arguments(__doc__)
    initial, cycle, look = build(row)
    state = jax.jit(initial)(random.key(seed))
    # Compiled before the first step, so that what that takes is told apart.
    cycle = cycle.lower(state, jnp.float32(1)).compile()
    teller, rollout = solving.Teller(), row["lanes"] * row["horizon"]
    try:
        teller.tell(0)
        for rollouts in range(1, row["steps"] // rollout + 1):
            # As stable-baselines3 counts: what is left after this rollout.
            state = jax.block_until_ready(cycle(state, jnp.float32(1 - rollouts * rollout / row["steps"])))
            if rollouts % row["rollouts_per_look"] == 0:
                teller.tell(rollouts * rollout, lambda: look(state["parameters"], random.key(1000 + seed)))
    except solving.Over:
        pass


if __name__ == "__main__":
    main()
