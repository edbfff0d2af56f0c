"""A handful of treated clusters among many in control: the controls' own residuals as the reference distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..allocation.seeds import Seed, require_draws, whole_seed
from ..data.panel import Panel
from ..errors import IdentificationError
from ..kernel.point import Point
from ..kernel.protocols import PointEstimator
from ..kernel.rule import Rule
from ..results.estimate import Estimate
from ..results.uncertainty import Reference
from ..value import FloatArray, IntArray, Value
from .assemble import assembled, rule_of

_FEWEST_CONTROLS = 5
_KIND = "interval from the controls' residuals"


@dataclass(frozen=True, slots=True, eq=False)
class ConleyTaber(Value):
    """Replace each treated cluster's residuals by those of a control drawn at random, at the same weights.

        θ̂ − θ ≈ Σ_{j treated} w_j·e_j,   e_j drawn from the never-treated

    For few treated and many control clusters that are alike in how much they vary; what the controls themselves
    add to the error is taken as negligible.

    Parameters
    ----------
    draws : int
    seed : int, SeedSequence or Generator

    Raises
    ------
    IdentificationError
        Fewer than 5 clusters that are never treated and observed throughout.

    References
    ----------
    Conley and Taber (2011), Review of Economics and Statistics 93:113.

    Examples
    --------
    >>> import staggered as sg
    >>> design = sg.Design([[0, 0, 1, 1]] * 2 + [[0, 0, 0, 0]] * 30)
    >>> panel = sg.simulate(sg.Plan(design=design, outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> 0 < sg.Twfe().fit(panel, ConleyTaber(draws=999)).p_value <= 1
    True
    """

    draws: int = 9999
    seed: Seed = 1

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return "residuals of the controls (Conley–Taber)"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            'Conley TG, Taber CR (2011). Inference with "difference in differences" with a small number '
            "of policy changes. Review of Economics and Statistics 93:113-125.",
        )

    def estimate(self, estimator: PointEstimator, panel: Panel) -> Estimate:
        """Estimate with the controls' residuals as reference."""
        return _estimate(self, estimator, panel, scaled=False)


@dataclass(frozen=True, slots=True, eq=False)
class FermanPinto(Value):
    """Conley and Taber's distribution rescaled by size: Var(w_j·e) = A + B/size, fitted on the controls.

    For treated clusters larger or smaller than the controls: small areas vary more.

    Parameters
    ----------
    draws : int
    seed : int, SeedSequence or Generator

    Raises
    ------
    IdentificationError
        Fewer than 5 clusters that are never treated and observed throughout.

    References
    ----------
    Ferman and Pinto (2019), Review of Economics and Statistics 101:452.

    Examples
    --------
    >>> import staggered as sg
    >>> sizes = [[400.0]] * 2 + [[100.0 + 10 * k] for k in range(30)]
    >>> design = sg.Design([[0, 0, 1, 1]] * 2 + [[0, 0, 0, 0]] * 30, size=sizes)
    >>> panel = sg.simulate(sg.Plan(design=design, outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> 0 < sg.Twfe().fit(panel, FermanPinto(draws=999)).p_value <= 1
    True
    """

    draws: int = 9999
    seed: Seed = 1

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return "residuals of the controls, rescaled by size (Ferman–Pinto)"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Ferman B, Pinto C (2019). Inference in differences-in-differences with few treated groups "
            "and heteroskedasticity. Review of Economics and Statistics 101:452-467.",
        )

    def estimate(self, estimator: PointEstimator, panel: Panel) -> Estimate:
        """Estimate with the controls' rescaled residuals as reference."""
        return _estimate(self, estimator, panel, scaled=True)


def _estimate(asked: ConleyTaber | FermanPinto, estimator: PointEstimator, panel: Panel, *, scaled: bool) -> Estimate:
    require_draws(asked.draws, 1, "A test needs draws to compare with.", 9999)
    rule = rule_of(estimator, panel, asked.name)
    point = Point.of(rule, panel.outcome)
    treated, controls = _sides(rule)
    placebo = _placebo_effects(rule, panel.outcome, treated, controls)
    if scaled:
        placebo = placebo * _rescaling(placebo, panel.design.size.mean(axis=1), treated, controls)
    null, every = _drawn(placebo, asked.draws, whole_seed(asked.seed))
    reference = Reference(null, np.zeros_like(null), np.ones(len(point.values)), every, _KIND)
    note = (
        f"{len(treated)} treated clusters are set against the residuals of {len(controls)} that are never treated; "
        "it is assumed that they vary " + ("as their sizes say." if scaled else "alike.")
    )
    return assembled(estimator, panel, point, reference, asked, (note,))


def _sides(rule: Rule) -> tuple[IntArray, IntArray]:
    """Treated clusters with data, and clusters that are never treated and observed throughout."""
    start, used = rule.frame.design.start, rule.frame.used
    treated = np.flatnonzero(np.isfinite(start) & used.any(axis=1))
    controls = np.flatnonzero(np.isinf(start) & used.all(axis=1))
    if len(controls) < _FEWEST_CONTROLS:
        raise IdentificationError(
            f"{len(controls)} clusters are never treated and observed throughout.",
            "Their residuals are the reference distribution.",
            f"Bring at least {_FEWEST_CONTROLS} (better 20), or use Permutation() or Jackknife().",
        )
    return treated, controls


def _placebo_effects(rule: Rule, outcome: FloatArray, treated: IntArray, controls: IntArray) -> FloatArray:
    """What each treated cluster's weights make of each control's residuals, (k, treated, controls)."""
    residuals = rule.residuals(outcome)[controls]
    residuals = residuals - residuals.mean(axis=0)
    weights = rule.weights[:, rule.patterns.group[treated]] * rule.patterns.share[treated][:, None]
    return np.asarray(np.einsum("kjp,cp->kjc", weights, residuals))


def _rescaling(placebo: FloatArray, size: FloatArray, treated: IntArray, controls: IntArray) -> FloatArray:
    """Ratio of a treated cluster's standard deviation to each control's, (k, treated, controls)."""
    design = np.column_stack([np.ones(len(controls)), 1 / size[controls]])
    coefficients = np.linalg.lstsq(design, np.moveaxis(placebo**2, 2, 0).reshape(len(controls), -1), rcond=None)[0]
    shape = placebo.shape[:2]
    level, slope = (row.reshape(shape) for row in coefficients)
    # A variance cannot be negative, nor fall with 1/size: then size explains nothing.
    slope = np.maximum(slope, 0.0)
    average = (placebo**2).mean(axis=2)
    level = np.where(slope > 0, np.maximum(level, 0.0), average)
    own = level + slope / size[treated]
    other = level[:, :, None] + slope[:, :, None] / size[controls]
    return np.asarray(np.sqrt(own[:, :, None] / np.where(other > 0, other, 1.0)))


def _drawn(placebo: FloatArray, draws: int, seed: int) -> tuple[FloatArray, bool]:
    """Sums over treated clusters of a control's residual each, (draws, k); all of them when there is one treated."""
    _, treated, controls = placebo.shape
    if treated == 1 and controls <= draws:
        return placebo[:, 0].T.copy(), True
    generator = np.random.default_rng(seed)
    picks = generator.integers(controls, size=(draws, treated))
    return np.stack([row[np.arange(treated), picks].sum(axis=1) for row in placebo], axis=1), False
