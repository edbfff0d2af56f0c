"""Monitoring: the same question each time a period's data come in, and how often that would raise a false alarm."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..data.panel import Panel
from ..errors import DataError, FewClustersWarning
from ..results.words import number_words
from ..value import FloatArray, Value
from .analytic import prepared
from .extension import taken
from .gaussian import Gaussian
from .hierarchical import Hierarchical
from .posterior import Posterior
from .predictive import replicate
from .shared_grid import fit_all

_STUDIES, _POINTS = 200, 1024


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Monitoring(Value):
    """What each look at the data said.

    Parameters
    ----------
    periods : tuple
        The last period of each look.
    effect, low, high, below : array (looks,)
        Posterior mean, 95% interval (equal tails), and the probability that the mean effect is below 0.
    sure : float
        Probability of one direction at which a look decides.
    false_alarms : float
        Share of studies without any effect in which at least one of the looks decides; nan where not asked for.
    """

    periods: tuple[object, ...]
    effect: FloatArray
    low: FloatArray
    high: FloatArray
    below: FloatArray
    sure: float
    false_alarms: float

    @property
    def first(self) -> object | None:
        """Period of the first look that decides; None when none does."""
        decided = np.flatnonzero(np.maximum(self.below, 1 - self.below) > self.sure)
        return self.periods[decided[0]] if len(decided) else None

    def table(self) -> pd.DataFrame:
        """One row for each look."""
        return pd.DataFrame(
            {
                "up_to": self.periods,
                "effect": self.effect,
                "low": self.low,
                "high": self.high,
                "probability_below_zero": self.below,
                "decides": np.maximum(self.below, 1 - self.below) > self.sure,
            }
        )

    def text(self) -> str:
        """Say what the looks said, and what looking often costs."""
        last = len(self.periods) - 1
        said = [
            f"{len(self.periods)} looks, up to {self.periods[0]} first and {self.periods[-1]} last. At the last the "
            f"95% credible interval (equal tails) runs from {number_words(float(self.low[last]))} to "
            f"{number_words(float(self.high[last]))}, and the probability that the effect is below zero is "
            f"{100 * self.below[last]:.0f}%.",
            "No look decides for a direction."
            if self.first is None
            else f"The first look that decides for a direction is the one up to {self.first}.",
        ]
        if np.isfinite(self.false_alarms):
            said.append(
                f"Where nothing happens, at least one of these looks decides in {100 * self.false_alarms:.0f}% of "
                f"studies (each by itself at {100 * self.sure:g}% for either direction)."
            )
        return " ".join(said)

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {"rows": self.table().to_dict(orient="records"), "false_alarms": self.false_alarms}


def monitor(
    model: Hierarchical, panel: Panel, *, sure: float = 0.975, studies: int = _STUDIES, seed: int = 1
) -> Monitoring:
    """Fit to the data up to each period from the first go-live on, by the analytic engine.

    The posterior at a look is right however often one looks; the chance that one of many looks decides where nothing
    happens is another thing. It is found by simulating studies from the last fit with every effect set to 0 (gaussian
    outcomes).

    Parameters
    ----------
    model : Hierarchical
    panel : Panel
    sure : float
    studies : int
        Simulated studies for the false alarms, no more than the model's draws; 0 leaves them out.
    seed : int

    Raises
    ------
    DataError
        No council goes live after the first period, or the data end when the first does.

    References
    ----------
    Spiegelhalter, Abrams and Myles (2004), Bayesian Approaches to Clinical Trials and Health-Care Evaluation,
    section 6.6.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=12, steps=4, size=50), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Nested(icc=0.05, cac=0.8), effect=sg.Constant(-0.2))
    >>> looks = monitor(sg.Hierarchical(engine="analytic", points=128), sg.simulate(plan, seed=1), studies=0)
    >>> looks.periods
    (2, 3, 4, 5)
    """
    quick = replace(model, engine="analytic")
    design = panel.design
    treated = (np.nan_to_num(design.treatment) > 0) & panel.frame.used
    if not treated.any():
        raise DataError(
            "No council is treated in the data.", "There is nothing to look at yet.", "Check the go-live dates."
        )
    first = max(int(treated.any(axis=0).argmax()), 1)
    priors = quick.priors_on(panel)
    ends = range(first + 1, len(design.periods) + 1)
    rows = []
    for end in ends:
        with warnings.catch_warnings():
            # The first looks rest on few councils as a matter of course; the last one is warned of when it is fitted.
            warnings.simplefilter("ignore", FewClustersWarning)
            fitted = quick.unchecked(up_to(panel, end), priors)
        draws = fitted.estimate().draws[:, 0]
        rows.append((draws.mean(), *np.quantile(draws, [0.025, 0.975]), (draws < 0).mean()))
    effect, low, high, below = np.array(rows).T
    asked = studies > 0 and model.family == "gaussian"
    alarms = _false_alarms(fitted, [*ends], sure, studies, seed) if asked else np.nan
    return Monitoring(
        periods=tuple(design.periods[end - 1] for end in ends), effect=effect, low=low, high=high, below=below,
        sure=sure, false_alarms=float(alarms),
    )  # fmt: skip


def up_to(panel: Panel, end: int) -> Panel:
    """The panel as it was after so many periods: councils seen in none of them are left out."""
    frame = panel.frame
    assert frame.present is not None and frame.weights is not None
    rows = np.flatnonzero(frame.used[:, :end].any(axis=1))
    design = frame.design
    shorter = replace(
        frame.keep(rows),
        design=type(design)(
            design.treatment[rows, :end], design.size[rows, :end], clusters=[design.clusters[k] for k in rows],
            periods=design.periods[:end], dates=None if design.dates is None else design.dates[:end],
            strata=[design.strata[k] for k in rows], name=design.name,
        ),
        present=frame.present[rows, :end],
        weights=frame.weights[rows, :end],
        covariates={name: grid[rows, :end] for name, grid in frame.covariates.items()},
    )  # fmt: skip
    within = None if panel.within is None else panel.within[rows, :end]
    return Panel(shorter, panel.outcome[rows, :end], panel.name, panel.notes, within)


def _false_alarms(fitted: Posterior, ends: list[int], sure: float, studies: int, seed: int) -> float:
    """Share of studies like this one, every effect 0, in which any look decides."""
    panel, priors = fitted.panel, fitted.priors
    rows = np.random.default_rng(np.random.SeedSequence([seed, 9])).permutation(len(fitted.fixed))[:studies]
    some = taken(fitted, rows)
    fixed = some.fixed.copy()
    fixed[:, fitted.layout.first_effect :] = 0.0
    nothing = replace(some, fixed=fixed, effects=np.zeros_like(some.effects))
    outcome = replicate(nothing, np.random.default_rng(np.random.SeedSequence([seed, 8])))
    decided = np.zeros(len(rows), dtype=bool)
    for end in ends:
        short = up_to(panel, end)
        kept = [panel.design.clusters.index(name) for name in short.design.clusters]
        prepared_here = prepared(short, fitted.layout.structure, priors)
        assert isinstance(prepared_here, Gaussian)
        layout = prepared_here.layout
        residual = np.where(layout.used, outcome[:, kept, :end] - layout.columns @ layout.mean, 0.0)
        fits = fit_all(prepared_here, residual, layout.mean_curve(layout.shares), points=_POINTS, seed=seed)
        decided |= np.maximum(fits.below, 1 - fits.below) > sure
    return float(decided.mean())
