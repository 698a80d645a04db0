"""The step of the options game compiled into one JAX program: order, fill, mark, settlement, reward and the row of 36 columns, without limits, sizes and masks.

usage: benchmarks/peers/python benchmarks/peers/options_jax.py [--lanes N] [--steps N] [--seconds S] [--repeats N | --serve] [--check]

It plays the rules of ../CDesk/options.c on tables of the same sizes, with actions that are drawn beforehand; money is in whole cents. --form scan makes --steps
steps a call, --form step one. --check plays an episode beside a loop in plain Python: both must have the same money and the same rows at every step.
"""

import argparse
import math
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402

import stopwatch  # noqa: E402
from jax_parts import jax, jnp, lax  # noqa: E402

SESSIONS, MINUTES, STRIKES = 30, 390, 36
CONTRACTS = 2 * STRIKES
FEATURES, COLUMNS = 20, 36
# Cents.
FEE, ACCOUNT = 65, 100_000_000
MOST, FORCED = 4, 15


class Market:
    """Sessions of a walk with quotes of Black-Scholes at 0.15, two cents wide: what no account changes, by session and minute."""

    def __init__(self, sessions=SESSIONS, seed=1):
        draw = np.random.default_rng(seed)
        moves = draw.normal(0, 0.15 / math.sqrt(252 * MINUTES), (sessions, MINUTES))
        spots = 600 * np.exp(np.cumsum(moves, axis=1))
        years = (MINUTES - 1 - np.arange(MINUTES)) / (252 * MINUTES)
        strikes = 600 + np.arange(STRIKES) - STRIKES // 2
        root = np.maximum(0.15 * np.sqrt(years), 1e-9)[None, :, None]
        d1 = np.log(spots[:, :, None] / strikes) / root + root / 2
        delta, density = _normal(d1), np.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
        call = spots[:, :, None] * delta - strikes * _normal(d1 - root)
        put = call - spots[:, :, None] + strikes
        shape = (sessions, MINUTES, CONTRACTS)

        def interleaved(calls, puts):
            table = np.empty(shape, np.float32)
            table[:, :, 0::2], table[:, :, 1::2] = calls, puts
            return table

        # Ten-thousandths of a dollar; nobody bids where a contract is worth less than the half-spread.
        prices = np.rint(interleaved(call, put).astype(np.float64) * 10_000).astype(np.int64)
        self.quotes = np.stack([np.maximum(prices - 100, 0), prices + 100], axis=-1).astype(np.int32).reshape(-1, 2)
        gamma = density / (spots[:, :, None] * root)
        vega = spots[:, :, None] * density * np.sqrt(years)[None, :, None]
        intrinsic = np.maximum(spots[:, :, None] - strikes, 0)
        decays = interleaved(call - intrinsic, put - np.maximum(strikes - spots[:, :, None], 0))
        greeks = [interleaved(delta, delta - 1), interleaved(gamma, gamma), decays, interleaved(vega, vega)]
        self.greeks = np.stack(greeks, axis=-1).astype(np.float32).reshape(-1, 4)
        self.features = draw.normal(size=(sessions * MINUTES, FEATURES)).astype(np.float32)
        self.spots = spots.astype(np.float32).reshape(-1)
        nearest = np.abs(np.abs(interleaved(delta, delta - 1)) - 0.5)
        entries = np.stack([2 * nearest[:, :, 0::2].argmin(-1), 2 * nearest[:, :, 1::2].argmin(-1) + 1], axis=-1)
        entries[:, :30], entries[:, MINUTES - 30 :] = -1, -1
        self.entries = entries.astype(np.int32).reshape(-1, 2)
        self.strikes = np.repeat(strikes * 10_000, 2).astype(np.int32)
        self.sides = np.tile([1, -1], STRIKES).astype(np.int32)
        self.settlements = np.rint(spots[:, -1] * 10_000).astype(np.int32)
        self.sessions = sessions


def _normal(values):
    return 0.5 * (1 + np.vectorize(math.erf)(values / math.sqrt(2)))


def begin(lanes, sessions):
    """Lanes are spread over the session. order: contracts in flight, sold negative."""
    number = jnp.arange(lanes, dtype=jnp.int32)
    # Memory of its own for each: a step writes where it has read.
    state = {name: jnp.zeros(lanes, jnp.int32) for name in ("contract", "held", "opened", "order", "wanted", "paid", "bid", "ask")}
    return state | {
        "session": number % sessions, "minute": number // 64 * 6 % 360, "cash": jnp.full(lanes, ACCOUNT, jnp.int32),
        "value": jnp.full(lanes, ACCOUNT, jnp.int32), "random": (number.astype(jnp.uint32) + 1) * jnp.uint32(2654435761)}


