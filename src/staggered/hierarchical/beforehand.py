"""Beforehand: what the priors expect of outcomes like these, before any of them is looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data.panel import Panel
from ..results.words import number_words
from ..value import FloatArray, Value
from .hierarchical import Hierarchical
from .predictive import prior_draws, replicate

_DRAWS = 4000
_ENDS = (0.025, 0.25, 0.5, 0.75, 0.975)


@dataclass(frozen=True, slots=True, eq=False)
class Beforehand(Value):
    """Outcomes of one council that the priors expect, and the mean effect that they expect.

    Parameters
    ----------
    periods : tuple
    quantiles : array (5, periods)
        2.5%, 25%, 50%, 75% and 97.5% of what a council's outcome may be; counts as rates per child.
    effect : array (draws,)
        Mean effect on treated cells.
    observed : array (clusters, periods) or None
        The outcomes themselves, nan where there are none.
    outcome : str
    """

    periods: tuple[object, ...]
    quantiles: FloatArray
    effect: FloatArray
    observed: FloatArray | None
    outcome: str

    @property
    def share_inside(self) -> float:
        """Share of the outcomes within the middle 95% of what was expected; nan without outcomes."""
        if self.observed is None:
            return float("nan")
        seen = np.isfinite(self.observed)
        inside = (self.observed >= self.quantiles[0]) & (self.observed <= self.quantiles[4])
        return float(inside[seen].mean())

    def text(self) -> str:
        """Say what the priors expect, so that it can be disagreed with."""
        low, high = np.quantile(self.effect, [0.025, 0.975])
        first, last = self.quantiles[0].min(), self.quantiles[4].max()
        said = [
            f"Before the data the model expects a council's {self.outcome} between {number_words(float(first))} and "
            f"{number_words(float(last))} (95% in each period), and a mean effect between {number_words(float(low))} "
            f"and {number_words(float(high))} (95%, on the model's own scale)."
        ]
        if self.observed is not None:
            said.append(f"{100 * self.share_inside:.0f}% of the outcomes lie within what was expected.")
        return " ".join(said)


def beforehand(model: Hierarchical, panel: Panel, *, seed: int = 1, show: bool = True) -> Beforehand:
    """Draw outcomes from the priors, for the councils and periods of a panel.

    Parameters
    ----------
    model : Hierarchical
    panel : Panel
        Its outcomes play no part but in the level of priors that were not given; `show` keeps them beside.
    seed : int
    show : bool

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=12, steps=4, size=50), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Nested(icc=0.05, cac=0.8))
    >>> found = beforehand(sg.Hierarchical(), sg.simulate(plan, seed=1))
    >>> found.share_inside > 0.95
    True
    """
    drawn = prior_draws(panel.frame, model.structure, model.priors_on(panel), draws=_DRAWS, seed=seed)
    outcome = replicate(drawn, np.random.default_rng(np.random.SeedSequence([seed, 6])))
    used = panel.frame.used
    size = np.where(used & (drawn.size > 0), drawn.size, 1.0)
    per_child = model.family != "gaussian"
    expected = np.where(used, outcome / size if per_child else outcome, np.nan)
    seen = None
    if show:
        count = np.where(used, panel.outcome, np.nan)
        whole = bool((np.abs(count - np.round(count)) < 1e-6)[used].all())
        seen = count / size if per_child and whole else count
    quantiles = np.nanquantile(expected.reshape(-1, used.shape[1]), _ENDS, axis=0)
    return Beforehand(
        periods=panel.design.periods,
        quantiles=np.asarray(quantiles),
        effect=drawn.estimate().draws[:, 0],
        observed=seen,
        outcome=f"{panel.name}{' (per child)' if per_child else ''}",
    )
