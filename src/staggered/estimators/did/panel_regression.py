"""Panel regressions from a formula, with council and period effects, by linearmodels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...data.panel import Panel
from ...errors import IdentificationError, listing
from ...inference.model_based import ModelBased
from ...kernel.patterns import patterns_of
from ...kernel.point import Point
from ...kernel.protocols import Inference
from ...results.estimate import Estimate, Term
from ...results.uncertainty import Sampling
from ...value import FloatArray
from ..fitting import Fitting
from ..linear import counting
from .formula import Matrices, matrices_of, require_formula
from .twfe import always_treated_note

_NEGLIGIBLE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class PanelRegression(Fitting):
    """Least squares from a formula, with an effect of every council and every period.

        y_ct = α_c + λ_t + x_ct'β + e_ct

    One term for each column of the formula, in its order. With "y ~ treated" it is `Twfe`, and shares its fault where
    effects change over time (see `bacon`); it is here for covariates and for academics who expect a regression.

    Parameters
    ----------
    formula : str
        As in R: `y` is the outcome, `treated` 0 or 1 (or a share), `exposure` the treated periods so far, `size` the
        people; and covariates and kept labels by their names. log, C (categories), poly and a few more are known.

    Raises
    ------
    DesignError
        A formula without treatment, or with a name that is no column.
    IdentificationError
        A column that council and period effects explain, or that others explain.

    References
    ----------
    Wooldridge (2010), Econometric Analysis of Cross Section and Panel Data, chapter 10.

    Examples
    --------
    >>> import staggered as sg
    >>> panel = sg.simulate(sg.Plan(design=sg.stepped(clusters=12, steps=3), outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> one, other = sg.PanelRegression("y ~ treated").point(panel), sg.Twfe().point(panel)
    >>> abs(float((one.values - other.values)[0])) < 1e-12
    True
    """

    formula: str

    def __post_init__(self) -> None:
        require_formula(self.formula, "PanelRegression")

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return f"panel regression ({self.formula}; council and period effects)"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Wooldridge JM (2010). Econometric Analysis of Cross Section and Panel Data, 2nd edition. MIT Press.",
            "Sheppard K (2026). linearmodels: linear panel, instrumental variable and asset pricing models for Python.",
        )

    @property
    def large_sample(self) -> Inference:
        """The regression's own clustered variance."""
        return ModelBased()

    def point(self, panel: Panel) -> Point:
        """Values on this panel, with the scores of each cluster."""
        return self._point(panel, self._matrices(panel))

    def by_model(self, panel: Panel) -> Estimate:
        """Estimate with linearmodels' variance clustered by council, t with councils − 1 degrees of freedom."""
        from linearmodels.panel import PanelOLS

        data = self._matrices(panel)
        point = self._point(panel, data)
        index = pd.MultiIndex.from_arrays([data.cluster, data.period], names=["cluster", "period"])
        model = PanelOLS(
            pd.DataFrame({"y": data.response}, index=index),
            pd.DataFrame(data.columns, index=index, columns=list(data.names)),
            weights=pd.DataFrame({"weight": data.weight}, index=index),
            entity_effects=True,
            time_effects=True,
        )
        fit = model.fit(cov_type="clustered", cluster_entity=True, group_debias=True)
        degrees = np.full(len(point.values), len(np.unique(data.cluster)) - 1.0)
        return Estimate(
            terms=point.terms,
            values=np.asarray(fit.params.to_numpy(), dtype=float),
            uncertainty=Sampling(np.asarray(fit.cov.to_numpy(), dtype=float), degrees),
            estimator=self.name,
            inference="variance clustered by council (linearmodels)",
            estimand=point.estimand,
            outcome=panel.name,
            notes=(*point.notes, *panel.notes),
            references=self.references,
        )

    def _matrices(self, panel: Panel) -> Matrices:
        data = matrices_of(panel, self.formula, "PanelRegression")
        require_variation(data)
        return data

    def _point(self, panel: Panel, data: Matrices) -> Point:
        # Solved here, so that the jackknife need not wait for the library's tables: the numbers are the same.
        columns, response = within_effects(data, data.columns), within_effects(data, data.response[:, None])[:, 0]
        inverse = np.linalg.inv(columns.T @ (columns * data.weight[:, None]))
        values = inverse @ (columns.T @ (data.weight * response))
        scores = np.zeros((len(panel.design.clusters), len(values)))
        np.add.at(scores, data.cluster, columns * (data.weight * (response - columns @ values))[:, None])
        return Point(
            terms=tuple(Term(name) for name in data.names),
            values=values,
            scores=inverse @ scores.T,
            estimand=counting(f"coefficient of {data.names[0]} in {self.formula}", panel.frame),
            notes=(*data.notes, *always_treated_note(panel.frame, patterns_of(panel.frame))),
        )


def require_variation(data: Matrices) -> None:
    """Refuse columns that council and period effects, or other columns, explain.

    Raises
    ------
    IdentificationError
        Naming them.
    """
    root = np.sqrt(data.weight)[:, None]
    within = within_effects(data, data.columns) * root
    size = np.sqrt(((data.columns - data.columns.mean(axis=0)) ** 2 * root**2).sum(axis=0))
    left = np.sqrt((within**2).sum(axis=0))
    absorbed = [name for name, rest, all_ in zip(data.names, left, size, strict=True) if rest <= _NEGLIGIBLE * all_]
    if absorbed:
        raise IdentificationError(
            f"Council and period effects leave nothing of {listing(absorbed)}.",
            "It never changes within a council, or changes for all councils alike.",
            "Leave it out: what is constant within councils, or common to a period, is already accounted for.",
        )
    _, values, vectors = np.linalg.svd(within / left, full_matrices=False)
    if values[-1] < _NEGLIGIBLE:
        together = [name for name, share in zip(data.names, vectors[-1], strict=True) if abs(share) > 1e-6]
        raise IdentificationError(
            f"{listing(together)} move exactly together.",
            "Then no single set of coefficients fits best.",
            "Leave one of them out.",
        )


def within_effects(data: Matrices, values: FloatArray) -> FloatArray:
    """Values (n, p) less what council and period effects explain of them, by weighted least squares."""
    _, which, count = np.unique(data.cluster, return_inverse=True, return_counts=True)
    total = np.bincount(which, weights=data.weight)
    _, period = np.unique(data.period, return_inverse=True)
    dummies = np.eye(period.max() + 1)[period][:, 1:]
    both = np.column_stack([values, dummies])
    means = np.zeros((len(count), both.shape[1]))
    np.add.at(means, which, both * data.weight[:, None])
    both = both - (means / total[:, None])[which]
    root = np.sqrt(data.weight)[:, None]
    own, others = both[:, : values.shape[1]], both[:, values.shape[1] :]
    coefficients = np.linalg.lstsq(others * root, own * root, rcond=_NEGLIGIBLE)[0]
    return np.asarray(own - others @ coefficients)
