"""Generalised linear mixed models of stepped-wedge trials: risks and counts."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ...data.frame import Frame
from ...data.panel import Panel, require_panel
from ...errors import ConvergenceWarning, DesignError
from ...inference.cluster import Cluster, warn_if_few
from ...inference.model_based import ModelBased, ParametricBootstrap, Profile
from ...inference.permutation import Permutation
from ...inference.sides import MANY
from ...kernel.point import Point
from ...kernel.protocols import Inference, require_inference
from ...model.covariance import Covariance
from ...results.components import Components
from ...results.estimate import Estimate
from ...results.uncertainty import Sampling, Uncertainty
from ...value import FloatArray
from ..fitting import Fitting
from .correlation import Working
from .effects import TIMES
from .glmm_family import FAMILIES
from .glmm_fit import GlmmFit
from .glmm_inference import bootstrap, permuted, profiles
from .glmm_model import FIXED, GlmmChoices, GlmmModel, fitted
from .glmm_notes import boundary_notes, component_notes, components, movement_alert, panel_notes
from .glmm_scales import Averages, Scales
from .glmm_standardise import standardised
from .linearised import linearised
from .sandwich import sandwich

_DEGREES_IN_WORDS = {
    "clusters-2": "the model's variance with clusters − 2 degrees of freedom",
    "normal": "the model's variance and the normal distribution",
}
_EFFECTS = ("constant", "exposure")


@dataclass(frozen=True, slots=True, eq=False)
class Glmm(Fitting):
    """Generalised linear mixed model: periods, an effect of treatment, and councils that differ at random.

        g(E y_ict) = β_t + δ x_ct + z_ict'γ + u_ct,    u_c ~ N(0, the chosen covariance)

    with g the logit for risks and the logarithm for counts; the size of a council-period is the population behind a
    count. Fitted by maximum likelihood, from cell totals or, with covariates of people, from people grouped by them.

    Parameters
    ----------
    family : {"binomial", "poisson", "negbinomial"}
    covariance : str or Covariance
        "exchangeable" (councils), "nested" (councils, and councils in a period), "decay", "decay-by-date",
        "random-treatment", "random-treatment-correlated", "nested-random-treatment"; a planning structure, of which
        only the kind is used; or "fixed": a coefficient for each council and no random effects.
    effect : {"constant", "exposure"}
        One effect, or one for each period since the start.
    df : {"clusters-2", "normal"}, optional
        Degrees of freedom of the model's own inference; clusters − 2 below 40 clusters when absent, else normal.
    time : {"categorical", "linear", "spline"}
        How the outcome may change over calendar time for everyone.
    nodes : int
        1 for Laplace's approximation; more for adaptive Gauss–Hermite quadrature with "exchangeable".

    Raises
    ------
    DesignError
        An option that is none.

    References
    ----------
    Breslow and Clayton (1993), Journal of the American Statistical Association 88:9; Pinheiro and Bates (1995),
    Journal of Computational and Graphical Statistics 4:12.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=12, steps=4, size=200),
    ...                outcome=sg.Outcome("binomial", baseline=0.1, link="logit"),
    ...                covariance=sg.Exchangeable(icc=0.01), effect=sg.Constant(0.6, scale="odds"))
    >>> e = sg.Glmm("binomial").fit(sg.simulate(plan, seed=3))
    >>> low, high = e.interval()
    >>> bool(low < np.log(0.6) < high)
    True
    >>> e.on("risk difference").value < 0
    True
    """

    family: Literal["binomial", "poisson", "negbinomial"]
    covariance: str | Covariance = "exchangeable"
    effect: Literal["constant", "exposure"] = "constant"
    df: Literal["clusters-2", "normal"] | None = None
    time: Literal["categorical", "linear", "spline"] = "categorical"
    nodes: int = 1

    def __post_init__(self) -> None:
        working = self.working
        allowed = {"family": FAMILIES, "effect": _EFFECTS, "df": (None, *_DEGREES_IN_WORDS), "time": TIMES}
        for name, choices in allowed.items():
            if getattr(self, name) not in choices:
                raise DesignError(
                    f"Glmm was given {name}={getattr(self, name)!r}.",
                    "It decides which model is fitted, so it is never guessed.",
                    f"Use one of {', '.join(str(choice) for choice in choices if choice)}.",
                )
        one_effect = working is not None and working == Working("exchangeable")
        if self.nodes < 1 or (self.nodes > 1 and not one_effect):
            raise DesignError(
                f"Glmm was given nodes={self.nodes} with {self._words} councils.",
                "Quadrature runs over one effect per council; more would need a grid of nodes.",
                'Use nodes=1 (Laplace\'s approximation), or covariance="exchangeable".',
            )

    @property
    def link(self) -> Literal["logit", "log"]:
        """Scale of the effect."""
        return "logit" if self.family == "binomial" else "log"

    @property
    def working(self) -> Working | None:
        """Parts of the councils' covariance; None where each has a coefficient."""
        return None if isinstance(self.covariance, str) and self.covariance == FIXED else Working.of(self.covariance)

    @property
    def _words(self) -> str:
        return FIXED if self.working is None else self.working.words

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        models = {"binomial": "logistic", "poisson": "Poisson", "negbinomial": "negative binomial"}
        if self.working is None:
            return f"{models[self.family]} regression with a coefficient for each council"
        how = "Laplace's approximation" if self.nodes == 1 else f"adaptive quadrature, {self.nodes} nodes"
        return f"{models[self.family]} mixed model ({how}) with {self._words} council effects"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Breslow NE, Clayton DG (1993). Approximate inference in generalized linear mixed models. Journal of the "
            "American Statistical Association 88:9-25.",
            "Pinheiro JC, Bates DM (1995). Approximations to the log-likelihood function in the nonlinear "
            "mixed-effects model. Journal of Computational and Graphical Statistics 4:12-35.",
        )

    @property
    def large_sample(self) -> Inference:
        """Inference used by default from 40 clusters on."""
        return Cluster("CR2") if self.working is None else ModelBased()

    def default_inference(self, frame: Frame) -> Inference:
        """With random effects the model's own, by `df`; with a coefficient for each council CR2."""
        return self.large_sample

    def fit(self, panel: Panel, inference: Inference | None = None) -> Estimate:
        """Estimate from a panel.

        Parameters
        ----------
        panel : Panel
            Cell totals (counts, or shares and rates of a size), or people with 0 and 1 or with counts.
        inference : Inference, optional
            The model's own with `df` when absent (CR2 with "fixed"); `Cluster`, `Permutation` (fitted once without
            the effect), `Jackknife`, `Profile` or `ParametricBootstrap`.

        Raises
        ------
        IdentificationError
            An effect that calendar time explains, or that tells events from the rest without fail; more random
            effects than councils can carry.
        DataError
            Outcomes that the family cannot have; covariates not known of everyone.

        Warns
        -----
        DataWarning
            People, periods or councils that had to be left out.
        ConvergenceWarning
            A variance estimated as zero, or a climb that did not arrive.
        """
        require_panel(panel)
        require_inference(inference)
        used = inference or self.default_inference(panel.frame)
        if isinstance(used, Cluster):
            return self._by_sandwich(panel, used)
        return self._by_permutation(panel, used) if isinstance(used, Permutation) else used.estimate(self, panel)

    def choices(self) -> GlmmChoices:
        """What the model is made of."""
        return GlmmChoices(family=self.family, working=self.working, effect=self.effect, time=self.time)

    def components(self, panel: Panel) -> Components:
        """Variances of councils on the log-odds or log scale; beside π²/3 of a person the icc is the latent one."""
        return components(*self._fitted(panel))

    def point(self, panel: Panel) -> Point:
        """Values on this panel, without any uncertainty; nan where the likelihood was not climbed to its top."""
        model, fit = fitted(panel, self.choices(), self.nodes)
        assert model.effect is not None
        values = model.contrast @ fit.beta[0] if fit.converged[0] else np.full(len(model.contrast), np.nan)
        notes = (*model.notes, *component_notes(model, fit), *boundary_notes(fit))
        return Point(
            model.effect.terms, values, estimand=self._estimand(model), notes=notes, headed=model.effect.headed
        )

    def by_model(self, panel: Panel) -> Estimate:
        """Estimate with the standard errors of the likelihood, and degrees of freedom by `df`."""
        model, fit = self._fitted(panel)
        p = fit.data.fixed
        covariance = fit.covariance[0]
        clusters = int(panel.frame.seen.sum())
        df = self.df or ("clusters-2" if clusters < MANY else "normal")
        degrees = float(np.inf) if df == "normal" else self._left(clusters)
        wide = model.contrast @ covariance[:p, :p] @ model.contrast.T
        leaf = Sampling(wide, np.full(len(wide), degrees))
        scales = self._scales(panel, model, fit, covariance, degrees)
        return self._estimate(panel, model, fit, leaf, _DEGREES_IN_WORDS[df], scales, alerts=movement_alert(model, fit))

    def by_profile(self, panel: Panel) -> Estimate:
        """Estimate with the profile of the likelihood, by Laplace's approximation."""
        self._refuse_quadrature("likelihood profiles")
        model, fit = self._fitted(panel)
        _, leaf = profiles(model, fit)
        alerts = movement_alert(model, fit)
        return self._estimate(panel, model, fit, leaf, Profile().name, self._scales(panel, model, fit), alerts=alerts)

    def by_bootstrap(self, panel: Panel, draws: int, seed: int) -> Estimate:
        """Estimate with t ratios in data drawn from the fitted model."""
        self._refuse_quadrature("a parametric bootstrap")
        model, fit = self._fitted(panel)
        _, null = fitted(panel, replace(self.choices(), effect=""))
        _, leaf, lost = bootstrap(model, fit, null, draws, seed)
        said = (f"{lost} of {2 * draws} fits ran away or did not converge and are left out.",) if lost else ()
        scales = self._scales(panel, model, fit)
        alerts = movement_alert(model, fit)
        return self._estimate(panel, model, fit, leaf, ParametricBootstrap().name, scales, said, alerts)

    def _by_sandwich(self, panel: Panel, inference: Cluster) -> Estimate:
        """Estimate with a cluster-robust variance of the model linearised at its fit."""
        if inference.by is not None:
            raise DesignError(
                f"Glmm was given Cluster(by={inference.by!r}).",
                "Its effects are those of the panel's councils, which a coarser cluster would cut across.",
                "Leave by out, or read the panel with the coarser cluster.",
            )
        if inference.kind in {"CR0", "CR1"}:
            warn_if_few(inference.kind, int(panel.frame.seen.sum()))
        model, fit = self._fitted(panel)
        linear = linearised(fit)
        found = sandwich(linear.columns, linear.working, linear.residual, model.contrast, inference.kind)
        whole, _ = sandwich(linear.columns, linear.working, linear.residual, np.eye(fit.data.fixed), inference.kind)
        covariance = np.zeros_like(fit.curvature[0])
        covariance[: fit.data.fixed, : fit.data.fixed] = whole
        scales = self._scales(panel, model, fit, covariance, float(found[1][0]))
        return self._estimate(panel, model, fit, Sampling(*found), inference.name, scales)

    def _by_permutation(self, panel: Panel, inference: Permutation) -> Estimate:
        """Estimate with one-step estimates from a fit without the effect, under every allocation."""
        model, fit = self._fitted(panel)
        leaf, notes = permuted(panel, self.choices(), model, fit, inference)
        return self._estimate(panel, model, fit, leaf, inference.name, self._scales(panel, model, fit), notes)

    def _fitted(self, panel: Panel) -> tuple[GlmmModel, GlmmFit]:
        """Fit, and warn of what a reader must know."""
        model, fit = fitted(panel, self.choices(), self.nodes)
        for said in boundary_notes(fit):
            warnings.warn(said, ConvergenceWarning, stacklevel=5)
        return model, fit

    def _left(self, clusters: int) -> float:
        if clusters < 3:
            raise DesignError(
                f"df='clusters-2' leaves {clusters - 2} degrees of freedom with {clusters} clusters.",
                "A t distribution needs at least one.",
                "Bring more clusters, or use Permutation().",
            )
        return clusters - 2.0

    def _refuse_quadrature(self, what: str) -> None:
        if self.nodes > 1:
            raise DesignError(
                f"Glmm(nodes={self.nodes}) was asked for {what}.",
                "Those fit the model hundreds of times, by Laplace's approximation.",
                "Use nodes=1, or ModelBased().",
            )

    def _scales(
        self,
        panel: Panel,
        model: GlmmModel,
        fit: GlmmFit,
        covariance: FloatArray | None = None,
        degrees: float = np.nan,
    ) -> Scales:
        """What the fit knows of risks or rates, with the covariance of its parameters where there is one."""
        averages = {}
        if covariance is not None:
            for per, found in standardised(model, fit).items():
                averages[per] = Averages(found.means, found.gradient @ covariance @ found.gradient.T + found.own)
        who = "the people of the data" if self.effect == "constant" else "those who were treated"
        return Scales(self.family, panel.frame.per, averages, degrees, who)

    def _estimand(self, model: GlmmModel) -> str:
        assert model.effect is not None
        scale = "log odds ratio" if self.family == "binomial" else "log rate ratio"
        lasting = "taken as constant from the first treated period on"
        if self.effect == "exposure":
            lasting = model.effect.estimand.split(" effect ", 1)[-1]
        return f"{scale} of treatment within a council and period, {lasting}"

    def _estimate(
        self,
        panel: Panel,
        model: GlmmModel,
        fit: GlmmFit,
        uncertainty: Uncertainty,
        inference: str,
        scales: Scales,
        notes: tuple[str, ...] = (),
        alerts: tuple[str, ...] = (),
    ) -> Estimate:
        effect = model.effect
        assert effect is not None
        found = Estimate(
            terms=effect.terms,
            values=model.contrast @ fit.beta[0],
            uncertainty=uncertainty,
            estimator=self.name,
            inference=inference,
            estimand=self._estimand(model),
            outcome=panel.name,
            headed=effect.headed,
            references=self.references,
            alerts=alerts if fit.converged[0] else boundary_notes(fit)[-1:],
            posterior=scales,
        )
        everything = (
            scales.sentence(found),
            *model.notes,
            *component_notes(model, fit),
            *(boundary_notes(fit) if fit.converged[0] else boundary_notes(fit)[:-1]),
            *panel_notes(panel),
            *notes,
            *panel.notes,
        )
        return replace(found, notes=everything)
