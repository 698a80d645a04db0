"""Golden numbers for Sources/Evaluation/Splits, made by the packages skfolio and purgedcv.

Run:  python scripts/golden/time_splits.py Tests/Fixtures/Golden/time_splits.json
Needs skfolio, purgedcv, numpy and pandas. Writes JSON with a provenance block; never edit the JSON by hand.

200 layouts at random:
  70 walks (rolling and anchored) by skfolio.model_selection.WalkForward, whose purged_size is purge and embargo together;
  60 combinatorial splits by skfolio.model_selection.CombinatorialPurgedCV, whose labels all span purged_size sessions behind their own;
  70 combinatorial splits by purgedcv.CombinatorialPurgedCV with labels of random length. Its embargo of a duration d drops what begins from the end of a
     label up to and with d days behind it: one day more than d, hence d is the number of sessions less one.
Training samples are written as runs [first, behind the last]. And 8 matrices of returns with purgedcv's probability of backtest overfitting.
All numbers of the layouts are whole and exact; logits 1e-12 absolute, slopes 1e-9 relative.
"""

import json
import platform
import sys

import numpy as np
import pandas as pd
import purgedcv
import skfolio
from skfolio.model_selection import CombinatorialPurgedCV, WalkForward

SEED = 20261201


def runs(indices):
    indices = np.asarray(indices)
    if len(indices) == 0:
        return []
    breaks = np.flatnonzero(np.diff(indices) != 1)
    firsts = np.concatenate([[0], breaks + 1])
    lasts = np.concatenate([breaks, [len(indices) - 1]])
    return [[int(indices[a]), int(indices[b]) + 1] for a, b in zip(firsts, lasts)]


def walk(rng):
    purge, embargo = int(rng.integers(0, 30)), int(rng.integers(0, 5))
    training, test = int(rng.integers(5, 200)), int(rng.integers(1, 80))
    count = training + purge + embargo + int(rng.integers(1, 400))
    anchored, short = bool(rng.integers(2)), bool(rng.integers(2))
    splitter = WalkForward(
        test_size=test, train_size=training, purged_size=purge + embargo, expand_train=anchored, reduce_test=short
    )
    folds = [[runs(a)[0], runs(b)[0]] for a, b in splitter.split(np.zeros((count, 1)))]
    return {
        "sessions": count, "training": training, "test": test, "purge": purge, "embargo": embargo, "anchored": anchored,
        "keeps_short_test": short, "folds": folds,
    }  # fmt: skip


def combinations_of_skfolio(rng):
    folds = int(rng.integers(3, 9))
    tests = int(rng.integers(2, folds))
    size = int(rng.integers(12, 40))
    count = folds * size + int(rng.integers(0, folds))
    behind = int(rng.integers(0, size - 6))
    embargo = int(rng.integers(0, size - 2 - behind))
    splitter = CombinatorialPurgedCV(n_folds=folds, n_test_folds=tests, purged_size=behind, embargo_size=embargo)
    split = [
        {"training": runs(train), "tests": [runs(t)[0] for t in test]}
        for train, test in splitter.split(np.zeros((count, 1)))
    ]
    for one, paths in zip(split, splitter.get_path_ids()):
        one["paths"] = [int(p) for p in paths]
    return {"sessions": count, "folds": folds, "test_folds": tests, "sessions_behind": behind, "embargo": embargo, "splits": split}


def combinations_of_purgedcv(rng):
    folds = int(rng.integers(2, 8))
    tests = int(rng.integers(1, folds))
    count = folds * int(rng.integers(5, 40))
    longest = int(rng.integers(1, 25))
    lengths = rng.integers(1, longest + 1, count)
    embargo = int(rng.integers(0, 6))
    begins = pd.Series(pd.date_range("2000-01-01", periods=count, freq="D"))
    splitter = purgedcv.CombinatorialPurgedCV(
        n_splits=folds, n_test_groups=tests, prediction_times=begins, evaluation_times=begins + pd.to_timedelta(lengths, "D"),
        embargo=pd.Timedelta(days=embargo - 1) if embargo > 1 else None,
    )  # fmt: skip
    split = []
    for train, test in splitter.split(np.zeros((count, 1))):
        if embargo == 1:
            ends = {int(e) for e in test + lengths[test]}
            train = np.array([t for t in train if int(t) not in ends], dtype=int)
        split.append({"training": runs(train), "tests": runs(test)})
    return {
        "label_ends": [int(v) for v in np.arange(count) + lengths], "folds": folds, "test_folds": tests, "embargo": embargo,
        "splits": split,
    }  # fmt: skip


def overfitting(rng, place):
    configurations, count, blocks = int(rng.integers(2, 15)), int(rng.integers(40, 300)), [2, 4, 6, 8, 10][place % 5]
    means = rng.normal(0, 0.1 if place % 2 else 0.0, configurations)
    returns = 0.01 * (means[:, None] + rng.standard_normal((configurations, count)))
    found = purgedcv.probability_of_backtest_overfitting(returns, n_splits=blocks)
    return {
        "returns": [[float(v) for v in row] for row in returns],
        "blocks": blocks,
        "probability": {"tolerance": 0, "value": float(found.pbo)},
        "logits": {"tolerance": 1e-12, "values": [float(v) for v in found.logits]},
        "slope": {"relative_tolerance": 1e-9, "value": float(found.slope)},
    }


def main():
    rng = np.random.default_rng(SEED)
    document = {
        "provenance": {
            "tool": f"skfolio {skfolio.__version__}, purgedcv {getattr(purgedcv, '__version__', '0.1.11')}",
            "numpy": np.__version__,
            "pandas": pd.__version__,
            "python": platform.python_version(),
            "seed": SEED,
            "command": "python scripts/golden/time_splits.py Tests/Fixtures/Golden/time_splits.json",
            "tolerance": "whole numbers exact; logits 1e-12 absolute, slopes 1e-9 relative",
        },
        "walks": [walk(rng) for _ in range(70)],
        "skfolio": [combinations_of_skfolio(rng) for _ in range(60)],
        "purgedcv": [combinations_of_purgedcv(rng) for _ in range(70)],
        "overfitting": [overfitting(rng, place) for place in range(8)],
    }
    with open(sys.argv[1], "w") as file:
        json.dump(document, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
