"""Assurance: the probability that the study succeeds, over what is not known when it is planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..allocation.seeds import Seed, whole_seed
from ..errors import DesignError, listing
from ..estimators.linear import Linear
from ..hierarchical.hierarchical import Hierarchical
from ..kernel.protocols import Inference
from ..model.covariance import Cells
from ..model.plan import Plan
from ..value import BoolArray, FloatArray, IntArray, Value
from .assured_analysis import simulated_powers
from .conventions import conventions, papers
from .correlation import Correlation
from .decisions import Decisions, decisions
from .degrees import degrees_of_freedom
from .power import standard_errors
from .settled import planning_rule
from .tests_of_zero import power_of_test
from .variation import varied

_CHUNK = 500
_ALPHA = 0.05
_TARGET = 0.8
_RANGES = {"effect": "An effect is a finite number.", "size": "A multiple of the planned sizes is above 0."}


@runtime_checkable
class Distribution(Protocol):
    """Anything that can be drawn from, such as a frozen distribution of scipy.stats."""

    def rvs(self, size: int, random_state: np.random.Generator) -> Any:
        """Draw `size` values."""
        ...


Prior = Distribution | ArrayLike


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Assurance(Value):
    """Power over draws of what is not known.

    Parameters
    ----------
    power : array (draws,)
        Power at each draw.
    inputs : mapping of str to array (draws,)
        The draws.
    target : float
    estimator : str
    conventions, references : tuple of str
    """

    power: FloatArray
    inputs: dict[str, FloatArray]
    target: float
    estimator: str
    conventions: tuple[str, ...]
    references: tuple[str, ...] = ()

    @property
    def expected(self) -> float:
        """Probability that the study finds an effect: power averaged over the draws."""
        return float(self.power.mean())

    @property
    def mcse(self) -> float:
        """Monte Carlo standard error of the expected power."""
        return float(self.power.std(ddof=1) / np.sqrt(len(self.power)))

    @property
    def median(self) -> float:
        """Power at the middle draw."""
        return float(np.median(self.power))

    @property
    def enough(self) -> float:
        """Probability that power reaches the target."""
        return float((self.power >= self.target).mean())

    def table(self) -> pd.DataFrame:
        """One row: expected and median power, their spread, and the probability of enough."""
        low, high = np.quantile(self.power, [0.1, 0.9])
        return pd.DataFrame(
            [
                {
                    "expected_power": self.expected,
                    "mcse": self.mcse,
                    "median_power": self.median,
                    "power_10th": low,
                    "power_90th": high,
                    "target": self.target,
                    "probability_enough": self.enough,
                }
            ]
        )

    def text(self) -> str:
        """Say in a paragraph how likely the study is to succeed."""
        unknown = listing(list(self.inputs))
        return " ".join(
            [
                f"Over what is not known ({unknown}), "
                f"the study has a {100 * self.expected:.0f}% chance of finding an effect.",
                f"The middle value of power is {100 * self.median:.0f}%,",
                f"and the probability that power reaches {100 * self.target:.0f}% is {100 * self.enough:.0f}%.",
                *self.conventions,
            ]
        )

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {
            "estimator": self.estimator,
            "rows": self.table().to_dict(orient="records"),
            "unknown": list(self.inputs),
            "draws": len(self.power),
            "conventions": list(self.conventions),
        }


def assurance(  # noqa: PLR0913 - one argument for each thing that may be unknown
    plan: Plan,
    *,
    estimator: Linear | Hierarchical | None = None,
    effect: Prior | None = None,
    icc: Prior | None = None,
    cac: Prior | None = None,
    size: Prior | None = None,
    correlation: Correlation | None = None,
    inference: Inference | None = None,
    simulate: int = 200,
    draws: int = 2000,
    seed: Seed = 1,
) -> Assurance | Decisions:
    """Power averaged over what is not known, at a two-sided 5% with the default degrees of freedom.

        assurance = E[ power(effect, icc, cac) ]  over the priors

    Parameters
    ----------
    plan : Plan
        Fills in what has no prior.
    estimator : Linear or Hierarchical, optional
        As for `power`. With a `Hierarchical` every study is simulated and analysed, and counts as a success when
        the posterior probability of one direction exceeds 97.5%; nothing need then be unknown.
    effect : prior, optional
        Of a constant effect, on the scale of the analysis.
    icc, cac : prior, optional
        A prior is a frozen scipy.stats distribution, an array of draws, or a number. Arrays of one
        length are taken as joint draws.
    size : prior, optional
        Multiple of the planned sizes: 0.8 where a fifth of the people drop out, or fewer are referred.
    correlation : Correlation, optional
        From `estimate_correlation`, instead of icc and cac: drawn together.
    inference : Inference, optional
        Run the analysis itself, with this inference, on data simulated at each draw; without it power is
        that of the formula, whose variance is known.
    simulate : int
        With `inference`: data sets at each draw.
    draws : int
    seed : int, SeedSequence or Generator

    Raises
    ------
    DesignError
        Nothing to average over, or draws outside their range.

    References
    ----------
    O'Hagan, Stevens and Campbell (2005), Pharmaceutical Statistics 4:187.

    Examples
    --------
    >>> import staggered as sg
    >>> from scipy import stats
    >>> plan = sg.Plan(design=sg.stepped(clusters=12, steps=4), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Nested(icc=0.05, cac=0.8), effect=sg.Constant(0.3))
    >>> result = sg.assurance(plan, effect=stats.norm(0.3, 0.1), icc=stats.uniform(0.01, 0.1))
    >>> round(result.expected, 2), round(result.enough, 2)
    (0.83, 0.7)
    """
    priors = (("effect", effect), ("icc", icc), ("cac", cac), ("size", size))
    given = {name: prior for name, prior in priors if prior is not None}
    seed = whole_seed(seed)
    if isinstance(estimator, Hierarchical):
        _require_no_history(correlation)
        _require_own_analysis(size, inference)
        inputs = _drawn(given, draws, np.random.default_rng(seed))
        return decisions(plan, estimator, inputs, draws=draws, alpha=_ALPHA, seed=seed)
    if not given and correlation is None:
        raise DesignError(
            "assurance was given nothing that is unknown.",
            "It averages power over what is not known.",
            "Give effect=, icc=, cac= or size= as a distribution, or correlation= from a history.",
        )
    if correlation is not None and (icc is not None or cac is not None):
        raise DesignError(
            "Both correlation and icc or cac were given.", "Each says how clusters are correlated.", "Keep one."
        )
    inputs = _drawn(given, draws, np.random.default_rng(seed))
    if correlation is not None:
        inputs |= _from_history(correlation, draws, np.random.default_rng(np.random.SeedSequence([seed, 1])))
        base = correlation.covariance()
    else:
        base = plan.covariance
    if inference is not None:
        return Assurance(
            power=simulated_powers(replace(plan, covariance=base), (estimator, inference), inputs, simulate, seed),
            inputs=inputs,
            target=_TARGET,
            estimator=f"{estimator.name if estimator else 'generalised least squares'}, {inference.name}",
            conventions=(f"Two-sided test at 5%; {simulate} simulated data sets at each draw.", *conventions(plan, "")),
            references=papers(plan, estimator),
        )
    errors = _errors(replace(plan, covariance=base), estimator, inputs)
    effects = inputs["effect"] if "effect" in inputs else _planned_effect(plan, estimator)
    degrees, sentence = degrees_of_freedom(plan, None)
    return Assurance(
        power=power_of_test(effects / errors, degrees, _ALPHA, noncentral=True),
        inputs=inputs,
        target=_TARGET,
        estimator=estimator.name if estimator is not None else "generalised least squares",
        conventions=("Two-sided test at 5%.", *conventions(plan, sentence)),
        references=papers(plan, estimator),
    )


def _require_no_history(correlation: Correlation | None) -> None:
    if correlation is not None:
        raise DesignError(
            "assurance was given correlation= with a hierarchical model.",
            "Its simulated studies take the icc and cac of the plan.",
            "Give icc= and cac= as distributions.",
        )


def _require_own_analysis(size: Prior | None, inference: Inference | None) -> None:
    """Refuse what the hierarchical analysis does not take."""
    if size is not None or inference is not None:
        raise DesignError(
            "size or inference was given with a Hierarchical.",
            "It brings its own posterior probability, and its studies have the planned sizes.",
            "Leave them out; for fewer people, give the plan smaller sizes.",
        )


def _drawn(given: Mapping[str, Prior], draws: int, generator: np.random.Generator) -> dict[str, FloatArray]:
    """Draws of each unknown; arrays of one length are resampled together."""
    rows: dict[int, IntArray] = {}
    inputs = {}
    for name, prior in given.items():
        if isinstance(prior, Distribution):
            values = np.asarray(prior.rvs(size=draws, random_state=generator), dtype=float)
        else:
            pool = np.atleast_1d(np.asarray(prior, dtype=float))
            if len(pool) not in rows:
                rows[len(pool)] = generator.integers(len(pool), size=draws)
            values = pool[rows[len(pool)]]
        outside = _outside(name, values)
        if outside.any():
            raise DesignError(
                f"{outside.mean():.1%} of the draws of {name} are outside its range, such as {values[outside][0]:.3g}.",
                _RANGES.get(name, "A correlation lies between 0 and 1."),
                "Use a distribution that stays there, such as scipy.stats.beta or uniform.",
            )
        inputs[name] = values
    return inputs


def _outside(name: str, values: FloatArray) -> BoolArray:
    """Draws that nothing can take."""
    if name == "effect":
        return ~np.isfinite(values)
    return ~(values > 0) if name == "size" else ~((values >= 0) & (values <= 1))


def _from_history(correlation: Correlation, draws: int, generator: np.random.Generator) -> dict[str, FloatArray]:
    """Joint draws of what a history leaves open."""
    pairs = correlation.draws[generator.integers(len(correlation.draws), size=draws)]
    level = {"variance": pairs[:, 0]}
    if np.isfinite(correlation.sd):
        level = {"icc": np.clip(pairs[:, 0] / correlation.sd**2, 0.0, 1.0)}
    return level if correlation.structure == "exchangeable" else {**level, "cac": pairs[:, 1]}


def _errors(plan: Plan, estimator: Linear | None, inputs: Mapping[str, FloatArray]) -> FloatArray:
    """Standard error at each draw of the correlation, (draws,) or (1,) when none is unknown."""
    unknown = {name: values for name, values in inputs.items() if name != "effect"}
    cells, total = Cells.of(plan.design), plan.outcome.total_variance(plan.design, plan.effect)
    if not unknown:
        blocks = [plan.covariance.blocks(cells, total)[None]]
    else:
        count = len(next(iter(unknown.values())))
        chunks = np.array_split(np.arange(count), max(1, count // _CHUNK))
        blocks = [_blocks(plan, {name: values[chunk] for name, values in unknown.items()}, cells) for chunk in chunks]
    if estimator is None:
        return np.concatenate([standard_errors(plan, block) for block in blocks])
    weights = planning_rule(plan, estimator).by_cluster()[0]
    variances = [np.einsum("cp,ncpq,cq->n", weights, block, weights) for block in blocks]
    return np.asarray(np.sqrt(np.concatenate(variances)))


def _blocks(plan: Plan, drawn: dict[str, FloatArray], cells: Cells) -> FloatArray:
    """Covariances at each draw, (draws, clusters, periods, periods)."""
    total = plan.outcome.total_variance(plan.design, plan.effect)
    stacked = {name: values[:, None, None, None] for name, values in drawn.items() if name != "size"}
    if "size" in drawn:
        cells = replace(cells, size=cells.size * drawn["size"][:, None, None])
    covariance = varied(plan, stacked) if stacked else plan.covariance
    found = covariance.blocks(cells, total)
    return np.broadcast_to(found, (len(next(iter(drawn.values()))), *found.shape[-3:]))


def _planned_effect(plan: Plan, estimator: Linear | None) -> FloatArray:
    return np.asarray(planning_rule(plan, estimator).estimate(plan.effects())[:1])
