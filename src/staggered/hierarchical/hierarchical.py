"""sg.Hierarchical: one model for all councils, with an answer for each of them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Literal

from ..allocation.seeds import Seed, whole_seed
from ..data.panel import Panel
from ..errors import DataWarning, DesignError, FewClustersWarning, listing
from ..kernel.protocols import Inference
from ..model.prior import Priors, SomePriors, completed
from ..results.estimate import Estimate
from ..value import Value
from .analytic import fit
from .fit_checks import fit_checks
from .left_out import examined
from .outcomes import all_zero, beyond_population, compare_with_prior, scaled_priors
from .posterior import QUESTIONS, REFERENCES, Posterior
from .structure import Family, Structure

_FEWEST = 3
_LEAST_DRAWS = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hierarchical(Value):
    """Bayesian estimate across councils, with effects that differ between them and over time since go-live.

        η_it = μ + a_i + δ_t + D_it (θ_e(i,t) + b_i) + u_it
        a_i ~ N(0, s_a²),  b_i ~ N(0, s_b²),  δ and θ random walks,  u_i a council's own AR(1) course (gaussian)

    η is the mean, log odds or log rate; counts are compared per child (the size is an offset).

    Parameters
    ----------
    family : {"gaussian", "binomial", "poisson", "negbinomial"}
    engine : {"pymc", "analytic"}
        Markov chains, or NumPy alone: exact integrals for gaussian outcomes and nested Laplace for counts.
    by : {"overall", "event", "cluster", "new", "model"}
        The mean effect; its course since go-live; each council's; that of another council like these; each
        practice model's.
    trend, exposure, deviations, season, moderators, practice_models
        Parts of the model, as in `Structure`.
    priors : Priors or mapping, optional
        All of them, or some by name such as ``{"effect": Belief(large=0.1)}``; the rest are wide ones around the
        outcome's own level.
    sampler : {"nutpie", "numpyro", "pymc"}, optional
        Of the Markov chains; nutpie where it is installed, else PyMC's own, when absent.
    draws : int
    points : int, optional
        Points of the hyperparameters (analytic).
    seed : int, SeedSequence or Generator

    Raises
    ------
    DesignError, DataError, IdentificationError
        As `fit` meets them.

    References
    ----------
    Gelman and others (2013), Bayesian Data Analysis, chapters 5 and 15; Kenny and others (2022), Statistics in Medicine
    41:4311.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=12, steps=4, size=50), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Nested(icc=0.05, cac=0.8), effect=sg.Constant(-0.4))
    >>> estimate = Hierarchical(engine="analytic").fit(sg.simulate(plan, seed=1))
    >>> low, high = estimate.interval()
    >>> bool(low < estimate.value < high)
    True
    """

    family: Family = "gaussian"
    engine: Literal["pymc", "analytic"] = "pymc"
    by: Literal["overall", "event", "cluster", "new", "model"] = "overall"
    trend: Literal["walk", "indicators"] = "walk"
    exposure: Literal["walk", "monotone", "constant"] = "walk"
    deviations: Literal["ar1", "none"] = "ar1"
    season: int | None = None
    moderators: tuple[str, ...] = ()
    practice_models: str | None = None
    priors: Priors | SomePriors | None = None
    sampler: Literal["nutpie", "numpyro", "pymc"] | None = None
    draws: int = 4000
    points: int | None = None
    seed: Seed = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "moderators", tuple(self.moderators))
        samplers = (None, "nutpie", "numpyro", "pymc")
        for name, allowed in (("engine", ("pymc", "analytic")), ("by", QUESTIONS), ("sampler", samplers)):
            if (given := getattr(self, name)) not in allowed:
                raise DesignError(
                    f"Hierarchical was given {name}={given!r}.",
                    "It says which answer is wanted, and how.",
                    f"Use one of {', '.join(one for one in allowed if one)}.",
                )
        if self.draws < _LEAST_DRAWS:
            raise DesignError(
                f"draws is {self.draws}.",
                "The ends of a 95% interval rest on the few draws beyond them.",
                f"Ask for at least {_LEAST_DRAWS}.",
            )
        self.structure  # noqa: B018 - refuses what is no part of the model
        completed(self.priors, Priors())

    @property
    def structure(self) -> Structure:
        """Parts of the model."""
        return Structure(
            family=self.family, trend=self.trend, exposure=self.exposure, deviations=self.deviations,
            season=self.season, moderators=self.moderators, practice_models=self.practice_models,
        )  # fmt: skip

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return f"hierarchical {self.family} model"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return REFERENCES

    def fit(self, panel: Panel, inference: Inference | None = None) -> Estimate:
        """Estimate from a panel.

        Parameters
        ----------
        panel : Panel
        inference : None
            The posterior is the inference.

        Warns
        -----
        DataWarning
            Priors that contradict the scale of the data, a council with no children counted at all.
        FewClustersWarning
            So few councils go live that how much they differ is known from the prior alone.
        """
        if inference is not None:
            raise DesignError(
                f"Hierarchical was given the inference {inference.name}.",
                "Its posterior already says how sure it is.",
                "Leave inference out.",
            )
        return self.posterior(panel).estimate(self.by)

    def posterior(self, panel: Panel) -> Posterior:
        """Fit, and give the draws of everything.

        Every fit is checked against its data and its prior; one by Markov chains is also fitted again without each
        council and without the last periods, which `examined` does for the analytic engine.
        """
        priors, seed = self.priors_on(panel), whole_seed(self.seed)
        self._look(panel, priors)
        if self.engine == "analytic":
            found = self.unchecked(panel, priors)
            return replace(found, checks=(*found.checks, *fit_checks(found, seed)))
        from .chains import sample

        found = sample(panel, self.structure, priors, draws=self.draws, seed=seed, sampler=self.sampler)
        return examined(replace(found, checks=(*found.checks, *fit_checks(found, seed))), seed)

    def unchecked(self, panel: Panel, priors: Priors) -> Posterior:
        """Fit by the analytic engine, with these priors, and look at nothing but its own points: for many refits."""
        seed = whole_seed(self.seed)
        return fit(panel, self.structure, priors, points=self.points, draws=self.draws, seed=seed)

    def priors_on(self, panel: Panel) -> Priors:
        """Every prior as used on this panel."""
        return (
            self.priors
            if isinstance(self.priors, Priors)
            else completed(self.priors, scaled_priors(panel, self.family))
        )

    def _look(self, panel: Panel, priors: Priors) -> None:
        """Say before fitting what the reader of any result must know."""
        councils = int(panel.frame.seen.sum())
        told = isinstance(self.priors, Priors) or {"councils", "heterogeneity"} <= set(self.priors or ())
        if councils < _FEWEST and not told:
            raise DesignError(
                f"The panel has {councils} councils, and no priors were given of how much councils differ.",
                "That cannot be learnt from fewer than 3 of them.",
                "Give priors= for councils and heterogeneity from what is known of such councils, or add comparison "
                "councils.",
            )
        compare_with_prior(panel, self.family, priors)
        if self.family != "gaussian" and (empty := all_zero(panel)):
            warnings.warn(
                f"No children are counted in any period of {listing(empty)}. The model takes the zeros as they are, "
                "and shrinks its rate towards the others'. Check that they are not missing or suppressed numbers.",
                DataWarning,
                stacklevel=4,
            )
        if self.family in {"poisson", "negbinomial"} and (over := beyond_population(panel, self.family)):
            warnings.warn(
                f"More is counted than there are children in {listing(over)}. A rate above one per child is possible "
                "only where a child can be counted again. Check that size= names the population, not another count.",
                DataWarning,
                stacklevel=4,
            )
        treated = int(((panel.design.treatment > 0) & panel.frame.used).any(axis=1).sum())
        if 0 < treated < _FEWEST:
            warnings.warn(
                f"{treated} council{'s go' if treated > 1 else ' goes'} live in these data. How much effects differ "
                f"between councils then comes from its prior alone, of scale {priors.heterogeneity.scale:.3g}. "
                "Give that prior on purpose, and report it.",
                FewClustersWarning,
                stacklevel=4,
            )
