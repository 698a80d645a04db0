"""An LSTM whose state is zeroed where episodes start, in JAX: by automatic differentiation, and with its way back written by hand."""

import jax
import jax.numpy as jnp
from jax import lax


def _cell(gates, cell):
    """From gates (rows, 4 units) in the order write, forget, out, candidate, and the cell before: output, cell, and what the way back needs."""
    units = cell.shape[1]
    opened = jax.nn.sigmoid(gates[:, : 3 * units])
    candidate = jnp.tanh(gates[:, 3 * units :])
    write, forget, out = jnp.split(opened, 3, axis=1)
    cell = forget * cell + write * candidate
    bent = jnp.tanh(cell)
    return out * bent, cell, (opened, candidate, bent)


def step(lstm, seen, starts, memory):
    keep = 1.0 - starts[:, None]
    gates = seen @ lstm["input"] + lstm["bias"] + (memory[0] * keep) @ lstm["memory"]
    return _cell(gates, memory[1] * keep)[:2]


def plain(lstm, seen, starts, memory):
    """Outputs of all steps. The input's product is taken for all of them at once, outside the loop."""
    projected = seen @ lstm["input"] + lstm["bias"]

    def one(memory, row):
        keep = 1.0 - row[1][:, None]
        output, cell, _ = _cell(row[0] + (memory[0] * keep) @ lstm["memory"], memory[1] * keep)
        return (output, cell), output

    return lax.scan(one, memory, (projected, starts))[1]


def by_hand(lstm, seen, starts, memory):
    return _sequence(lstm, seen, 1.0 - starts[..., None], memory)


@jax.custom_vjp
def _sequence(lstm, seen, keep, memory):
    return _forward(lstm, seen, keep, memory)[0]


def _forward(lstm, seen, keep, memory):
    weights = jnp.concatenate([lstm["memory"], lstm["input"]])

    def one(memory, row):
        seen, keep = row
        operand, cell = jnp.concatenate([memory[0] * keep, seen], axis=1), memory[1] * keep
        output, after, kept = _cell(operand @ weights + lstm["bias"], cell)
        return (output, after), (output, operand, cell, kept)

    outputs, operands, cells, kept = lax.scan(one, memory, (seen, keep))[1]
    return outputs, (lstm, seen, keep, memory, operands, cells, kept)


def _backward(tape, slopes):
    lstm, seen, keep, memory, operands, cells, kept = tape
    turned, units = lstm["memory"].T, memory[0].shape[1]

    def one(carried, row):
        slope, keep, operand, cell, (opened, candidate, bent) = row
        write, forget, out = jnp.split(opened, 3, axis=1)
        slope = slope + carried["output"]
        inner = carried["cell"] + slope * out * (1 - bent * bent)
        gates = jnp.concatenate([
            inner * candidate * write * (1 - write), inner * cell * forget * (1 - forget), slope * bent * out * (1 - out),
            inner * write * (1 - candidate * candidate)], axis=1)
        # A step's part of the weights' gradient at once: its operands are still in the cache.
        return {
            "output": (gates @ turned) * keep, "cell": inner * forget * keep, "weights": carried["weights"] + operand.T @ gates,
            "bias": carried["bias"] + gates.sum(axis=0)}, None

    nothing = jnp.zeros_like(memory[0])
    sums = {"output": nothing, "cell": nothing, "weights": jnp.zeros((operands.shape[2], 4 * units)), "bias": jnp.zeros(4 * units)}
    sums, _ = lax.scan(one, sums, (slopes, keep, operands, cells, kept), reverse=True)
    gradients = {"memory": sums["weights"][:units], "input": sums["weights"][units:], "bias": sums["bias"]}
    # Nobody asks for the gradients of what was seen and of the first state.
    return gradients, jnp.zeros_like(seen), jnp.zeros_like(keep), (nothing, nothing)


_sequence.defvjp(_forward, _backward)
