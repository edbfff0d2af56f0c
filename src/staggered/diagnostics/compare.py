"""Several estimators on one panel, side by side, with what each of them rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from ..data.panel import Panel, require_panel
from ..errors import DataError, DesignError, IdentificationError, listing
from ..kernel.protocols import Estimator, Inference, has_rule, require_estimator, require_inference, require_no_text
from ..results.estimate import Estimate
from ..results.words import number_words
from ..value import BoolArray, Value

_NEGLIGIBLE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Comparison(Value):
    """Estimates of one panel by several estimators and inferences.

    Parameters
    ----------
    estimates : tuple of Estimate
    rests_on : tuple of int
        Treated council-periods that each puts weight on.
    treated : int
        Treated council-periods with data.
    failed : tuple of (str, str)
        What could not be estimated, and why.
    cells : {"own", "common"}
    """

    estimates: tuple[Estimate, ...]
    rests_on: tuple[int, ...]
    treated: int
    failed: tuple[tuple[str, str], ...] = ()
    cells: Literal["own", "common"] = "own"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers behind the estimates, each once."""
        return tuple(dict.fromkeys(paper for one in self.estimates for paper in one.references))

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """One row per estimator and inference: estimate, interval, p-value and coverage of treated cells."""
        rows = []
        for one, resting in zip(self.estimates, self.rests_on, strict=True):
            row = one.select([0]).table(level).iloc[0].to_dict()
            rows.append(
                {
                    "estimator": one.estimator,
                    "inference": one.inference,
                    **{key: row[key] for key in ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high")},
                    "treated_cells": f"{resting} of {self.treated}",
                    "estimand": one.estimand,
                }
            )
        return pd.DataFrame(rows)

    def text(self) -> str:
        """Say in a paragraph how far they agree."""
        values = np.array([float(one.values[0]) for one in self.estimates])
        ends = [one.select([0]).uncertainty.interval(one.select([0]).values, 0.95) for one in self.estimates]
        apart = [one for one, (low, high) in zip(self.estimates, ends, strict=True) if low[0] > 0 or high[0] < 0]
        said = (
            f"{len(values)} analyses put the effect between {number_words(float(np.nanmin(values)))} and "
            f"{number_words(float(np.nanmax(values)))}; {len(apart)} of their 95% intervals leave out no effect. "
        )
        said += (
            "All rest on the same treated council-periods."
            if self.cells == "common"
            else "They rest on different treated council-periods, so they need not agree even without noise."
            if len(set(self.rests_on)) > 1
            else "They rest on equally many treated council-periods."
        )
        for name, why in self.failed:
            said += f" {name}: {why}"
        return said

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {
            "cells": self.cells,
            "treated": self.treated,
            "rows": self.table().to_dict(orient="records"),
            "failed": [list(one) for one in self.failed],
        }


def compare(
    panel: Panel,
    estimators: Sequence[Estimator],
    inference: Inference | Sequence[Inference | None] | None = None,
    cells: Literal["own", "common"] = "own",
) -> Comparison:
    """Estimate the same effect several ways.

    Parameters
    ----------
    panel : Panel
    estimators : sequence of estimators
        Of a `by=` table the overall row counts.
    inference : Inference or sequence, optional
        One, or several to cross with the estimators; each estimator's own default when absent.
    cells : {"own", "common"}
        Whether each rests on whatever it can use, or all on the treated council-periods that all of them can use.

    Raises
    ------
    DataError
        No estimator, or none that can be used.
    IdentificationError
        With cells="common": no treated council-period that all of them can use.

    Examples
    --------
    >>> import staggered as sg
    >>> panel = sg.simulate(sg.Plan(design=sg.stepped(clusters=12, steps=4), outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> found = sg.compare(panel, [sg.Twfe(), sg.GroupTime(), sg.Imputation()])
    >>> found.table()["treated_cells"].tolist()
    ['30 of 30', '18 of 30', '18 of 30']
    """
    require_panel(panel)
    _require_several(estimators)
    if cells not in ("own", "common"):
        raise DataError(
            f"compare was given cells={cells!r}.",
            "It says which treated council-periods the estimates rest on.",
            'Use "own" or "common".',
        )
    require_no_text(inference, "inference", "Jackknife()")
    ways = (list(inference) or [None]) if isinstance(inference, Sequence) else [inference]
    for way in ways:
        require_inference(way)
    treated: BoolArray = panel.frame.used & (np.nan_to_num(panel.design.treatment) > 0)
    if cells == "common":
        panel = _restricted(panel, estimators, treated)
    found, rests_on, failed = [], [], []
    for estimator in estimators:
        for way in ways:
            try:
                found.append(estimator.fit(panel, way))
                rests_on.append(int(_rests_on(estimator, panel).sum()))
            except (IdentificationError, DesignError) as error:
                failed.append((estimator.name, error.what))
    if not found:
        raise DataError(
            f"None of {listing([one.name for one in estimators])} could be estimated.",
            " ".join(why for _, why in failed),
            "See what each of them needs.",
        )
    return Comparison(tuple(found), tuple(rests_on), int(treated.sum()), tuple(failed), cells)


def _require_several(estimators: object) -> None:
    """Refuse what is no list of estimators."""
    if not isinstance(estimators, Sequence) or isinstance(estimators, str):
        require_estimator(estimators)
        raise DataError(
            "compare was given one estimator by itself.",
            "It sets several side by side.",
            "Give a list, for example [Twfe(), GroupTime()].",
        )
    if not estimators:
        raise DataError(
            "No estimator was given.", "There is nothing to compare.", "Give, for example, [Twfe(), GroupTime()]."
        )
    for one in estimators:
        require_estimator(one)


def _rests_on(estimator: Estimator, panel: Panel) -> BoolArray:
    """Treated cells with weight in the first term, (clusters, periods); all of them where weights are not known."""
    treated = panel.frame.used & (np.nan_to_num(panel.design.treatment) > 0)
    if not has_rule(estimator):
        return np.asarray(treated)
    weights = estimator.rule_at(panel).by_cluster()[0]
    return np.asarray(treated & (np.abs(weights) > _NEGLIGIBLE))


def _restricted(panel: Panel, estimators: Sequence[Estimator], treated: BoolArray) -> Panel:
    """The panel without treated cells that some estimator cannot use, until all use the same."""
    assert panel.frame.present is not None
    for _ in range(treated.sum() + 1):
        common = np.logical_and.reduce([_rests_on(one, panel) for one in estimators])
        now = panel.frame.used & (np.nan_to_num(panel.design.treatment) > 0)
        if not common.any():
            raise IdentificationError(
                f"No treated council-period can be used by all of {listing([one.name for one in estimators])}.",
                "Then they have nothing in common to be compared on.",
                'Use cells="own".',
            )
        if (common == now).all():
            break
        present = panel.frame.present & ~(now & ~common)
        panel = replace(panel, frame=replace(panel.frame, present=present))
    return panel
