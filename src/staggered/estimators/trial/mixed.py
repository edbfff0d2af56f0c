"""Linear mixed models of stepped-wedge trials, exact at any number of people."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ...data.frame import Frame
from ...data.panel import Panel, require_panel
from ...errors import ConvergenceWarning, DesignError, DesignWarning
from ...inference.cluster import Cluster, warn_if_few
from ...inference.model_based import ModelBased, ParametricBootstrap, Profile
from ...inference.permutation import Permutation
from ...kernel.point import Point
from ...kernel.protocols import Inference, require_inference
from ...model.covariance import Covariance
from ...results.components import Components
from ...results.estimate import Estimate
from ...results.likelihood import Satterthwaite
from ...results.uncertainty import Sampling, Uncertainty
from ...value import FloatArray
from ..fitting import Fitting
from .bootstrapped import bootstrap
from .correlation import Working
from .effects import EFFECTS, TIMES
from .mixed_notes import boundary_notes, component_notes, exposure_note, fading_note, warn_of_fading
from .normal import Choices, NormalModel, normal_model
from .normal_fit import NormalFit, fit_normal
from .permuted_mixed import permuted
from .profiled import profiles
from .sandwich import sandwich
from .shared_exposure import exposure_curve

_DEGREES_IN_WORDS = {
    "kenward-roger": "Kenward and Roger's adjusted variance and degrees of freedom",
    "satterthwaite": "the model's variance with Satterthwaite's degrees of freedom",
    "clusters-2": "the model's variance with clusters − 2 degrees of freedom",
    "between-within": "the model's variance with clusters less fixed effects as degrees of freedom",
    "normal": "the model's variance and the normal distribution",
}
DEGREES = tuple(_DEGREES_IN_WORDS)


@dataclass(frozen=True, slots=True, eq=False)
class Mixed(Fitting):
    """Linear mixed model: period effects, an effect of treatment, and clusters that differ at random.

        y_ict = β_t + δ(exposure of c in t) + x_ict'γ + u_ct + e_ict,    u_c ~ N(0, the chosen covariance)

    fitted by restricted maximum likelihood from sufficient statistics of clusters and periods: exact, and
    as quick for a million people as for a thousand. Covariates of the panel are adjusted for.

    Parameters
    ----------
    covariance : str or Covariance
        "exchangeable" (Hussey and Hughes), "nested", "decay" (per period), "decay-by-date" (per year of
        real time), "independent", "random-treatment", "random-treatment-correlated" or
        "nested-random-treatment"; or a planning structure, of which only the kind is used.
    effect : {"constant", "exposure", "random-exposure", "spline", "delayed"}
        How the effect may change with the time since the start.
    df : {"kenward-roger", "satterthwaite", "clusters-2", "between-within", "normal"}
        Degrees of freedom of the model's own inference; Kenward and Roger also widen standard errors.
    time : {"categorical", "linear", "spline"}
        How the outcome may change over calendar time for everyone.
    method : {"reml", "ml"}
    cohort : bool, optional
        Whether people have effects of their own; when absent, where the panel follows people.
    knots : int
        Knots of a spline, its ends counted.
    delay : int
        Exposure times that are free before a delayed effect is constant.

    Raises
    ------
    DesignError
        An option that is none.

    References
    ----------
    Hussey and Hughes (2007), Contemporary Clinical Trials 28:182; Kenward and Roger (1997), Biometrics
    53:983; Kenny and others (2022), Statistics in Medicine 41:4311.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=12, steps=4, size=30), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Exchangeable(icc=0.05), effect=sg.Constant(0.4))
    >>> e = sg.Mixed("exchangeable", effect="exposure").fit(sg.simulate(plan, seed=1))
    >>> [term.label for term in e.terms]
    ['overall', 'event 0', 'event +1', 'event +2', 'event +3']
    >>> low, high = e.overall.interval()
    >>> bool(low < 0.4 < high)
    True
    """

    covariance: str | Covariance = "exchangeable"
    effect: Literal["constant", "exposure", "random-exposure", "spline", "delayed"] = "constant"
    df: Literal["kenward-roger", "satterthwaite", "clusters-2", "between-within", "normal"] = "kenward-roger"
    time: Literal["categorical", "linear", "spline"] = "categorical"
    method: Literal["reml", "ml"] = "reml"
    cohort: bool | None = None
    knots: int = 4
    delay: int = 1

    def __post_init__(self) -> None:
        Working.of(self.covariance)
        allowed = {"effect": EFFECTS, "df": DEGREES, "time": TIMES, "method": ("reml", "ml")}
        for name, choices in allowed.items():
            if getattr(self, name) not in choices:
                raise DesignError(
                    f"Mixed was given {name}={getattr(self, name)!r}.",
                    "It decides which model is fitted, so it is never guessed.",
                    f"Use one of {', '.join(choices)}.",
                )

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        changing = {"constant": "", "exposure": ", an effect for each exposure time"}
        said = changing.get(self.effect, f", {self.effect} effect")
        return f"linear mixed model ({self.method.upper()}) with {Working.of(self.covariance).words} correlation{said}"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        papers = [
            "Hussey MA, Hughes JP (2007). Design and analysis of stepped wedge cluster randomized trials. "
            "Contemporary Clinical Trials 28:182-191.",
            "Kenward MG, Roger JH (1997). Small sample inference for fixed effects from restricted maximum "
            "likelihood. Biometrics 53:983-997.",
        ]
        if self.effect != "constant":
            papers.append(
                "Kenny A, Voldal EC, Xia F, Heagerty PJ, Hughes JP (2022). Analysis of stepped wedge cluster "
                "randomized trials in the presence of a time-varying treatment effect. Statistics in Medicine "
                "41:4311-4339."
            )
        return tuple(papers)

    def fit(self, panel: Panel, inference: Inference | None = None) -> Estimate:
        """Estimate from a panel.

        Parameters
        ----------
        panel : Panel
            Read person by person (rows="people") the likelihood is that of the people; of cell means it is
            that of means with variance σ²/weight, or σ²/size where no weights were given.
        inference : Inference, optional
            The model's own with `df` when absent; `Cluster`, `Permutation` (covariance fitted once without
            the effect), `Jackknife` (fitted again without each cluster), `Profile` or `ParametricBootstrap`.

        Warns
        -----
        DesignWarning
            A constant effect whose estimate gives negative weight to some exposure times.
        ConvergenceWarning
            A variance estimated as zero, or a climb that did not arrive.
        FewClustersWarning
            The model's own variance asked for by name, below 40 councils over 20 periods or more, with a correlation
            that does not fade.
        """
        require_panel(panel)
        require_inference(inference)
        if isinstance(inference, ModelBased):
            warn_of_fading(self.covariance, panel)
        if isinstance(inference, Cluster):
            return self._by_sandwich(panel, inference)
        if isinstance(inference, Permutation):
            return self._by_permutation(panel, inference)
        if inference is not None:
            return inference.estimate(self, panel)
        found = ModelBased().estimate(self, panel)
        return replace(found, notes=(*found.notes, *fading_note(self.covariance, panel)))

    def choices(self, panel: Panel) -> Choices:
        """What the model is made of on this panel."""
        followed = panel.people is not None and panel.people.unit is not None
        return Choices(
            working=Working.of(self.covariance),
            effect=self.effect,
            time=self.time,
            knots=self.knots,
            delay=self.delay,
            cohort=followed if self.cohort is None else self.cohort,
            restricted=self.method == "reml",
        )

    def model(self, panel: Panel) -> NormalModel:
        """Columns and covariance on this panel."""
        return normal_model(panel, self.choices(panel))

    def components(self, panel: Panel) -> Components:
        """Estimated variances, with the correlations that they stand for."""
        return fit_normal(self.model(panel)).components()

    def point(self, panel: Panel) -> Point:
        """Values on this panel, without any uncertainty."""
        model = self.model(panel)
        return self._point(model, fit_normal(model))

    def by_model(self, panel: Panel) -> Estimate:
        """Estimate with standard errors and degrees of freedom of the model, by `df`."""
        fit, warned = self._fitted(panel)
        values, uncertainty = self._wald(panel, fit)
        return self._estimate(panel, fit, values, uncertainty, _DEGREES_IN_WORDS[self.df], warned)

    def by_profile(self, panel: Panel) -> Estimate:
        """Estimate by maximum likelihood, with the profile of each term."""
        self._refuse_shared("likelihood profiles")
        fit, warned = replace(self, method="ml")._fitted(panel)
        assert fit.model.effect is not None
        values, profile = profiles(fit.model, fit.model.effect.contrast)
        return replace(self, method="ml")._estimate(panel, fit, values, profile, Profile().name, warned)

    def by_bootstrap(self, panel: Panel, draws: int, seed: int) -> Estimate:
        """Estimate with t ratios in data drawn from the fitted model."""
        self._refuse_shared("a parametric bootstrap")
        fit, warned = self._fitted(panel)
        assert fit.model.effect is not None
        null = fit_normal(normal_model(panel, replace(self.choices(panel), effect="")))
        contrast = fit.contrasts(fit.model.effect.contrast)
        uncertainty, lost = bootstrap(fit.model, fit, null, contrast, draws, seed)
        said = (f"{lost} of {2 * draws} fits did not converge and are left out.",) if lost else ()
        notes = (*warned, *said)
        return self._estimate(panel, fit, contrast @ fit.beta[0], uncertainty, ParametricBootstrap().name, notes)

    def _by_sandwich(self, panel: Panel, inference: Cluster) -> Estimate:
        """Estimate with a cluster-robust variance at the fitted covariance."""
        self._refuse_shared("a cluster-robust variance")
        _require_own_clusters(inference)
        if inference.kind in {"CR0", "CR1"}:
            warn_if_few(inference.kind, int(panel.frame.seen.sum()))
        fit, warned = self._fitted(panel)
        model, data = fit.model, fit.model.data
        assert model.effect is not None
        contrast = fit.contrasts(model.effect.contrast)
        residual = data.outcome - model.columns @ fit.beta[0]
        working = fit.working() * fit.unit[0] ** 2
        covariance, degrees = sandwich(model.columns, working, residual, contrast, inference.kind)
        notes = (*warned, "The weights of the estimate rest on a covariance estimated from the same outcomes.")
        uncertainty = Sampling(covariance, degrees)
        return self._estimate(panel, fit, contrast @ fit.beta[0], uncertainty, inference.name, notes)

    def _by_permutation(self, panel: Panel, inference: Permutation) -> Estimate:
        """Estimate with weights from a fit without the effect, under every allocation."""
        self._refuse_shared("a permutation test")
        values, reference, notes, fit = permuted(panel, self.choices(panel), inference)
        return self._estimate(panel, fit, values, reference, inference.name, (*self._exposure(fit), *notes))

    def _fitted(self, panel: Panel) -> tuple[NormalFit, tuple[str, ...]]:
        """Fit, warn of what a reader must know, and give what a constant effect is said to hide."""
        fit = fit_normal(self.model(panel))
        for said in boundary_notes(fit):
            warnings.warn(said, ConvergenceWarning, stacklevel=5)
        hidden = self._exposure(fit)
        for said in hidden:
            warnings.warn(said, DesignWarning, stacklevel=5)
        return fit, hidden

    def _exposure(self, fit: NormalFit) -> tuple[str, ...]:
        """Say that a constant effect counts some exposure times against itself, where it does."""
        said = exposure_note(fit) if self.effect == "constant" else ""
        return (said,) if said else ()

    def _wald(self, panel: Panel, fit: NormalFit) -> tuple[FloatArray, Uncertainty]:
        """Values with a covariance and degrees of freedom."""
        model = fit.model
        assert model.effect is not None
        if model.crossed is not None:
            values, leaf = exposure_curve(fit, adjusted=self.df == "kenward-roger")
            if self.df in {"kenward-roger", "satterthwaite"}:
                return values, leaf
            return values, Sampling(leaf.plain, np.full(len(values), self.counted_degrees(panel.frame, fit.model)))
        contrast = fit.contrasts(model.effect.contrast)
        values = contrast @ fit.beta[0]
        plain = fit.variance(contrast)[0]
        if self.df in {"kenward-roger", "satterthwaite"}:
            by = fit.kenward_roger if self.df == "kenward-roger" else fit.satterthwaite
            covariance, slopes, spread = by(contrast)
            return values, Satterthwaite(covariance[0], plain, slopes[0], spread[0])
        return values, Sampling(plain, np.full(len(values), self.counted_degrees(panel.frame, fit.model)))

    def counted_degrees(self, frame: Frame, model: NormalModel) -> float:
        """Degrees of freedom that are counted and not estimated.

        Raises
        ------
        DesignError
            None are left.
        """
        if self.df == "normal":
            return float(np.inf)
        clusters = int(frame.seen.sum())
        columns = model.columns.shape[2] - len(model.data.covariate_names)
        left = clusters - (2 if self.df == "clusters-2" else columns)
        if left < 1:
            raise DesignError(
                f"df={self.df!r} leaves {left} degrees of freedom with {clusters} clusters.",
                "A t distribution needs at least one.",
                'Use df="kenward-roger", or a permutation test.',
            )
        return float(left)

    def _refuse_shared(self, what: str) -> None:
        if self.effect == "random-exposure":
            raise DesignError(
                f"Mixed(effect='random-exposure') was asked for {what}.",
                "Its clusters share effects of exposure time, so none is independent of the others.",
                'Use the model\'s own inference, or effect="exposure".',
            )

    def _point(self, model: NormalModel, fit: NormalFit) -> Point:
        assert model.effect is not None
        if model.crossed is None:
            values = model.effect.contrast @ fit.beta[0][model.effect_rows]
        else:
            values = exposure_curve(fit, adjusted=False)[0]
        notes = (*model.notes, *component_notes(fit), *boundary_notes(fit))
        return Point(
            model.effect.terms, values, estimand=model.effect.estimand, notes=notes, headed=model.effect.headed
        )

    def _estimate(
        self,
        panel: Panel,
        fit: NormalFit,
        values: FloatArray,
        uncertainty: Uncertainty,
        inference: str,
        notes: tuple[str, ...] = (),
    ) -> Estimate:
        effect = fit.model.effect
        assert effect is not None
        everything = (*fit.model.notes, *component_notes(fit), *boundary_notes(fit), *notes, *panel.notes)
        return Estimate(
            terms=effect.terms,
            values=values,
            uncertainty=uncertainty,
            estimator=self.name,
            inference=inference,
            estimand=effect.estimand,
            outcome=panel.name,
            notes=everything,
            headed=effect.headed,
            references=self.references,
        )


def _require_own_clusters(inference: Cluster) -> None:
    if inference.by is not None:
        raise DesignError(
            f"A mixed model was given Cluster(by={inference.by!r}).",
            "Its random effects are those of the panel's clusters, which a coarser cluster would cut across.",
            "Leave by out, or read the panel with the coarser cluster.",
        )
