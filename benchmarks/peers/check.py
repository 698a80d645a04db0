"""Whether every form of a peer computes the same as the plain one: outputs, losses, gradients, some steps of the optimizer, the world.

The reference is the PyTorch program that calls the library's LSTM once a step, in double precision, on small random inputs whose episodes end
anywhere; for A2C, DQN and advantages it is written out here. A line a form: the largest difference, over the largest number. Exit code 1
where one is more than it must be.
"""

import argparse
import sys

import measuring

measuring.use_own_choice_of_kernels()

import jax_parts as parts  # noqa: E402

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch.nn import functional  # noqa: E402

import peer_jax  # noqa: E402
import peer_jax_small as small  # noqa: E402
import peer_torch  # noqa: E402
import pieces  # noqa: E402
import vectorised  # noqa: E402
import workload as w  # noqa: E402

LANES, STEPS, HIDDEN = 16, 24, 16
UPDATES = 3  # Adam's first step shows signs only
# What a parameter near 1 moves by is 1e-3 of it, and float32 rounds the parameter at 6e-8.
MUST = {"outputs": 1e-5, "loss": 1e-5, "gradients": 1e-5, "moved": 1e-3, "world": 1e-6}
told, failed = [], []


def tell(form, found):
    """found: by what is compared, pairs of (found, expected)."""
    told.append(form)
    cells = []
    for what, pairs in found.items():
        pairs = [tuple(np.asarray(one, np.float64) for one in pair) for pair in pairs]
        if any(one.shape != other.shape for one, other in pairs):
            raise SystemExit(f"check: {form}: {what} have other shapes than the reference")
        most = max(np.abs(one - other).max() / max(np.abs(other).max(), 1e-12) for one, other in pairs)
        cells.append(f"{what} {most:.1e} (must be {MUST[what]:.0e})")
        if not most <= MUST[what]:
            failed.append(form)
    print(f"{'NO ' if form in failed else 'yes'}  {form:44} {', '.join(cells)}", flush=True)


def rows_of(towers, hidden, seed):
    """A minibatch: everything that a rollout of all lanes has, with ends anywhere, also in the first step and one right after another."""
    draw = np.random.default_rng(seed)
    starts = draw.random((STEPS, LANES)) < 0.06
    starts[0, :3], starts[5:7, 4], starts[STEPS - 1, 5] = True, True, True
    shape = (STEPS, LANES)
    memory = tuple(draw.standard_normal((LANES, hidden)) for _ in range(2))
    return {
        "seen": draw.standard_normal((*shape, w.OBSERVATIONS)), "starts": starts, "action": draw.integers(0, w.ACTIONS, shape),
        "chance": np.log(1 / w.ACTIONS) + 0.3 * draw.standard_normal(shape), "advantage": draw.standard_normal(shape),
        "target": draw.standard_normal(shape)}, memory


def torch_form(form, towers, hidden, rows, memory, state, kind, calls=1, one_bias=False):
    """Outputs in the rollout's order, loss and gradients by name of the first update, how far all updates move, and the beginning."""
    torch.manual_seed(3)
    network = peer_torch.ActorCritic(hidden, towers, form).to(kind)
    if state is not None:
        network.load_state_dict(state)
    if one_bias and hidden:
        # As the JAX program has it: PyTorch's second vector counts in the norm and moves too.
        network.lstm.bias_hh_l0.requires_grad_(False).zero_()
    learned = {name: table for name, table in network.named_parameters() if table.requires_grad}
    initial = {name: table.detach().clone() for name, table in network.state_dict().items()}
    tables = {name: torch.from_numpy(table).to(kind) for name, table in rows.items() if name not in ("action", "starts")}
    actions, memory = torch.from_numpy(rows["action"]), tuple(torch.from_numpy(one).to(kind) for one in memory)
    others = [actions, tables["chance"], tables["advantage"], tables["target"]]
    optimizer = torch.optim.Adam(network.parameters(), lr=w.RATE, eps=w.ADAM_EPSILON)
    first = None
    for _ in range(UPDATES):
        optimizer.zero_grad()
        if form == "padded" and hidden:
            cut = pieces.Pieces(rows["starts"].astype(np.float32)).of(np.random.default_rng(1).permutation(LANES), calls)
            order = torch.cat([one.rows for one in cut])
            logits, values = network.replay_pieces(cut, tables["seen"], memory)
            loss = peer_torch.loss_of(logits, values, *(table.flatten()[order] for table in others))
            back = torch.argsort(order)
            outputs = [logits[back].view(STEPS, LANES, -1), values[back].view(STEPS, LANES)]
        else:
            starts = torch.from_numpy(rows["starts"]).to(kind)[..., None]
            *outputs, _ = network(tables["seen"], starts, memory if hidden else None)
            loss = peer_torch.loss_of(*outputs, *others)
        loss.backward()
        first = first or ([one.detach() for one in outputs], loss.detach(), {name: table.grad.clone() for name, table in learned.items()})
        torch.nn.utils.clip_grad_norm_(network.parameters(), w.NORM)
        optimizer.step()
    return *first, {name: table.detach() - initial[name] for name, table in learned.items()}, initial


