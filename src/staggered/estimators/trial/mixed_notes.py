"""What a mixed model says of itself: its correlation, what ended at the end of its range, and uneven weights."""

from __future__ import annotations

import warnings

import numpy as np

from ...data.panel import Panel
from ...errors import FewClustersWarning, listing
from ...inference.sides import MANY
from ...results.words import number_words
from ...value import FloatArray
from .normal_fit import NormalFit

FADING = "10% to 11"
"""Percent of false findings in docs/did-size.md, in words, of models whose correlation does not fade."""

_NEGATIVE = -1e-9
_NOT_FADING = ("exchangeable", "nested")
_NO_VARIANCES = ("residual", "decay", "treatment beyond level")


def fading_note(covariance: object, panel: Panel) -> tuple[str, ...]:
    """Say that councils are taken to be as alike after years as after a period, where there are many periods."""
    councils, periods = (int(panel.frame.used.any(axis=axis).sum()) for axis in (1, 0))
    if not isinstance(covariance, str) or covariance not in _NOT_FADING or councils >= MANY or periods < 20:
        return ()
    return (
        f"With {covariance} correlation, over {periods} periods, the model takes councils to stay as alike as they "
        f"begin. Where that fades with time it found effects that were not there in {FADING}% of simulated data sets "
        "of 6 and of 17 councils over 20 periods, where 5% is meant (docs/did-size.md). "
        'Use covariance="decay", Jackknife() or Permutation().',
    )


def warn_of_fading(covariance: object, panel: Panel) -> None:
    """Warn of the same where the model's own variance was asked for."""
    for said in fading_note(covariance, panel):
        warnings.warn(f"The model's own variance was asked for. {said}", FewClustersWarning, stacklevel=3)


def component_notes(fit: NormalFit) -> tuple[str, ...]:
    """How alike people of one cluster are, as far as the data can say."""
    return (fit.components().text(),) if len(fit.model.structure.names) > 1 else ()


def boundary_notes(fit: NormalFit) -> tuple[str, ...]:
    """Parameters at the end of their range, and a climb that did not arrive."""
    names = fit.model.structure.names
    said = []
    held = fit.at_boundary[0]
    zero = [name for name, end in zip(names, held, strict=True) if end and name not in _NO_VARIANCES]
    if zero:
        said.append(
            f"The variance of {listing(zero)} was estimated as zero, the end of its range: the data cannot tell it "
            "from nothing, which is common with few clusters and does not show that it is absent."
        )
    if "treatment beyond level" in names and held[names.index("treatment beyond level")]:
        said.append(
            "The correlation of a cluster's level with its effect was estimated as 1 or −1, the end of its range: the "
            "data cannot tell the two apart."
        )
    if "decay" in names and held[names.index("decay")] and "cluster-period" not in zero:
        value = fit.theta[0, names.index("decay")]
        said.append(
            f"The correlation one step of time apart was estimated as {value:.3g}, the end of its range"
            + (", at which decay is the exchangeable correlation." if value > 0 else ".")
        )
    if not fit.converged[0]:
        said.append(
            "The likelihood was not climbed to its top: these numbers are not to be used. "
            "Simplify the covariance, or check the data for a council or period that stands apart."
        )
    return tuple(said)


def weight_grid(fit: NormalFit) -> FloatArray:
    """Weight of each cell's mean in the first coefficient of the effect, (clusters, periods)."""
    model, data = fit.model, fit.model.data
    precision = np.linalg.inv(fit.working())
    reach = fit.maximum.point.covariance[0][model.effect_rows.start]
    weights = (precision @ model.columns @ reach) * data.root
    grid = np.zeros((len(weights), int(data.period.max()) + 1))
    np.add.at(grid, (np.arange(len(weights))[:, None], data.period), weights)
    return grid


def exposure_note(fit: NormalFit) -> str:
    """Say that an estimate of a constant effect counts some exposure times against itself; "" when it does not."""
    effect = fit.model.effect
    if effect is None:
        return ""
    exposures, weights = effect.exposures, effect.weights(weight_grid(fit))
    against = weights < _NEGATIVE
    if not against.any():
        return ""
    shown = listing(
        [f"{s:g} ({number_words(float(w), 2)})" for s, w in zip(exposures[against], weights[against], strict=True)]
    )
    return (
        f"The effect is taken as constant, and the estimate then gives negative weight to exposure time {shown}: if "
        "the effect changes with time since the start, it can come out too small or with the wrong sign. "
        'effect="exposure" lets it change.'
    )
