"""Assurance of a Bayesian analysis: how often it would come to a decision, and to the right one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..data.frame import Frame
from ..data.panel import Panel
from ..errors import DesignError, listing
from ..hierarchical.analytic import fit, prepared
from ..hierarchical.gaussian import Gaussian
from ..hierarchical.hierarchical import Hierarchical
from ..hierarchical.shared_grid import FEWEST, fit_all
from ..model.covariance import Cells
from ..model.effect import Constant
from ..model.plan import Plan
from ..model.prior import Priors, completed
from ..results.square_root import symmetric_root
from ..value import FloatArray, Value
from .simulate import simulate
from .variation import varied

_CHUNK = 500
_POINTS = 4096
_TARGET = 0.8


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Decisions(Value):
    """What a Bayesian analysis would conclude in simulated studies.

    Parameters
    ----------
    effect : array (studies,)
        True mean effect on treated cells.
    mean, sd, below : array (studies,)
        Posterior mean and SD of the effect, and its probability of being below 0.
    inputs : mapping of str to array (studies,)
        What was drawn because it is not known.
    sure : float
        A study decides when the probability of one direction exceeds this.
    estimator : str
    conventions : tuple of str
    effective : array (studies,)
        Effective points of the hyperparameters behind each; nan where each study was fitted by itself.
    """

    effect: FloatArray
    mean: FloatArray
    sd: FloatArray
    below: FloatArray
    inputs: dict[str, FloatArray]
    sure: float
    estimator: str
    conventions: tuple[str, ...]
    effective: FloatArray

    @property
    def decided(self) -> FloatArray:
        """Whether each study decided for a direction, 0 or 1."""
        return ((self.below > self.sure) | (self.below < 1 - self.sure)).astype(float)

    @property
    def expected(self) -> float:
        """Probability that the study decides for a direction."""
        return float(self.decided.mean())

    @property
    def mcse(self) -> float:
        """Monte Carlo standard error of that probability."""
        return float(np.sqrt(self.expected * (1 - self.expected) / len(self.mean)))

    @property
    def wrong_direction(self) -> float:
        """Share of the deciding studies whose direction is not that of the true effect; nan when none decides."""
        decided = self.decided > 0
        wrong = np.where(self.below > self.sure, self.effect >= 0, self.effect <= 0)
        return float(wrong[decided].mean()) if decided.any() else float("nan")

    @property
    def width(self) -> float:
        """Expected width of the 95% interval, as 3.92 posterior standard deviations."""
        return float(3.92 * self.sd.mean())

    def table(self) -> pd.DataFrame:
        """One row: how often it decides, how often wrongly, and the expected width."""
        return pd.DataFrame(
            [
                {
                    "expected_power": self.expected,
                    "mcse": self.mcse,
                    "wrong_direction": self.wrong_direction,
                    "expected_width": self.width,
                    "studies": len(self.mean),
                }
            ]
        )

    def text(self) -> str:
        """Say in a paragraph what the analysis would conclude."""
        unknown = f"Over what is not known ({listing(list(self.inputs))})" if self.inputs else "At the plan's values"
        said = [
            f"{unknown}, the analysis decides for a direction in {100 * self.expected:.0f}% of {len(self.mean)} "
            f"simulated studies (Monte Carlo standard error {100 * self.mcse:.1f} points).",
        ]
        if np.isfinite(self.wrong_direction) and self.effect.any():
            said.append(f"Of those decisions {100 * self.wrong_direction:.1f}% are for the wrong direction.")
        said.append(f"The 95% interval is expected to be {self.width:.3g} wide.")
        return " ".join([*said, *self.conventions])

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {
            "estimator": self.estimator,
            "rows": self.table().to_dict(orient="records"),
            "unknown": list(self.inputs),
            "conventions": list(self.conventions),
        }


def decisions(
    plan: Plan, estimator: Hierarchical, inputs: Mapping[str, FloatArray], *, draws: int, alpha: float, seed: int
) -> Decisions:
    """Simulate studies over the unknowns and analyse each; gaussian ones share a grid of hyperparameters."""
    family = plan.outcome.family
    if estimator.family != family:
        raise DesignError(
            f"The plan's outcome is {family}, the estimator's family {estimator.family}.",
            "An analysis that cannot be done has no assurance.",
            f"Use Hierarchical(family={family!r}).",
        )
    truth = np.broadcast_to(inputs.get("effect", np.array(np.nan)), draws)
    effect = np.where(np.isnan(truth), _planned(plan), truth)
    rule = f"A study decides when the posterior probability of one direction exceeds {1 - alpha / 2:g}."
    if family == "gaussian":
        found, effective, how = _gaussian(plan, estimator, inputs, effect, draws, seed)
    else:
        found, how = _one_by_one(plan, estimator, inputs, effect, seed), "Each study was analysed by nested Laplace."
        effective = np.full(draws, np.nan)
    return Decisions(
        effect=effect, mean=found[0], sd=found[1], below=found[2], inputs=dict(inputs), sure=1 - alpha / 2,
        estimator=estimator.name, conventions=(rule, how), effective=effective,
    )  # fmt: skip


def analysis_priors(plan: Plan, estimator: Hierarchical) -> Priors:
    """The estimator's own priors, or wide ones around the spread of the plan's cell means."""
    spread = float(np.sqrt(np.einsum("cpp->cp", plan.blocks()).mean()))
    return completed(estimator.priors, Priors.scaled(plan.outcome.baseline or 0.0, spread))


def _gaussian(
    plan: Plan, estimator: Hierarchical, inputs: Mapping[str, FloatArray], effect: FloatArray, draws: int, seed: int
) -> tuple[tuple[FloatArray, FloatArray, FloatArray], FloatArray, str]:
    generator = np.random.default_rng(np.random.SeedSequence([seed, 3]))
    outcome = _outcomes(plan, inputs, effect, draws, generator)
    frame = Frame(plan.design)
    panel = Panel(frame, np.where(plan.design.observed, outcome[0], np.nan))
    model = prepared(panel, estimator.structure, analysis_priors(plan, estimator))
    assert isinstance(model, Gaussian)
    layout = model.layout
    residual = np.where(layout.used, outcome - layout.columns @ layout.mean, 0.0)
    fits = fit_all(model, residual, layout.mean_curve(layout.shares), points=estimator.points or _POINTS, seed=seed)
    how = (
        f"All were analysed on one grid of hyperparameters, half of them with more than {np.median(fits.ess):.0f} "
        f"effective points; {len(fits.alone)} of {draws} had fewer than {FEWEST:.0f} and were analysed by themselves."
    )
    return (fits.mean, fits.sd, fits.below), fits.ess, how


def _outcomes(
    plan: Plan, inputs: Mapping[str, FloatArray], effect: FloatArray, draws: int, generator: np.random.Generator
) -> FloatArray:
    """Cell means of every study, (studies, clusters, periods)."""
    cells, total = Cells.of(plan.design), plan.outcome.total_variance(plan.design, plan.effect)
    unknown = {name: values for name, values in inputs.items() if name != "effect"}
    pieces = []
    for rows in np.array_split(np.arange(draws), max(1, draws // _CHUNK)):
        chosen = {name: values[rows][:, None, None, None] for name, values in unknown.items()}
        blocks = varied(plan, chosen).blocks(cells, total) if chosen else plan.blocks()
        shock = generator.standard_normal((len(rows), *plan.design.treatment.shape))
        pieces.append(np.matmul(symmetric_root(blocks), shock[..., None])[..., 0])
    pattern = np.nan_to_num(plan.design.treatment)
    return (plan.outcome.baseline or 0.0) + np.concatenate(pieces) + _shape(plan, effect, pattern)


def _shape(plan: Plan, effect: FloatArray, pattern: FloatArray) -> FloatArray:
    """Effect in each cell: the plan's own pattern, scaled to each study's mean effect."""
    planned = _planned(plan)
    shape = plan.effects() / planned if planned else pattern
    return np.asarray(effect[:, None, None] * shape)


def _planned(plan: Plan) -> float:
    """Mean of the planned effect over treated cells, on the scale of the analysis."""
    weight = np.where(plan.design.observed, np.nan_to_num(plan.design.treatment), 0.0)
    return float((plan.effects() * (weight > 0)).sum() / weight.sum())


def _one_by_one(
    plan: Plan, estimator: Hierarchical, inputs: Mapping[str, FloatArray], effect: FloatArray, seed: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    rows = []
    unknown = {name: values for name, values in inputs.items() if name != "effect"}
    base = plan.outcome.baseline or 0.0
    for k, size in enumerate(effect):
        covariance = varied(plan, {name: values[k] for name, values in unknown.items()}) if unknown else plan.covariance
        true = Constant(float(np.exp(size)), scale="odds" if plan.outcome.family == "binomial" else "ratio")
        panel = simulate(replace(plan, effect=true, covariance=covariance), seed=np.random.SeedSequence([seed, k]))
        level = np.log(base / (1 - base)) if plan.outcome.family == "binomial" else np.log(base)
        priors = completed(estimator.priors, replace(Priors(), level=replace(Priors().level, mean=float(level))))
        found = fit(panel, estimator.structure, priors, points=estimator.points, draws=estimator.draws, seed=seed)
        draws = found.estimate().draws[:, 0]
        rows.append((draws.mean(), draws.std(), (draws < 0).mean()))
    mean, sd, below = np.array(rows).T
    return mean, sd, below