def as_jax(tables, hidden):
    """A PyTorch state with one bias vector as a tree of the JAX programs."""
    def stack(name):
        numbers = sorted({int(key.split(".")[1]) for key in tables if key.startswith(name)})
        return [(tables[f"{name}.{number}.weight"].numpy().T, tables[f"{name}.{number}.bias"].numpy()) for number in numbers]

    def turned(table):
        # PyTorch's order of gates is write, forget, candidate, out; the candidate comes last here.
        write, forget, candidate, out = np.split(table.numpy(), 4)
        return np.concatenate([write, forget, out, candidate])

    tree = {"actor": stack("actor"), "critic": stack("critic")}
    if hidden:
        weights = [turned(tables[f"lstm.{name}_l0"]) for name in ("weight_ih", "weight_hh", "bias_ih")]
        tree["lstm"] = {"input": weights[0].T, "memory": weights[1].T, "bias": weights[2]}
    return tree


def paired(tree, other):
    return list(zip(jax.tree.leaves(tree), jax.tree.leaves(other)))


def after_updates(state, update):
    update = jax.jit(update)
    for _ in range(UPDATES):
        state = update(state)
    return state["parameters"]


def singles(tree):
    return jax.tree.map(lambda table: jnp.asarray(table, jnp.float32 if np.asarray(table).dtype.kind == "f" else None), tree)


def check_ppo(title, hidden, towers):
    rows, memory = rows_of(towers, hidden, 7)
    outputs, loss, gradients, after, state = torch_form("loop", towers, hidden, rows, memory, None, torch.float64)
    for form, calls in [("loop", 1), *([("cell", 1), ("padded", 1), ("padded", 4)] if hidden else [])]:
        found = torch_form(form, towers, hidden, rows, memory, state, torch.float32, calls)
        tell(f"torch {form}{f', {calls} calls' if calls > 1 else ''}, {title}", {
            "outputs": zip(found[0], outputs), "loss": [(found[1], loss)], "gradients": [(found[2][name], gradients[name]) for name in gradients],
            "moved": [(found[3][name], after[name]) for name in after]})
    outputs, loss, gradients, after, state = torch_form("loop", towers, hidden, rows, memory, None, torch.float64, one_bias=True)
    parameters, expected, moved = (as_jax(tables, hidden) for tables in (state, gradients, after))
    flat, kept = singles(rows), singles(memory) if hidden else None
    if not hidden:
        flat = jax.tree.map(lambda table: table.reshape(STEPS * LANES, *table.shape[2:]), flat)
    for form, block in (("plain", LANES), ("strong", LANES), *([("strong", 2)] if hidden else [])):
        # A minibatch of all these lanes.
        learner = peer_jax.build(LANES * w.MINIBATCHES, hidden, towers, form, block)
        tree = singles(parameters)
        logits, values = learner.replay(tree, flat["seen"], flat["starts"], kept)
        found, slopes = jax.jit(learner.losses)(tree, flat, kept)
        later = after_updates({"parameters": tree, **parts.moments(tree)}, lambda state: learner.update(state, flat, kept))
        tell(f"jax {form}{', blocks of 2 lanes' if block == 2 else ''}, {title}", {
            "outputs": [(logits.T.reshape(outputs[0].shape), outputs[0]), (values.reshape(outputs[1].shape), outputs[1])], "loss": [(found, loss)],
            "gradients": paired(slopes, expected), "moved": paired(jax.tree.map(lambda a, b: np.float64(a) - np.float64(b), later, tree), moved)})


