"""Black-Scholes-Merton in 50-digit arithmetic, for the other scripts of option prices. Prints nothing and writes nothing.

Letters as in Sources/Pricing: s side (1 call, -1 put), S spot, K strike, r rate, q dividend yield, T years, v volatility. All inputs are taken as the
exact values of their float64 numbers.
"""

from mpmath import erfc, exp, log, mp, mpf, pi, sqrt

mp.dps = 50


def cumulative(x):
    return erfc(-x / sqrt(mpf(2))) / 2


def density(x):
    return exp(-x * x / 2) / sqrt(2 * pi)


def value(s, S, K, r, q, T, v):
    """Price, Greeks and, for bounds of rounding, d1 and the larger of the two terms that the price subtracts."""
    S, K, r, q, T, v = (mpf(x) for x in (S, K, r, q, T, v))
    w = v * sqrt(T)
    d1 = (log(S / K) + (r - q) * T) / w + w / 2
    d2 = d1 - w
    forward, cash = S * exp(-q * T), K * exp(-r * T)
    first, second = forward * cumulative(s * d1), cash * cumulative(s * d2)
    weight = forward * density(d1)
    return {
        "price": s * (first - second),
        "delta": s * first / S,
        "gamma": weight / (S * S * w),
        "vega": weight * sqrt(T),
        "theta": -weight * v / (2 * sqrt(T)) + s * (q * first - r * second),
        "rho": s * T * second,
        "d1": d1,
        "larger_term": max(first, second),
    }
