"""Information content: the variance without a cell, a cluster or a period ÷ the variance with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from ..design.design import Design
from ..errors import DesignError
from ..model.plan import Plan
from ..results.information import Information
from ..value import FloatArray
from .conventions import conventions, papers
from .degrees import degrees_of_freedom
from .precision import Solved, solve
from .tests_of_zero import power_of_test

What = Literal["cells", "clusters", "periods"]
_NOTHING = 1e-9


def information(
    plan: Plan, what: What = "cells", *, alpha: float = 0.05, df: str | float | None = None, noncentral: bool = True
) -> Information:
    """What each cell, cluster or period is worth to generalised least squares.

        ratio = Var(effect without it) / Var(effect)

    ``what="clusters"`` is the loss of one council, each in turn: its degrees of freedom are those of the
    clusters that are left.

    Parameters
    ----------
    plan : Plan
    what : {"cells", "clusters", "periods"}
    alpha, df, noncentral
        As for `power`, for the power that is left.

    Returns
    -------
    Information
        Its `ratio` is a grid (clusters, periods) for cells, nan where nobody is observed. inf says that
        the effect could not be estimated without this one.

    References
    ----------
    Kasza and Forbes (2019), Biometrics 75:144.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=4, steps=4, size=15), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Exchangeable(icc=0.1), effect=sg.Constant(0.5))
    >>> sg.information(plan).ratio[0].round(3)
    array([1.078, 1.307, 1.058, 1.   , 1.078])
    """
    if what not in get_args(What):
        raise DesignError(
            f"what is {what!r}.", "It says what is left out, one at a time.", f"Use one of {', '.join(get_args(What))}."
        )
    whole = solve(plan)
    degrees, sentence = degrees_of_freedom(plan, df)
    left = degrees_of_freedom(_one_fewer(plan), df)[0] if what == "clusters" else degrees
    error, effect = float(whole.errors), float(whole.effects)
    ratio = {"cells": _cells, "clusters": _clusters, "periods": _periods}[what](whole)
    known = np.where(np.isfinite(ratio), ratio, 1.0)
    powers = power_of_test(effect / (error * np.sqrt(known)), left, alpha, noncentral)
    return Information(
        what=what,
        ratio=ratio,
        powers=np.where(np.isfinite(ratio), powers, np.nan),
        clusters=plan.design.clusters,
        periods=plan.design.periods,
        se=error,
        power=float(power_of_test(effect / error, degrees, alpha, noncentral)),
        conventions=conventions(plan, sentence),
        references=papers(plan),
    )


def _one_fewer(plan: Plan) -> Plan:
    """The plan's shape with one cluster less, for degrees of freedom."""
    design = plan.design
    kept = len(design.clusters) - 1
    if kept < 1:
        raise DesignError("The plan has a single cluster.", "Nothing is left without it.", "Add clusters.")
    # A cluster that is observed throughout stands in for any other, as only numbers are asked for.
    return replace(plan, design=Design(np.zeros((kept, len(design.periods)))))


def _cells(whole: Solved) -> FloatArray:
    """Leaving out a cell takes a matrix of rank one off the information: no new inverse is needed."""
    kinds, covariance = whole.kinds, whole.covariance
    pulls = whole.precision @ kinds.columns
    own = np.where(kinds.used > 0, np.diagonal(whole.precision, axis1=1, axis2=2), 1.0)
    reached = pulls @ covariance
    spare = own - (reached * pulls).sum(axis=2)
    gain = reached[:, :, 0] ** 2 / (own * covariance[0, 0])
    ratio = 1 + _over(gain, spare / own)
    return np.asarray(np.where(kinds.used > 0, ratio, np.nan)[kinds.kind])


def _clusters(whole: Solved) -> FloatArray:
    kinds, columns = whole.kinds, whole.kinds.columns
    each = np.swapaxes(columns, 1, 2) @ whole.precision @ columns
    total = np.einsum("k,kpq->pq", kinds.count, each)
    return np.asarray(_variance(total - each, total)[kinds.kind] / whole.covariance[0, 0])


def _periods(whole: Solved) -> FloatArray:
    kinds, columns = whole.kinds, whole.kinds.columns
    pulls = whole.precision @ columns
    own = np.where(kinds.used > 0, np.diagonal(whole.precision, axis1=1, axis2=2), 1.0)
    weight = kinds.count[:, None] * kinds.used / own
    lost = np.einsum("ktp,kt,ktq->tpq", pulls, weight, pulls, optimize=True)
    total = np.swapaxes(columns, 1, 2) @ whole.precision @ columns
    summed = np.einsum("k,kpq->pq", kinds.count, total)
    return np.asarray(_variance(summed - lost, summed) / whole.covariance[0, 0])


def _variance(information: FloatArray, whole: FloatArray) -> FloatArray:
    """Variance of the first coefficient from each information matrix (..., p, p); inf where there is none.

    A period that nobody is left in has no information; its column is set apart.
    """
    own, size = information[..., 0, 0], np.diagonal(whole)[1:]
    rest = np.diagonal(information, axis1=-2, axis2=-1)[..., 1:]
    gone = rest < _NOTHING * size
    cross = np.where(gone, 0.0, information[..., 0, 1:])
    keep = (~gone[..., :, None]) & (~gone[..., None, :])
    inner = np.where(keep, information[..., 1:, 1:], 0.0) + np.eye(len(size)) * gone[..., None]
    explained = (cross * np.linalg.solve(inner, cross[..., None])[..., 0]).sum(axis=-1)
    return _over(np.ones_like(own), own - explained, _NOTHING * whole[0, 0])


def _over(above: FloatArray, below: FloatArray, nothing: float = _NOTHING) -> FloatArray:
    """Quotient that is inf where the divisor has vanished, and 0 where both have."""
    vanished = below < nothing
    quotient = above / np.where(vanished, 1.0, below)
    return np.asarray(np.where(vanished, np.where(above > nothing, np.inf, 0.0), quotient))