def check_rollouts():
    """What a rollout says an action's log-probability is, and what its replay says: a whole rollout, the second, whose episodes began before."""
    for hidden in (HIDDEN, 0):
        title = "an LSTM" if hidden else "towers without memory"
        for form in ("plain", "strong"):
            learner = peer_jax.build(LANES, hidden, [8, 8], form)
            state = learner.gather(learner.initial(jax.random.key(2)))[1]
            rows, _ = jax.jit(learner.gather)(state)
            logits, _ = learner.replay(state["parameters"], rows["seen"], rows["starts"], state["memory"])
            chance = parts.of_actions(rows["action"].reshape(-1), jax.nn.log_softmax(logits, axis=0))
            tell(f"jax {form}, rollout of {title}", {"outputs": [(rows["chance"].reshape(-1), chance)]})
    learner = peer_torch.Learner(LANES, HIDDEN, [8, 8], "padded")
    learner.gather()
    memory = learner.memory
    learner.gather()
    found = pieces.Pieces(learner.starts[: w.HORIZON, :, 0].numpy()).of(np.arange(LANES), 4)
    rows = torch.cat([one.rows for one in found])
    logits = functional.log_softmax(learner.network.replay_pieces(found, learner.seen, memory)[0].detach(), dim=-1)
    chance = logits.gather(1, learner.actions.flatten()[rows][:, None])[:, 0]
    tell("torch padded, rollout of an LSTM", {"outputs": [(chance, learner.chances.flatten()[rows])]})


def check_advantages():
    draw = np.random.default_rng(2)
    rewards, values, ended, last = draw.random((STEPS, LANES)), draw.random((STEPS, LANES)), draw.random((STEPS, LANES)) < 0.1, draw.random(LANES)
    for name, weight in (("jax, advantages", w.GAE_LAMBDA), ("jax, A2C's returns", 1.0)):
        expected, following, advantage = np.zeros((STEPS, LANES)), last, np.zeros(LANES)
        for step in reversed(range(STEPS)):
            goes_on = 1.0 - ended[step]
            advantage = rewards[step] + w.GAMMA * following * goes_on - values[step] + w.GAMMA * weight * goes_on * advantage
            expected[step], following = advantage, values[step]
        tables = singles([rewards, ended, values, last])
        if weight < 1:
            found = peer_jax.build(LANES, 0, []).advantages(*tables)
        else:
            found, expected = small.a2c(LANES, []).returns(*tables[:2], tables[3]), expected + values
        tell(name, {"outputs": [(found, expected)]})


def check_a2c(towers):
    rows, _ = rows_of(towers, 0, 9)
    rows = {name: rows[name].reshape(STEPS * LANES, *rows[name].shape[2:]) for name in ("seen", "action", "advantage", "target")}
    network = peer_torch.ActorCritic(0, towers, "loop").double()
    initial = {name: table.detach().clone() for name, table in network.state_dict().items()}
    tables = {name: torch.from_numpy(table) for name, table in rows.items()}
    optimizer = torch.optim.RMSprop(network.parameters(), lr=7e-4, alpha=0.99, eps=1e-5)
    first = None
    for _ in range(UPDATES):
        optimizer.zero_grad()
        logits, values, _ = network(tables["seen"], None, None)
        chances = functional.log_softmax(logits, dim=-1)
        policy = -(tables["advantage"] * chances.gather(1, tables["action"][:, None])[:, 0]).mean()
        loss = policy + w.ENTROPY * (chances.exp() * chances).sum(-1).mean() + w.VALUE * functional.mse_loss(values, tables["target"])
        loss.backward()
        first = first or (logits.detach(), values.detach(), loss.detach(), {name: table.grad.clone() for name, table in network.named_parameters()})
        torch.nn.utils.clip_grad_norm_(network.parameters(), w.NORM)
        optimizer.step()
    logits, values, loss, gradients = first
    after = {name: table.detach() - initial[name] for name, table in network.named_parameters()}
    learner, tree, flat = small.a2c(LANES, towers), singles(as_jax(initial, 0)), singles(rows)
    found, slopes = jax.value_and_grad(learner.loss)(tree, flat)
    later = after_updates({"parameters": tree, "squares": jax.tree.map(jnp.zeros_like, tree)}, lambda state: learner.learn(state, flat))
    heads = learner.heads(tree, flat["seen"])
    tell("jax, A2C", {
        "outputs": [(heads[0].T, logits), (heads[1], values)], "loss": [(found, loss)],
        "gradients": paired(slopes, as_jax(gradients, 0)),
        "moved": paired(jax.tree.map(lambda a, b: np.float64(a) - np.float64(b), later, tree), as_jax(after, 0))})


