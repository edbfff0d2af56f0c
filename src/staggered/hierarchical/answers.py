"""The answers: how large, how sure, and how probably large enough to matter, for all councils, for one, for another."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from ..errors import DesignError
from .posterior import Posterior

Better = Literal["lower", "higher"]


def answers(
    posterior: Posterior, *, better: Better = "lower", beyond: float | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Effects with the probability of any benefit and of one that matters, on the link scale.

    Parameters
    ----------
    posterior : Posterior
    better : {"lower", "higher"}
        Which direction is a benefit.
    beyond : float, optional
        The smallest effect that would matter, such as log(0.95) for a fall of 5%.
    level : float

    Returns
    -------
    DataFrame
        `about`: the mean of all councils, another council like these, then each council; `effect` (posterior mean),
        `low`, `high` (equal tails), `any_benefit`, `matters` (nan without `beyond`).

    Raises
    ------
    DesignError
        A direction that is none, or an effect that matters in the wrong one.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=12, steps=4, size=50), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Nested(icc=0.05, cac=0.8), effect=sg.Constant(-0.4))
    >>> fit = sg.Hierarchical(engine="analytic").posterior(sg.simulate(plan, seed=1))
    >>> table = answers(fit, beyond=-0.1)
    >>> list(table["about"][:3]), bool((table["matters"] <= table["any_benefit"]).all())
    (['mean of all councils', 'another council like these', '1'], True)
    """
    if better not in ("lower", "higher"):
        raise DesignError(f"better is {better!r}.", "It says which direction is a benefit.", 'Use "lower" or "higher".')
    sign = -1.0 if better == "lower" else 1.0
    if beyond is not None and sign * beyond <= 0:
        raise DesignError(
            f"An effect of {beyond:g} was said to matter, where {better} is better.",
            "What matters is a change for the better.",
            f"Give a number {'below' if better == 'lower' else 'above'} 0.",
        )
    councils = posterior.estimate("cluster")
    draws = np.column_stack([posterior.estimate().draws, posterior.estimate("new").draws, councils.draws])
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return pd.DataFrame(
        {
            "about": ["mean of all councils", "another council like these", *(t.cluster for t in councils.terms[1:])],
            "effect": draws.mean(axis=0),
            "low": low,
            "high": high,
            "any_benefit": (sign * draws > 0).mean(axis=0),
            "matters": np.nan if beyond is None else (sign * draws > sign * beyond).mean(axis=0),
        }
    )
