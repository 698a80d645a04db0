"""Golden choices for Sources/Trading/Sizing/ContractSelection.swift, made by a plain twin in exact fractions.

Run:  python scripts/golden/contract_selection.py Tests/Fixtures/Golden/contract_selection.json
Needs nothing beside Python. Writes JSON with a provenance block; never edit the JSON by hand.

Each case has candidates as an evening's list would have them, some without a quote, a delta, a volume or an open interest, the best one in some cases
under several numbers, and what is asked of them. The twin says which is chosen (`chosen`, null where none is), its score, how many may be traded, and for the others the first
reason against each. It knows the words of the rule alone: (ask - bid) over the middle, the distance of |delta| from its target over the target, and
10 L / (10 L + n) of volume and open interest, with L the least that is asked for, at least 1. Of equal scores the lowest number is chosen.

Tolerance: scores are sums of four quotients in float64 against exact ones, 1e-13 relative. Cases in which two different candidates score nearer to each other
than that are not written.
"""

import json
import platform
import random
import sys
from fractions import Fraction

SEED = 20261202
MOST_AGE = 2  # minutes of a quote that may still be filled


def first_reason(case, one):
    rank = case["rank"]
    if rank is None or Fraction(str(rank)) > Fraction(str(case["highestRank"])):
        return "volatilityRank"
    age = case["minute"] - one["minute"]
    if one["bid"] <= 0 or one["ask"] <= one["bid"] or not 0 <= age <= MOST_AGE:
        return "quote"
    if spread(one) > Fraction(str(case["mostSpread"])):
        return "spread"
    if one["delta"] is None:
        return "delta"
    if abs(Fraction(str(one["delta"]))) > Fraction(str(case["mostDelta"])):
        return "deltaLimit"
    for name, least in [("volume", case["leastVolume"]), ("openInterest", case["leastOpenInterest"])]:
        if least == 0:
            continue
        if one[name] is None:
            if not case["takesUnknownLiquidity"]:
                return name + "Unknown"
        elif one[name] < least:
            return name
    return None


def spread(one):
    return Fraction(2 * (one["ask"] - one["bid"]), one["ask"] + one["bid"])


def scarcity(number, least):
    ordinary = 10 * max(least, 1)
    return Fraction(ordinary, ordinary + (number or 0))


def score(case, one):
    target = Fraction(str(case["targetDelta"]))
    distance = abs(abs(Fraction(str(one["delta"]))) - target) / target
    return (
        spread(one) / Fraction(str(case["mostSpread"]))
        + distance
        + Fraction(1, 2) * scarcity(one["volume"], case["leastVolume"])
        + Fraction(1, 2) * scarcity(one["openInterest"], case["leastOpenInterest"])
    )


def candidate(rng, number, minute):
    bid = 0 if rng.random() < 0.1 else rng.randint(100, 40_000)
    maybe = lambda value, share: None if rng.random() < share else value  # noqa: E731
    return {
        "contract": number,
        "bid": bid,
        "ask": max(bid + rng.choice([-100, 0, 100, 100, 100, 100, 200, 200, 300, 500, 1_000, 4_000]), 0),
        "minute": minute - rng.choice([0] * 12 + [1, 2, 3, -1]),
        "delta": maybe(rng.choice([1, -1]) * rng.randint(1, 99) / 100, 0.1),
        "volume": maybe(rng.choice([0, rng.randint(0, 50), rng.randint(0, 5_000)]), 0.15),
        "openInterest": maybe(rng.choice([0, rng.randint(0, 300), rng.randint(0, 50_000)]), 0.15),
    }


def case(rng):
    minute = rng.randint(2, 380)
    count = rng.choice([0, 1, 4, 12, 30])
    made = [candidate(rng, 10 + number, minute) for number in range(count)]
    one = {
        "minute": minute,
        "rank": rng.choice([None, 0.81] + [0.2, 0.5, 0.8] * 3),
        "highestRank": rng.choice([0.8, 0.8, 0.8, 1, 0.5]),
        "targetDelta": rng.choice([0.15, 0.3, 0.5]),
        "mostDelta": rng.choice([0.15, 0.5, 1, 1, 1, 1]),
        "mostSpread": rng.choice([0.05, 0.1, 0.25]),
        "leastVolume": rng.choice([0, 0, 10, 100]),
        "leastOpenInterest": rng.choice([0, 0, 100, 1_000]),
        "takesUnknownLiquidity": rng.random() < 0.3,
        "candidates": made,
    }
    best = min((each for each in made if first_reason(one, each) is None), key=lambda each: score(one, each), default=None)
    # In some cases the best one stands there under other numbers too, lower and higher ones: a tie.
    if best is not None and rng.random() < 0.4:
        made += [{**best, "contract": number} for number in rng.sample([*range(10), *range(50, 60)], 2)]
    rng.shuffle(made)
    reasons, fit = {}, []
    for each in made:
        reason = first_reason(one, each)
        if reason is None:
            fit.append((score(one, each), each["contract"]))
        else:
            reasons[reason] = reasons.get(reason, 0) + 1
    fit.sort()
    near = any(a != b and abs(a - b) < Fraction(1, 10**13) * b for (a, _), (b, _) in zip(fit, fit[1:]))
    one["accepted"] = len(fit)
    one["rejections"] = reasons
    one["chosen"] = fit[0][1] if fit else None
    one["score"] = float(fit[0][0]) if fit else None
    return None if near else one


def main():
    rng = random.Random(SEED)
    cases = [each for each in (case(rng) for _ in range(90)) if each]
    document = {
        "provenance": {
            "tool": "a plain twin in exact fractions",
            "python": platform.python_version(),
            "seed": SEED,
            "command": "python scripts/golden/contract_selection.py Tests/Fixtures/Golden/contract_selection.json",
            "tolerance": "scores 1e-13 relative",
        },
        "relativeTolerance": 1e-13,
        "cases": cases,
    }
    with open(sys.argv[1], "w") as file:
        json.dump(document, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