def check_dqn(towers):
    learner = small.dqn(4, towers, capacity=100)
    own, other = (learner.initial(jax.random.key(number))["parameters"] for number in (1, 2))
    draw = np.random.default_rng(4)
    rows = [3 * draw.standard_normal((small.BATCH, 2 * w.OBSERVATIONS)), draw.integers(0, w.ACTIONS, (small.BATCH, 1))]
    batch = np.hstack([*rows, 2 * draw.standard_normal((small.BATCH, 1)), draw.integers(0, 2, (small.BATCH, 1))])
    leaves = [[torch.from_numpy(np.array(table, np.float64)) for table in jax.tree.leaves(tree)] for tree in (own, other)]
    mine, frozen = leaves
    start = [table.clone() for table in mine]
    for table in mine:
        table.requires_grad_()

    def values_of(tables, seen):
        for weights, bias in zip(tables[:-2:2], tables[1:-2:2]):
            seen = (seen @ weights + bias).relu()
        return seen @ tables[-2] + tables[-1]

    data = torch.from_numpy(batch)
    seen, following = data[:, : w.OBSERVATIONS], data[:, w.OBSERVATIONS : 2 * w.OBSERVATIONS]
    optimizer, first = torch.optim.Adam(mine, lr=1e-4), None
    for _ in range(UPDATES):
        optimizer.zero_grad()
        values = values_of(mine, seen)
        wanted = data[:, -2] + w.GAMMA * (1 - data[:, -1]) * values_of(frozen, following).max(1).values
        loss = functional.smooth_l1_loss(values.gather(1, data[:, [-3]].long())[:, 0], wanted)
        loss.backward()
        first = first or (values.detach(), loss.detach(), [table.grad.clone() for table in mine])
        torch.nn.utils.clip_grad_norm_(mine, 10.0)
        optimizer.step()
    values, loss, gradients = first
    flat = singles(batch)
    found, slopes = jax.value_and_grad(learner.loss)(own, other, flat)
    later = after_updates({"parameters": own, "target": other, **parts.moments(own)}, lambda state: learner.learn(state, flat))
    moved = jax.tree.map(lambda a, b: np.float64(a) - np.float64(b), later, own)
    tell("jax, DQN", {
        "outputs": [(learner.values_of(own, flat[:, : w.OBSERVATIONS]), values)], "loss": [(found, loss)],
        "gradients": list(zip(jax.tree.leaves(slopes), gradients)),
        "moved": [(one, table.detach() - before) for one, table, before in zip(jax.tree.leaves(moved), mine, start)]})


def check_worlds():
    """Each world against single environments, step by step, with fresh episodes where those began."""
    lanes = 6
    singles_, many, arrays = vectorised.single(lanes), vectorised.Vectorised(lanes), parts.World(lanes)
    draw = np.random.default_rng(3)
    pairs = {"vectorised": [], "jax": []}
    seen = singles_.reset()
    for one, left in zip(singles_.envs, (1, 2, 3, 7, 400, 500)):
        one.unwrapped.left = left

    def positions():
        baskets = [one.unwrapped for one in singles_.envs]
        return np.array([one.bar for one in baskets]), np.array([one.left for one in baskets]), np.array([one.held for one in baskets])

    many.reset()
    many.world.bar, many.world.left, many.world.held = positions()
    place = dict(zip(("bar", "left", "held"), map(jnp.asarray, positions())))
    for _ in range(20):
        actions = draw.integers(0, w.ACTIONS, lanes)
        seen, rewards, ended, infos = singles_.step(actions)
        bar = positions()[0]
        many.step_async(actions)
        found = many.step_wait()
        many.world.bar = bar.copy()
        lasts = [
            (other["terminal_observation"], one["terminal_observation"]) for one, other in zip(infos, found[3]) if "terminal_observation" in one]
        pairs["vectorised"] += [(many.world.look(), seen), (found[1], rewards), (found[2], ended), *lasts]
        place, reward, ends = arrays.advance(place, jnp.asarray(actions), jnp.asarray(bar))
        # A fresh episode's length is 390 everywhere, but the first.
        pairs["jax"] += [(arrays.look(place), seen), (reward, rewards), (ends, ended)]
    for name, found in pairs.items():
        tell(f"the world, {name}", {"world": found})


def main():
    parser = argparse.ArgumentParser(prog="check.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--proofs", default="", help="also adds a row to this table of proofs, as `scripts/test --slow` takes them")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    check_ppo("LSTM, linear heads", HIDDEN, [])
    check_ppo("LSTM, towers", HIDDEN, [8, 8])
    check_ppo("towers without memory", 0, [8, 8])
    check_rollouts()
    check_advantages()
    check_a2c([8, 8])
    check_dqn([8, 8])
    check_worlds()
    same = len(set(told)) - len(set(failed))
    measuring.add_proof(
        arguments.proofs, "peers: forms that compute what the plain one does", f"{same} of {len(set(told))}", "all", not failed)
    if failed:
        sys.exit(f"check: not the same: {'; '.join(dict.fromkeys(failed))}")


if __name__ == "__main__":
    main()
