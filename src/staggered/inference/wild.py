"""The wild cluster bootstrap-t: the null imposed, residuals with random signs by cluster, every estimator."""

from __future__ import annotations

import itertools
import warnings
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ..allocation.seeds import Seed, require_draws, whole_seed
from ..data.panel import Panel
from ..errors import DataError, DesignError, FewClustersWarning
from ..kernel.point import Point
from ..kernel.protocols import PointEstimator
from ..kernel.rule import Rule
from ..results.estimate import Estimate
from ..results.studentised import Studentised
from ..value import BoolArray, FloatArray, Value
from .assemble import assembled, rule_of
from .cluster import blind_note

_WEBB = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])
_SIGNS = np.array([-1.0, 1.0])
_FEW_TREATED = 5


@dataclass(frozen=True, slots=True, eq=False)
class WildBootstrap(Value):
    """Restricted wild cluster bootstrap-t.

        y* = ŷ₀ + v_c ê₀,   t* = (θ* − τ) / se*,   p = share of |t*| ≥ |t|

    ŷ₀ is the fit moved, by as little as the working variance allows, to where the estimate is τ; se is CR1. The
    interval holds every τ that is not rejected.

    Parameters
    ----------
    draws : int
        All sign patterns are used instead, when there are no more than this many.
    weights : {"webb", "rademacher"}
        Six-point weights, finer where clusters are few, or signs.
    seed : int, SeedSequence or Generator

    Warns
    -----
    FewClustersWarning
        Fewer than 5 treated or 5 control clusters: it hardly ever rejects.

    References
    ----------
    Cameron, Gelbach and Miller (2008), Review of Economics and Statistics 90:414; Webb (2023), Canadian Journal of
    Economics 56:839; MacKinnon and Webb (2018), Econometrics Journal 21:114.

    Examples
    --------
    >>> import staggered as sg
    >>> panel = sg.simulate(sg.Plan(design=sg.stepped(clusters=12, steps=3), outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> fit = sg.Twfe().fit(panel, sg.WildBootstrap(draws=399))
    >>> low, high = fit.interval()
    >>> bool(low < fit.value < high)
    True
    """

    draws: int = 9999
    weights: Literal["webb", "rademacher"] = "webb"
    seed: Seed = 1

    def __post_init__(self) -> None:
        require_draws(self.draws, 1, "A test needs draws to compare with.", 9999)
        if self.weights not in ("webb", "rademacher"):
            raise DataError(
                f"WildBootstrap was given weights={self.weights!r}.",
                "They multiply the residuals of each cluster.",
                'Use "webb" or "rademacher".',
            )

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return f"wild cluster bootstrap-t ({'Webb' if self.weights == 'webb' else 'Rademacher'} weights)"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Cameron AC, Gelbach JB, Miller DL (2008). Bootstrap-based improvements for inference with "
            "clustered errors. Review of Economics and Statistics 90:414-427.",
            "Webb MD (2023). Reworking wild bootstrap-based inference for clustered errors. Canadian "
            "Journal of Economics 56:839-858.",
        )

    def estimate(self, estimator: PointEstimator, panel: Panel) -> Estimate:
        """Estimate with the distribution of its t-ratio when there is no effect."""
        rule = rule_of(estimator, panel, self.name)
        if rule.influence is not None and rule.fitted.shape[2] == 0:
            raise DesignError(
                "The wild bootstrap was asked for where every comparison has a regression of its own on covariates.",
                "It resamples the residuals of one regression.",
                "Use Jackknife() or Permutation().",
            )
        # Councils keep their dates in every draw, so scores that let cohorts' shares vary too have no part.
        rule = replace(rule, influence=None)
        point = Point.of(rule, panel.outcome)
        used: BoolArray = rule.frame.seen
        _warn_if_few(rule)
        multipliers, every = multipliers_of(int(used.sum()), self.draws, self.weights, self.seed)
        numerator, square = _ratios(rule, panel.outcome, point, multipliers, used)
        lone: BoolArray = np.asarray(np.zeros((len(point.values), len(used)), dtype=np.bool_))
        if rule.lone is not None:
            lone = lone | rule.lone
        square[:, :, lone.any(axis=1)] = np.nan
        how = f"All {len(multipliers)} patterns of signs were used." if every else f"{len(multipliers)} draws."
        notes = (how, *blind_note(panel, point, lone))
        return assembled(estimator, panel, point, Studentised(numerator, square), self, notes)


