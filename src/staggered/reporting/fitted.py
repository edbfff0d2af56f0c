"""The hierarchical model of a report: one fit, what was expected before it, what hangs on its priors, its checklist."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..allocation.seeds import whole_seed
from ..data.panel import Panel
from ..errors import StaggeredWarning
from ..hierarchical.beforehand import Beforehand, beforehand
from ..hierarchical.checklist import checklist
from ..hierarchical.hierarchical import Hierarchical
from ..hierarchical.left_out import examined
from ..hierarchical.posterior import Posterior
from ..hierarchical.sensitivity import Sensitivity, prior_sensitivity
from ..plotting.scale import PercentChange, Scale
from ..results.check import Check
from ..study.study import Analysed, Study

_FEWEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A fit to the first reading of the data.

    Parameters
    ----------
    model : Hierarchical
    posterior : Posterior
    expected : Beforehand
    sensitivity : Sensitivity
    checklist : tuple of Check
    """

    model: Hierarchical
    posterior: Posterior
    expected: Beforehand
    sensitivity: Sensitivity
    checklist: tuple[Check, ...]


def fit(study: Study, analysed: Sequence[Analysed], panel: Panel) -> Fitted | None:
    """Fit the model of [hierarchical], or the usual one where enough councils go live; None where neither serves.

    A posterior that an analysis of the study has already found is taken as it is.
    """
    told = study.spec.hierarchical is not None and study.beliefs is not None
    model = _quick(study.beliefs.model) if told and study.beliefs is not None else Hierarchical(engine="analytic")
    found, used = _already(analysed)
    if used is not None:
        model = used
    elif not told and not suitable(panel):
        return None
    with warnings.catch_warnings():
        if not told:
            # Nobody asked for it: what it would warn of is said by its checks.
            warnings.simplefilter("ignore", StaggeredWarning)
        posterior = found if found is not None else model.posterior(panel)
        if posterior.chains == 1:
            # A fit by chains has been examined already.
            posterior = examined(posterior, whole_seed(model.seed))
        expected = beforehand(model, panel)
        before = study.beliefs.learnt.before if study.beliefs is not None and study.beliefs.learnt else None
        others = {"effect as before the earlier evaluations": before} if before is not None else {}
        sensitivity = prior_sensitivity(model, panel, others=others)
    return Fitted(
        model=model,
        posterior=posterior,
        expected=expected,
        sensitivity=sensitivity,
        checklist=checklist(
            posterior, seed=whole_seed(model.seed), expected=expected, sensitivity=sensitivity, reason=_reason(study),
            beyond=study.beliefs.threshold if study.beliefs is not None else None,
        ),
    )  # fmt: skip


def suitable(panel: Panel) -> bool:
    """Whether enough councils go live, for good, in periods and places that can be compared."""
    used, treatment = panel.frame.used, np.nan_to_num(panel.design.treatment)
    live = int((used & (treatment > 0)).any(axis=1).sum())
    return live >= _FEWEST and bool(panel.design.absorbing.all()) and not panel.frame.covariates


def scale_of_model(family: str, data: Scale) -> Scale:
    """How an effect on the model's own scale is written."""
    if family == "gaussian":
        return data
    return PercentChange("difference in the odds") if family == "binomial" else PercentChange()


def _quick(model: Hierarchical) -> Hierarchical:
    """The same model by the analytic engine, for a study that names no hierarchical analysis."""
    return replace(model, engine="analytic", exposure="walk" if model.exposure == "monotone" else model.exposure)


def _already(analysed: Sequence[Analysed]) -> tuple[Posterior | None, Hierarchical | None]:
    for one in analysed:
        if one.data == analysed[0].data and isinstance(one.analysis.estimator, Hierarchical):
            posterior = one.estimate.posterior
            assert isinstance(posterior, Posterior)
            return posterior, one.analysis.estimator
    return None, None


def _reason(study: Study) -> str:
    told = study.spec.hierarchical
    learnt = study.beliefs.learnt if study.beliefs is not None else None
    return " ".join(part for part in (told.source if told else "", learnt.text() if learnt else "") if part)