def step_of(market):
    """(state, actions) -> (state, observations (N, 36), rewards, ended)"""
    table = {name: jnp.asarray(value) for name, value in vars(market).items() if name != "sessions"}

    def step(state, actions):
        row = state["session"] * MINUTES + state["minute"]
        held, order, wanted = state["held"], state["order"], state["wanted"]
        entry = jnp.where(actions == 2, table["entries"][row, 1], table["entries"][row, 0])
        given = jnp.select([actions == 3, actions == 4, actions == 5], [held // 2, 3 * held // 4, held], 0)
        buys = (order == 0) & (held == 0) & ((actions == 1) | (actions == 2)) & (entry >= 0)
        sells = (order == 0) & (held > 0)
        order = jnp.where(buys, MOST, jnp.where(sells, -given, order))
        wanted = jnp.where(buys, entry, jnp.where(sells, state["contract"], wanted))

        # The next minute: an order meets its quote; an exit without one waits, everything else is cancelled.
        minute, row = state["minute"] + 1, row + 1
        quote = table["quotes"][row * CONTRACTS + wanted]
        stands = (quote[:, 0] > 0) & (quote[:, 1] > quote[:, 0])
        bought, sold = (order > 0) & stands, (order < 0) & stands
        left = held + order
        paid = jnp.where(bought, order * quote[:, 1], state["paid"])
        part = jnp.where(left == 0, state["paid"], (state["paid"] // jnp.maximum(held, 1)) * -order)
        paid = jnp.where(sold, state["paid"] - part, paid)
        cash = state["cash"] - jnp.where(bought, order * quote[:, 1] + order * FEE, 0)
        cash = cash + jnp.where(sold, -order * quote[:, 0] + order * FEE, 0)
        contract = jnp.where(bought, wanted, state["contract"])
        opened = jnp.where(bought, minute, state["opened"])
        waits = (order == -held) & ~stands
        held = jnp.where(bought, order, jnp.where(sold, left, held))
        order = jnp.where(waits, order, 0)

        # The mark, and what must go before the close.
        place = row * CONTRACTS + contract
        own = table["quotes"][place]
        marked = (held > 0) & (own[:, 0] > 0) & (own[:, 1] > own[:, 0])
        bid, ask = jnp.where(marked, own[:, 0], state["bid"]), jnp.where(marked, own[:, 1], state["ask"])
        forced = (held > 0) & (order == 0) & (MINUTES - 1 - minute <= FORCED)
        order, wanted = jnp.where(forced, -held, order), jnp.where(forced, contract, wanted)

        ends = minute == MINUTES - 1
        worth = table["sides"][contract] * (table["settlements"][state["session"]] - table["strikes"][contract])
        settled = cash + jnp.where((held > 0) & (worth >= 100), held * worth, 0)
        value = jnp.where(ends, settled, cash + held * bid)
        rewards = (value - state["value"]).astype(jnp.float32) / ACCOUNT

        # Where an episode ends the next one begins in a session that is drawn: xorshift32.
        word = state["random"]
        word = word ^ (word << 13)
        word = word ^ (word >> 17)
        word = word ^ (word << 5)
        fresh = (word % jnp.uint32(market.sessions)).astype(jnp.int32)
        random = jnp.where(ends, word, state["random"])

        def or_fresh(values, first):
            return jnp.where(ends, first, values)

        state = {
            "session": or_fresh(state["session"], fresh),
            "minute": or_fresh(minute, 0), "cash": or_fresh(cash, ACCOUNT), "value": or_fresh(value, ACCOUNT),
            "held": or_fresh(held, 0), "order": or_fresh(order, 0), "wanted": or_fresh(wanted, 0), "paid": or_fresh(paid, 0),
            "contract": or_fresh(contract, 0), "opened": or_fresh(opened, 0), "bid": or_fresh(bid, 0), "ask": or_fresh(ask, 0),
            "random": random}
        return state, observe(state), rewards, ends

    def observe(state):
        row = state["session"] * MINUTES + state["minute"]
        held = state["held"]
        holds = held > 0
        delta, gamma, decay, vega = table["greeks"][row * CONTRACTS + state["contract"]].T
        spot = table["spots"][row]
        units, value = (100 * held).astype(jnp.float32), state["value"].astype(jnp.float32) * 0.01
        bid, ask, paid = (state[name].astype(jnp.float32) for name in ("bid", "ask", "paid"))
        worth = held.astype(jnp.float32) * bid
        none = jnp.zeros_like(spot)
        columns = [
            table["sides"][state["contract"]].astype(jnp.float32), held / MOST, (worth - paid) / jnp.maximum(paid, 1),
            2 * (ask - bid) / jnp.maximum(ask + bid, 1), (state["minute"] - state["opened"]) / MINUTES, delta,
            units * decay / value, none, state["order"] / MOST, 0.01 * units * delta * spot / value,
            0.00005 * units * gamma * spot * spot / value, units * decay / value, 0.01 * units * vega / value]
        shown = [jnp.where(holds, column, 0) if place != 8 else column for place, column in enumerate(columns)]
        own = jnp.stack([*shown, none, none, jnp.log10(spot) / 4], axis=1)
        return jnp.concatenate([table["features"][row], own], axis=1)

    return step


class Loop:
    """One lane in plain Python, by the rules of ../CDesk/options.c."""

    def __init__(self, market, session, minute):
        self.market, self.session, self.minute = market, session, minute
        self.cash = self.value = ACCOUNT
        self.contract = self.held = self.opened = self.order = self.wanted = self.paid = self.bid = self.ask = 0

    def quote(self, contract):
        bid, ask = self.market.quotes[(self.session * MINUTES + self.minute) * CONTRACTS + contract]
        return (int(bid), int(ask)) if 0 < bid < ask else None

    def step(self, action):
        """The reward in cents, and whether the episode has ended."""
        before = self.value
        if self.order == 0 and self.held > 0:
            self.order, self.wanted = -{3: self.held // 2, 4: 3 * self.held // 4, 5: self.held}.get(action, 0), self.contract
        elif self.order == 0 and action in (1, 2):
            entry = int(self.market.entries[self.session * MINUTES + self.minute][action - 1])
            if entry >= 0:
                self.order, self.wanted = MOST, entry
        self.minute += 1
        if self.order != 0:
            quote = self.quote(self.wanted)
            if quote and self.order > 0:
                self.contract, self.held, self.opened, self.paid = self.wanted, self.order, self.minute, self.order * quote[1]
                self.cash -= self.paid + self.order * FEE
            elif quote:
                left = self.held + self.order
                self.paid -= self.paid if left == 0 else self.paid // self.held * -self.order
                self.cash += -self.order * quote[0] + self.order * FEE
                self.held = left
            if quote or self.order != -self.held:
                self.order = 0
        if self.minute == MINUTES - 1:
            worth = int(self.market.sides[self.contract]) * int(self.market.settlements[self.session] - self.market.strikes[self.contract])
            return self.cash + (self.held * worth if self.held > 0 and worth >= 100 else 0) - before, True
        if self.held > 0:
            self.bid, self.ask = self.quote(self.contract) or (self.bid, self.ask)
            if self.order == 0 and MINUTES - 1 - self.minute <= FORCED:
                self.order, self.wanted = -self.held, self.contract
        self.value = self.cash + self.held * self.bid
        return self.value - before, False


def check(lanes=64):
    """Whether the compiled step and the loop agree over the lanes' first episodes."""
    market = Market(sessions=3)
    step = jax.jit(step_of(market))
    state = begin(lanes, market.sessions)
    loops = [Loop(market, int(session), int(minute)) for session, minute in zip(state["session"], state["minute"])]
    draw = np.random.default_rng(2)
    plays, trades = [True] * lanes, 0
    for _ in range(MINUTES):
        actions = draw.integers(0, 6, lanes).astype(np.int32)
        state, rows, rewards, ends = step(state, actions)
        rows, rewards = np.asarray(rows), np.asarray(rewards)
        for lane, loop in enumerate(loops):
            if not plays[lane]:
                continue
            reward, ended = loop.step(int(actions[lane]))
            assert bool(ends[lane]) == ended and abs(rewards[lane] * ACCOUNT - reward) < 0.5 + 1e-6 * abs(reward), (lane, loop.minute)
            plays[lane] = not ended
            if ended:
                continue
            assert int(state["value"][lane]) == loop.value and int(state["held"][lane]) == loop.held, (lane, loop.minute)
            assert abs(rows[lane, 21] - loop.held / MOST) < 1e-6 and abs(rows[lane, 28] - loop.order / MOST) < 1e-6
            trades += reward != 0
    assert not any(plays) and trades > 1000, trades
    print(f"{lanes} lanes, {trades} minutes with a change of value: the same money as a loop in plain Python")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    stopwatch.common_arguments(parser, lanes=4096)
    parser.add_argument("--steps", type=int, default=32, help="of a call, with --form scan (%(default)s)")
    parser.add_argument("--form", choices=("scan", "step"), default="scan")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if arguments.check:
        check()
        return
    market = Market()
    one, lanes = step_of(market), arguments.lanes
    steps = arguments.steps if arguments.form == "scan" else 1

    def scan(state, actions):
        def body(state, actions):
            state, rows, rewards, ends = one(state, actions)
            return state, (rows, rewards, ends)

        return lax.scan(body, state, actions)

    def single(state, actions):
        state, rows, rewards, ends = one(state, actions[0])
        return state, (rows, rewards, ends)

    program = jax.jit(scan if arguments.form == "scan" else single, donate_argnums=0)
    draw = np.random.default_rng(0)
    actions = [jnp.asarray(draw.integers(0, 6, (steps, lanes)).astype(np.int32)) for _ in range(8)]
    held = {"state": begin(lanes, market.sessions), "call": 0}

    def call():
        held["state"], results = program(held["state"], actions[held["call"] % len(actions)])
        held["call"] += 1
        jax.block_until_ready(results)

    stopwatch.run(f"jax-{arguments.form}", arguments, call, steps * lanes)


main()
