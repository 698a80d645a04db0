"""What other libraries price on one core: a rate for each of their programs, options a second of processor time.

Run by compare.py, which starts it once.
Each line of standard input asks for one measurement of the program that it names; the answer is a line with the rate. Everything is compiled and
warmed up before the first answer.

The work: 65,536 European options on a spot of 600, strikes within ten per cent, 15 minutes to a month, price and four Greeks (delta, gamma, vega, theta);
their implied volatilities; 80 American puts with 201 steps, price and delta. numba and JAX run the formula as one compiled loop or kernel, numba with
fastmath and without its bounds checks; JAX in double and in single precision, on one thread.
"""

import math
import os
import sys
import time
import warnings

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
warnings.filterwarnings("ignore")

import jax
import jax.numpy as jnp
import numba
import numpy as np
import py_vollib_vectorized as vectorized
import QuantLib as ql
from jax.scipy.special import erfc

jax.config.update("jax_enable_x64", True)

COUNT = 65_536
ROOT_HALF = math.sqrt(0.5)
DENSITY = 1 / math.sqrt(2 * math.pi)
rng = np.random.default_rng(5)
side = np.where(rng.random(COUNT) < 0.5, 1.0, -1.0)
spot = np.full(COUNT, 600.0)
strike = 600 * (0.9 + 0.2 * rng.random(COUNT))
rate = np.full(COUNT, 0.045)
dividends = np.full(COUNT, 0.012)
years = (0.01 + 30 * rng.random(COUNT)) / 365
volatility = 0.1 + 0.4 * rng.random(COUNT)
INPUTS = (side, spot, strike, rate, dividends, years, volatility)


@numba.njit(fastmath=True, error_model="numpy")
def numba_loop(side, spot, strike, rate, dividends, years, volatility, price, delta, gamma, vega, theta):
    for i in range(side.shape[0]):
        root = math.sqrt(years[i])
        w = volatility[i] * root
        d1 = (math.log(spot[i] / strike[i]) + (rate[i] - dividends[i]) * years[i]) / w + 0.5 * w
        d2 = d1 - w
        yielded, discounted = math.exp(-dividends[i] * years[i]), math.exp(-rate[i] * years[i])
        n1, n2 = 0.5 * math.erfc(-side[i] * d1 * ROOT_HALF), 0.5 * math.erfc(-side[i] * d2 * ROOT_HALF)
        density = DENSITY * math.exp(-0.5 * d1 * d1)
        forward, cash = spot[i] * yielded, strike[i] * discounted
        price[i] = side[i] * (forward * n1 - cash * n2)
        delta[i] = side[i] * yielded * n1
        gamma[i] = yielded * density / (spot[i] * w)
        vega[i] = forward * density * root
        theta[i] = -forward * density * volatility[i] / (2 * root) + side[i] * (dividends[i] * forward * n1 - rate[i] * cash * n2)


@jax.jit
def jax_kernel(side, spot, strike, rate, dividends, years, volatility):
    root = jnp.sqrt(years)
    w = volatility * root
    d1 = (jnp.log(spot / strike) + (rate - dividends) * years) / w + 0.5 * w
    d2 = d1 - w
    yielded, discounted = jnp.exp(-dividends * years), jnp.exp(-rate * years)
    n1, n2 = 0.5 * erfc(-side * d1 * ROOT_HALF), 0.5 * erfc(-side * d2 * ROOT_HALF)
    density = DENSITY * jnp.exp(-0.5 * d1 * d1)
    forward, cash = spot * yielded, strike * discounted
    return (
        side * (forward * n1 - cash * n2),
        side * yielded * n1,
        yielded * density / (spot * w),
        forward * density * root,
        -forward * density * volatility / (2 * root) + side * (dividends * forward * n1 - rate * cash * n2),
    )


OUTPUTS = [np.empty(COUNT) for _ in range(5)]
DOUBLES = [jnp.asarray(column) for column in INPUTS]
SINGLES = [jnp.asarray(column, jnp.float32) for column in INPUTS]
FLAGS = np.where(side > 0, "c", "p")


def vectorized_values():
    vectorized.vectorized_black_scholes_merton(FLAGS, spot, strike, years, rate, volatility, dividends, return_as="numpy")
    vectorized.get_all_greeks(FLAGS, spot, strike, years, rate, volatility, dividends, model="black_scholes_merton", return_as="dict")


def vectorized_volatilities():
    return vectorized.vectorized_implied_volatility(
        OUTPUTS[0], spot, strike, years, rate, FLAGS, q=dividends, model="black_scholes_merton", return_as="numpy", on_error="ignore")


def american_puts():
    today, days = ql.Date(1, 12, 2026), ql.Actual365Fixed()
    ql.Settings.instance().evaluationDate = today
    world = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(600.0)),
        ql.YieldTermStructureHandle(ql.FlatForward(today, 0.012, days)),
        ql.YieldTermStructureHandle(ql.FlatForward(today, 0.045, days)),
        ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), 0.15, days)),
    )
    engine = ql.BinomialCRRVanillaEngine(world, 201)
    puts = []
    for place in range(80):
        put = ql.VanillaOption(ql.PlainVanillaPayoff(ql.Option.Put, 560.0 + place), ql.AmericanExercise(today, today + 30))
        put.setPricingEngine(engine)
        puts.append(put)
    return puts


PUTS = american_puts()


def quantlib_trees():
    for put in PUTS:
        put.recalculate()
        put.NPV()
        put.delta()


PROGRAMS = {
    "numba": (COUNT, lambda: numba_loop(*INPUTS, *OUTPUTS)),
    "jax": (COUNT, lambda: jax.block_until_ready(jax_kernel(*DOUBLES))),
    "jax-float32": (COUNT, lambda: jax.block_until_ready(jax_kernel(*SINGLES))),
    "py_vollib_vectorized": (COUNT, vectorized_values),
    "py_vollib_vectorized-implied": (COUNT, vectorized_volatilities),
    "quantlib-crr": (len(PUTS), quantlib_trees),
}


def rate_of(name, seconds=0.25):
    count, run = PROGRAMS[name]
    calls, start = 0, time.process_time()
    while True:
        run()
        calls += 1
        spent = time.process_time() - start
        if spent > seconds:
            return count * calls / spent


def main():
    for _, run in PROGRAMS.values():
        run()
    ours = [np.asarray(column) for column in jax_kernel(*DOUBLES)]
    for name, left, right in zip(("price", "delta", "gamma", "vega", "theta"), OUTPUTS, ours):
        assert np.allclose(left, right, rtol=1e-9, atol=1e-9), f"numba and JAX differ in {name}"
    found = vectorized_volatilities()
    good = OUTPUTS[3] > 1
    assert np.max(np.abs(found[good] / volatility[good] - 1)) < 1e-6, "py_vollib_vectorized finds other volatilities"
    print("ready", flush=True)
    for line in sys.stdin:
        print(rate_of(line.strip()), flush=True)


if __name__ == "__main__":
    main()
