"""Effect models over exposure time: the columns they put into a regression, and the curve they stand for.

    constant        δ(s) = δ                          (immediate treatment, IT)
    exposure        δ(s) free for every s             (exposure-time indicators, ETI)
    random-exposure δ(s) = δ + b_s,  b_s ~ N(0, ν²)   (treatment-effect heterogeneity, TEH)
    spline          a natural cubic spline in s       (NCS)
    delayed         δ(s) free up to the delay, then constant (DCT)

with s = 1 the first treated period. Kenny and others (2022), Statistics in Medicine 41:4311; Maleyeff and
others (2023), Biometrics 79:2551.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...data.frame import Frame
from ...errors import DesignError
from ...results.estimate import Term
from ...value import FloatArray, IntArray

EFFECTS = ("constant", "exposure", "random-exposure", "spline", "delayed")
TIMES = ("categorical", "linear", "spline")


@dataclass(frozen=True, slots=True)
class EffectColumns:
    """Columns of an effect model, and the terms that are read from their coefficients.

    Parameters
    ----------
    grid : array (clusters, periods, m)
    contrast : array (k, m)
        Terms as combinations of the coefficients, the overall one first where there is a curve.
    terms : tuple of Term
    headed : bool
    estimand : str
    exposures : array (S,)
        Exposure times 1, 2, ... that are observed.
    indicator : array (clusters, periods, S)
        Treatment of each cell, at its exposure time.
    random : bool
        Whether the indicator's coefficients are drawn from a common distribution.
    """

    grid: FloatArray
    contrast: FloatArray
    terms: tuple[Term, ...]
    headed: bool
    estimand: str
    exposures: FloatArray
    indicator: FloatArray
    random: bool = False

    def weights(self, by_cell: FloatArray) -> FloatArray:
        """Weight of each exposure time in an estimate of a constant effect; they sum to 1.

        Parameters
        ----------
        by_cell : array (clusters, periods)
            Weight of each cell in the estimate.
        """
        return by_cell.reshape(-1) @ self.indicator.reshape(by_cell.size, -1)


def effect_columns(frame: Frame, effect: str, *, knots: int = 4, delay: int = 1) -> EffectColumns:
    """Columns of one of the effect models.

    Parameters
    ----------
    frame : Frame
    effect : {"constant", "exposure", "random-exposure", "spline", "delayed"}
    knots : int
        Knots of the spline, its ends counted.
    delay : int
        Exposure times that are free before the delayed effect is constant.

    Raises
    ------
    DesignError
        An unknown effect model, too few knots, a delay as long as the longest exposure; nobody treated.
    """
    treatment = np.where(frame.used, np.nan_to_num(frame.design.treatment), 0.0)
    exposure = np.where(treatment > 0, frame.design.exposure, 0)
    found = np.flatnonzero(np.bincount(exposure[exposure > 0])).astype(np.int64)
    _require_effect(effect, len(found), knots, delay)
    indicator = (exposure[:, :, None] == found) * treatment[:, :, None]
    curve = tuple(Term(f"event {s - 1:+d}" if s > 1 else "event 0", event=int(s) - 1) for s in found)
    average = np.full((1, len(found)), 1 / len(found))
    if effect == "constant":
        return EffectColumns(
            treatment[:, :, None],
            np.ones((1, 1)),
            (Term("treatment effect"),),
            False,
            "effect of treatment, taken as constant from the first treated period on",
            found.astype(float),
            indicator,
        )
    if effect == "random-exposure":
        return EffectColumns(
            treatment[:, :, None],
            np.ones((1, 1)),
            (Term("overall"), *curve),
            True,
            "mean of an effect that varies at random over the time since the start",
            found.astype(float),
            indicator,
            random=True,
        )
    if effect == "delayed":
        early = min(delay, len(found) - 1)
        basis = np.zeros((len(found), early + 1))
        basis[:early, :early] = np.eye(early)
        basis[early:, early] = 1
        overall = basis[-1:]
        estimand = f"effect from exposure time {found[early]} on, taken as constant"
    else:
        basis = np.eye(len(found)) if effect == "exposure" else natural_spline(found.astype(float), knots)
        overall = average @ basis
        estimand = _averaged(found)
    contrast = np.vstack([overall, basis])
    terms = (Term("overall"), *curve)
    return EffectColumns(indicator @ basis, contrast, terms, True, estimand, found.astype(float), indicator)


def _averaged(exposures: IntArray) -> str:
    return f"average effect over exposure times {exposures[0]:g} to {exposures[-1]:g}, each counting alike (TATE)"


def _require_effect(effect: str, exposures: int, knots: int, delay: int) -> None:
    if effect not in EFFECTS:
        raise DesignError(
            f"effect is {effect!r}.",
            "It says how the effect may change with the time since the start.",
            f"Use one of {', '.join(EFFECTS)}.",
        )
    if not exposures:
        raise DesignError(
            "No cell in use is treated.",
            "Without treatment there is no effect to estimate.",
            "Check start= or treated=.",
        )
    if effect == "spline" and knots < 2:
        raise DesignError(f"knots is {knots}.", "A spline needs its two ends.", "Give 2 or more, such as 4.")
    if effect == "delayed" and not 1 <= delay < exposures:
        raise DesignError(
            f"delay is {delay} where exposure lasts at most {exposures} periods.",
            "The effect is free up to the delay and constant after it, so both parts must be observed.",
            f"Give a delay from 1 to {exposures - 1}." if exposures > 1 else 'Use effect="constant".',
        )


def natural_spline(points: FloatArray, knots: int) -> FloatArray:
    """Natural cubic spline at some points, (points, min(knots, points)), its constant included.

    Knots are evenly spaced from the first point to the last; with as many knots as points every curve
    through the points can be had.

    Examples
    --------
    >>> natural_spline(np.array([1.0, 2.0, 3.0]), 2)
    array([[1. , 0. ],
           [1. , 0.5],
           [1. , 1. ]])
    """
    low, high = float(points.min()), float(points.max())
    width = high - low
    count = min(knots, len(np.unique(points)))
    if width == 0 or count == 1:
        return np.ones((len(points), 1))
    place = (points - low) / width
    knot = np.linspace(0, 1, count)
    columns = [np.ones(len(points)), place]

    def beyond(k: int) -> FloatArray:
        cubes = np.maximum(place - knot[k], 0) ** 3 - np.maximum(place - knot[-1], 0) ** 3
        return np.asarray(cubes / (knot[-1] - knot[k]))

    columns += [beyond(k) - beyond(count - 2) for k in range(count - 2)]
    return np.stack(columns, axis=1)


def time_columns(frame: Frame, time: str, *, knots: int = 4) -> FloatArray:
    """Columns of calendar time, (periods, m): one per period, a straight line, or a natural spline.

    Raises
    ------
    DesignError
        An unknown way of modelling time.
    """
    if time not in TIMES:
        raise DesignError(
            f"time is {time!r}.",
            "It says how the outcome may change over calendar time for everyone.",
            f"Use one of {', '.join(TIMES)}.",
        )
    middle = frame.design.midpoints
    if time == "categorical":
        return np.eye(len(middle))[:, frame.used.any(axis=0)]
    return natural_spline(middle, 2 if time == "linear" else knots)
