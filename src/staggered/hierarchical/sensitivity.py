"""Prior sensitivity: the same data under other priors, fitted again exactly, and how much the priors decide."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from ..data.panel import Panel
from ..errors import StaggeredWarning
from ..model.prior import HalfNormal, Normal, Priors
from ..results.estimate import Estimate
from ..results.words import chance_words, number_words
from ..value import Value
from .hierarchical import Hierarchical
from .scaling import power_scaling

_FACTORS = {0.5: "half as wide", 1.0: "as given", 2.0: "twice as wide"}
_THRESHOLD = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Sensitivity(Value):
    """Answers under other priors.

    Parameters
    ----------
    labels : tuple of str
        The priors as given come first.
    estimates : tuple of Estimate
        The mean effect under each.
    scaling : dict of str to float
        Power-scaling sensitivity to "effect prior", "all priors" and "data".
    """

    labels: tuple[str, ...]
    estimates: tuple[Estimate, ...]
    scaling: dict[str, float]

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """One row for each set of priors."""
        ends = np.array([one.interval(level) for one in self.estimates])
        return pd.DataFrame(
            {
                "priors": self.labels,
                "effect": [one.value for one in self.estimates],
                "low": ends[:, 0],
                "high": ends[:, 1],
                "probability_below_zero": [float((one.draws < 0).mean()) for one in self.estimates],
            }
        )

    @property
    def verdict(self) -> str:
        """What the power scaling says, in a sentence."""
        prior, data = self.scaling["effect prior"], self.scaling["data"]
        numbers = f"(power scaling: effect prior {prior:.2f}, data {data:.2f}; above {_THRESHOLD} counts as moving it)"
        if prior < _THRESHOLD:
            return f"A small change of the effect's prior hardly moves the answer {numbers}."
        if data < _THRESHOLD:
            return (
                f"A small change of the effect's prior moves the answer and one of the data hardly does {numbers}: it "
                "is what was put in."
            )
        return (
            f"Small changes of the effect's prior and of the data both move the answer {numbers}: give it together "
            "with the prior, and with the answers under other priors."
        )

    def text(self) -> str:
        """Say how far the answer hangs on the priors."""
        table = self.table()
        first = table.iloc[0]
        outside = (table["low"] > 0) | (table["high"] < 0)
        sure, unsure = int(outside.sum()), int((~outside).sum())
        interval = "the 95% credible interval (equal tails)"
        if sure and unsure:
            said = (
                f"Under {sure} of them {interval} leaves out no effect, under {unsure} it includes it: the conclusion "
                "hangs on the prior."
            )
        else:
            said = f"Under every one of them {interval} {'leaves out' if sure else 'includes'} no effect."
        return (
            f"With the priors as given the mean effect is {number_words(float(first.effect))}. Fitted again under "
            f"{len(table) - 1} other sets of priors it lies between {number_words(float(table['effect'].min()))} and "
            f"{number_words(float(table['effect'].max()))}, and the probability that it is below zero between "
            f"{chance_words(float(table['probability_below_zero'].min()))} and "
            f"{chance_words(float(table['probability_below_zero'].max()))}. {said} {self.verdict}"
        )

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {"rows": self.table().to_dict(orient="records"), "scaling": dict(self.scaling), "verdict": self.verdict}


def prior_sensitivity(model: Hierarchical, panel: Panel, *, others: Mapping[str, Normal] | None = None) -> Sensitivity:
    """Fit again, by the analytic engine, with the priors of the effect and of its spread half and twice as wide.

    Parameters
    ----------
    model : Hierarchical
    panel : Panel
    others : mapping of label to Normal, optional
        Further priors of the first effect, such as the one before earlier evaluations were taken in.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=12, steps=4, size=50), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Nested(icc=0.05, cac=0.8), effect=sg.Constant(-0.4))
    >>> found = prior_sensitivity(sg.Hierarchical(points=64, draws=400), sg.simulate(plan, seed=1))
    >>> len(found.table()), found.labels[0]
    (11, 'as given')
    """
    quick = replace(model, engine="analytic", exposure="walk" if model.exposure == "monotone" else model.exposure)
    given = quick.priors_on(panel)
    with warnings.catch_warnings():
        # What the data warn of has been said of the priors as given.
        warnings.simplefilter("ignore", StaggeredWarning)
        asked = quick.unchecked(panel, given)
        estimates, labels = [asked.estimate()], ["as given"]
        for label, priors in _grid(given, others or {}):
            labels.append(label)
            estimates.append(quick.unchecked(panel, priors).estimate())
    return Sensitivity(tuple(labels), tuple(estimates), power_scaling(asked))


def _grid(given: Priors, others: Mapping[str, Normal]) -> Iterator[tuple[str, Priors]]:
    first = given.first_effect
    for wide, apart in product(_FACTORS, _FACTORS):
        if wide == apart == 1.0:
            continue
        yield (
            f"effect {_FACTORS[wide]}, spread between councils {_FACTORS[apart]}",
            replace(
                given,
                effect=Normal(first.mean, first.sd * wide),
                heterogeneity=HalfNormal(given.heterogeneity.scale * apart),
            ),
        )
    if first.mean:
        yield "effect centred on none", replace(given, effect=Normal(0.0, first.sd))
    for factor in (0.5, 2.0):
        yield f"national change {_FACTORS[factor]}", replace(given, trend=HalfNormal(given.trend.scale * factor))
    for label, prior in others.items():
        yield label, replace(given, effect=prior)