def multipliers_of(clusters: int, draws: int, weights: str, seed: Seed) -> tuple[FloatArray, bool]:
    """Multipliers of each cluster, (draws, clusters), and whether they are all there are.

    Examples
    --------
    >>> table, every = multipliers_of(3, 99, "rademacher", 1)
    >>> table.shape, every
    ((7, 3), True)
    """
    values = _WEBB if weights == "webb" else _SIGNS
    if len(values) ** clusters - 1 <= draws:
        table = np.array(list(itertools.product(values, repeat=clusters)))
        # The pattern of ones is the actual outcome, which is counted by itself.
        return table[~(table == 1).all(axis=1)], True
    return np.random.default_rng(whole_seed(seed)).choice(values, size=(draws, clusters)), False


def _ratios(
    rule: Rule, outcome: FloatArray, point: Point, multipliers: FloatArray, used: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Numerators and squared denominators of t as functions of the effect, actual first: (2 and 3, 1 + draws, k)."""
    outcome = rule.filled(outcome)
    rows = np.flatnonzero(used).tolist()
    weights = rule.by_cluster()
    residuals = rule.residuals(outcome)
    actual = rule.scores(outcome)
    factor = len(rows) / (len(rows) - 1)
    terms, draws = len(point.values), len(multipliers)
    numerator, square = np.zeros((2, 1 + draws, terms)), np.zeros((3, 1 + draws, terms))
    for k in range(terms):
        value = point.values[k]
        if not np.isfinite(value):
            numerator[:, :, k] = square[:, :, k] = np.nan
            continue
        move = _spread(rule, weights[k])
        move = move / float((move * weights[k]).sum())
        # With the effect τ the residuals are e + (θ̂ − τ)·move: a part that stays and a part that grows with τ.
        parts = (residuals + value * move, -move)
        base = tuple(rule.scores(grid)[k, rows] for grid in (outcome - residuals - value * move, move))
        own = [np.stack([_scores_alone(rule, part, row)[k, rows] for row in rows]) for part in parts]
        total = [np.einsum("cp,cp->c", weights[k], part)[rows] for part in parts]
        numerator[0, 0, k], numerator[1, 0, k] = value, 1.0
        square[0, 0, k] = factor * float(actual[k] @ actual[k])
        numerator[0, 1:, k] = multipliers @ total[0]
        numerator[1, 1:, k] = -(multipliers @ total[1])
        first = base[0] + multipliers @ own[0]
        second = base[1] + multipliers @ own[1]
        square[0, 1:, k] = factor * (first**2).sum(axis=1)
        square[1, 1:, k] = -factor * (first * second).sum(axis=1)
        square[2, 1:, k] = factor * (second**2).sum(axis=1)
    return numerator, square


def _scores_alone(rule: Rule, grid: FloatArray, row: int) -> FloatArray:
    """Scores when one cluster's values are as given and all others are 0."""
    alone = np.zeros_like(grid)
    alone[row] = grid[row]
    return rule.scores(alone)


def _spread(rule: Rule, weights: FloatArray) -> FloatArray:
    """Working covariance times weights (clusters, periods): the direction that moves the estimate at least cost."""
    used = rule.frame.used
    if rule.working is not None:
        return np.asarray(np.einsum("cpq,cq->cp", rule.working[rule.patterns.group], weights) * used)
    assert rule.frame.weights is not None
    return np.asarray(np.where(used, weights / np.where(used, rule.frame.weights, 1.0), 0.0))


def _warn_if_few(rule: Rule) -> None:
    design, used = rule.frame.design, rule.frame.seen
    treated = np.isfinite(design.start) & used
    sides = (int(treated.sum()), int((used & ~treated).sum()))
    fewest = min(sides) if sides[1] else sides[0]
    if fewest < _FEW_TREATED:
        warnings.warn(
            f"The wild bootstrap with {fewest} clusters on one side hardly ever rejects. "
            f"It is trusted from about {_FEW_TREATED} treated and {_FEW_TREATED} control clusters. "
            "Use Permutation() or Jackknife().",
            FewClustersWarning,
            stacklevel=4,
        )
