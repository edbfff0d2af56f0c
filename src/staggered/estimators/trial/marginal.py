"""Marginal models of stepped-wedge trials: generalised estimating equations, honest with few clusters."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...data.frame import Frame
from ...data.panel import Panel
from ...errors import ConvergenceError, DesignError, FewClustersWarning
from ...inference.model_based import ModelBased
from ...inference.sides import MANY
from ...kernel.point import Point
from ...kernel.protocols import Inference
from ...results.estimate import Estimate
from ...results.uncertainty import Sampling
from ...value import FloatArray
from ..fitting import Fitting
from .marginal_correction import CORRECTIONS, alone, corrected
from .marginal_correlation import WORKING
from .marginal_equations import Solution
from .marginal_links import Link
from .marginal_model import MarginalModel, marginal_model

_EFFECTS = ("constant", "exposure")


@dataclass(frozen=True, slots=True, eq=False)
class Marginal(Fitting):
    """Marginal model by generalised estimating equations: what treatment changes in the population as a whole.

        g(E y_ict) = β_t + δ(exposure of c in t) + x_ict'γ,    corr(y_ict, y_jcs) = the working correlation

    Means alone are modelled; the correlation of people of one cluster is a working assumption, and standard errors
    hold when it is wrong. Cell totals are enough without covariates of people, and with them people who are alike
    are counted. Scale and correlation are geepack's moment estimators.

    Parameters
    ----------
    family : {"gaussian", "binomial", "poisson"}
        Counts of cells (poisson) have the population as offset.
    working : {"independence", "exchangeable", "nested", "decay"}
        Working correlation of two people of one cluster: none, the same, one within a period and one between, or
        falling by a factor with every period between them.
    correction : {"KC", "MD", "FG", "MBN"} or None
        Small-sample correction of the sandwich variance, with t and clusters − 2 degrees of freedom.
    link : {"logit", "log", "identity"}, optional
        Scale of the effect; the family's own (identity, logit, log) when absent.
    effect : {"constant", "exposure"}
        The same effect from the first treated period on, or one for each exposure time.

    Raises
    ------
    DesignError
        An option that is none.

    References
    ----------
    Liang and Zeger (1986), Biometrika 73:13; Li, Turner and Preisser (2018), Biometrics 74:1450.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=12, steps=4, size=30), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Exchangeable(icc=0.05), effect=sg.Constant(0.4))
    >>> e = sg.Marginal("gaussian", "exchangeable").fit(sg.simulate(plan, seed=1))
    >>> low, high = e.interval()
    >>> bool(low < 0.4 < high), e.df
    (True, 10.0)
    """

    family: Literal["gaussian", "binomial", "poisson"]
    working: Literal["independence", "exchangeable", "nested", "decay"] = "independence"
    correction: Literal["KC", "MD", "FG", "MBN"] | None = "KC"
    link: Literal["logit", "log", "identity"] | None = None
    effect: Literal["constant", "exposure"] = "constant"

    def __post_init__(self) -> None:
        object.__setattr__(self, "link", Link(self.family, self.link or "").link)
        allowed = {"working": WORKING, "correction": tuple(CORRECTIONS), "effect": _EFFECTS}
        for name, choices in allowed.items():
            if getattr(self, name) not in choices:
                raise DesignError(
                    f"Marginal was given {name}={getattr(self, name)!r}.",
                    "It decides which numbers are computed, so it is never guessed.",
                    f"Use one of {', '.join(str(choice) for choice in choices)}.",
                )

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return f"marginal model (GEE, {self.family}, {self.link} link) with {self.working} working correlation"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        papers = {
            "KC": "Kauermann G, Carroll RJ (2001). A note on the efficiency of sandwich covariance matrix estimation. "
            "Journal of the American Statistical Association 96:1387-1396.",
            "MD": "Mancl LA, DeRouen TA (2001). A covariance estimator for GEE with improved small-sample properties. "
            "Biometrics 57:126-134.",
            "FG": "Fay MP, Graubard BI (2001). Small-sample adjustments for Wald-type tests using sandwich estimators. "
            "Biometrics 57:1198-1206.",
            "MBN": "Morel JG, Bokossa MC, Neerchal NK (2003). Small sample correction for the variance of GEE "
            "estimators. Biometrical Journal 45:395-409.",
        }
        first = "Liang KY, Zeger SL (1986). Longitudinal data analysis using generalized linear models. Biometrika "
        return (first + "73:13-22.", *([papers[self.correction]] if self.correction else []))

    def default_inference(self, frame: Frame) -> Inference:
        """Its own corrected sandwich variance."""
        return ModelBased()

    def model(self, panel: Panel) -> MarginalModel:
        """Equations on this panel."""
        return marginal_model(panel, self._link, self.working, self.effect)

    def point(self, panel: Panel) -> Point:
        """Values on this panel, and each cluster's contribution to their error; nan where no solution was reached."""
        model = self.model(panel)
        terms, estimand, headed = model.effect.terms, self._estimand(panel), model.effect.headed
        try:
            found = model.solved()
        except ConvergenceError as error:
            nothing = np.full(len(terms), np.nan)
            return Point(terms, nothing, estimand=estimand, notes=(*model.notes, error.what), headed=headed)
        contrast = model.contrast
        return Point(
            terms,
            contrast @ found.beta,
            scores=contrast @ found.covariance @ found.scores.T,
            estimand=estimand,
            notes=(*model.notes, *self._said(found)),
            headed=headed,
        )

    def by_model(self, panel: Panel) -> Estimate:
        """Estimate with the corrected sandwich variance and t with clusters − 2 degrees of freedom.

        Raises
        ------
        ConvergenceError
            Equations that could not be solved.
        DesignError
            Fewer than 3 clusters.

        Warns
        -----
        FewClustersWarning
            No correction below 40 clusters.
        """
        clusters = int(panel.frame.seen.sum())
        if clusters < 3:
            raise DesignError(
                f"A marginal model was asked for with {clusters} clusters.",
                "Its standard errors compare clusters, with clusters − 2 degrees of freedom.",
                "Bring at least 3 clusters together, and think of Permutation() with so few.",
            )
        if self.correction is None and clusters < MANY:
            warnings.warn(
                f"correction=None with {clusters} clusters: the plain sandwich is too small below about {MANY}, and "
                'chance looks like an effect. Use correction="KC", "MD", "FG" or "MBN", Jackknife() or Permutation().',
                FewClustersWarning,
                stacklevel=4,
            )
        model = self.model(panel)
        found = model.solved()
        observations = model.equations.rows.observations
        whole = corrected(found.scores, found.information, self.correction, observations)
        contrast = model.contrast
        covariance = contrast @ whole @ contrast.T
        degrees = np.full(len(covariance), clusters - 2.0)
        values, uncertainty = np.asarray(contrast @ found.beta), Sampling(covariance, degrees)
        said = (*self._as_ratio(values, uncertainty), *self._said(found), *self._unknown(panel, found, covariance))
        return Estimate(
            terms=model.effect.terms,
            values=values,
            uncertainty=uncertainty,
            estimator=self.name,
            inference=f"the sandwich variance with {CORRECTIONS[self.correction]}, t with clusters − 2",
            estimand=self._estimand(panel),
            outcome=panel.name,
            notes=(*said, *model.notes, *panel.notes),
            headed=model.effect.headed,
            references=self.references,
        )

    @property
    def _link(self) -> Link:
        return Link(self.family, self.link or "")

    def _estimand(self, panel: Panel) -> str:
        time = "taken as constant from the first treated period on"
        if self.effect == "exposure":
            time = "averaged over exposure times, each counting alike"
        alike = "person" if panel.people is not None or self.family != "gaussian" else "cell by its size or weight"
        return f"{self._link.scale} of treatment in the population as a whole (each {alike} counting), {time}"

    def _said(self, found: Solution) -> tuple[str, ...]:
        """Scale and correlation."""
        own = found.correlation
        parts = [f"{name} {value:.3g}" for name, value in zip(own.names, own.values, strict=True)]
        parts.append(f"scale {found.scale:.3g}")
        notes = [f"Working correlation by moments: {', '.join(parts)}."]
        if own.shrunk < 1:
            notes.append(
                "No people can have the working correlation that the moments gave; it was drawn towards 0, by a factor "
                f"of {own.shrunk:.2g}. The standard errors hold all the same."
            )
        return tuple(notes)

    def _as_ratio(self, values: FloatArray, uncertainty: Sampling) -> tuple[str, ...]:
        """First term as a ratio with its interval, on scales that have one."""
        if not self._link.ratio:
            return ()
        low, high = (np.exp(end[0]) for end in uncertainty.interval(values, 0.95))
        told = f" (95% confidence interval {low:.3g} to {high:.3g})" if np.isfinite(low) else ""
        return (f"As {self._link.article} {self._link.ratio}: {np.exp(values[0]):.3g}{told}.",)

    def _unknown(self, panel: Panel, found: Solution, covariance: FloatArray) -> tuple[str, ...]:
        """Say whose leaving would take the effect away, where no standard error can be had."""
        if np.isfinite(covariance).all():
            return ()
        names = [name for name, one in zip(panel.design.clusters, alone(found.information), strict=True) if one]
        return (
            f"No standard error: without {', '.join(names)} some coefficient could not be estimated, so its own "
            'residuals say nothing. Use correction="FG", or Permutation().',
        )
