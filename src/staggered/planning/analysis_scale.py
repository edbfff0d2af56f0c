"""Simulated outcomes on the scale on which an analysis works.

A plan with a log or logit link states effects as differences of logarithms of rates or of odds. An
estimator of weighted cell means is then given log((events + ½) / person-time) or log((events + ½) / (others + ½));
the half keeps cells without events, and takes the first-order bias off the logarithm of a count. Estimators with
a family of their own, such as `Marginal`, count events and are given the cell means as they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np

from ..data.frame import Frame
from ..data.panel import Panel
from ..errors import StaggeredError
from ..estimators.trial.glmm import Glmm
from ..kernel.protocols import Estimator, PointEstimator, has_settled_rule
from ..model.plan import Plan
from ..value import FloatArray

_LOGGED = {"log": "log of ", "logit": "log odds of "}


@runtime_checkable
class OfFamily(Protocol):
    """An estimator that is told the distribution of the outcome."""

    @property
    def family(self) -> str:
        """Name of the distribution."""
        ...


def counts_events(estimator: Estimator) -> bool:
    """Whether an estimator has a link of its own and wants outcomes as they are."""
    return isinstance(estimator, OfFamily) and estimator.family != "gaussian"


def as_analysed(outcomes: FloatArray, plan: Plan, estimator: Estimator) -> FloatArray:
    """Cell means (..., clusters, periods) as an estimator is given them.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=2, steps=2, size=10), outcome=sg.Outcome("poisson", baseline=1.0))
    >>> as_analysed(np.full((2, 3), 0.95), plan, sg.Twfe()).round(12) + 0.0
    array([[0., 0., 0.],
           [0., 0., 0.]])
    """
    outcome, design = plan.outcome, plan.design
    if outcome.link not in _LOGGED or counts_events(estimator):
        return outcomes
    people = np.where(design.observed, np.maximum(np.round(design.size), 1), 1.0)
    events = outcomes * people * outcome.exposure
    if outcome.link == "log":
        return np.asarray(np.log((events + 0.5) / (people * outcome.exposure)))
    return np.asarray(np.log((events + 0.5) / (people - events + 0.5)))


def spread_as_analysed(within: FloatArray | None, plan: Plan, estimator: Estimator) -> FloatArray | None:
    """Variance between the people of a cell; none where logarithms of cells are analysed, which people do not have."""
    return within if plan.outcome.link not in _LOGGED or counts_events(estimator) else None


def scale_in_words(plan: Plan, estimator: Estimator) -> tuple[str, ...]:
    """Say that logarithms were analysed, where they were."""
    if plan.outcome.link not in _LOGGED or counts_events(estimator):
        return ()
    what = "rates" if plan.outcome.link == "log" else "odds"
    return (f"Effects and analyses are on the scale of log {what}, half an event added to each cell.",)


def panel_as_analysed(panel: Panel, plan: Plan, estimator: Estimator) -> Panel:
    """A simulated panel as an estimator is given it."""
    outcome = as_analysed(panel.outcome, plan, estimator)
    if outcome is panel.outcome:
        return panel
    return Panel(panel.frame, outcome, _LOGGED[str(plan.outcome.link)] + panel.name, panel.notes)


def target(truth: Plan, estimator: Estimator, frame: Frame) -> float:
    """What the analysis estimates under the truth, on its own scale.

    Its weights on the true effects, where it has weights; its value at the true means, where it has a family of its
    own; else the mean effect of treated cells, of a model with councils at random on its log-odds or log scale.
    """
    effects = truth.effects()
    if not effects.any():
        return 0.0
    if isinstance(estimator, Glmm):
        # Its effect is a log ratio, on whatever scale the plan states its own.
        effects = replace(truth, outcome=replace(truth.outcome, link=estimator.link)).effects()
    elif has_settled_rule(estimator):
        return float(estimator.rule(frame).estimate(effects)[0])
    elif counts_events(estimator) and isinstance(estimator, PointEstimator):
        means = truth.outcome.mean(truth.design, truth.effect)
        try:
            return float(estimator.point(Panel(frame, np.where(frame.used, means, np.nan))).values[0])
        except StaggeredError:
            return float("nan")
    treated = frame.used & (np.nan_to_num(frame.design.treatment) > 0)
    return float(effects[treated].mean())
