"""Augmented synthetic control for one council: a synthetic comparison, corrected by ridge regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ...data.frame import Frame
from ...data.panel import Panel
from ...errors import DesignError, listing
from ...inference.placebo import Placebo
from ...kernel.point import Point
from ...kernel.protocols import Inference
from ...results.words import number_words
from ...value import FloatArray, IntArray
from ..fitting import Fitting
from ..linear import counting, require_by
from .aggregate import BY, summarise
from .synthetic import CHOSEN, Cohort, Donors, donors_of, simplex_weights

_LAMBDAS = 21
_SMALLEST = 1e-8
_UNIQUE = 1e-9


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AugmentedSynthetic(Fitting):
    """One council (or several that start together) against weighted others, corrected where those do not fit.

        γ = γ_scm + X_c' (X_c X_c' + λ I)⁻¹ (x_1 − X_c γ_scm),    τ_t = Ȳ_1t − Σ_i γ_i Y_it

    with X_c the others' outcomes before go-live less their mean in each period, and γ_scm weights that are not negative
    and sum to 1. Ridge regression extrapolates, with negative weights, as far as λ lets it: for a council that no
    average of others resembles. A large λ leaves the synthetic control as it is.

    Parameters
    ----------
    ridge : {"cv"} or float
        λ, or the largest whose error in predicting left-out periods before go-live is within one standard error of
        the smallest.
    by : {"overall", "event", "cohort", "calendar", "cell"}

    Raises
    ------
    DesignError
        Councils that start at different times.
    IdentificationError
        Nobody is in control throughout, or there are fewer than two periods before go-live.

    References
    ----------
    Ben-Michael, Feller and Rothstein (2021), Journal of the American Statistical Association 116:1789, section 3.

    Examples
    --------
    >>> import staggered as sg
    >>> from staggered.estimators.did.augmented import AugmentedSynthetic
    >>> others = np.array([[1.0, 2.0, 4.0, 4.0], [3.0, 3.0, 2.0, 5.0], [0.0, 1.0, 1.0, 3.0]])
    >>> own = others[:2].mean(axis=0) + np.array([0, 0, 0, -2.0])
    >>> frame = sg.Frame(sg.Design([[0, 0, 0, 1]] + [[0, 0, 0, 0]] * 3))
    >>> float(AugmentedSynthetic(ridge=1.0).point(sg.Panel(frame, np.vstack([own, others]))).values[0].round(6))
    -2.0
    """

    ridge: Literal["cv"] | float = "cv"
    by: Literal["overall", "event", "cohort", "calendar", "cell"] = "overall"

    def __post_init__(self) -> None:
        require_by(self.by, BY, "AugmentedSynthetic")
        if self.ridge != "cv" if isinstance(self.ridge, str) else self.ridge <= 0:
            raise DesignError(
                f"AugmentedSynthetic was given ridge={self.ridge!r}.",
                "It is the penalty that holds extrapolation back, so it is above 0.",
                'Use "cv", or a positive number.',
            )

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return "augmented synthetic control (ridge)"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Ben-Michael E, Feller A, Rothstein J (2021). The augmented synthetic control method. Journal of the "
            "American Statistical Association 116:1789-1803.",
        )

    def default_inference(self, frame: Frame) -> Inference:
        """Placebos: one council has no spread of its own."""
        return Placebo()

    def point(self, panel: Panel) -> Point:
        """Values on this panel."""
        found = donors_of(panel.frame, "AugmentedSynthetic")
        cohort = _only(found)
        outcome = np.where(found.frame.used, panel.outcome, 0.0)
        weights, penalty = self._weights(cohort, found.donors, outcome)
        gap = cohort.weight @ outcome[cohort.members] - weights @ outcome[found.donors]
        periods = cohort.shown(self.by)
        cells = np.array([(cohort.start, t) for t in periods], dtype=np.int64)
        summary = summarise(found.frame.design, cells, np.full(len(cells), cohort.size), self.by, found.lost)
        chosen = (CHOSEN,) if self.by in ("event", "cell") else ()
        return Point(
            terms=summary.terms,
            values=summary.weights @ gap[periods],
            estimand=counting(summary.estimand, found.frame),
            notes=(*found.notes, *chosen, _fit_note(weights, penalty, gap[cohort.before])),
            headed=summary.headed,
        )

    def weights(self, panel: Panel) -> pd.DataFrame:
        """Who makes up the comparison: one row per council in control with its weight, the largest first."""
        found = donors_of(panel.frame, "AugmentedSynthetic")
        weights, _ = self._weights(_only(found), found.donors, np.where(found.frame.used, panel.outcome, 0.0))
        order = np.argsort(-weights, kind="stable")
        names = [panel.design.clusters[found.donors[k]] for k in order]
        return pd.DataFrame({"cluster": names, "weight": weights[order]})

    def _weights(self, cohort: Cohort, donors: IntArray, outcome: FloatArray) -> tuple[FloatArray, float]:
        """Weights of the donors, and the penalty that made them."""
        past = outcome[np.ix_(donors, cohort.before)].T
        own = cohort.weight @ outcome[np.ix_(cohort.members, cohort.before)]
        if self.ridge != "cv":
            return augmented_weights(past, own, np.array([self.ridge]))[0], float(self.ridge)
        penalty = cross_validated(past, own)
        return augmented_weights(past, own, np.array([penalty]))[0], penalty


def augmented_weights(past: FloatArray, own: FloatArray, penalties: FloatArray) -> FloatArray:
    """Weights of the donors under each penalty, (penalties, d).

    Parameters
    ----------
    past : array (periods, d)
    own : array (periods,)
    penalties : array (m,)
    """
    # Where several sets of weights fit equally well, the most even one is taken.
    simplex = simplex_weights(past, own, _UNIQUE * float(((past - own[:, None]) ** 2).mean()))
    level = past.mean(axis=1)
    centred = past - level[:, None]
    left = own - level - centred @ simplex
    values, vectors = np.linalg.eigh(centred @ centred.T)
    shrunk = (vectors.T @ left) / (np.maximum(values, 0.0) + penalties[:, None])
    return np.asarray(simplex + shrunk @ vectors.T @ centred)


def cross_validated(past: FloatArray, own: FloatArray) -> float:
    """The largest penalty whose error on left-out periods is within one standard error of the smallest.

    Penalties run from the largest squared singular value of the centred outcomes down to 10⁻⁸ of it.
    """
    centred = past - past.mean(axis=1, keepdims=True)
    largest = float(np.linalg.svd(centred, compute_uv=False)[0]) ** 2
    penalties = (largest or 1.0) * _SMALLEST ** (np.arange(_LAMBDAS) / (_LAMBDAS - 1))
    errors = np.empty((len(own), _LAMBDAS))
    for held in range(len(own)):
        rest = np.arange(len(own)) != held
        weights = augmented_weights(past[rest], own[rest], penalties)
        errors[held] = (own[held] - weights @ past[held]) ** 2
    mean = errors.mean(axis=0)
    best = int(np.argmin(mean))
    spread = float(errors[:, best].std(ddof=1) / np.sqrt(len(own)))
    return float(penalties[mean <= mean[best] + spread].max())


def _only(found: Donors) -> Cohort:
    """The one cohort there is.

    Raises
    ------
    DesignError
        Several.
    """
    if len(found.cohorts) > 1:
        starts = listing([str(found.frame.design.periods[one.start]) for one in found.cohorts])
        raise DesignError(
            f"AugmentedSynthetic was given councils that start at different times: {starts}.",
            "It builds one comparison for one go-live date.",
            "Use SyntheticDid(), which builds one for each, or keep the councils of one date.",
        )
    return found.cohorts[0]


def _fit_note(weights: FloatArray, penalty: float, before: FloatArray) -> str:
    """Say how far it extrapolates and how well it fits."""
    negative = float(-weights[weights < 0].sum())
    extrapolates = f"{negative:.2f} of weight is negative (extrapolation)" if negative > 0.005 else "no extrapolation"
    miss = number_words(float(np.sqrt((before**2).mean()))).lstrip("+")
    return f"Penalty {penalty:.3g}: {extrapolates}; before go-live council and comparison typically differ by {miss}."
