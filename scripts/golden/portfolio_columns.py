"""Writes portfolio_columns.json and portfolio_columns_wide.json below Tests/Fixtures/Golden: rolling correlation and beta of seeded random walks, by pandas and numpy.

Three symbols, and seven in the wide one, share a market factor; the benchmark is that factor with some noise. Returns are one-bar log returns, windows hold 30 of them,
and fewer at the beginning (from bar 2 on, which has two).
"""

import itertools
import json
import pathlib

import numpy
import pandas

BARS, WINDOW = 160, 30


def write(name, seed, loadings):
    random = numpy.random.default_rng(seed)
    factor = 0.01 * random.standard_normal(BARS)
    moves = [loading * factor + 0.008 * random.standard_normal(BARS) for loading in loadings]
    closes = [pandas.Series((50 * numpy.exp(numpy.cumsum(move))).round(4)) for move in moves]
    benchmark = pandas.Series((1200 * numpy.exp(numpy.cumsum(factor + 0.002 * random.standard_normal(BARS)))).round(4))

    returns = [numpy.log(close).diff() for close in closes]
    market = numpy.log(benchmark).diff()
    rolling = [values.rolling(WINDOW, min_periods=2) for values in returns]

    betas = [one.cov(market) / market.rolling(WINDOW, min_periods=2).var() for one in rolling]
    correlations = {
        f"{first}-{second}": rolling[first].corr(returns[second])
        for first, second in itertools.combinations(range(len(loadings)), 2)
    }
    mean_correlation = sum(correlations.values()) / len(correlations)

    # Portfolios: signed shares, and a value that holds cash besides.
    portfolios = []
    for bar in range(50, BARS):
        shares = numpy.where(random.random(len(loadings)) < 0.3, 0, random.uniform(-20, 20, len(loadings))).round(3)
        worth = shares * numpy.array([close[bar] for close in closes])
        value = round(float(numpy.abs(worth).sum() + random.uniform(100, 3000)), 2)
        gross = float(numpy.abs(worth).sum())
        portfolios.append({
            "bar": bar,
            "shares": shares.tolist(),
            "value": value,
            "beta": float(worth @ numpy.array([beta[bar] for beta in betas]) / value),
            "concentration": float(numpy.abs(worth).max() / gross) if gross > 0 else 0.0,
        })

    golden = {
        "provenance": {
            "tool": "pandas and numpy",
            "version": f"pandas {pandas.__version__}, numpy {numpy.__version__}",
            "seed": seed,
            "command": "python scripts/golden/portfolio_columns.py",
            "tolerance": "absolute; pandas keeps running sums over a window, which round in another order: agreement is to about 1e-12",
        },
        "tolerance": 1e-10,
        "from_bar": 2,
        "closes": [close.tolist() for close in closes],
        "benchmark": benchmark.tolist(),
        "betas": [beta.iloc[2:].tolist() for beta in betas],
        "correlations": [{"pair": pair, "values": values.iloc[2:].tolist()} for pair, values in correlations.items()],
        "mean_correlation": mean_correlation.iloc[2:].tolist(),
        "portfolios": portfolios,
    }
    for values in [*golden["betas"], *(pair["values"] for pair in golden["correlations"]), golden["mean_correlation"]]:
        assert numpy.isfinite(values).all()

    path = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/Golden" / f"{name}.json"
    path.write_text(json.dumps(golden).replace("], ", "],\n").replace("}, {", "},\n{") + "\n")


write("portfolio_columns", 20260117, [1.3, 0.7, -0.4])
write("portfolio_columns_wide", 20260118, [1.3, 0.7, -0.4, 1.0, 0.2, 1.8, -1.1])
