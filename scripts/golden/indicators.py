"""Writes Tests/Fixtures/Golden/indicators.json: indicators of a seeded random walk, by pandas and numpy, from bar 50 on.

Wilder's averages are written as an exponentially weighted mean with alpha 1/14 that starts at the mean of the first 14 values.
"""

import json
import pathlib

import numpy
import pandas

SEED, BARS, FROM_BAR = 20240607, 200, 50

random = numpy.random.default_rng(SEED)
close = 40 * numpy.exp(numpy.cumsum(0.015 * random.standard_normal(BARS)))
opening = close * numpy.exp(0.008 * random.standard_normal(BARS))
high = numpy.maximum(opening, close) * (1 + 0.008 * random.random(BARS))
low = numpy.minimum(opening, close) * (1 - 0.008 * random.random(BARS))
high, low, close = (pandas.Series(values.round(4)) for values in (high, low, close))
volume = pandas.Series(numpy.rint(1e6 * numpy.exp(0.4 * random.standard_normal(BARS))))


def wilder(values, period=14):
    """values: without leading gaps. Undefined before the seed."""
    seeded = values.copy()
    seeded.iloc[: period - 1] = numpy.nan
    seeded.iloc[period - 1] = values.iloc[:period].mean()
    return seeded.ewm(alpha=1 / period, adjust=False, ignore_na=True).mean()


change = close.diff().iloc[1:]
rise, fall = wilder(change.clip(lower=0)), wilder((-change).clip(lower=0))
before = close.shift(1)
true_range = pandas.concat([high - low, (high - before).abs(), (low - before).abs()], axis=1).max(axis=1)
log_close = numpy.log(close)
windows = numpy.lib.stride_tricks.sliding_window_view(numpy.diff(log_close.to_numpy()), 20)

columns = {
    "log_return_1": log_close.diff(1),
    "log_return_5": log_close.diff(5),
    "log_return_20": log_close.diff(20),
    "ema_12": close.ewm(span=12, adjust=False).mean(),
    "ema_26": close.ewm(span=26, adjust=False).mean(),
    "rsi_14": (100 - 100 / (1 + rise / fall)).reindex(close.index),
    "atr_14": wilder(true_range),
    "realized_volatility_20": pandas.Series(windows.std(axis=1, ddof=1), index=range(20, BARS)).reindex(close.index),
    "volume_mean_20": volume.rolling(20).mean(),
    "highest_high_20": high.rolling(20).max(),
    "lowest_low_20": low.rolling(20).min(),
    "drawdown_50": close / high.rolling(50).max() - 1,
}

golden = {
    "provenance": {
        "tool": "pandas and numpy",
        "version": f"pandas {pandas.__version__}, numpy {numpy.__version__}",
        "seed": SEED,
        "command": "python scripts/golden/indicators.py",
        "tolerance": "relative to the largest magnitude of the column: both sides are float64 and differ in rounding alone",
    },
    "relative_tolerance": 1e-12,
    "from_bar": FROM_BAR,
    "high": high.tolist(),
    "low": low.tolist(),
    "close": close.tolist(),
    "volume": volume.tolist(),
    "columns": [{"name": name, "values": values.iloc[FROM_BAR:].tolist()} for name, values in columns.items()],
}
assert all(numpy.isfinite(column["values"]).all() for column in golden["columns"])

path = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/Golden/indicators.json"
path.write_text(json.dumps(golden).replace("], ", "],\n").replace("{\"name\"", "\n{\"name\"") + "\n")
