"""Council by council: what each one's own data say, what the model makes of it, and how sure any ranking is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..value import FloatArray
from .posterior import Posterior

_HALF = 0.5


def raw_effects(posterior: Posterior) -> FloatArray:
    """Each treated council's effect from its own cells alone, (treated councils,); nan where there is no comparison.

    Outcomes (of counts, log rates or log odds with a half added) less council and period means, which are fitted on
    untreated cells alone, averaged over the council's treated cells as the model's own effects are.
    """
    layout = posterior.layout
    outcome = linked(posterior)
    control = layout.used & (layout.treatment == 0)
    clusters, periods = control.shape
    row, column = np.nonzero(control)
    columns = np.zeros((len(row), clusters + periods))
    columns[np.arange(len(row)), row] = 1.0
    columns[np.arange(len(row)), clusters + column] = 1.0
    found = np.linalg.lstsq(columns, outcome[control], rcond=None)[0]
    expected = found[:clusters, None] + found[clusters:]
    known = control.any(axis=1)[:, None] & control.any(axis=0)
    difference = np.where(known, outcome - expected, np.nan)
    shares = np.where(layout.exposure > 0, layout.shares, 0.0)[layout.treated]
    return np.asarray((np.where(shares > 0, shares * difference[layout.treated], 0.0)).sum(axis=1) / shares.sum(axis=1))


def linked(posterior: Posterior) -> FloatArray:
    """Outcomes on the scale of the linear predictor, 0 where nothing is observed."""
    used = posterior.layout.used
    outcome = np.where(used, posterior.panel.outcome, 0.0)
    if posterior.family == "gaussian":
        return outcome
    size = np.where(used, posterior.size, 1.0)
    whole = np.abs(outcome - np.round(outcome)) < 1e-6
    count = outcome if whole.all() else outcome * size
    other = size - count + _HALF if posterior.family == "binomial" else size
    return np.where(used, np.log((count + _HALF) / other), 0.0)


def shrinkage(posterior: Posterior, level: float = 0.95) -> pd.DataFrame:
    """Raw beside pooled: each council's own difference, the model's, its interval, and the probability of a fall."""
    estimate = posterior.estimate("cluster")
    low, high = estimate.uncertainty.interval(estimate.values, level)
    return pd.DataFrame(
        {
            "council": [term.cluster for term in estimate.terms[1:]],
            "raw": raw_effects(posterior),
            "pooled": estimate.value,
            "low": low[1:],
            "high": high[1:],
            "probability_below_zero": (estimate.draws < 0).mean(axis=0),
        }
    )


def ranking(posterior: Posterior, level: float = 0.95) -> pd.DataFrame:
    """Each council's place with its uncertainty, 1 for the lowest effect: a league table cannot be had without it."""
    draws = posterior.estimate("cluster").draws
    places = draws.argsort(axis=1).argsort(axis=1) + 1
    low, high = np.quantile(places, [(1 - level) / 2, (1 + level) / 2], axis=0, method="inverted_cdf")
    names = [posterior.layout.frame.design.clusters[row] for row in posterior.layout.treated]
    table = pd.DataFrame(
        {
            "council": names,
            "median_place": np.median(places, axis=0),
            "low": low,
            "high": high,
            "probability_lowest": (places == 1).mean(axis=0),
        }
    )
    return table.sort_values("median_place", kind="stable", ignore_index=True)
