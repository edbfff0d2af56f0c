"""Uncertainty as the model itself gives it: its covariance, its likelihood, or data drawn from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ..allocation.seeds import Seed, require_draws, whole_seed
from ..data.panel import Panel
from ..errors import DesignError
from ..kernel.protocols import Estimator
from ..results.estimate import Estimate
from ..value import Value


@runtime_checkable
class FittedModel(Estimator, Protocol):
    """An estimator with a likelihood of its own, or an estimating equation."""

    def by_model(self, panel: Panel) -> Estimate:
        """Estimate with the standard errors and degrees of freedom of the model."""
        ...


@runtime_checkable
class Likelihood(FittedModel, Protocol):
    """An estimator whose likelihood can be followed and drawn from."""

    def by_profile(self, panel: Panel) -> Estimate:
        """Estimate with likelihood profiles."""
        ...

    def by_bootstrap(self, panel: Panel, draws: int, seed: int) -> Estimate:
        """Estimate with data drawn from the fitted model."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ModelBased(Value):
    """Standard errors and degrees of freedom of the fitted model.

    They hold when the model's correlation is right; `Mixed` corrects them for few clusters by its `df`.

    Raises
    ------
    DesignError
        An estimator without a model of its own, such as `Twfe`.

    References
    ----------
    Kenward and Roger (1997), Biometrics 53:983.

    Examples
    --------
    >>> import staggered as sg
    >>> panel = sg.simulate(sg.Plan(design=sg.stepped(clusters=8, steps=4, size=20), outcome=sg.Outcome(sd=1.0),
    ...                             covariance=sg.Exchangeable(icc=0.2)), seed=2)
    >>> sg.Mixed("exchangeable", effect="exposure").fit(panel, sg.ModelBased()).overall.df > 1
    True
    """

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return "the model's own variance"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Kenward MG, Roger JH (1997). Small sample inference for fixed effects from restricted "
            "maximum likelihood. Biometrics 53:983-997.",
        )

    def estimate(self, estimator: Estimator, panel: Panel) -> Estimate:
        """Estimate with the variance of the fitted model."""
        if not isinstance(estimator, FittedModel):
            raise _no_model(estimator, "ModelBased()")
        return estimator.by_model(panel)


@dataclass(frozen=True, slots=True, eq=False)
class Profile(Value):
    """Likelihood profiles: effects whose likelihood ratio is not rejected.

    The profile follows the likelihood (not the restricted one) with every other parameter at its best.

    Raises
    ------
    DesignError
        An estimator without a likelihood.

    References
    ----------
    Venzon and Moolgavkar (1988), Applied Statistics 37:87.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=8, steps=4, size=20), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Exchangeable(icc=0.2))
    >>> low, high = sg.Mixed(effect="exposure").fit(sg.simulate(plan, seed=2), Profile()).overall.interval()
    >>> bool(low < high)
    True
    """

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return "the profile of the likelihood"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Venzon DJ, Moolgavkar SH (1988). A method for computing profile-likelihood-based confidence "
            "intervals. Applied Statistics 37:87-94.",
        )

    def estimate(self, estimator: Estimator, panel: Panel) -> Estimate:
        """Estimate with likelihood profiles."""
        if not isinstance(estimator, Likelihood):
            raise _no_model(estimator, "Profile()")
        return estimator.by_profile(panel)


@dataclass(frozen=True, slots=True, eq=False)
class ParametricBootstrap(Value):
    """The t ratio referred to its own distribution in data drawn from the fitted model.

    Parameters
    ----------
    draws : int
        Data sets drawn from the fitted model, and again from the model without effect.
    seed : int, SeedSequence or Generator

    Raises
    ------
    DesignError
        An estimator without a likelihood.
    DataError
        Fewer than 20 draws.

    References
    ----------
    Davison and Hinkley (1997), Bootstrap Methods and their Application, chapter 5.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=8, steps=4, size=20), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Exchangeable(icc=0.2))
    >>> boot = ParametricBootstrap(draws=99)
    >>> e = sg.Mixed(effect="exposure").fit(sg.simulate(plan, seed=2), boot)
    >>> bool(0 < e.overall.p_value <= 1)
    True
    """

    draws: int = 999
    seed: Seed = 1

    def __post_init__(self) -> None:
        require_draws(self.draws, 20, "An interval needs the tails of a distribution.", 999)

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return "parametric bootstrap"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return ("Davison AC, Hinkley DV (1997). Bootstrap Methods and their Application. Cambridge University Press.",)

    def estimate(self, estimator: Estimator, panel: Panel) -> Estimate:
        """Estimate with data drawn from the fitted model."""
        if not isinstance(estimator, Likelihood):
            raise _no_model(estimator, "ParametricBootstrap()")
        return estimator.by_bootstrap(panel, self.draws, whole_seed(self.seed))


def _no_model(estimator: Estimator, inference: str) -> DesignError:
    return DesignError(
        f"{inference} was given {estimator.name}.",
        "That estimator has no likelihood of its own from which uncertainty could be had.",
        "Use Cluster(), Jackknife() or Permutation(), or an estimator such as Mixed.",
    )
